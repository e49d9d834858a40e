// Two tabs of one person: clients that share a storage.

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { type Chat, MemoryStorage, type RoomHandle } from "../src/index.js";
import { closeAll, event, online, person, value } from "./people.js";
import { Server } from "./server.js";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.remove());
afterEach(closeAll);

const quiet = ({ waiting }: { waiting: number }) => waiting === 0;

async function stored(room: RoomHandle): Promise<string[]> {
  const found: string[] = [];
  for await (const { type, content } of room.messages.history({ after: 0, limit: 200 }))
    if (type === "text") found.push(content);
  return found;
}

async function tabs(): Promise<{ one: Chat; two: Chat; room: RoomHandle; same: RoomHandle }> {
  const storage = new MemoryStorage();
  const [one, two] = await Promise.all([online(server, "alice", { storage }), online(server, "alice", { storage })]);
  const room = await one.rooms.create({ name: "Harbour" });
  return { one, two, room, same: two.room(room.roomId) };
}

test("what one tab cannot send the other one does, once and in order", async () => {
  const { one, two, room } = await tabs();
  one.disconnect();
  const sendings = ["a", "b", "c"].map((text) => room.send(text));
  const results = await Promise.all(sendings.map((sending) => sending.delivered()));
  expect(results.map((message) => message?.content)).toEqual(["a", "b", "c"]);
  expect(one.connection.get().status).toBe("offline");
  expect(await stored(room)).toEqual(["a", "b", "c"]);
  await value(two.outbox.counts, quiet);
});

test("two tabs that send at the same time lose nothing and double nothing", async () => {
  const { one, two, room, same } = await tabs();
  const texts = (tab: string) => Array.from({ length: 20 }, (_, index) => `${tab}${index}`);
  const sendings = [...texts("one ").map((text) => room.send(text)), ...texts("two ").map((text) => same.send(text))];
  await Promise.all(sendings.map((sending) => sending.delivered()));
  const all = await stored(room);
  expect(all.toSorted()).toEqual([...texts("one "), ...texts("two ")].toSorted());
  expect(all.filter((text) => text.startsWith("one"))).toEqual(texts("one "));
  expect(all.filter((text) => text.startsWith("two"))).toEqual(texts("two "));
  await Promise.all([value(one.outbox.counts, quiet), value(two.outbox.counts, quiet)]);
});

test("what a closed tab left behind is sent by the next one", async () => {
  const storage = new MemoryStorage();
  const one = await online(server, "bella", { storage });
  const room = await one.rooms.create({ name: "Quay" });
  one.disconnect();
  for (const text of ["x", "y"]) room.send(text);
  await expect.poll(async () => (await storage.list("")).filter(([key]) => key.includes("/outbox/")).length).toBe(2);
  await one.close();
  const next = person(server, "bella", { storage });
  const last = event(
    next,
    "outbox:changed",
    ({ entry }) => entry.state === "sent" && entry.intent.kind === "message" && entry.intent.content === "y",
  );
  await next.connect();
  await last;
  expect(await stored(next.room(room.roomId))).toEqual(["x", "y"]);
});

test("what failed in one tab is discarded in the other", async () => {
  const { one, two, room } = await tabs();
  const sending = room.send("x".repeat(100_000));
  await expect(sending.delivered()).rejects.toMatchObject({ reason: "too_long" });
  await value(two.outbox.counts, ({ failed }) => failed === 1);
  two.outbox.discard(sending.clientId);
  await value(one.outbox.counts, ({ failed }) => failed === 0);
});
