// The order of things in the list.

import type { MessageRow, MessageWindow } from "fireside-chat/store";
import { describe, expect, test } from "vitest";

import { firstNew, layOut } from "./layout.js";

const NOON = new Date(2026, 10, 20, 12).getTime();
const MINUTE_MS = 60_000;

function row(seq: number, senderId: string, atMs: number, more: Partial<MessageRow> = {}): MessageRow {
  return {
    key: `k${seq}`,
    id: `m${seq}`,
    clientId: null,
    seq,
    isOwn: senderId === "me",
    sender: { id: senderId, username: senderId, displayName: null, avatar: null },
    content: `text ${seq}`,
    type: "text",
    metadata: null,
    createdAt: atMs,
    editedAt: null,
    deletedAt: null,
    deletedBy: null,
    readAt: null,
    isMention: false,
    state: "sent",
    stateSince: 0,
    nextTryAt: null,
    error: null,
    change: null,
    ...more,
  };
}

const windowOf = (rows: MessageRow[], more: Partial<MessageWindow> = {}): MessageWindow => ({
  status: "ready",
  rows,
  older: "end",
  newer: "end",
  error: null,
  ...more,
});

/** What there is, in short: `+` begins a block of its author. */
const short = (window: MessageWindow, newFrom: number | null = null) =>
  layOut(window, newFrom, new Map()).map((entry) =>
    entry.kind === "message" ? `${entry.isStart ? "+" : ""}${entry.row.seq}` : entry.kind,
  );

describe("the list", () => {
  test("messages of one author within five minutes are a block", () => {
    const rows = [
      row(1, "a", NOON),
      row(2, "a", NOON + 4 * MINUTE_MS),
      row(3, "a", NOON + 10 * MINUTE_MS),
      row(4, "b", NOON + 10 * MINUTE_MS),
    ];
    expect(short(windowOf(rows))).toEqual(["start", "day", "+1", "2", "+3", "+4"]);
  });

  test("each day has one line, whatever the order of clocks", () => {
    const yesterday = NOON - 24 * 60 * MINUTE_MS;
    const rows = [row(1, "a", yesterday), row(2, "a", NOON), row(3, "b", yesterday), row(4, "b", NOON)];
    expect(short(windowOf(rows)).filter((one) => one === "day")).toHaveLength(2);
  });

  test("the line of what is new begins a block", () => {
    const rows = [row(1, "a", NOON), row(2, "a", NOON), row(3, "a", NOON)];
    expect(short(windowOf(rows), 2)).toEqual(["start", "day", "+1", "new", "+2", "3"]);
  });

  test("the line stands before the next message when its own has gone", () => {
    expect(short(windowOf([row(1, "a", NOON), row(4, "a", NOON)]), 3)).toEqual(["start", "day", "+1", "new", "+4"]);
  });

  test("the line is not before what is only on its way", () => {
    expect(short(windowOf([row(1, "a", NOON), row(2, "me", NOON, { seq: null, state: "queued" })]), 2)).not.toContain(
      "new",
    );
  });

  test("what the server itself says is no block of anybody", () => {
    const rows = [row(1, "a", NOON), row(2, "a", NOON, { type: "system" }), row(3, "a", NOON)];
    expect(short(windowOf(rows))).toEqual(["start", "day", "+1", "+2", "+3"]);
  });

  test("edges say whether there is more", () => {
    expect(short(windowOf([], { older: "more", newer: "failed" }))).toEqual(["older", "newer"]);
    expect(short(windowOf([]))).toEqual(["start"]);
  });

  test("what shows the same is the same", () => {
    const rows = [row(1, "a", NOON), row(2, "a", NOON)];
    const before = layOut(windowOf(rows), null, new Map());
    const known = new Map(before.map((entry) => [entry.key, entry]));
    const changed = { ...rows[1], content: "other" } as MessageRow;
    const after = layOut(windowOf([rows[0] as MessageRow, changed]), null, known);
    expect(after.map((entry, at) => entry === before[at])).toEqual([true, true, true, false]);
  });
});

describe("the first new message", () => {
  test.each<[string, MessageRow[], number | null]>([
    ["is the first after what was read", [row(1, "a", NOON), row(2, "a", NOON), row(3, "a", NOON)], 2],
    ["is none of one's own", [row(1, "a", NOON), row(2, "me", NOON), row(3, "a", NOON)], 3],
    ["is none that was deleted", [row(2, "a", NOON, { deletedAt: NOON }), row(3, "a", NOON)], 3],
    ["is none where all was read", [row(1, "a", NOON)], null],
  ])("%s", (_, rows, seq) => {
    expect(firstNew(rows, 1)?.seq ?? null).toBe(seq);
  });
});
