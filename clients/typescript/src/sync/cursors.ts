// How far each room's log is known here: which event comes next, which came before, and where there is a hole.

import type { Position } from "../upcoming.js";

/** What to do with an event: it is the next one, it is known, it comes after a hole, or it is of another log. */
export type Verdict = "next" | "known" | "hole" | "epoch";

/** Positions of rooms. */
export class Cursors {
  readonly #known = new Map<string, Position>();

  get(roomId: string): Position | undefined {
    return this.#known.get(roomId);
  }

  /** Every room with its position. */
  all(): { roomId: string; epoch: string; seq: number }[] {
    return [...this.#known].map(([roomId, { epoch, seq }]) => ({ roomId, epoch, seq }));
  }

  /** Begins to follow a room from there, unless it is followed already. */
  begin(roomId: string, { epoch, seq }: Position): void {
    if (!this.#known.has(roomId)) this.#known.set(roomId, { epoch, seq });
  }

  /** Puts a room's position where an authority says it is. */
  set(roomId: string, { epoch, seq }: Position): void {
    this.#known.set(roomId, { epoch, seq });
  }

  forget(roomId: string): void {
    this.#known.delete(roomId);
  }

  clear(): void {
    this.#known.clear();
  }

  /** Judges an event's position and, where it is the next one, moves there. A room not known begins with it. */
  judge(roomId: string, { epoch, seq }: Position): Verdict {
    const cursor = this.#known.get(roomId);
    if (cursor && cursor.epoch !== epoch) return "epoch";
    if (cursor && seq <= cursor.seq) return "known";
    if (cursor && seq > cursor.seq + 1) return "hole";
    this.#known.set(roomId, { epoch, seq });
    return "next";
  }
}
