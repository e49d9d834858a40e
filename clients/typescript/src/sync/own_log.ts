// One's own log: which rooms one is in, how far one has read, where one is signed in. Followed across absences.

import type { Head, ResumedUser, UserChanged, UserPosition } from "../contract.js";

/** Whom one's own log tells. */
export interface OwnLogOptions {
  /** Something of one's own is different now. */
  changed: (change: UserChanged) => void;
  /** What was missed cannot be had: everything has to be read. */
  lost: () => void;
  /** What was missed has to be asked for: `ask`, and with the answer `recover`. */
  resume: () => void;
}

/** Follows one's own log. It tells how things stand, so that positions may be left out; only order matters. */
export class OwnLog {
  readonly #options: OwnLogOptions;
  #position: Head | null = null;
  /** What was heard while the past was asked for; null while nothing is asked. */
  #held: UserChanged[] | null = null;

  constructor(options: OwnLogOptions) {
    this.#options = options;
  }

  /** Whether it is known where it stands. */
  get isFollowed(): boolean {
    return this.#position !== null;
  }

  /** Follows it from there on, unless it is followed already. */
  begin(position: Head): void {
    this.#position ??= position;
  }

  clear(): void {
    this.#position = null;
    this.#held = null;
  }

  /** The connection is gone: what was asked will not be answered. */
  offline(): void {
    this.#held = null;
  }

  hear(change: UserChanged): void {
    if (this.#held) {
      this.#held.push(change);
      return;
    }
    const { epoch, seq } = change;
    const before = this.#position;
    if (before && before.epoch !== epoch) return this.#options.resume();
    if (before && seq <= before.seq) return;
    this.#position = { epoch, seq };
    this.#options.changed(change);
  }

  /** The past is asked for, from there on: what is heard waits for the answer. */
  ask(): UserPosition | null {
    this.#held ??= [];
    return this.#position;
  }

  /** The answer: what was missed, or that it cannot be said. */
  recover(past: ResumedUser | undefined): void {
    const held = this.#held ?? [];
    this.clear();
    if (!past || !("changes" in past)) return this.#options.lost();
    const { epoch, seq, changes } = past;
    this.#position = { epoch, seq };
    for (const change of changes) this.#options.changed({ ...change, epoch });
    for (const change of held) this.hear(change);
  }
}
