// The places one was in last, the latest first, kept on this device for each person.

import type { PlaceKey } from "fireside-chat";

const KEPT = 15;

const keyOf = (userId: string) => `fireside.recents.${userId}`;

/** Keys of the places one was in, the latest first. */
export function recents(userId: string): PlaceKey[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(userId)) ?? "[]");
    return Array.isArray(kept) ? kept.filter((key): key is PlaceKey => typeof key === "string") : [];
  } catch {
    return [];
  }
}

/** One is in a place now. */
export function remember(userId: string, key: PlaceKey): void {
  const kept = [key, ...recents(userId).filter((other) => other !== key)].slice(0, KEPT);
  try {
    localStorage.setItem(keyOf(userId), JSON.stringify(kept));
  } catch {
    // Without storage there is no memory, and nothing else is missing.
  }
}
