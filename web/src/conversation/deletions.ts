// Deleting with a way back: the server is told only after some seconds in which one may think again.

import { signal } from "@preact/signals";

/** So long a deletion can be taken back. */
export const UNDO_MS = 6000;

/** Deletions that are not sent yet. */
export class Deletions {
  /** How many there are; what the offer to take back is about. */
  readonly count = signal(0);
  readonly #send: (messageId: string) => void;
  readonly #changed: (messageId: string) => void;
  readonly #waiting = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `send` deletes for good; `changed` is called when a message is to look deleted, or not any more. */
  constructor(send: (messageId: string) => void, changed: (messageId: string) => void) {
    this.#send = send;
    this.#changed = changed;
  }

  has(messageId: string): boolean {
    return this.#waiting.has(messageId);
  }

  /** Deletes after a while; those that wait already wait as long as this one. */
  add(messageId: string): void {
    this.#waiting.add(messageId);
    this.#restart();
    this.#changed(messageId);
  }

  /** Takes everything back that is not sent. */
  undo(): void {
    const ids = [...this.#waiting];
    this.#clear();
    for (const id of ids) this.#changed(id);
  }

  /** Sends at once what waits: the page or the room is left. */
  flush(): void {
    const ids = [...this.#waiting];
    this.#clear();
    for (const id of ids) this.#send(id);
  }

  #restart(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), UNDO_MS);
    this.count.value = this.#waiting.size;
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting.clear();
    this.count.value = 0;
  }
}
