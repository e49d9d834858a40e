// Tells others that one is writing, as often as that is needed and no more.

import type { Clock } from "../clock.js";

/** The server forgets it 3 s after the last word. */
const REPEAT_MS = 2000;

/** Says where one is writing. */
export class Typing {
  readonly #clock: Clock;
  readonly #tell: (event: "typing:start" | "typing:stop", roomId: string) => void;
  readonly #toldAt = new Map<string, number>();

  constructor(clock: Clock, tell: (event: "typing:start" | "typing:stop", roomId: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** One has just written something in a room's composer. */
  start(roomId: string): void {
    const now = this.#clock.now();
    if (now - (this.#toldAt.get(roomId) ?? -Infinity) < REPEAT_MS) return;
    this.#toldAt.set(roomId, now);
    this.#tell("typing:start", roomId);
  }

  /** One has stopped, or sent it. */
  stop(roomId: string): void {
    if (this.#toldAt.delete(roomId)) this.#tell("typing:stop", roomId);
  }

  /** One's message arrives there: the server ends the typing by itself. */
  forget(roomId: string): void {
    this.#toldAt.delete(roomId);
  }
}
