// How long to wait before trying again.

const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000];

/**
 * The pause after so many failures in a row (1 = the first): 1, 2, 4, 8, then 15 s, a quarter more or less, so that
 * clients that failed together do not come back together.
 */
export function backoffMs(failures: number, random: number): number {
  const step = Math.min(Math.max(failures, 1), PAUSES_MS.length) - 1;
  return Math.round((PAUSES_MS[step] ?? 0) * (0.75 + random / 2));
}
