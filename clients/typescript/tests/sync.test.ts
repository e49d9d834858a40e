// Logs without holes, by themselves: what is told, what is asked, and in which order, with a server of the test's own.

import { beforeEach, expect, test } from "vitest";

import type { Given } from "../src/connection/connection.js";
import { ChatError } from "../src/errors.js";
import type { Bootstrap, Unread } from "../src/index.js";
import { Sync } from "../src/sync/sync.js";
import { FakeClock, settle } from "./fake_clock.js";

interface Asked {
  payload: { rooms: { roomId: string; epoch: string; seq: number }[]; user?: { epoch: string; seq: number } };
  give: (error: ChatError | null, answer: Given) => void;
}

let clock: FakeClock;
let sync: Sync;
let asked: Asked[];
let told: string[];
let lists: number;
let directs: string[];
let position: { epoch: string; seq: number };

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  told = [];
  lists = 0;
  directs = [];
  position = { epoch: "u", seq: 7 };
  sync = new Sync({
    clock,
    ask: (_, payload, __, give) => asked.push({ payload: payload as Asked["payload"], give }),
    bootstrap: async () => {
      lists += 1;
      return beginning();
    },
    emit: (name, payload) => {
      const { seq, reason, rooms } = payload as { seq?: number; reason?: string; rooms?: unknown };
      told.push(rooms ? name : `${name} ${reason ?? seq}`);
    },
    userId: () => "me",
  });
});

/** What the server says there is: no rooms, and these conversations. */
function beginning(): Bootstrap {
  const unread = directs.map((roomId) => ({ roomId, epoch: "de", headSeq: 12 }) as Unread);
  return { position, rooms: [], unread, conversations: [] } as unknown as Bootstrap;
}

const message = (seq: number, epoch = "e") => ({ roomId: "r", epoch, seq });
function hear(...seqs: number[]): void {
  for (const seq of seqs) sync.hear("message:new", message(seq));
}
const event = (seq: number, name = "message:new") => ({ name, data: { roomId: "r", seq } });
function answer(index: number, ...rooms: object[]): void {
  asked[index]?.give(null, { ok: true, rooms } as never);
}
const news = () => told.filter((one) => one !== "sync:ready");

test("each event once and in order", () => {
  sync.track("r", message(4));
  hear(5, 6, 6, 5, 7);
  expect(told).toEqual(["message:new 5", "message:new 6", "message:new 7"]);
  expect(asked).toEqual([]);
});

test("a hole is asked for, and what comes meanwhile waits behind it", () => {
  sync.track("r", message(4));
  hear(5, 8, 9, 11);
  expect(asked.map(({ payload }) => payload.rooms)).toEqual([[{ roomId: "r", epoch: "e", seq: 5 }]]);
  expect(told).toEqual(["message:new 5"]);
  answer(0, { roomId: "r", recovered: true, epoch: "e", seq: 10, events: [event(6), event(8), event(10)] });
  expect(told).toEqual(["message:new 5", "message:new 6", "message:new 8", "message:new 10", "message:new 11"]);
  hear(12);
  expect(told.at(-1)).toBe("message:new 12");
});

test("a gap that cannot be filled is said, and the log goes on from where it is", () => {
  sync.track("r", message(4));
  hear(90);
  answer(0, { roomId: "r", recovered: false, reason: "too_many", epoch: "e", seq: 90 });
  hear(91);
  expect(told).toEqual(["room:reset too_many", "message:new 91"]);
});

test("another epoch is another log", () => {
  sync.track("r", message(4));
  sync.hear("message:new", message(2, "other"));
  sync.hear("message:new", message(3, "other"));
  expect(told).toEqual(["room:reset epoch", "message:new 2", "message:new 3"]);
});

test("a room that is not one's own any more is not followed any more", async () => {
  sync.track("r", message(4));
  sync.online();
  answer(0, { roomId: "r", recovered: false, reason: "not_found" });
  expect(told).toEqual(["room:reset not_found"]);
  sync.offline();
  sync.online();
  await settle();
  expect(asked).toHaveLength(1);
});

test("after a reconnection all rooms are asked for, 200 at a time, and one's own log", async () => {
  sync.online();
  await settle();
  for (let index = 0; index < 450; index += 1) sync.track(`r${index}`, message(index + 1));
  sync.offline();
  sync.online();
  expect(asked.map(({ payload }) => payload.rooms.length)).toEqual([200, 200, 50]);
  expect(asked.map(({ payload }) => payload.user).slice(1)).toEqual([undefined, undefined]);
  expect(asked[0]?.payload.user).toEqual({ epoch: "u", seq: 7 });
});

