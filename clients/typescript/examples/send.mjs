// Sends one message and leaves: for scripts and cron jobs.
//
//   FIRESIDE_URL=http://127.0.0.1:3000 FIRESIDE_TOKEN=… node examples/send.mjs general "The build is green"

import { createClient } from "fireside-chat";

const [slug, ...words] = process.argv.slice(2);
if (!slug || words.length === 0) throw new Error("usage: node send.mjs ROOM TEXT");

const chat = createClient({
  url: process.env.FIRESIDE_URL ?? "http://127.0.0.1:3000",
  token: process.env.FIRESIDE_TOKEN ?? "",
});
await chat.connect();
const room = await chat.rooms.open(slug);
const message = await room.send(words.join(" ")).delivered();
console.log(`${message.seq} ${message.id}`);
await chat.close();
