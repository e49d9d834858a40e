// Whether somebody looks at the page, and where they were in each conversation.

import type { PlaceKey } from "fireside-chat";

import type { Spot } from "./timeline/timeline.js";

/** Whether the page is visible and its window has the focus. */
export function isAttended(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

/** Calls `listener` whenever that may have changed, until `signal` aborts. */
export function onAttention(listener: () => void, signal: AbortSignal): void {
  document.addEventListener("visibilitychange", listener, { signal });
  for (const name of ["focus", "blur", "pagehide"]) window.addEventListener(name, listener, { signal });
}

const SPOTS_MAX = 50;
const spots = new Map<PlaceKey, Spot>();

/** Notes where somebody was in a conversation; null is at its end. */
export function rememberSpot(key: PlaceKey, spot: Spot | null): void {
  spots.delete(key);
  if (spot === null) return;
  spots.set(key, spot);
  const [oldest] = spots.keys();
  if (spots.size > SPOTS_MAX && oldest !== undefined) spots.delete(oldest);
}

/** Where somebody was in a conversation when they left it. */
export function rememberedSpot(key: PlaceKey): Spot | null {
  return spots.get(key) ?? null;
}
