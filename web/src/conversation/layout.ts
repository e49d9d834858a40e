// The order of things in the list: its beginning, days, the line where the new begins, and messages in blocks by author.

import type { MessageRow, MessageWindow } from "fireside-chat/store";
import type { Item } from "./timeline/surface.js";
import { dayKey, isSameDay } from "./times.js";

/** Messages of one author within this time are one block. */
const BLOCK_MS = 5 * 60_000;

/** Something that has a row. */
export type Entry = Item &
  (
    | { readonly kind: "start" }
    | { readonly kind: "older"; readonly hasFailed: boolean }
    | { readonly kind: "newer"; readonly hasFailed: boolean }
    | { readonly kind: "day"; readonly ms: number }
    | { readonly kind: "new" }
    | {
        readonly kind: "message";
        readonly row: MessageRow;
        readonly isStart: boolean;
        /** The last one that the other person of a conversation has read. */
        readonly isLastSeen: boolean;
      }
  );

/** A message in the list. */
export type MessageEntry = Extract<Entry, { kind: "message" }>;

/**
 * What to show, from top to bottom. `newFrom` is the place in the log where the new messages begin; null where there
 * are none. Entries of `before` that show the same are used again, so that their rows are not painted again.
 */
export function layOut(window: MessageWindow, newFrom: number | null, before: ReadonlyMap<string, Entry>): Entry[] {
  const entries: Entry[] = [];
  const add = (entry: Entry) => {
    const known = before.get(entry.key);
    entries.push(known && isSame(known, entry) ? known : entry);
  };
  add(beginning(window));
  const days = new Set<string>();
  let day = "";
  let last: MessageRow | null = null;
  let isNewShown = newFrom === null;
  const seen = window.rows.findLast((row) => row.readAt !== null && row.isOwn && row.deletedAt === null);
  for (const row of window.rows) {
    if (last === null || !isSameDay(last.createdAt, row.createdAt)) day = dayKey(row.createdAt);
    const startsDay = !days.has(day);
    const startsNew = !isNewShown && newFrom !== null && row.seq !== null && row.seq >= newFrom;
    days.add(day);
    if (startsDay) add({ kind: "day", key: `day:${day}`, isHold: false, ms: row.createdAt });
    if (startsNew) add({ kind: "new", key: "new", isHold: false });
    isNewShown ||= startsNew;
    const isStart = startsDay || startsNew || !continues(last, row);
    add({ kind: "message", key: row.key, isHold: true, row, isStart, isLastSeen: row === seen });
    last = row;
  }
  if (window.newer !== "end")
    add({ kind: "newer", key: "edge:newer", isHold: false, hasFailed: window.newer === "failed" });
  return entries;
}

/** The first message that is new to somebody who has read up to `readSeq`; null where there is none. */
export function firstNew(rows: readonly MessageRow[], readSeq: number): MessageRow | null {
  return rows.find((row) => row.seq !== null && row.seq > readSeq && !row.isOwn && row.deletedAt === null) ?? null;
}

function beginning(window: MessageWindow): Entry {
  if (window.older === "end") return { kind: "start", key: "edge:start", isHold: false };
  return { kind: "older", key: "edge:older", isHold: false, hasFailed: window.older === "failed" };
}

function continues(last: MessageRow | null, row: MessageRow): boolean {
  if (last === null || last.type === "system" || row.type === "system") return false;
  return last.sender.id === row.sender.id && row.createdAt - last.createdAt < BLOCK_MS;
}

function isSame(a: Entry, b: Entry): boolean {
  if (a.kind === "message" && b.kind === "message")
    return a.row === b.row && a.isStart === b.isStart && a.isLastSeen === b.isLastSeen;
  if (a.kind === "older" && b.kind === "older") return a.hasFailed === b.hasFailed;
  if (a.kind === "newer" && b.kind === "newer") return a.hasFailed === b.hasFailed;
  return a.kind === b.kind;
}
