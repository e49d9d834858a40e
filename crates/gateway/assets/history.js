// Reads messages: the newest page, older ones on demand, and after an absence what was missed.

import { path } from './api.js';
import { keyOf } from './store.js';
import { readMany, readMessage } from './wire.js';

const PAGE = 50;
const PAGE_MAX = 200;
const CATCH_UP_PAGES_MAX = 10;
/** So many messages of a place may be kept while nobody looks at the older ones. */
const KEPT_MAX = 500;

/** Where a place's messages are listed. */
export const listPath = (place) =>
  place.kind === 'room' ? path`/chat/rooms/${place.id}/messages` : path`/chat/dm/${place.id}`;

export class History {
  #api;
  #store;
  #turns = new Map();

  constructor(api, store) {
    this.#api = api;
    this.#store = store;
  }

  /** Reads a place's newest page unless it is there, far enough back to show where the new messages begin. */
  load(place) {
    return this.#inTurn(place, async () => {
      const timeline = this.#store.timeline(place);
      if (timeline.isLoaded) return;
      const limit = Math.min(PAGE_MAX, Math.max(PAGE, this.#store.unread(place) + 10));
      timeline.older = await this.#readPage(place, `${listPath(place)}?limit=${limit}`);
      timeline.isLoaded = true;
    });
  }

  /** Reads the page before the oldest message. */
  loadOlder(place) {
    return this.#inTurn(place, async () => {
      const timeline = this.#store.timeline(place);
      if (timeline.older) timeline.older = await this.#readPage(place, timeline.older);
    });
  }

  /** Reads everything after what is known, and the end of what is known once more for its edits and deletions. */
  async catchUp(place) {
    await this.#inTurn(place, async () => {
      const timeline = this.#store.timeline(place);
      if (!timeline.isLoaded) return;
      this.#trim(place);
      let next = `${listPath(place)}?limit=${PAGE_MAX}&after=${timeline.placeBefore(PAGE_MAX)}`;
      for (let pages = 0; next && pages < CATCH_UP_PAGES_MAX; pages += 1) next = await this.#readPage(place, next);
      if (next) this.#store.forgetTimeline(place);
    });
    await this.load(place);
  }

  /** Forgets older messages where there are many: they can be read again. */
  tidy(place) {
    if (this.#store.timeline(place).messages.length > KEPT_MAX) this.#trim(place);
  }

  #trim(place) {
    this.#store.timeline(place).trim(PAGE_MAX, (seq) => `${listPath(place)}?limit=${PAGE}&before=${seq}`);
  }

  /** Takes one message; says whether it was `new`, a `change`, or `known`. */
  take(place, message) {
    const store = this.#store;
    if (place.kind === 'dm') store.noteConversation(place.id, message.roomId);
    store.putPeople([message.sender]);
    store.touch(keyOf(place));
    const outcome = store.timeline(place).take(message);
    if (keyOf(place) !== keyOf(store.open)) this.tidy(place);
    return outcome;
  }

  async #readPage(place, url) {
    const page = await this.#api.page(url);
    for (const message of readMany(page.items, readMessage)) this.take(place, message);
    this.#store.touch(keyOf(place));
    return page.next;
  }

  /** One reading at a time in each place. */
  #inTurn(place, read) {
    const key = keyOf(place);
    const turn = (this.#turns.get(key) ?? Promise.resolve()).catch(() => {}).then(read);
    this.#turns.set(key, turn);
    return turn;
  }
}
