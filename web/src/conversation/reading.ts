// When a message counts as read: seen by somebody who looks, for long enough, and not merely flying past.

/** A message is read when it was before somebody's eyes for so long. */
export const SEEN_MS = 400;
/** Nothing counts as seen so soon after the list moved by itself. */
export const STILL_MS = 300;
/** So long the server is told later, that it be told once for many. */
export const TELL_MS = 1000;

/** Time, replaced in tests. */
export interface Timing {
  now(): number;
  /** Answers what takes it back. */
  later(run: () => void, delayMs: number): () => void;
}

const REAL_TIMING: Timing = {
  now: () => performance.now(),
  later: (run, delayMs) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Follows what is on the screen and tells how far somebody has read. */
export class Reading {
  readonly #tell: (seq: number) => void;
  readonly #timing: Timing;
  #since = new Map<number, number>();
  #movedMs = Number.NEGATIVE_INFINITY;
  #readSeq: number;
  #toldSeq: number;
  #isHeld = false;
  #cancelCheck: (() => void) | null = null;
  #cancelTell: (() => void) | null = null;

  /** `readSeq` is how far one has read already; `tell` is called with how far one has read now. */
  constructor(readSeq: number, tell: (seq: number) => void, timing: Timing = REAL_TIMING) {
    this.#readSeq = readSeq;
    this.#toldSeq = readSeq;
    this.#tell = tell;
    this.#timing = timing;
  }

  /**
   * These messages are before somebody's eyes now: on a visible page in a focused window. `movedMs` is when the list
   * last moved by itself.
   */
  sees(seqs: readonly number[], movedMs: number): void {
    const now = this.#timing.now();
    this.#movedMs = movedMs;
    this.#since = new Map(seqs.map((seq) => [seq, this.#since.get(seq) ?? now]));
    this.#checkLater();
  }

  /** Nobody looks any more; what was read is told at once. */
  looksAway(): void {
    this.#since.clear();
    this.#cancelCheck?.();
    this.#cancelCheck = null;
    this.#tellNow();
  }

  /** Somebody marked messages as unread on purpose: seeing them does not count any more. */
  hold(): void {
    this.looksAway();
    this.#isHeld = true;
  }

  /** Seeing counts again. */
  release(): void {
    this.#isHeld = false;
  }

  #checkLater(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = null;
    const fresh = [...this.#since].filter(([seq]) => seq > this.#readSeq);
    if (this.#isHeld || fresh.length === 0) return;
    const now = this.#timing.now();
    const due = Math.max(this.#movedMs + STILL_MS, Math.min(...fresh.map(([, since]) => since)) + SEEN_MS);
    this.#cancelCheck = this.#timing.later(() => this.#check(), Math.max(0, due - now));
  }

  #check(): void {
    const now = this.#timing.now();
    if (now - this.#movedMs >= STILL_MS) {
      for (const [seq, since] of this.#since) if (now - since >= SEEN_MS) this.#readSeq = Math.max(this.#readSeq, seq);
    }
    if (this.#readSeq > this.#toldSeq) this.#cancelTell ??= this.#timing.later(() => this.#tellNow(), TELL_MS);
    this.#checkLater();
  }

  #tellNow(): void {
    this.#cancelTell?.();
    this.#cancelTell = null;
    if (this.#readSeq <= this.#toldSeq) return;
    this.#toldSeq = this.#readSeq;
    this.#tell(this.#readSeq);
  }
}
