// Two people talk: sends, edits, deletions, direct messages, history, typing, presence.

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import type { Chat, RoomHandle } from "../src/index.js";
import { closeAll, event, online } from "./people.js";
import { Server } from "./server.js";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.remove());
afterEach(closeAll);

/** Alice and Bob, both in a room of hers. */
async function pair(): Promise<{ alice: Chat; bob: Chat; hers: RoomHandle; his: RoomHandle }> {
  const [alice, bob] = await Promise.all([online(server, "alice"), online(server, "bob")]);
  const hers = await alice.rooms.create({ name: "Harbour" });
  const joined = event(alice, "room:user-joined", ({ userId }) => userId === bob.auth.user.get()?.id);
  await bob.room(hers.roomId).join();
  await joined;
  return { alice, bob, hers, his: bob.room(hers.roomId) };
}

test("what one sends the other hears, in order", async () => {
  const { hers, his } = await pair();
  const heard: string[] = [];
  his.on("message:new", ({ content }) => heard.push(content));
  const last = event(his, "message:new", ({ content }) => content === "three");
  const sendings = ["one", "two", "three"].map((text) => hers.send(text));
  expect(sendings[2]?.status.get()).not.toBe("sent");
  await last;
  expect(heard).toEqual(["one", "two", "three"]);
  const stored = await Promise.all(sendings.map((sending) => sending.delivered()));
  expect(stored.map((message) => message?.content)).toEqual(["one", "two", "three"]);
  expect(sendings[2]?.status.get()).toBe("sent");
});

test("an edit and a deletion reach the other", async () => {
  const { hers, his } = await pair();
  const stored = await hers.send("helo").delivered();
  const edited = event(his, "message:edited");
  await hers.messages.edit(stored?.id ?? "", "hello").delivered();
  expect((await edited).content).toBe("hello");
  const deleted = event(his, "message:deleted");
  await hers.messages.delete(stored?.id ?? "").delivered();
  expect((await deleted).messageId).toBe(stored?.id);
});

test("a refused message fails with the reason, and what comes after it is sent", async () => {
  const { hers } = await pair();
  const refused = hers.send("x".repeat(100_000));
  const next = hers.send("fine");
  await expect(refused.delivered()).rejects.toMatchObject({ name: "ChatError", reason: "too_long", retryable: false });
  expect(refused.status.get()).toBe("failed");
  expect((await next.delivered())?.content).toBe("fine");
});

test("direct messages, typing and presence", async () => {
  const { alice, bob, hers, his } = await pair();
  const hersId = alice.auth.user.get()?.id ?? "";
  const bobsId = bob.auth.user.get()?.id ?? "";
  const heard = event(bob.direct(hersId), "dm:new");
  await alice.direct(bobsId).send("psst").delivered();
  expect((await heard).content).toBe("psst");
  expect((await bob.directs.list()).map(({ id }) => id)).toEqual([hersId]);

  const typing = event(his, "typing:update", ({ isTyping }) => isTyping);
  hers.typing();
  expect((await typing).userId).toBe(hersId);

  const gone = event(alice, "presence:changed", ({ userId, status }) => userId === bobsId && status === "offline");
  bob.disconnect();
  await gone;
});

test("history in both directions, whatever the size of a page", async () => {
  const { hers } = await pair();
  const texts = Array.from({ length: 25 }, (_, index) => `m${index}`);
  await Promise.all(texts.map((text) => hers.send(text).delivered()));
  const read = async (options: Parameters<typeof hers.messages.history>[0]) => {
    const found: string[] = [];
    for await (const message of hers.messages.history(options)) found.push(message.content);
    return found.filter((content) => content.startsWith("m"));
  };
  expect(await read({ limit: 7 })).toEqual(texts.toReversed());
  expect(await read({ after: 0, limit: 7 })).toEqual(texts);
  const middle = await hers.messages.page({
    limit: 1,
    before: (await hers.messages.page({ limit: 10 })).items[9]?.id ?? 0,
  });
  const around = await read({ around: middle.items[0]?.id ?? 0, limit: 4 });
  expect(around).toEqual(texts.slice(texts.indexOf(around[0] ?? "")));
  expect(around).toContain(middle.items[0]?.content);
});

test("what may not be is an error with a reason", async () => {
  const { alice } = await pair();
  await expect(alice.rooms.open("no-such-room")).rejects.toMatchObject({
    name: "ChatError",
    reason: "not_found",
    status: 404,
    requestId: expect.any(String),
  });
  await expect(alice.rooms.create({ name: "" })).rejects.toMatchObject({ reason: "validation", field: "name" });
});
