// What must survive: a server that is killed in the middle of sends, a connection that is lost, a restart, an absence.

import { afterEach, beforeEach, expect, test } from "vitest";

import type { AnyMessage, Chat, RoomHandle } from "../src/index.js";
import { closeAll, event, online, person, value } from "./people.js";
import { Server } from "./server.js";

let server: Server;
beforeEach(async () => {
  server = await Server.start();
});
afterEach(async () => {
  await closeAll();
  await server.remove();
});

async function pair(): Promise<{ alice: Chat; bob: Chat; hers: RoomHandle; his: RoomHandle }> {
  const [alice, bob] = await Promise.all([online(server, "alice"), online(server, "bob")]);
  const hers = await alice.rooms.create({ name: "Harbour" });
  const joined = event(alice, "room:user-joined");
  await bob.room(hers.roomId).join();
  await joined;
  return { alice, bob, hers, his: bob.room(hers.roomId) };
}

const isOnline = ({ status }: { status: string }) => status === "online";
const isAway = ({ status }: { status: string }) => status !== "online";

async function stored(room: RoomHandle): Promise<string[]> {
  const found: string[] = [];
  for await (const message of room.messages.history({ after: 0, limit: 200 }))
    if (message.type === "text") found.push(message.content);
  return found;
}

/** Breaks a connection as a bad network does: without a word. */
function breakOff(chat: Chat): void {
  chat.raw.io.engine.close();
}

test("the server is killed in the middle of sends: nothing is lost, nothing is there twice, the order stays", async () => {
  const { hers, his, alice } = await pair();
  const heard: string[] = [];
  his.on("message:new", ({ content }) => heard.push(content));
  const texts = Array.from({ length: 60 }, (_, index) => `m${index}`);
  const sendings = texts.map((text) => hers.send(text));
  await sendings[9]?.delivered();
  const away = value(alice.connection, isAway);
  await server.kill();
  await away;
  expect(alice.outbox.counts.get().waiting).toBeGreaterThan(0);
  const last = event(his, "message:new", ({ content }) => content === "m59");
  await server.startAgain();
  await Promise.all(sendings.map((sending) => sending.delivered()));
  await last;
  expect(await stored(hers)).toEqual(texts);
  expect(heard).toEqual(texts);
  expect(alice.outbox.counts.get()).toEqual({ waiting: 0, failed: 0 });
});

test("a server that limits the rate gets what is sent at its own pace, in order", async () => {
  const strict = await Server.start({ FIRESIDE_RATE_LIMITS: "on" });
  try {
    const chat = await online(strict, "alice");
    const room = await chat.rooms.create({ name: "Harbour" });
    let refusals = 0;
    chat.on("outbox:changed", ({ entry }) => {
      if (entry.error?.reason === "rate_limited") refusals += 1;
    });
    const texts = Array.from({ length: 30 }, (_, index) => `m${index}`);
    await Promise.all(texts.map((text) => room.send(text).delivered()));
    expect(await stored(room)).toEqual(texts);
    expect(refusals, "the limit of 20 at once was never reached").toBeGreaterThan(0);
  } finally {
    await closeAll();
    await strict.remove();
  }
});

test("what is sent without a connection waits, and goes out in order", async () => {
  const { alice, hers } = await pair();
  alice.disconnect();
  const sendings = ["one", "two", "three"].map((text) => hers.send(text));
  expect(sendings.map((sending) => sending.status.get())).toEqual(["queued", "queued", "queued"]);
  expect(alice.outbox.counts.get().waiting).toBe(3);
  await alice.connect();
  await sendings[2]?.delivered();
  expect(await stored(hers)).toEqual(["one", "two", "three"]);
});

test("a discarded message is not sent", async () => {
  const { alice, hers } = await pair();
  alice.disconnect();
  const [kept, dropped] = [hers.send("kept"), hers.send("dropped")];
  const end = expect(dropped.delivered()).rejects.toMatchObject({ reason: "aborted" });
  dropped.discard();
  await end;
  await alice.connect();
  await kept.delivered();
  await hers.send("last").delivered();
  expect(await stored(hers)).toEqual(["kept", "last"]);
});

