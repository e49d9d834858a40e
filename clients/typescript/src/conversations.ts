// Rooms and direct conversations, and what one does in them.

import type { ChatEvents } from "./chat.js";
import type {
  AnyMessage,
  CreateRoom,
  Digest,
  DiscoverRooms,
  Head,
  Member,
  Presence,
  Role,
  Room,
  UpdateRoom,
  User,
} from "./contract.js";
import type { Sending } from "./outbox/entry.js";
import type { DirectPlace, Place, RoomPlace } from "./place.js";
import type { ListenOptions, Off } from "./readable.js";

/** A message, by its id or its place in the log. */
export type MessageRef = string | number;

/** Which page of a history. At most one of `before`, `after`, `around`; none is the newest page. */
export interface PageOptions {
  before?: MessageRef;
  after?: MessageRef;
  around?: MessageRef;
  /** Rows wanted, 1 to 200; 50 where not given. */
  limit?: number;
  signal?: AbortSignal;
}

/** One page of a history. */
export interface MessagePage {
  /** Newest first. `after` and `around` pages contain tombstones. */
  items: AnyMessage[];
  /** The page that goes on in the same direction; null at the end. */
  next: PageOptions | null;
  /** The page in the other direction; null where there is none. */
  prev: PageOptions | null;
  /** Head of the log when the page was read. */
  head: Head | null;
}

/** A position in a log, by itself or as the message that has it. */
export type ReadTarget = { seq: number } | { messageId: string };

/** What one may give beside the text. */
export interface SendOptions {
  /** `text` where none is given. */
  type?: string;
  /** Stored beside it. */
  metadata?: Record<string, unknown>;
}

/** Messages of one place. */
export interface Messages {
  /** One page. */
  page(options?: PageOptions): Promise<MessagePage>;
  /**
   * All messages from there on, page by page: backwards from the newest or `before`, forwards from `after`; `around`
   * begins at the oldest row of that page and goes forwards.
   */
  history(options?: PageOptions): AsyncIterableIterator<AnyMessage>;
  /**
   * The server's sum over the messages between two places, to hold against what one has; null where events have not
   * been told up to exactly where it is true, so that it cannot be compared.
   */
  digest(from: number, to: number | null): Promise<Digest | null>;
  /** Changes the text of one's own message. */
  edit(messageId: string, content: string): Sending;
  /** Deletes a message. */
  delete(messageId: string): Sending;
}

/** What rooms and direct conversations have in common. */
export interface Conversation {
  readonly place: Place;
  readonly messages: Messages;
  /** Hands a message to the outbox; it leaves at once, or as soon as there is a connection. */
  send(content: string, options?: SendOptions): Sending;
  /** Says that one is writing; call it on every key, it is told as often as needed. */
  typing(): void;
  /** Says that one has stopped writing. */
  stopTyping(): void;
  /** Everything up to there has been read; never moves back. */
  markRead(target: ReadTarget): Promise<void>;
  /** Everything from there on is unread: the only way back. */
  markUnread(target: ReadTarget): Promise<void>;
  /** Turns counting and notifying of unread messages off or on; mentions still count. */
  mute(muted: boolean): Promise<void>;
  /** Events of this place only, each once and in order. */
  on<E extends keyof ChatEvents>(event: E, listener: (payload: ChatEvents[E]) => void, options?: ListenOptions): Off;
}

/** A room. */
export interface RoomHandle extends Conversation {
  readonly place: RoomPlace;
  readonly roomId: string;
  get(): Promise<Room>;
  update(fields: Omit<UpdateRoom, "roomId">): Promise<Room>;
  /** Deletes the room for everyone. */
  delete(): Promise<void>;
  join(): Promise<Room>;
  leave(): Promise<void>;
  members(): Promise<Member[]>;
  /** Adds someone, by id or username, or changes their role. */
  setMember(userId: string, role?: Role): Promise<Member>;
  removeMember(userId: string): Promise<void>;
  /** Who of its members is online. */
  online(): Promise<Presence[]>;
}

/** The conversation with one person. */
export interface DirectHandle extends Conversation {
  readonly place: DirectPlace;
  readonly userId: string;
}

/** Rooms. */
export interface Rooms {
  /** The rooms one is a member of. */
  list(): Promise<Room[]>;
  create(fields: CreateRoom): Promise<RoomHandle>;
  /** A room by its id or slug; asks the server, and fails where there is none. */
  open(room: string): Promise<RoomHandle>;
  /** Public rooms, the first page or the one after `after` (a slug). */
  discover(options?: DiscoverRooms): Promise<Room[]>;
}

/** Direct conversations. */
export interface Directs {
  /** People one has exchanged direct messages with, the latest first. */
  list(): Promise<User[]>;
}

/** People. */
export interface Users {
  /** By id or username. */
  get(user: string): Promise<User>;
  /** By the beginning of their username or display name. */
  search(query: string, options?: { limit?: number }): Promise<User[]>;
}
