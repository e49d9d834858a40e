// The history of one place, and changes to its messages.

import type { AnyMessage, Digest, Head } from "../contract.js";
import type { MessagePage, Messages, PageOptions } from "../conversations.js";
import type { Sending } from "../outbox/entry.js";
import type { PersistentOutbox } from "../outbox/outbox.js";
import type { Place } from "../place.js";
import type { RestClient, RestPage } from "../rest.js";

/** What messages need of the client. */
export interface MessagesContext {
  rest: RestClient;
  outbox: PersistentOutbox;
  /** A page was read: from its head on, the room's events are followed. */
  follow: (place: Place, roomId: string, head: Head) => void;
  /** How far a room's events were told; undefined where that is not known just now. */
  position: (roomId: string) => Head | undefined;
  /** The room behind a direct conversation; undefined where it has no message yet. */
  directRoom: (userId: string) => string | undefined;
}

/** Messages of one place, over REST. */
export class PlaceMessages implements Messages {
  readonly #context: MessagesContext;
  readonly #place: Place;

  constructor(context: MessagesContext, place: Place) {
    this.#context = context;
    this.#place = place;
  }

  async page({ signal, ...query }: PageOptions = {}): Promise<MessagePage> {
    const { items, next, prev, head } = await this.#read(query, signal);
    const roomId = this.#place.kind === "room" ? this.#place.roomId : items[0]?.roomId;
    if (head && roomId !== undefined) this.#context.follow(this.#place, roomId, head);
    const how = signal ? { signal } : {};
    return { items, next: next && { ...next, ...how }, prev: prev && { ...prev, ...how }, head };
  }

  async *history(options: PageOptions = {}): AsyncIterableIterator<AnyMessage> {
    const isForwards = options.after !== undefined || options.around !== undefined;
    let page: MessagePage | null = await this.page(options);
    const oldest = page.items.at(-1);
    if (options.around !== undefined && oldest)
      page = { ...page, next: { after: seqOf(page.items[0] ?? oldest), ...limitOf(options) } };
    while (page) {
      yield* isForwards ? page.items.toReversed() : page.items;
      // An empty page is the end, whatever its links say.
      page = page.next && page.items.length > 0 ? await this.page(page.next) : null;
    }
  }

  async digest(from: number, to: number | null): Promise<Digest | null> {
    const { rest, position, directRoom } = this.#context;
    const roomId = this.#place.kind === "room" ? this.#place.roomId : directRoom(this.#place.userId);
    if (roomId === undefined) return null;
    const digest = await rest.call("GET /chat/rooms/{roomId}/digest", { path: { roomId }, query: { from, to } });
    const told = position(roomId);
    return told?.seq === digest.seq && told.epoch === digest.epoch ? digest : null;
  }

  edit(messageId: string, content: string): Sending {
    return this.#context.outbox.add(this.#place, { kind: "edit", messageId, content });
  }

  delete(messageId: string): Sending {
    return this.#context.outbox.add(this.#place, { kind: "delete", messageId });
  }

  #read(query: Omit<PageOptions, "signal">, signal: AbortSignal | undefined): Promise<RestPage<AnyMessage[]>> {
    const given = { query, ...(signal ? { signal } : {}) };
    const { rest } = this.#context;
    if (this.#place.kind === "direct")
      return rest.page("GET /chat/dm/{userId}", { path: { userId: this.#place.userId }, ...given });
    return rest.page("GET /chat/rooms/{roomId}/messages", { path: { roomId: this.#place.roomId }, ...given });
  }
}

/** A message's own place in the log. */
export function seqOf(message: AnyMessage): number {
  return message.messageSeq ?? message.seq;
}

function limitOf({ limit, signal }: PageOptions): PageOptions {
  return { ...(limit === undefined ? {} : { limit }), ...(signal ? { signal } : {}) };
}
