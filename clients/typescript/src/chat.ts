// The client as its users see it: what it is made of, and the events it tells.

import type { Socket } from "socket.io-client";

import type { Auth, SignedOutReason } from "./auth.js";
import type { Clock } from "./clock.js";
import type { ConnectionState } from "./connection/state.js";
import type { Bootstrap, ClientToServerEvents, ServerToClientEvents, Unread, User } from "./contract.js";
import type { DirectHandle, Directs, RoomHandle, Rooms, Users } from "./conversations.js";
import type { Outbox, OutboxEntry, WriteResult } from "./outbox/entry.js";
import type { Place } from "./place.js";
import type { ListenOptions, Off, Readable } from "./readable.js";
import type { Rest } from "./rest.js";
import type { ChatStorage } from "./storage.js";

/** The typed socket of socket.io-client. */
export type ChatSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** How to make a client. Only `url` is needed. */
export interface ChatOptions {
  /** Where the server is: `https://chat.example.org`. It has no path; `createClient` throws where it has one. */
  url: string;
  /** A token of the host application, or what gives one; asked again before the old one ends. */
  token?: string | (() => string | Promise<string>);
  /** Where tokens and unsent messages are kept: IndexedDB in browsers, memory elsewhere, unless given. */
  storage?: ChatStorage;
  /** The `fetch` to use; the global one unless given. */
  fetch?: typeof fetch;
  /**
   * What `bootstrapEarly` of `fireside-chat/early` has asked for. `connect()` begins with it, and does not wait for the
   * connection; null, or what belongs to somebody else, is as if it were not given.
   */
  bootstrap?: Promise<Bootstrap | null>;
  /** Time and chance; for tests. */
  clock?: Clock;
}

type WireEvents = { [E in keyof ServerToClientEvents]: Parameters<ServerToClientEvents[E]>[0] };

/**
 * What `on()` tells. Durable events of rooms and conversations (`message:…`, `dm:…`, `room:…`, `member:updated`) come
 * each once and in the order of the log, also when the connection was away in between.
 */
export interface ChatEvents extends WireEvents {
  /** What is known of a room's log has a gap that cannot be filled: read it anew. */
  "room:reset": { roomId: string; reason: string };
  /** Everything one is a member of was read: at the beginning, and whenever changes to it may be missing. */
  "sync:ready": { isFirst: boolean } & Bootstrap;
  /** The live connection changed. */
  "connection:changed": ConnectionState;
  /** Somebody signed in or out, in this tab or another one. */
  "auth:changed": { user: User | null; reason?: SignedOutReason };
  /** A write on its way came, changed, was sent (then with what the server answered), or was discarded. */
  "outbox:changed": { entry: OutboxEntry; discarded: boolean } & WriteResult;
}

/** A client of one server, for one person at a time. */
export interface Chat {
  readonly auth: Auth;
  readonly rooms: Rooms;
  readonly directs: Directs;
  readonly users: Users;
  readonly outbox: Outbox;
  /** The live connection. */
  readonly connection: Readable<ConnectionState>;
  /** The typed socket itself, for what this package does not do. */
  readonly raw: ChatSocket;
  readonly rest: Rest;
  /**
   * Connects, and stays connected until `disconnect()`. Resolves once online; rejects only where trying again is of no
   * use (`unauthenticated`).
   */
  connect(): Promise<void>;
  /** Ends the live connection. What is sent from now on waits in the outbox. */
  disconnect(): void;
  /**
   * Checks whether the connection is alive, within 2 s, and makes a new one at once if not: for the moment when a page
   * becomes visible, the network comes back, or somebody presses "Try now". Answers whether it is online.
   */
  wake(): Promise<boolean>;
  /**
   * Disconnects for good, and lets go of storage, locks and channels. It waits for nothing: who waits for `delivered()`
   * gets the reason `aborted`, and what was unsent is where the storage keeps it.
   */
  close(): Promise<void>;
  /** A room by its id, without asking the server. */
  room(roomId: string): RoomHandle;
  /** The conversation with one person, by user id, without asking the server. */
  direct(userId: string): DirectHandle;
  /** A room or a conversation. */
  conversation(place: Place): RoomHandle | DirectHandle;
  /** Unread messages in each of one's rooms and conversations. */
  unread(): Promise<Unread[]>;
  /** Listens to one kind of event. */
  on<E extends keyof ChatEvents>(event: E, listener: (payload: ChatEvents[E]) => void, options?: ListenOptions): Off;
}
