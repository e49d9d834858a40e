// A bot that says again what it is told. It joins a room and answers every message that begins with "!echo ".
// Its token comes from `fireside token create --user echo --service`; on SQLite that is run before the server is.
//
//   FIRESIDE_URL=http://127.0.0.1:3000 FIRESIDE_TOKEN=… node examples/echo-bot.mjs general

import { createClient } from "fireside-chat";

const [slug = "general"] = process.argv.slice(2);
const chat = createClient({
  url: process.env.FIRESIDE_URL ?? "http://127.0.0.1:3000",
  token: process.env.FIRESIDE_TOKEN ?? "",
});

await chat.connect();
const room = await chat.rooms.open(slug);
await room.join();
const me = chat.auth.user.get();
console.log(`${me.username} is listening in ${slug}`);

room.on("message:new", (message) => {
  if (message.senderId === me.id || !message.content.startsWith("!echo ")) return;
  room.send(message.content.slice("!echo ".length));
});

process.once("SIGINT", () => void chat.close());
process.once("SIGTERM", () => void chat.close());
