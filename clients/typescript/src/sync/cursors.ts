// How far each room's log is known here: which event comes next, which came before, and where there is a hole.

import type { Head } from "../contract.js";

/**
 * What to do with an event: it is the next one; it is from before the beginning, and new nevertheless; it is known; it
 * comes after a hole; or it is of another log.
 */
export type Verdict = "next" | "early" | "known" | "hole" | "epoch";

/** How far a room's log is known. */
interface Cursor extends Head {
  /** Whether that is known from events: what comes from before it was heard then. */
  hasHeard: boolean;
}

/** Positions of rooms. */
export class Cursors {
  readonly #known = new Map<string, Cursor>();

  get(roomId: string): Head | undefined {
    return this.#known.get(roomId);
  }

  /** Every room that is followed. */
  all(): string[] {
    return [...this.#known.keys()];
  }

  /** Begins to follow a room from there, unless it is followed already. Events of before may still be on their way. */
  begin(roomId: string, { epoch, seq }: Head): void {
    if (!this.#known.has(roomId)) this.#known.set(roomId, { epoch, seq, hasHeard: false });
  }

  /** Puts a room's position where an authority says it is. */
  set(roomId: string, { epoch, seq }: Head): void {
    this.#known.set(roomId, { epoch, seq, hasHeard: true });
  }

  forget(roomId: string): void {
    this.#known.delete(roomId);
  }

  clear(): void {
    this.#known.clear();
  }

  /** Judges an event's position and, where it is the next one, moves there. A room not known begins with it. */
  judge(roomId: string, { epoch, seq }: Head): Verdict {
    const cursor = this.#known.get(roomId);
    if (cursor && cursor.epoch !== epoch) return "epoch";
    if (cursor && seq <= cursor.seq) return cursor.hasHeard ? "known" : "early";
    if (cursor && seq > cursor.seq + 1) return "hole";
    this.#known.set(roomId, { epoch, seq, hasHeard: true });
    return "next";
  }
}
