// Who is writing in a place now.

import type { Clock } from "../clock.js";

/** Nobody writes for ever, should the word of the end be lost. The server's own limit is 3 s after the last word. */
const ENDS_MS = 6000;

/** People who write in one place. */
export class Typists {
  readonly #after: Clock["after"];
  readonly #changed: () => void;
  readonly #ends = new Map<string, () => void>();

  constructor(after: Clock["after"], changed: () => void) {
    this.#after = after;
    this.#changed = changed;
  }

  /** User ids, who began first comes first. */
  get ids(): string[] {
    return [...this.#ends.keys()];
  }

  set(userId: string, isTyping: boolean): void {
    const cancel = this.#ends.get(userId);
    cancel?.();
    if (isTyping)
      this.#ends.set(
        userId,
        this.#after(ENDS_MS, () => this.set(userId, false)),
      );
    else this.#ends.delete(userId);
    if (isTyping !== (cancel !== undefined)) this.#changed();
  }

  clear(): void {
    for (const cancel of this.#ends.values()) cancel();
    if (this.#ends.size === 0) return;
    this.#ends.clear();
    this.#changed();
  }
}
