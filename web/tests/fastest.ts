// How long something takes, on a machine that may be busy with something else.

const TRIES = 5;

/** The shortest of a few tries, in milliseconds: whatever else the machine does only ever adds to it. */
export function fastestMs(run: () => void): number {
  const tries = Array.from({ length: TRIES }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...tries);
}
