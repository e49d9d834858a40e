// Marking everything as read at once, and taking that back.

import type { PlaceSummary } from "fireside-chat/store";

import { badgeOf } from "../sidebar/place-link.js";
import type { Services } from "./services.js";
import { show } from "./toast.js";

export const isUnread = (place: PlaceSummary): boolean => place.unreadCount > 0 || badgeOf(place) > 0;

export function markAllRead({ store, announcer }: Services): void {
  const unread = [...store.rooms.get(), ...store.directs.get()].filter(isUnread);
  if (unread.length === 0) return announcer.say("Nothing is unread.");
  for (const { place, headSeq } of unread) store.place(place).markRead(headSeq);
  const text = `${unread.length === 1 ? "One conversation" : `${unread.length} conversations`} marked as read`;
  announcer.say(`${text}. It can be undone for 6 seconds.`);
  const undo = () => {
    for (const { place, firstUnreadSeq, readSeq } of unread)
      store
        .place(place)
        .markUnread({ seq: firstUnreadSeq ?? readSeq + 1 })
        .catch(() => announcer.alarm("Could not mark as unread."));
  };
  show({ text, undo });
}
