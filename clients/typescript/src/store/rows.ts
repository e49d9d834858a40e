// Rows of a window: stored messages and those on their way, each row made once for each state of its message.

import type { AnyMessage, User } from "../contract.js";
import type { OutboxEntry } from "../outbox/entry.js";
import { mentionOf } from "./mentions.js";
import type { MessageRow, PendingChange } from "./model.js";
import type { Stored } from "./window.js";

/** How far the other person of a conversation has read. */
export interface PartnerRead {
  readonly seq: number;
  readonly at: number;
}

/** Everything that a place's rows are made of. */
export interface RowSources {
  stored: readonly Stored[];
  /** Entries of the outbox for this place, oldest first. */
  entries: readonly OutboxEntry[];
  /** When an entry came into its present state. */
  since: (clientId: string) => number;
  partnerRead: PartnerRead | null;
}

interface Made {
  message: AnyMessage;
  change: PendingChange | null;
  readAt: number | null;
  row: MessageRow;
}

/** Makes rows, and keeps those whose message has not changed: an unchanged row is the same object. */
export class Rows {
  readonly #me: User;
  /** Whether a text names whoever is signed in. */
  readonly namesMe: (text: string) => boolean;
  #made = new Map<string, Made>();
  #waiting = new Map<string, { entry: OutboxEntry; row: MessageRow }>();

  constructor(me: User) {
    this.#me = me;
    this.namesMe = mentionOf(me.username);
  }

  make({ stored, entries, since, partnerRead }: RowSources): MessageRow[] {
    const changes = new Map<string, PendingChange>();
    for (const entry of entries) {
      const { intent } = entry;
      if (intent.kind !== "message") changes.set(intent.messageId, this.#change(entry));
    }
    const made = new Map<string, Made>();
    const rows = stored.map(({ seq, message }) => {
      const change = changes.get(message.id) ?? null;
      const readAt = this.#readAt(seq, message, partnerRead);
      const before = this.#made.get(message.id);
      const isSame = before?.message === message && sameChange(before.change, change) && before.readAt === readAt;
      const one = isSame ? before : { message, change, readAt, row: this.#row(seq, message, change, readAt) };
      made.set(message.id, one);
      return one.row;
    });
    this.#made = made;
    return this.#withWaiting(rows, entries, since);
  }

  #withWaiting(rows: MessageRow[], entries: readonly OutboxEntry[], since: (clientId: string) => number): MessageRow[] {
    const waiting = new Map<string, { entry: OutboxEntry; row: MessageRow }>();
    const own = new Set(rows.flatMap((row) => (row.isOwn && row.clientId !== null ? [row.clientId] : [])));
    for (const entry of entries) {
      // The event of a message may come before the answer to its sending.
      if (entry.intent.kind !== "message" || own.has(entry.clientId)) continue;
      const before = this.#waiting.get(entry.clientId);
      const one = before?.entry === entry ? before : { entry, row: this.#waitingRow(entry, since(entry.clientId)) };
      waiting.set(entry.clientId, one);
      rows.push(one.row);
    }
    this.#waiting = waiting;
    return rows;
  }

  #row(seq: number, message: AnyMessage, change: PendingChange | null, readAt: number | null): MessageRow {
    const isOwn = message.senderId === this.#me.id;
    const clientId = message.clientId ?? null;
    const deletedAt = time(message.deletedAt);
    const content = deletedAt === null && change?.kind === "edit" ? (change.content ?? "") : message.content;
    return {
      // One's own keeps the name it had on its way; other people's names are theirs to choose.
      key: isOwn && clientId !== null ? clientId : message.id,
      id: message.id,
      clientId,
      seq,
      sender: message.sender,
      isOwn,
      content,
      type: message.type,
      metadata: message.metadata,
      createdAt: time(message.createdAt) ?? 0,
      editedAt: time(message.editedAt),
      deletedAt,
      deletedBy: message.deletedBy ?? null,
      readAt,
      isMention: !isOwn && this.namesMe(message.content),
      state: "sent",
      stateSince: 0,
      nextTryAt: null,
      error: null,
      change,
    };
  }

  #waitingRow({ clientId, intent, createdAt, state, nextTryAt, error }: OutboxEntry, stateSince: number): MessageRow {
    const { id, username, displayName, avatar } = this.#me;
    const message = intent.kind === "message" ? intent : { kind: "message" as const, content: "" };
    return {
      key: clientId,
      id: null,
      clientId,
      seq: null,
      sender: { id, username, displayName, avatar },
      isOwn: true,
      content: message.content,
      type: ("type" in message && message.type) || "text",
      metadata: ("metadata" in message && message.metadata) || null,
      createdAt,
      editedAt: null,
      deletedAt: null,
      deletedBy: null,
      readAt: null,
      isMention: false,
      state,
      stateSince,
      nextTryAt,
      error,
      change: null,
    };
  }

  #change({ clientId, intent, state, error }: OutboxEntry): PendingChange {
    const isEdit = intent.kind === "edit";
    return { clientId, kind: isEdit ? "edit" : "delete", content: isEdit ? intent.content : null, state, error };
  }

  #readAt(seq: number, message: AnyMessage, partner: PartnerRead | null): number | null {
    if (!("receiverId" in message)) return null;
    const readAt = time(message.readAt);
    if (message.senderId !== this.#me.id || partner === null) return readAt;
    return seq <= partner.seq ? (readAt ?? partner.at) : null;
  }
}

/** Milliseconds of a time of the server. */
export function time(value: string | null | undefined): number | null {
  const ms = value ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function sameChange(a: PendingChange | null, b: PendingChange | null): boolean {
  if (a === null || b === null) return a === b;
  return a.clientId === b.clientId && a.content === b.content && a.state === b.state && a.error === b.error;
}
