// Deleting with a way back.

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Deletions, UNDO_MS } from "./deletions.js";

let sent: string[];
let changed: string[];
let deletions: Deletions;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  changed = [];
  deletions = new Deletions(
    (id) => sent.push(id),
    (id) => changed.push(id),
  );
});
afterEach(() => vi.useRealTimers());

test("the server is told after the time to think again", () => {
  deletions.add("m1");
  expect(deletions.has("m1")).toBe(true);
  expect(deletions.count.value).toBe(1);
  vi.advanceTimersByTime(UNDO_MS - 1);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(sent).toEqual(["m1"]);
  expect(deletions.count.value).toBe(0);
});

test("what is taken back is not told", () => {
  deletions.add("m1");
  deletions.add("m2");
  deletions.undo();
  vi.advanceTimersByTime(UNDO_MS * 2);
  expect(sent).toEqual([]);
  expect(deletions.has("m1")).toBe(false);
  expect(changed).toEqual(["m1", "m2", "m1", "m2"]);
});

test("another one gives both the whole time", () => {
  deletions.add("m1");
  vi.advanceTimersByTime(UNDO_MS - 1);
  deletions.add("m2");
  vi.advanceTimersByTime(UNDO_MS - 1);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(sent).toEqual(["m1", "m2"]);
});

test("whoever leaves has told at once", () => {
  deletions.add("m1");
  deletions.flush();
  expect(sent).toEqual(["m1"]);
  vi.advanceTimersByTime(UNDO_MS);
  expect(sent).toEqual(["m1"]);
});
