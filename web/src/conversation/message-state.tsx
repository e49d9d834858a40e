// How far a message of one's own has come, in words under it.

import type { MessageRow } from "fireside-chat/store";
import { useEffect, useState } from "preact/hooks";

import { sentence } from "../ui/sentence.js";

/** A send that takes no longer than this needs no words. */
const QUIET_MS = 600;

/** What one may do about a message that was not sent. */
export interface SendActions {
  retry(row: MessageRow): void;
  copy(row: MessageRow): void;
  discard(row: MessageRow): void;
}

export function MessageState({ row, actions }: { row: MessageRow; actions: SendActions }) {
  // An edit or deletion on its way says how it is doing just as a message does.
  const { state, error } = row.change ?? row;
  switch (state) {
    case "sent":
      return null;
    case "sending":
      return (
        <Later key={row.stateSince} sinceMs={row.stateSince}>
          Sending…
        </Later>
      );
    case "queued":
      return <p class="message-state">Waiting for connection</p>;
    case "retrying":
      return <p class="message-state">Still trying…</p>;
    case "failed":
      return (
        <p class="message-state has-failed">
          <span>
            {failure(row)} {error && sentence(error.message)}
          </span>{" "}
          <button type="button" onClick={() => actions.retry(row)}>
            Retry
          </button>{" "}
          <button type="button" onClick={() => actions.copy(row)}>
            Copy
          </button>{" "}
          <button type="button" onClick={() => actions.discard(row)}>
            {row.change ? "Discard" : "Delete"}
          </button>
        </p>
      );
  }
}

function failure(row: MessageRow): string {
  if (row.change === null) return "Not sent.";
  return row.change.kind === "edit" ? "Not changed." : "Not deleted.";
}

function Later({ sinceMs, children }: { sinceMs: number; children: string }) {
  const [isDue, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), Math.max(0, sinceMs + QUIET_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [sinceMs]);
  return isDue ? <p class="message-state">{children}</p> : null;
}
