// Reading a place's messages into its window: pages, events that come meanwhile, failures. With pages of the test's own.

import { beforeEach, expect, test } from "vitest";

import { ChatError, type Message, type MessagePage, type Messages, type PageOptions } from "../src/index.js";
import { History } from "../src/store/history.js";
import { Window } from "../src/store/window.js";

const sender = { id: "u", username: "u", displayName: null, avatar: null };
const at = "2026-11-22T12:00:00.000Z";

function message(seq: number, fields: Partial<Message> = {}): Message {
  const fixed = { createdAt: at, modifiedAt: at, roomId: "r", senderId: "u", type: "text", metadata: null, sender };
  return { id: `m${seq}`, content: `${seq}`, seq, rev: seq, editedAt: null, deletedAt: null, ...fixed, ...fields };
}

/** What the server has, by place. */
let log: Map<number, Message>;
let asked: PageOptions[];
/** Keeps the next answer waiting until it is called. */
let gate: Promise<void>;
let isDown: boolean;
let window: Window;
let history: History;

beforeEach(() => {
  log = new Map(Array.from({ length: 300 }, (_, index) => [index + 1, message(index + 1)]));
  asked = [];
  gate = Promise.resolve();
  isDown = false;
  window = new Window(1000);
  history = new History({ messages: { page } as Messages, window, read: () => {}, changed: () => {} });
});

async function page(options: PageOptions = {}): Promise<MessagePage> {
  asked.push(options);
  const head = { epoch: "e", seq: Math.max(...log.keys()) };
  const { limit = 50 } = options;
  const before = Number(options.before ?? Infinity);
  const after = options.after === undefined ? null : Number(options.after);
  const all = [...log.values()].sort((a, b) => a.seq - b.seq);
  const fitting = all.filter(({ seq }) => seq < before && seq > (after ?? 0));
  const items = (after === null ? fitting.slice(-limit) : fitting.slice(0, limit)).toReversed();
  const hasMore = fitting.length > items.length;
  const edge = (after === null ? items.at(-1) : items[0])?.seq ?? 0;
  const next = hasMore ? (after === null ? { before: edge, limit } : { after: edge, limit }) : null;
  await gate;
  if (isDown) throw new ChatError({ reason: "offline", message: "gone", retryable: true });
  return { items, next, prev: null, head };
}

const seqs = () => window.rows.map(({ seq }) => seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** The next answer waits; the returned function lets it go. */
function hold(): () => void {
  let release = () => {};
  gate = new Promise((done) => {
    release = done;
  });
  return release;
}

test("the newest page, then older ones, up to the beginning", async () => {
  await history.open();
  expect(seqs()).toEqual(range(251, 300));
  while (window.older === "more") await history.older();
  expect(seqs()).toEqual(range(1, 300));
  expect([window.older, window.newer]).toEqual(["end", "end"]);
});

test("events that come while a page is read are put in after it", async () => {
  const release = hold();
  const opened = history.open();
  await Promise.resolve();
  history.take(message(301));
  history.take(message(302, { id: "m290", messageSeq: 290, rev: 302, content: "edited" }));
  history.bury({ messageId: "m280", deletedAt: at, deletedBy: "u", seq: 303 });
  release();
  await opened;
  expect(seqs()).toEqual(range(251, 301));
  expect(window.find("m290")?.content).toBe("edited");
  expect(window.find("m280")?.deletedAt).toBe(at);
});

test("opening twice at once reads once", async () => {
  await Promise.all([history.open(), history.open()]);
  expect(asked).toHaveLength(1);
});

test("a first page that fails says so, and is read with the next connection", async () => {
  isDown = true;
  await history.open();
  expect(history.status).toBe("failed");
  expect(history.error?.reason).toBe("offline");
  isDown = false;
  history.recover();
  await history.latest();
  expect(history.status).toBe("ready");
  expect(history.error).toBeNull();
});

test("an older page that fails leaves the window as it was, and can be tried again", async () => {
  await history.open();
  isDown = true;
  await history.older();
  expect(window.older).toBe("failed");
  expect(seqs()).toEqual(range(251, 300));
  isDown = false;
  await history.older();
  expect(seqs()).toEqual(range(201, 300));
});

test("after a gap the window is read once more, with what came after it", async () => {
  await history.open();
  log.set(260, message(260, { content: "edited", rev: 305 }));
  log.set(270, message(270, { content: "", deletedAt: at, rev: 306 }));
  for (const seq of range(301, 420)) log.set(seq, message(seq));
  await history.again();
  expect(seqs()).toEqual(range(251, 420));
  expect(window.find("m260")?.content).toBe("edited");
  expect(window.find("m270")?.deletedAt).toBe(at);
  expect(window.isLive).toBe(true);
});

test("a gap that cannot be read now is read with the next connection", async () => {
  await history.open();
  for (const seq of range(301, 310)) log.set(seq, message(seq));
  isDown = true;
  await history.again();
  expect(window.newer).toBe("failed");
  isDown = false;
  history.recover();
  await history.latest();
  expect(seqs()).toEqual(range(251, 310));
  expect(window.isLive).toBe(true);
  asked = [];
  history.recover();
  await history.latest();
  expect(asked).toEqual([]);
});

test("a gap that is very long is left to whoever scrolls there", async () => {
  await history.open();
  for (const seq of range(301, 3000)) log.set(seq, message(seq));
  await history.again();
  expect(window.newer).toBe("more");
  expect(window.oldestSeq).toBe(251);
  expect(asked.length).toBeLessThan(5);
  await history.latest();
  expect(window.newestSeq).toBe(3000);
  expect(window.isLive).toBe(true);
});
