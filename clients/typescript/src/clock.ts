// Time and chance, so that tests can have their own.

/** What a client needs of time and chance. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` after `delayMs`; the returned function prevents it. */
  after(delayMs: number, run: () => void): () => void;
  /** From 0 up to, not including, 1. */
  random(): number;
}
