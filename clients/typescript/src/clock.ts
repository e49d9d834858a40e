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

/** The real ones. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** Resolves after `delayMs`, or as soon as `signal` aborts; true where the time has passed. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((done) => {
    if (signal.aborted) return done(false);
    const end = (passed: boolean) => {
      cancel();
      signal.removeEventListener("abort", stop);
      done(passed);
    };
    const stop = () => end(false);
    const cancel = clock.after(delayMs, () => end(true));
    signal.addEventListener("abort", stop);
  });
}
