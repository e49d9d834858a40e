// One entry of the list as elements.

import type { ComponentChildren } from "preact";

import type { Entry } from "./layout.js";
import { Message, type MessageHost, type MessageLook } from "./message.js";
import { dayLabel } from "./times.js";

/** What entries that are no messages need. */
export interface EdgeHost {
  /** What stands where the conversation begins. */
  readonly beginning: () => ComponentChildren;
  loadMore(direction: "older" | "newer"): void;
}

interface Props {
  entry: Entry;
  look: MessageLook | null;
  host: MessageHost & EdgeHost;
}

export function EntryView({ entry, look, host }: Props) {
  switch (entry.kind) {
    case "message":
      if (entry.row.type === "system")
        return (
          <p class="system-message" dir="auto">
            {entry.row.content}
          </p>
        );
      return look && <Message entry={entry} look={look} host={host} />;
    case "day":
      return (
        <h2 class="day-line">
          <span>{dayLabel(entry.ms, Date.now())}</span>
        </h2>
      );
    case "new":
      return (
        <p class="new-line">
          <span>New</span>
        </p>
      );
    case "start":
      return <div class="beginning">{host.beginning()}</div>;
    case "older":
      return <Edge hasFailed={entry.hasFailed} what="older" onRetry={() => host.loadMore("older")} />;
    case "newer":
      return <Edge hasFailed={entry.hasFailed} what="newer" onRetry={() => host.loadMore("newer")} />;
  }
}

function Edge({ hasFailed, what, onRetry }: { hasFailed: boolean; what: "older" | "newer"; onRetry: () => void }) {
  if (!hasFailed) return <Skeleton rows={3} />;
  return (
    <p class="edge-failed">
      Could not load {what} messages.{" "}
      <button type="button" onClick={onRetry}>
        Retry
      </button>
    </p>
  );
}

/** Rows to come, in the shape of rows. */
export function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: rows }, () => (
        <div class="skeleton-row">
          <span class="skeleton-tile" />
          <span class="skeleton-lines">
            <span />
            <span />
          </span>
        </div>
      ))}
    </div>
  );
}
