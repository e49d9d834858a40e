// What lies over the screen, at most one thing at a time, and what stands beside the conversation.

import { signal } from "@preact/signals";

/** A dialog over everything. */
export type Overlay = "switcher" | "keys" | "create-room" | "new-direct" | "invite";

/** What stands beside the conversation. */
export type Pane = { kind: "people" } | { kind: "person"; userId: string } | { kind: "room-settings" };

export const overlay = signal<Overlay | null>(null);
export const pane = signal<Pane | null>(null);
/** What was typed for the switcher before it was there. */
export const typedAhead = { text: "" };

/** Opens a pane, or closes it where it is open already. */
export function togglePane(kind: "people" | "room-settings"): void {
  pane.value = pane.value?.kind === kind ? null : { kind };
}
