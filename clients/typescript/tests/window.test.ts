// A window of messages by itself: order, newer versions, edges, bounds.

import { expect, test } from "vitest";

import type { Message } from "../src/index.js";
import { Window } from "../src/store/window.js";

const sender = { id: "u", username: "u", displayName: null, avatar: null };
const at = "2026-11-22T12:00:00.000Z";

function message(seq: number, fields: Partial<Message> = {}): Message {
  const fixed = { createdAt: at, modifiedAt: at, roomId: "r", senderId: "u", type: "text", metadata: null, sender };
  return { id: `m${seq}`, content: `${seq}`, seq, rev: seq, editedAt: null, deletedAt: null, ...fixed, ...fields };
}

const page = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => message(to - index));
const seqs = (window: Window) => window.rows.map(({ seq }) => seq);
const contents = (window: Window) => window.rows.map(({ message: { content } }) => content);

test("messages are in the order of the log, however they come", () => {
  const window = new Window(100);
  for (const seq of [5, 2, 9, 3]) window.take(message(seq));
  expect(seqs(window)).toEqual([2, 3, 5, 9]);
  expect([window.oldestSeq, window.newestSeq]).toEqual([2, 9]);
});

test("of two versions the one with the higher rev stays, whichever comes first", () => {
  const window = new Window(100);
  window.take(message(1));
  // An edit has its own place in the log; the message keeps its own.
  expect(window.take(message(4, { id: "m1", content: "edited", messageSeq: 1, rev: 4 }))).toBe(true);
  expect(window.take(message(1))).toBe(false);
  expect(window.take(message(3, { id: "m1", content: "older edit", messageSeq: 1, rev: 3 }))).toBe(false);
  expect(contents(window)).toEqual(["edited"]);
  expect(seqs(window)).toEqual([1]);
});

test("a deletion leaves a tombstone in place, which no older version replaces", () => {
  const window = new Window(100);
  for (const one of page(1, 3)) window.take(one);
  const burial = { messageId: "m2", deletedAt: at, deletedBy: "u", seq: 7 };
  expect(window.bury(burial)).toBe(true);
  expect(window.bury(burial)).toBe(false);
  window.take(message(6, { id: "m2", messageSeq: 2, rev: 6, content: "late edit" }));
  expect(contents(window)).toEqual(["1", "", "3"]);
  expect(window.bury({ ...burial, messageId: "unknown" })).toBe(false);
});

test("a window that does not reach the present takes no new messages, but changes to its own", () => {
  const window = new Window(100);
  window.addPage(page(10, 20), "newer");
  window.older = "more";
  window.newer = "more";
  expect(window.take(message(30))).toBe(false);
  expect(window.take(message(5))).toBe(false);
  expect(window.take(message(40, { id: "m15", messageSeq: 15, rev: 40, content: "edited" }))).toBe(true);
  expect(seqs(window)).toEqual(Array.from({ length: 11 }, (_, index) => index + 10));
});

test("a page that is too much trims the far side, and says that there is more", () => {
  const window = new Window(10);
  window.addPage(page(11, 20), "newer");
  window.addPage(page(6, 10), "older");
  expect(seqs(window)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  expect([window.older, window.newer]).toEqual(["end", "more"]);
  expect(window.find("m16")).toBeUndefined();
  window.addPage(page(16, 18), "newer");
  expect(seqs(window)).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
  expect(window.older).toBe("more");
});

test("new messages push out the oldest", () => {
  const window = new Window(3);
  for (const seq of [1, 2, 3, 4]) window.take(message(seq));
  expect(seqs(window)).toEqual([2, 3, 4]);
  expect(window.older).toBe("more");
});