test("after an absence every missed event is told once, in order, and live ones go on behind them", async () => {
  const { bob, hers, his } = await pair();
  const heard = event(his, "message:new");
  const first = await hers.send("first").delivered();
  await heard;
  bob.disconnect();
  const gone = await hers.send("gone").delivered();
  await hers.messages.edit(first?.id ?? "", "first, edited").delivered();
  await hers.messages.delete(gone?.id ?? "").delivered();
  for (let index = 0; index < 30; index += 1) await hers.send(`missed ${index}`).delivered();

  const told: string[] = [];
  const positions: number[] = [];
  const note = (name: string) => (payload: { seq: number; content?: string }) => {
    told.push(`${name} ${payload.content ?? ""}`.trim());
    positions.push(payload.seq);
  };
  his.on("message:new", note("new"));
  his.on("message:edited", note("edited"));
  his.on("message:deleted", note("deleted"));
  let resets = 0;
  bob.on("room:reset", () => (resets += 1));
  const last = event(his, "message:new", ({ content }) => content === "live 4");
  const back = bob.connect();
  const live = Array.from({ length: 5 }, (_, index) => hers.send(`live ${index}`).delivered());
  await Promise.all([back, last, ...live]);
  const news = [
    ...Array.from({ length: 30 }, (_, index) => `new missed ${index}`),
    ...[0, 1, 2, 3, 4].map((n) => `new live ${n}`),
  ];
  expect(told.toSorted()).toEqual(["edited first, edited", "deleted", ...news].toSorted());
  expect(told.filter((one) => one.startsWith("new"))).toEqual(news);
  expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  expect(resets).toBe(0);
});

test("direct messages that were missed are told too, also of a conversation that was quiet until then", async () => {
  const { alice, bob } = await pair();
  const ben = bob.auth.user.get()?.id ?? "";
  await alice.direct(ben).send("long ago").delivered();
  await bob.close();
  const fresh = person(server, "bob");
  const ready = event(fresh, "sync:ready");
  await fresh.connect();
  await ready;
  fresh.disconnect();
  await alice.direct(ben).send("missed").delivered();
  const missed = event(fresh, "dm:new");
  await fresh.connect();
  expect((await missed).content).toBe("missed");
});

test("an absence too long to be told in full is said to be one", async () => {
  const { bob, hers, his } = await pair();
  bob.disconnect();
  const sendings = Array.from({ length: 1100 }, (_, index) => hers.send(`m${index}`).delivered());
  await Promise.all(sendings);
  const reset = event(bob, "room:reset", ({ roomId }) => roomId === hers.roomId);
  await bob.connect();
  expect((await reset).reason).toBe("too_many");
  const next = event(his, "message:new");
  await hers.send("and on").delivered();
  expect((await next).content).toBe("and on");
});

test("a connection that breaks comes back by itself", async () => {
  const { bob, hers, his } = await pair();
  const away = value(bob.connection, isAway);
  breakOff(bob);
  const state = await away;
  expect(state).toMatchObject({ status: "offline", failures: 1 });
  expect(state.nextTryAt).toBeGreaterThan(state.since);
  const missed = event(his, "message:new");
  await hers.send("while away").delivered();
  await value(bob.connection, isOnline);
  expect((await missed).content).toBe("while away");
});

test("wake() does not wait for the next attempt", async () => {
  const { bob } = await pair();
  const away = value(bob.connection, isAway);
  breakOff(bob);
  await away;
  const began = performance.now();
  expect(await bob.wake()).toBe(true);
  expect(performance.now() - began).toBeLessThan(700);
  expect(await bob.wake()).toBe(true);
  bob.disconnect();
  expect(await bob.wake()).toBe(false);
});

test("a server that drains is left and met again when it said so", async () => {
  const { alice, hers } = await pair();
  const draining = event(alice, "connection:changed", ({ status }) => status === "draining");
  const waiting = event(
    alice,
    "connection:changed",
    ({ nextTryAt, status }) => status === "draining" && nextTryAt !== null,
  );
  const stopped = server.stop();
  await draining;
  await waiting;
  const sending = hers.send("after the restart");
  await stopped;
  await server.startAgain();
  await sending.delivered();
  expect(alice.connection.get().status).toBe("online");
});

test("a message whose answer was lost is not there twice", async () => {
  const { alice, hers } = await pair();
  // The connection breaks after the server has the message and before its answer is heard.
  const sendings: Promise<AnyMessage | undefined>[] = [];
  for (let index = 0; index < 5; index += 1) {
    sendings.push(hers.send(`m${index}`).delivered());
    await event(alice, "outbox:changed", ({ entry }) => entry.state === "sending");
    await new Promise((done) => setImmediate(done));
    breakOff(alice);
    await alice.wake();
  }
  await Promise.all(sendings);
  expect(await stored(hers)).toEqual(["m0", "m1", "m2", "m3", "m4"]);
});
