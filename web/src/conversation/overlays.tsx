// What lies over the list: the way to the end, the way back from a deletion, and what there is to tell.

import type { Signal } from "@preact/signals";
import type { PlaceStore } from "fireside-chat/store";

import { Skeleton } from "./entry-view.js";
import { Icon } from "../ui/icon.js";
import type { LogStatus, Pill } from "./message-log.js";
import { shortDay } from "./times.js";
import { useReadable } from "./use-readable.js";

/** One button for whoever is away from the end, with how much is new there. */
export function JumpPill({ pill, place, onJump }: { pill: Signal<Pill>; place: PlaceStore; onJump: () => void }) {
  const { isShown, dateMs } = pill.value;
  const unread = useReadable(place.summary)?.unreadCount ?? 0;
  if (!isShown) return null;
  const label =
    unread === 0
      ? "Jump to latest"
      : `${unread >= 1000 ? "1000+" : unread} new ${unread === 1 ? "message" : "messages"}`;
  return (
    <button type="button" class={unread > 0 ? "jump-pill has-new" : "jump-pill"} onClick={onJump}>
      {dateMs !== null && <span class="jump-date">{shortDay(dateMs)}</span>}
      <Icon name="down" /> {label}
    </button>
  );
}

export function UndoToast({ count: { value: count }, onUndo }: { count: Signal<number>; onUndo: () => void }) {
  if (count === 0) return null;
  return (
    <div class="toast">
      <span>{count === 1 ? "Message deleted" : `${count} messages deleted`}</span>
      <button type="button" onClick={onUndo}>
        Undo
      </button>
    </div>
  );
}

/** It is read out by the announcer: here it is only to be seen. */
export function Notice({ notice }: { notice: Signal<string | null> }) {
  return notice.value === null ? null : <div class="toast">{notice.value}</div>;
}

/** Stands where messages will be. */
export function LogCover({ status, onRetry }: { status: Signal<LogStatus>; onRetry: () => void }) {
  if (status.value === "ready") return null;
  if (status.value === "loading")
    return (
      <div class="log-cover">
        <Skeleton rows={8} />
      </div>
    );
  return (
    <div class="log-cover">
      <p class="edge-failed" role="alert">
        Could not load the messages.{" "}
        <button type="button" onClick={onRetry}>
          Retry
        </button>
      </p>
    </div>
  );
}
