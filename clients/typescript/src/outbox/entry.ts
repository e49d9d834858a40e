// What waits to be sent: messages, edits and deletions, and how far each has come.

import type { AnyMessage, Deleted } from "../contract.js";
import type { ChatError } from "../errors.js";
import type { Place } from "../place.js";
import type { Readable } from "../readable.js";

/**
 * `queued`: waits for a connection or for the one before it; `sending`: on its way; `retrying`: the server did not
 * answer or cannot take it now, it is tried again; `failed`: refused, or older than 24 hours: it waits for `retry()` or
 * `discard()`; `sent`: the server has it.
 */
export type SendState = "queued" | "sending" | "retrying" | "failed" | "sent";

/** What an entry asks for. */
export type Intent =
  | {
      readonly kind: "message";
      readonly content: string;
      readonly type?: string;
      readonly metadata?: Record<string, unknown>;
    }
  | { readonly kind: "edit"; readonly messageId: string; readonly content: string }
  | { readonly kind: "delete"; readonly messageId: string };

/** One write on its way. A changed entry is a new object with the same `clientId`. */
export interface OutboxEntry {
  /** Its name, known to the server too: repeating it is still one write. A UUID of version 7. */
  readonly clientId: string;
  readonly place: Place;
  readonly intent: Intent;
  /** Milliseconds of the clock. */
  readonly createdAt: number;
  readonly state: SendState;
  /** Attempts so far. */
  readonly attempts: number;
  /** When the next attempt is made, where one is planned. */
  readonly nextTryAt: number | null;
  /** Why it failed or has to be tried again. */
  readonly error: ChatError | null;
}

/** What the server answered to a write: the message as it is now, or the deletion. */
export interface WriteResult {
  message?: AnyMessage;
  deletion?: Deleted;
}

/** How many entries there are, over all places. */
export interface OutboxCounts {
  /** Not sent yet, and not failed: they go out by themselves. */
  readonly waiting: number;
  /** They need a decision. */
  readonly failed: number;
}

/** A write that was handed to the outbox. */
export interface Sending {
  readonly clientId: string;
  readonly place: Place;
  /** How far it has come. */
  readonly status: Readable<SendState>;
  /** The stored message; of a deletion, nothing. Rejects when the write fails or is discarded. */
  delivered(): Promise<AnyMessage | undefined>;
  /** Tries again now what failed. */
  retry(): void;
  /** Takes it back, where the server does not have it yet. */
  discard(): void;
}

/** Writes on their way, in order in each place; they survive a reload and are sent by one tab at a time. */
export interface Outbox {
  readonly counts: Readable<OutboxCounts>;
  /** Entries of one place, oldest first; of all places, where none is given. */
  entries(place?: Place): readonly OutboxEntry[];
  /** Tries again now what failed, under the same `clientId`. */
  retry(clientId: string): void;
  /** Drops an entry. One that is on its way just now may have been stored nevertheless. */
  discard(clientId: string): void;
}