test("a room is asked for once at a time, and one that the answer leaves out is read anew", () => {
  sync.track("r", message(4));
  hear(7, 8);
  sync.hear("room:resync", { roomId: "r" });
  expect(asked).toHaveLength(1);
  answer(0);
  expect(told.filter((one) => one.startsWith("room:reset"))).toEqual(["room:reset unavailable"]);
  hear(9);
  expect(told.at(-1)).toBe("message:new 9");
});

test("an answer of an older connection changes nothing", () => {
  sync.track("r", message(4));
  sync.online();
  sync.offline();
  sync.online();
  answer(0, { roomId: "r", recovered: true, epoch: "e", seq: 6, events: [event(5), event(6)] });
  expect(told).toEqual([]);
  answer(1, { roomId: "r", recovered: true, epoch: "e", seq: 6, events: [event(5), event(6)] });
  expect(told).toEqual(["message:new 5", "message:new 6"]);
});

test("a question that fails is asked again, and nothing is told out of order meanwhile", async () => {
  sync.track("r", message(4));
  sync.online();
  hear(5);
  asked[0]?.give(new ChatError({ reason: "overloaded", message: "busy", retryable: true, retryAfterMs: 3000 }), {
    ok: true,
  });
  hear(6);
  expect(news()).toEqual([]);
  await clock.pass(3000);
  expect(asked).toHaveLength(2);
  answer(1, { roomId: "r", recovered: true, epoch: "e", seq: 5, events: [event(5)] });
  expect(news()).toEqual(["message:new 5", "message:new 6"]);
});

test("a server that cannot resume is read anew", async () => {
  sync.online();
  await settle();
  expect(told).toEqual(["sync:ready"]);
  sync.track("r", message(4));
  sync.offline();
  sync.online();
  for (const { give } of asked)
    give(new ChatError({ reason: "not_found", message: "There is no such event" }), { ok: true });
  await settle();
  expect(told).toEqual(["sync:ready", "room:reset unavailable", "sync:ready"]);
  hear(9);
  expect(told.at(-1)).toBe("message:new 9");
});

test("events of before a room was first read are told too", () => {
  sync.track("r", message(4));
  hear(3, 4, 5);
  expect(told).toEqual(["message:new 3", "message:new 4", "message:new 5"]);
  hear(4);
  expect(told).toHaveLength(3);
});

test("a list that was asked for before one came into a room is asked for again", async () => {
  sync.online();
  sync.hear("room:user-joined", { ...message(2), userId: "other" });
  await settle();
  expect(lists).toBe(1);
  sync.clear();
  sync.online();
  sync.hear("room:user-joined", { ...message(3), userId: "me" });
  await settle();
  expect(lists).toBe(3);
  expect(told.filter((one) => one === "sync:ready")).toHaveLength(2);
});

test("direct conversations are followed from where they stand", async () => {
  directs = ["d", "r"];
  sync.track("r", message(4));
  sync.online();
  await settle();
  sync.offline();
  sync.online();
  const [, again] = asked;
  expect(again?.payload.rooms).toContainEqual({ roomId: "d", epoch: "de", seq: 12 });
  expect(again?.payload.rooms, "one that is followed already goes on from where it is").toContainEqual(message(4));
  expect(again?.payload.user).toEqual({ epoch: "u", seq: 7 });
});

test("what was read before there was a connection is where it goes on", async () => {
  directs = ["d"];
  sync.begin(beginning());
  expect(told).toEqual(["sync:ready"]);
  sync.online();
  await settle();
  expect(lists, "nothing is read twice").toBe(0);
  expect(asked.map(({ payload }) => payload)).toEqual([
    { rooms: [{ roomId: "d", epoch: "de", seq: 12 }], user: { epoch: "u", seq: 7 } },
  ]);
});

test("one's own log is followed over an absence, and where it cannot be the lists are read again", async () => {
  const change = (seq: number) => ({ epoch: "u", seq, room: { roomId: "r", member: true } });
  sync.online();
  await settle();
  for (const seq of [8, 8, 10, 9, 11]) sync.hear("user:changed", change(seq));
  // It tells how things stand: positions may be left out, and what is older is known.
  expect(news()).toEqual(["user:changed 8", "user:changed 10", "user:changed 11"]);
  expect(asked).toEqual([]);

  sync.offline();
  sync.online();
  sync.hear("user:changed", change(14));
  expect(asked.map(({ payload }) => payload)).toEqual([{ rooms: [], user: { epoch: "u", seq: 11 } }]);
  asked[0]?.give(null, {
    ok: true,
    rooms: [],
    user: { recovered: true, epoch: "u", seq: 13, changes: [change(13)] },
  } as never);
  expect(news().slice(3)).toEqual(["user:changed 13", "user:changed 14"]);
  expect(lists).toBe(1);

  sync.offline();
  sync.online();
  asked[1]?.give(null, { ok: true, rooms: [], user: { recovered: false, reason: "ahead" } } as never);
  await settle();
  expect(lists).toBe(2);
  expect(told.at(-1)).toBe("sync:ready");
});
