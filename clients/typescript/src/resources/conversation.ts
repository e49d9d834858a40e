// Rooms and direct conversations as handles: no state of their own, only what to ask the server.

import type { ChatEvents } from "../chat.js";
import type { Member, Presence, Role, Room, UpdateRoom } from "../contract.js";
import type { DirectHandle, Messages, ReadTarget, RoomHandle, SendOptions } from "../conversations.js";
import type { Sending } from "../outbox/entry.js";
import { type DirectPlace, type Place, placeKey, type RoomPlace } from "../place.js";
import type { ListenOptions, Off } from "../readable.js";
import { roomOf } from "../sync/wire.js";
import { type MessagesContext, PlaceMessages } from "./messages.js";
import type { Typing } from "./typing.js";

/** What handles need of the client. */
export interface HandleContext extends MessagesContext {
  typing: Typing;
  on: <E extends keyof ChatEvents>(
    event: E,
    listener: (payload: ChatEvents[E]) => void,
    options?: ListenOptions,
  ) => Off;
}

abstract class Handle<P extends Place> {
  readonly place: P;
  readonly messages: Messages;
  protected readonly context: HandleContext;

  constructor(context: HandleContext, place: P) {
    this.context = context;
    this.place = place;
    this.messages = new PlaceMessages(context, place);
  }

  /** The id of its log; undefined where there is none yet. */
  protected abstract logId(): string | undefined;

  send(content: string, { type, metadata }: SendOptions = {}): Sending {
    const logId = this.logId();
    if (logId !== undefined) this.context.typing.forget(logId);
    return this.context.outbox.add(this.place, {
      kind: "message",
      content,
      ...(type === undefined ? {} : { type }),
      ...(metadata === undefined ? {} : { metadata }),
    });
  }

  typing(): void {
    const logId = this.logId();
    if (logId !== undefined) this.context.typing.start(logId);
  }

  stopTyping(): void {
    const logId = this.logId();
    if (logId !== undefined) this.context.typing.stop(logId);
  }

  abstract markRead(target: ReadTarget): Promise<void>;

  async markUnread(body: ReadTarget): Promise<void> {
    const roomId = this.logId();
    // A conversation without a message has nothing to mark.
    if (roomId !== undefined)
      await this.context.rest.call("PUT /chat/rooms/{roomId}/unread", { path: { roomId }, body });
  }

  async mute(muted: boolean): Promise<void> {
    const roomId = this.logId();
    if (roomId !== undefined)
      await this.context.rest.call("PUT /chat/rooms/{roomId}/mute", { path: { roomId }, body: { muted } });
  }

  on<E extends keyof ChatEvents>(event: E, listener: (payload: ChatEvents[E]) => void, options?: ListenOptions): Off {
    const mine = (payload: ChatEvents[E]) => {
      if (this.#isMine(event, payload)) listener(payload);
    };
    return this.context.on(event, mine, options);
  }

  /** An entry of the outbox knows its place. Of a conversation that had no message so far, the other person tells whose event it is. */
  #isMine(event: keyof ChatEvents, payload: unknown): boolean {
    const logId = this.logId();
    if (event === "outbox:changed")
      return placeKey((payload as ChatEvents["outbox:changed"]).entry.place) === placeKey(this.place);
    if (logId !== undefined) return roomOf(event, payload) === logId;
    const { senderId, receiverId } = payload as { senderId?: string; receiverId?: string };
    const { place } = this;
    return place.kind === "direct" && receiverId !== undefined && [senderId, receiverId].includes(place.userId);
  }
}

/** A room by its id. */
export class RoomById extends Handle<RoomPlace> implements RoomHandle {
  get roomId(): string {
    return this.place.roomId;
  }

  protected logId(): string {
    return this.place.roomId;
  }

  get(): Promise<Room> {
    return this.context.rest.call("GET /chat/rooms/{roomId}", { path: this.#path });
  }

  update(body: Omit<UpdateRoom, "roomId">): Promise<Room> {
    return this.context.rest.call("PATCH /chat/rooms/{roomId}", { path: this.#path, body });
  }

  async delete(): Promise<void> {
    await this.context.rest.call("DELETE /chat/rooms/{roomId}", { path: this.#path });
  }

  async join(): Promise<Room> {
    const room = await this.context.rest.call("POST /chat/rooms/{roomId}/join", { path: this.#path });
    this.context.follow(this.place, room.id, room);
    return room;
  }

  async leave(): Promise<void> {
    await this.context.rest.call("POST /chat/rooms/{roomId}/leave", { path: this.#path });
  }

  members(): Promise<Member[]> {
    return this.context.rest.call("GET /chat/rooms/{roomId}/members", { path: this.#path });
  }

  setMember(userId: string, role?: Role): Promise<Member> {
    const path = { ...this.#path, userId };
    return this.context.rest.call("PUT /chat/rooms/{roomId}/members/{userId}", { path, body: role ? { role } : {} });
  }

  async removeMember(userId: string): Promise<void> {
    await this.context.rest.call("DELETE /chat/rooms/{roomId}/members/{userId}", { path: { ...this.#path, userId } });
  }

  online(): Promise<Presence[]> {
    return this.context.rest.call("GET /chat/rooms/{roomId}/online", { path: this.#path });
  }

  async markRead(body: ReadTarget): Promise<void> {
    await this.context.rest.call("PUT /chat/rooms/{roomId}/read", { path: this.#path, body });
  }

  get #path(): { roomId: string } {
    return { roomId: this.place.roomId };
  }
}

/** The conversation with one person. */
export class DirectWith extends Handle<DirectPlace> implements DirectHandle {
  get userId(): string {
    return this.place.userId;
  }

  protected logId(): string | undefined {
    return this.context.directRoom(this.place.userId);
  }

  async markRead(body: ReadTarget): Promise<void> {
    await this.context.rest.call("PUT /chat/dm/{userId}/read", { path: { userId: this.place.userId }, body });
  }
}
