// Unread on the outside of the page: its title, its icon, and the badge of an installed app.

import { effect } from "@preact/signals";
import type { ChatStore, PlaceSummary } from "fireside-chat/store";

import { badgeOf } from "../sidebar/place-link.js";
import { heading } from "./heading.js";

const ICON_PX = 32;

/** Keeps title, icon and badge true. */
export function startPageBadge(store: ChatStore): void {
  let shown = "";
  const update = () => {
    const places: readonly PlaceSummary[] = [...store.rooms.get(), ...store.directs.get()];
    const count = places.reduce((sum, place) => sum + badgeOf(place), 0);
    const hasUnread = places.some(({ unreadCount }) => unreadCount > 0);
    document.title = titleOf(heading.peek(), count);
    const state = count > 0 ? String(Math.min(count, 99)) : hasUnread ? "•" : "";
    if (state === shown) return;
    shown = state;
    drawIcon(state);
    // Where a page cannot be installed there is no badge.
    if (count > 0) void navigator.setAppBadge?.(count).catch(() => {});
    else void navigator.clearAppBadge?.().catch(() => {});
  };
  for (const list of [store.rooms, store.directs]) list.subscribe(update);
  effect(() => {
    heading.value;
    update();
  });
}

/** `(3) #harbour — Fireside`. */
export function titleOf(heading: string, count: number): string {
  const name = heading ? `${heading} — Fireside` : "Fireside";
  return count > 0 ? `(${count}) ${name}` : name;
}

/** The icon with a dot (something unread) or in marigold (something that concerns one). */
function drawIcon(state: string): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const brush = document.createElement("canvas").getContext("2d");
  if (!link || !brush) return;
  const original = (link.dataset["original"] ??= link.getAttribute("href") ?? "");
  if (state === "") {
    link.href = original;
    return;
  }
  const image = new Image(ICON_PX, ICON_PX);
  image.addEventListener("load", () => {
    const { canvas } = brush;
    canvas.width = canvas.height = ICON_PX;
    brush.drawImage(image, 0, 0, ICON_PX, ICON_PX);
    brush.fillStyle = state === "•" ? "#f6fbfb" : "#dc8a00";
    brush.beginPath();
    brush.arc(24, 24, state === "•" ? 6 : 8, 0, 2 * Math.PI);
    brush.fill();
    link.href = canvas.toDataURL("image/png");
  });
  image.src = original;
}
