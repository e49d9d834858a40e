// Which room is behind the conversation with whom, as far as events have told.

import type { ChatEvents } from "../chat.js";
import type { AnyMessage, Unread } from "../contract.js";
import type { Events } from "../events.js";

/** Rooms of direct conversations by the other person. */
export class DirectRooms {
  readonly #rooms = new Map<string, string>();
  readonly #me: () => string | undefined;

  constructor(events: Events<ChatEvents>, me: () => string | undefined) {
    this.#me = me;
    events.on("dm:new", (message) => this.#learnFrom(message));
    events.on("dm:edited", (message) => this.#learnFrom(message));
    events.on("outbox:changed", ({ message }) => message && this.#learnFrom(message));
    events.on("sync:ready", ({ unread }) => this.learnAll(unread));
    events.on("user:changed", ({ room }) => {
      if (room?.kind === "direct" && room.userId !== undefined) this.learn(room.userId, room.roomId);
    });
  }

  /** The room of the conversation with someone, where known. */
  roomOf(userId: string): string | undefined {
    return this.#rooms.get(userId);
  }

  /** Notes the room behind the conversation with someone. */
  learn(userId: string, roomId: string): void {
    this.#rooms.set(userId, roomId);
  }

  /** Notes the rooms behind all conversations. */
  learnAll(rows: readonly Unread[]): void {
    for (const { userId, roomId } of rows) if (userId !== undefined) this.learn(userId, roomId);
  }

  clear(): void {
    this.#rooms.clear();
  }

  #learnFrom(message: AnyMessage): void {
    if (!("receiverId" in message)) return;
    const { senderId, receiverId, roomId } = message;
    this.learn(senderId === this.#me() ? receiverId : senderId, roomId);
  }
}
