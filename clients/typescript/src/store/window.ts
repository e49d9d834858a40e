// A part of a place's messages, without holes: what is in it, in which order, and what lies beyond. Pure data.

import type { AnyMessage, MessageDeleted } from "../contract.js";
import { seqOf } from "../resources/messages.js";
import type { Edge } from "./model.js";

/** A message in a window, as it was last heard of. */
export interface Stored {
  readonly seq: number;
  readonly message: AnyMessage;
}

/** A deletion as far as a window needs it. */
export type Burial = Pick<MessageDeleted, "messageId" | "deletedAt" | "deletedBy" | "seq">;

/** Messages by their place in the log, from one edge to the other. */
export class Window {
  older: Edge = "end";
  newer: Edge = "end";
  readonly #max: number;
  /** Ordered by `seq`. */
  #rows: Stored[] = [];
  readonly #seqs = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  get rows(): readonly Stored[] {
    return this.#rows;
  }

  get oldestSeq(): number | null {
    return this.#rows[0]?.seq ?? null;
  }

  get newestSeq(): number | null {
    return this.#rows.at(-1)?.seq ?? null;
  }

  /** Whether new messages belong at its end. */
  get isLive(): boolean {
    return this.newer === "end";
  }

  find(messageId: string): AnyMessage | undefined {
    const seq = this.#seqs.get(messageId);
    return seq === undefined ? undefined : this.#rows[this.#indexOf(seq)]?.message;
  }

  clear(): void {
    this.#rows = [];
    this.#seqs.clear();
    this.older = "end";
    this.newer = "end";
  }

  /** Puts a page in, in any order. The side it extends is not trimmed, the other one is. */
  addPage(messages: readonly AnyMessage[], side: "older" | "newer"): void {
    for (const message of messages) this.#put(message);
    this.#trim(side === "older" ? "newer" : "older");
  }

  /** A new or changed message. True where it changed the window. */
  take(message: AnyMessage): boolean {
    const seq = seqOf(message);
    const isKnown = this.#seqs.has(message.id);
    // What lies beyond an edge comes with the page that is read there.
    if (!isKnown && !this.isLive && seq > (this.newestSeq ?? 0)) return false;
    if (!isKnown && this.older !== "end" && seq < (this.oldestSeq ?? 0)) return false;
    const isChanged = this.#put(message);
    if (isChanged) this.#trim("older");
    return isChanged;
  }

  /** A message was deleted; what is left is a tombstone. True where it changed the window. */
  bury({ messageId, deletedAt, deletedBy, seq }: Burial): boolean {
    const message = this.find(messageId);
    if (!message || message.rev >= seq) return false;
    const own = seqOf(message);
    return this.#put({ ...message, seq: own, content: "", metadata: null, deletedAt, deletedBy, rev: seq });
  }

  /** The rows from one place to another. */
  between(from: number, to: number): readonly Stored[] {
    return this.#rows.slice(this.#indexOf(from), this.#indexOf(to + 1));
  }

  /** The newest rows that are no tombstones, at most so many. */
  newest(count: number): readonly Stored[] {
    return this.#rows.filter(({ message }) => message.deletedAt === null).slice(-count);
  }

  /** Takes these messages, in any order, for all there is from one place to another. */
  replace(from: number, to: number, messages: readonly AnyMessage[]): void {
    const start = this.#indexOf(from);
    const gone = this.#rows.splice(start, this.#indexOf(to + 1) - start);
    for (const { message } of gone) this.#seqs.delete(message.id);
    for (const message of messages) if (seqOf(message) <= to) this.#put(message);
    this.#trim("older");
  }

  #put(message: AnyMessage): boolean {
    const seq = seqOf(message);
    const index = this.#indexOf(seq);
    const before = this.#rows[index];
    if (before?.seq === seq) {
      if (before.message.id === message.id && before.message.rev >= message.rev) return false;
      this.#rows[index] = { seq, message };
    } else this.#rows.splice(index, 0, { seq, message });
    this.#seqs.set(message.id, seq);
    return true;
  }

  #trim(side: "older" | "newer"): void {
    const extra = this.#rows.length - this.#max;
    if (extra <= 0) return;
    const gone = side === "older" ? this.#rows.splice(0, extra) : this.#rows.splice(-extra);
    for (const { message } of gone) this.#seqs.delete(message.id);
    this[side] = "more";
  }

  /** The index of a place in the log, or where it would be. */
  #indexOf(seq: number): number {
    let low = 0;
    let high = this.#rows.length;
    if (high > 0 && seq > (this.#rows[high - 1]?.seq ?? 0)) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rows[middle]?.seq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
