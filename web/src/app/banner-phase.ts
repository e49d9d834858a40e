// What the bar at the top says about the connection. It keeps quiet about short interruptions.

const QUIET_MS = 2000;
const OFFLINE_MS = 10_000;
const BACK_MS = 2000;

/** What to show, and when to look again (milliseconds from now; null: when something changes). */
export interface BannerPhase {
  readonly shows: "nothing" | "reconnecting" | "offline" | "back";
  readonly lookAgainMs: number | null;
}

/** How long the connection has been away, or how long it has been back after the bar had been shown. */
export function bannerPhase(line: { downForMs: number } | { backForMs: number }): BannerPhase {
  if ("backForMs" in line) {
    const leftMs = BACK_MS - line.backForMs;
    return leftMs > 0 ? { shows: "back", lookAgainMs: leftMs } : { shows: "nothing", lookAgainMs: null };
  }
  const { downForMs } = line;
  if (downForMs < QUIET_MS) return { shows: "nothing", lookAgainMs: QUIET_MS - downForMs };
  if (downForMs < OFFLINE_MS) return { shows: "reconnecting", lookAgainMs: OFFLINE_MS - downForMs };
  return { shows: "offline", lookAgainMs: null };
}
