// Prints a room's history, oldest first, one message a line as JSON: an export, or the beginning of one.
//
//   FIRESIDE_URL=http://127.0.0.1:3000 FIRESIDE_TOKEN=… node examples/history.mjs general

import { createClient } from "fireside-chat";

const [slug = "general"] = process.argv.slice(2);
const chat = createClient({
  url: process.env.FIRESIDE_URL ?? "http://127.0.0.1:3000",
  token: process.env.FIRESIDE_TOKEN ?? "",
});
const room = await chat.rooms.open(slug);
for await (const { seq, createdAt, sender, content, deletedAt } of room.messages.history({ after: 0, limit: 200 })) {
  console.log(JSON.stringify({ seq, createdAt, from: sender.username, content, deleted: deletedAt !== null }));
}
await chat.close();
