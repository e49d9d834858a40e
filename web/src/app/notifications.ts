// Telling of mentions and direct messages on the desktop, when one is not looking and wants it.

import type { AnyMessage, PlaceKey } from "fireside-chat";
import type { PlaceSummary } from "fireside-chat/store";

import { nameOf } from "../conversation/names.js";
import { badgeOf, pathOf } from "../sidebar/place-link.js";
import { go } from "./navigation.js";
import { prefer, preferences } from "./preferences.js";
import type { Services } from "./services.js";

const TEXT_MAX_CHARS = 140;

/** Whether this browser can tell anything at all. */
export const canNotify = (): boolean => "Notification" in window;

/** Asks the browser for leave, and remembers that it is wanted. Answers whether it may. */
export async function allowNotifications(): Promise<boolean> {
  const isAllowed = canNotify() && (await Notification.requestPermission()) === "granted";
  prefer({ notify: isAllowed });
  return isAllowed;
}

/** Watches the counts: whatever grows there concerns one. */
export function startNotifications({ chat, store }: Services): void {
  const counts = new Map<PlaceKey, number>();
  const latest = new Map<string, AnyMessage>();
  const open = new Map<PlaceKey, Notification>();
  for (const event of ["message:new", "dm:new"] as const)
    chat.on(event, (message) => latest.set(message.roomId, message));

  const look = (summary: PlaceSummary) => {
    const { key, roomId } = summary;
    const count = badgeOf(summary);
    const before = counts.get(key);
    counts.set(key, count);
    if (count === 0) {
      // Read here or on another device: nobody needs to be told any more.
      open.get(key)?.close();
      open.delete(key);
    }
    const message = roomId === null ? undefined : latest.get(roomId);
    if (before === undefined || count <= before || !message || !mayTell()) return;
    const notification = tell(summary, message);
    if (notification) open.set(key, notification);
  };
  const lookAll = () => {
    for (const summary of [...store.rooms.get(), ...store.directs.get()]) look(summary);
  };
  for (const list of [store.rooms, store.directs]) list.subscribe(lookAll);
  store.me.subscribe((me) => !me && counts.clear());
}

function mayTell(): boolean {
  const isLooking = document.visibilityState === "visible" && document.hasFocus();
  return preferences.peek().notify && canNotify() && Notification.permission === "granted" && !isLooking;
}

function tell(summary: PlaceSummary, message: AnyMessage): Notification | null {
  const name = nameOf(message.sender);
  const title = summary.room ? `${name} in #${summary.room.slug}` : name;
  const body = message.content.slice(0, TEXT_MAX_CHARS);
  let notification: Notification;
  try {
    notification = new Notification(title, { body, tag: summary.key, icon: "/assets/icon.svg" });
  } catch {
    // Browsers on Android have the word, and do not let a page use it.
    return null;
  }
  notification.onclick = () => {
    window.focus();
    go(pathOf(summary));
    notification.close();
  };
  return notification;
}
