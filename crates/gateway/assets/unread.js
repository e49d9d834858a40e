// How far one has read, and how much is unread: asked from the server, which knows of one's other devices.

import { listPath } from './history.js';
import { keyOf } from './store.js';
import { readMany, readMessage, readPosition } from './wire.js';

const PLACES_MAX = 40;
/** Slow enough to leave room under the server's limits for what people do meanwhile. */
const PACE_MS = 60;

export class Unread {
  #api;
  #chat;
  #store;

  constructor(api, chat, store) {
    this.#api = api;
    this.#chat = chat;
    this.#store = store;
  }

  /** Learns how far one has read in a room. A position only moves forward: moving it to 0 asks where it is. */
  async locate(place) {
    if (place.kind !== 'room' || this.#store.readUpTo(place) > 0) return;
    const position = readPosition(await this.#chat.call('room:read', { roomId: place.id, seq: 0 }));
    if (position) this.#store.setReadUpTo(place, position.seq);
  }

  /** Where the unread messages of a place begin; null when there are none. */
  firstIn(place) {
    const isUnread = (message) => !this.#isOwn(message) && !this.#wasRead(place, message);
    return this.#store.timeline(place).messages.find(isUnread)?.place ?? null;
  }

  #isOwn(message) {
    return message.senderId === this.#store.me.id;
  }

  #wasRead(place, message) {
    return message.place <= this.#store.readUpTo(place) || (place.kind === 'dm' && message.isRead);
  }

  /** Tells the server that everything in a place up to its newest message has been read. */
  async mark(place) {
    const newest = this.#store.timeline(place).messages.at(-1);
    this.#store.setUnread(place, 0);
    if (!newest || newest.place <= this.#store.readUpTo(place)) return;
    this.#store.setReadUpTo(place, newest.place);
    const [event, target] = place.kind === 'room' ? ['room:read', { roomId: place.id }] : ['dm:read', { userId: place.id }];
    await this.#chat.call(event, { ...target, seq: newest.place }).catch(() => {});
  }

  /** Counts in every place but the open one. */
  async count() {
    const store = this.#store;
    const rooms = [...store.rooms.keys()].map((id) => ({ kind: 'room', id }));
    const places = [...rooms, ...store.conversations.map((id) => ({ kind: 'dm', id }))];
    for (const place of places.slice(0, PLACES_MAX)) {
      if (keyOf(place) === keyOf(store.open)) continue;
      // A count that cannot be read is left as it is: messages that arrive go on counting.
      await this.#countIn(place).catch(() => {});
      await new Promise((done) => setTimeout(done, PACE_MS));
    }
  }

  async #countIn(place) {
    const store = this.#store;
    await this.locate(place);
    const isRoom = place.kind === 'room';
    if (isRoom && (store.rooms.get(place.id)?.seq ?? 0) <= store.readUpTo(place)) return;
    const query = isRoom ? `limit=100&after=${store.readUpTo(place)}` : 'limit=30';
    const page = await this.#api.page(`${listPath(place)}?${query}`);
    const messages = readMany(page.items, readMessage);
    const unread = messages.filter((one) => !this.#isOwn(one) && !one.isDeleted && !this.#wasRead(place, one));
    if (!isRoom && messages[0]) store.noteConversation(place.id, messages[0].roomId);
    store.setUnread(place, unread.length);
  }
}
