// What a store shows: rooms, people, messages, and how they are read.

import type { Chat } from "../chat.js";
import type { ConnectionState } from "../connection/state.js";
import type { Member, Presence, Room, Sender, User } from "../contract.js";
import type { MessageRef, ReadTarget, SendOptions } from "../conversations.js";
import type { ChatError } from "../errors.js";
import type { OutboxCounts, Sending, SendState } from "../outbox/entry.js";
import type { Place, PlaceKey } from "../place.js";
import type { Readable } from "../readable.js";

/** A person as far as known: from a profile, or as the sender of a message. */
export interface Person extends Sender {
  /** `person`, `service` or `system`, where a profile was read. */
  readonly kind?: string;
  /** `admin` of the server, or `member`, where a profile was read. */
  readonly role?: string;
}

/** A room or conversation in a list. A changed one is a new object. */
export interface PlaceSummary {
  readonly key: PlaceKey;
  readonly place: Place;
  /** The id in events and positions; null for a conversation without a message. */
  readonly roomId: string | null;
  /** Name of the room, or of the person. */
  readonly title: string;
  /** The room; null for a conversation. */
  readonly room: Room | null;
  /** The other person; null for a room. */
  readonly person: Person | null;
  /** Presence of the other person; false for a room. */
  readonly isOnline: boolean;
  /** Unread messages of others, at most 1,000; 0 where muted. */
  readonly unreadCount: number;
  /** Unread messages that name one, at most 1,000; also where muted. */
  readonly mentionCount: number;
  readonly muted: boolean;
  /** How far one has read. */
  readonly readSeq: number;
  /** The newest position. */
  readonly headSeq: number;
  /** The first unread message, where known. */
  readonly firstUnreadSeq: number | null;
  /** When the newest message came, in milliseconds; null where not known. */
  readonly lastMessageAt: number | null;
  /** Own messages on their way. */
  readonly waitingCount: number;
  /** Own messages that failed. */
  readonly failedCount: number;
}

/** A wanted change of a message that the server does not have yet. */
export interface PendingChange {
  readonly clientId: string;
  readonly kind: "edit" | "delete";
  /** The wanted text of an edit. */
  readonly content: string | null;
  readonly state: SendState;
  readonly error: ChatError | null;
}

/** One message in a window, stored or on its way. A changed one is a new object with the same `key`. */
export interface MessageRow {
  /** The same from the moment of sending on. */
  readonly key: string;
  /** Null until the server has it. */
  readonly id: string | null;
  readonly clientId: string | null;
  /** Its place in the log; null until the server has it. */
  readonly seq: number | null;
  readonly sender: Person;
  readonly isOwn: boolean;
  /** What it says; of a message under edit the wanted text; empty once deleted. */
  readonly content: string;
  readonly type: string;
  readonly metadata: Record<string, unknown> | null;
  /** Milliseconds; of one on its way, when it was written. */
  readonly createdAt: number;
  /** Milliseconds; null where its text never changed. */
  readonly editedAt: number | null;
  /** Milliseconds; then this is a tombstone. */
  readonly deletedAt: number | null;
  readonly deletedBy: string | null;
  /** When the other person of a conversation had read it, in milliseconds. */
  readonly readAt: number | null;
  /** Whether it names whoever is signed in. */
  readonly isMention: boolean;
  /** `sent` for everything that the server has. */
  readonly state: SendState;
  /** Since when it is in that state, in milliseconds; 0 where it was read from the server. */
  readonly stateSince: number;
  /** When it is tried again, in milliseconds. */
  readonly nextTryAt: number | null;
  /** Why it failed or is tried again. */
  readonly error: ChatError | null;
  /** An edit or deletion on its way. */
  readonly change: PendingChange | null;
}

/** Whether there is more in one direction. */
export type Edge = "more" | "loading" | "failed" | "end";

/** A part of a place's messages: at most 1,000, without holes, oldest first; those on their way come last. */
export interface MessageWindow {
  /** `empty`: nothing was asked for yet; `failed`: the first page could not be read (`error`). */
  readonly status: "empty" | "loading" | "ready" | "failed";
  readonly rows: readonly MessageRow[];
  /** Towards the beginning; `end` means that the first row is the first message. */
  readonly older: Edge;
  /** Towards the present; `end` means that new messages are appended as they come. */
  readonly newer: Edge;
  /** Why reading failed last. */
  readonly error: ChatError | null;
}

/** The members of a room. */
export interface MemberList {
  readonly status: "loading" | "ready" | "failed";
  /** With profiles, admins first, then by name. */
  readonly members: readonly Member[];
  readonly error: ChatError | null;
}

/** One room or conversation on the screen. */
export interface PlaceStore {
  readonly place: Place;
  readonly key: PlaceKey;
  /** Its entry in the list; null where one is not in the room (any more). */
  readonly summary: Readable<PlaceSummary | null>;
  readonly window: Readable<MessageWindow>;
  /** Who writes here now, oneself excepted. */
  readonly typing: Readable<readonly Person[]>;
  /** Reads the newest page, or the one around a message; does nothing where that is there already. */
  open(options?: { around?: MessageRef }): Promise<void>;
  loadOlder(): Promise<void>;
  loadNewer(): Promise<void>;
  /** Goes to the present, whatever the window shows. */
  loadLatest(): Promise<void>;
  /** Sends a message; its row is there when this returns, at the end of the window. */
  send(content: string, options?: SendOptions): Sending;
  edit(messageId: string, content: string): Sending;
  delete(messageId: string): Sending;
  /** Tries again what failed. */
  retry(clientId: string): void;
  /** Drops what failed or waits. */
  discard(clientId: string): void;
  startTyping(): void;
  stopTyping(): void;
  /** Counts change at once; the server is told, again after a failure. */
  markRead(seq: number): void;
  markUnread(target: ReadTarget): Promise<void>;
  mute(muted: boolean): Promise<void>;
}

/** Unread over all places. */
export interface UnreadTotals {
  readonly unread: number;
  readonly mentions: number;
}

/** What a user interface shows. */
export interface ChatStore {
  readonly chat: Chat;
  readonly me: Readable<User | null>;
  readonly connection: Readable<ConnectionState>;
  readonly outbox: Readable<OutboxCounts>;
  /** Whether the lists were read: `loading` until then, `failed` with `error` where that did not work. */
  readonly status: Readable<{ readonly status: "loading" | "ready" | "failed"; readonly error: ChatError | null }>;
  /** Rooms one is a member of, by name. */
  readonly rooms: Readable<readonly PlaceSummary[]>;
  /** Direct conversations, the latest first. */
  readonly directs: Readable<readonly PlaceSummary[]>;
  readonly totals: Readable<UnreadTotals>;
  /** A room or conversation; the same object each time. */
  place(place: Place): PlaceStore;
  /** The place of a room one is a member of, by slug or id; null where one is in none such. */
  find(room: string): Place | null;
  /** A person by id; read from the server once where nothing is known yet. */
  person(userId: string): Readable<Person | null>;
  /** A person's presence; null where not known. */
  presence(userId: string): Readable<Presence | null>;
  /** The members of a room; read from the server when first asked for, then kept up to date. */
  members(roomId: string): Readable<MemberList>;
  /** Reads the lists again. */
  refresh(): Promise<void>;
  /** Stops listening to the client. */
  close(): void;
}
