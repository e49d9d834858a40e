// A store for user interfaces: rooms, people, message windows and unread counts, kept up to date by a client.

import type { Chat } from "../chat.js";
import { LiveStore } from "./live_store.js";
import type { ChatStore } from "./model.js";

export type {
  ChatStore,
  Edge,
  MemberList,
  MessageRow,
  MessageWindow,
  PendingChange,
  Person,
  PlaceStore,
  PlaceSummary,
  UnreadTotals,
} from "./model.js";

/** Makes a store for a client. It follows `chat.auth.user`: another person is another, empty store. */
export function createStore(chat: Chat): ChatStore {
  return new LiveStore(chat);
}
