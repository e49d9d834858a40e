// One's own log: which rooms one is in, how far one has read, where one is signed in. Followed across absences.

import type { Given } from "../connection/connection.js";
import type { Head, UserChanged } from "../contract.js";
import type { ChatError } from "../errors.js";

const ANSWER_MS = 20_000;

/** What was missed, or that it cannot be said. The generated contract has no name for it yet. */
type ResumedUser =
  | (Head & { recovered: true; changes: Omit<UserChanged, "epoch">[] })
  | { recovered: false; reason: string };

/** What one's own log needs of sync, and whom it tells. */
export interface OwnLogOptions {
  ask: (
    event: string,
    payload: object,
    timeoutMs: number,
    give: (error: ChatError | null, answer: Given) => void,
  ) => void;
  /** Something of one's own is different now. */
  changed: (change: UserChanged) => void;
  /** What was missed cannot be had: everything has to be read. */
  lost: () => void;
  /** Calls later, unless the connection is another one by then. */
  again: (tries: number, run: () => void, error: ChatError) => void;
  /** Names the present connection. */
  turn: () => number;
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
    if (before && before.epoch !== epoch) return this.resume(1);
    if (before && seq <= before.seq) return;
    this.#position = { epoch, seq };
    this.#options.changed(change);
  }

  /** Asks for what was missed. */
  resume(tries: number): void {
    const { ask, again, turn, lost } = this.#options;
    const asked = turn();
    this.#held ??= [];
    ask("resume", { rooms: [], user: this.#position }, ANSWER_MS, (error, answer) => {
      if (asked !== turn()) return;
      if (error?.retryable) {
        if (error.reason !== "offline") again(tries, () => this.resume(tries + 1), error);
        return;
      }
      const { user } = answer as Given & { user?: ResumedUser };
      const held = this.#held ?? [];
      this.clear();
      if (error || !user?.recovered) return lost();
      this.#position = { epoch: user.epoch, seq: user.seq };
      for (const change of user.changes) this.#options.changed({ ...change, epoch: user.epoch });
      for (const change of held) this.hear(change);
    });
  }
}
