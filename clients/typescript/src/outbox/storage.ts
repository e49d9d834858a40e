// How entries of the outbox are kept: one value an entry, so that two tabs never overwrite each other's.

import { ChatError, type ChatErrorFields } from "../errors.js";
import { isPlace } from "../place.js";
import type { ChatStorage } from "../storage.js";
import type { OutboxEntry } from "./entry.js";

/** The kept entries of one person. */
export class OutboxStorage {
  readonly #storage: ChatStorage;
  readonly #prefix: string;

  constructor(storage: ChatStorage, scope: string, userId: string) {
    this.#storage = storage;
    this.#prefix = `${scope}/outbox/${encodeURIComponent(userId)}/`;
  }

  /** All entries, oldest first: their names sort by time. */
  async all(): Promise<OutboxEntry[]> {
    const values = await this.#storage.list(this.#prefix);
    return values.flatMap(([, value]) => {
      const entry = read(value);
      return entry ? [entry] : [];
    });
  }

  async put({ clientId, place, intent, createdAt, state, error }: OutboxEntry): Promise<void> {
    // What a reload makes untrue is not kept: attempts, and when the next one is.
    const isFailed = state === "failed";
    const reason = isFailed && error ? { reason: error.reason, message: error.message, code: error.code } : null;
    await this.#storage.set(this.#prefix + clientId, { clientId, place, intent, createdAt, isFailed, reason });
  }

  async remove(clientId: string): Promise<void> {
    await this.#storage.delete(this.#prefix + clientId);
  }
}

function read(value: unknown): OutboxEntry | null {
  const kept = value as Partial<OutboxEntry> & { isFailed?: boolean; reason?: ChatErrorFields | null };
  const { clientId, place, intent, createdAt } = kept ?? {};
  if (typeof clientId !== "string" || !isPlace(place) || !intent || typeof createdAt !== "number") return null;
  const state = kept.isFailed ? "failed" : "queued";
  const error = kept.isFailed && kept.reason ? new ChatError(kept.reason) : null;
  return { clientId, place, intent, createdAt, state, attempts: 0, nextTryAt: null, error };
}
