// One room or conversation in the list.

import type { PlaceSummary } from "fireside-chat/store";

import { directPath, roomPath } from "../app/route.js";
import { Icon } from "../ui/icon.js";
import { Presence } from "../ui/presence.js";

interface Props {
  summary: PlaceSummary;
  isCurrent: boolean;
  /** Whether Tab leads here; from there on arrows do. */
  isTabStop: boolean;
  hasDraft: boolean;
}

/** The address of a place in the list. */
export function pathOf({ room, place }: PlaceSummary): string {
  if (place.kind === "direct") return directPath(place.userId);
  return roomPath(room?.slug ?? place.roomId);
}

/** How much of it concerns one: mentions, and in conversations every unread message. */
export function badgeOf({ place, unreadCount, mentionCount }: PlaceSummary): number {
  return place.kind === "direct" ? Math.max(unreadCount, mentionCount) : mentionCount;
}

export function PlaceLink({ summary, isCurrent, isTabStop, hasDraft }: Props) {
  const { place, title, room, isOnline, unreadCount, muted, failedCount } = summary;
  const badge = badgeOf(summary);
  const isUnread = unreadCount > 0 || badge > 0;
  const names = ["place-link", isUnread ? "is-unread" : "", muted ? "is-muted" : ""];
  return (
    <a
      class={names.filter(Boolean).join(" ")}
      href={pathOf(summary)}
      tabIndex={isTabStop ? 0 : -1}
      aria-current={isCurrent ? "page" : undefined}
    >
      {place.kind === "direct" ? (
        <Presence isOnline={isOnline} />
      ) : room?.isPrivate ? (
        <Icon name="lock" />
      ) : (
        <span class="place-hash" aria-hidden="true">
          #
        </span>
      )}
      <span class="place-title">
        <bdi>{title}</bdi>
      </span>
      {muted && <Icon name="muted" />}
      {hasDraft && !isCurrent && <span class="place-note">Draft</span>}
      {failedCount > 0 && <span class="place-note is-bad">Not sent</span>}
      {isUnread && <span class="visually-hidden">, {unreadWords(unreadCount, badge)}</span>}
      {badge > 0 && (
        <span class="badge" aria-hidden="true">
          {badge > 99 ? "99+" : badge}
        </span>
      )}
    </a>
  );
}

function unreadWords(unread: number, badge: number): string {
  return badge > 0 ? `${unread || badge} unread, ${badge} for you` : `${unread} unread`;
}
