// What the package offers: `createClient`, and the types of everything that comes out of it.

import type { Chat, ChatOptions } from "./chat.js";
import { Client } from "./client.js";

export type { Auth, SignedOutReason } from "./auth.js";
export type { Chat, ChatEvents, ChatOptions, ChatSocket } from "./chat.js";
export type { Clock } from "./clock.js";
export type { ConnectionState, ConnectionStatus } from "./connection/state.js";
export type * from "./contract.js";
export type {
  Conversation,
  DirectHandle,
  Directs,
  MessagePage,
  MessageRef,
  Messages,
  PageOptions,
  ReadTarget,
  RoomHandle,
  Rooms,
  SendOptions,
  Users,
} from "./conversations.js";
export { ChatError, type Reason } from "./errors.js";
export type { Intent, Outbox, OutboxCounts, OutboxEntry, Sending, SendState, WriteResult } from "./outbox/entry.js";
export { type DirectPlace, type Place, type PlaceKey, placeKey, type RoomPlace } from "./place.js";
export type { ListenOptions, Off, Readable } from "./readable.js";
export type { Rest, RestInput, RestPage, Route } from "./rest.js";
export { type ChatStorage, MemoryStorage } from "./storage.js";

/** Makes a client. Nothing is asked of the server yet. */
export function createClient(options: ChatOptions): Chat {
  return new Client(options);
}
