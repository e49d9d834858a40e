// Messages on their way: shown at once, sent in order, tried again until the server says yes or a definite no.

import { newId } from './api.js';
import { keyOf } from './store.js';

const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000];

/** States of a message on its way; a delivered one is in the timeline and no longer here. */
export const WAITING = 'waiting';
export const SENDING = 'sending';
export const RETRYING = 'retrying';
export const FAILED = 'failed';

export class Outbox {
  #chat;
  #storageKey;
  #entries;
  #busy = new Set();
  #onSent;
  #onChange;

  /**
   * `onSent(place, answer)` is called with the server's answer, `onChange(place, entry)` whenever an entry
   * comes, goes, or changes its state. Kept for the tab, so that reloading the page loses nothing.
   */
  constructor(chat, userId, { onSent, onChange }) {
    this.#chat = chat;
    this.#onSent = onSent;
    this.#onChange = onChange;
    this.#storageKey = `fireside.outbox.${userId}`;
    this.#entries = restore(this.#storageKey);
  }

  /** Entries of a place, oldest first. */
  of(place) {
    return this.#entries.filter((entry) => keyOf(entry.place) === keyOf(place));
  }

  /** How many will be sent when the connection is back. */
  get waiting() {
    return this.#entries.filter((entry) => entry.state !== FAILED).length;
  }

  add(place, content) {
    const entry = { clientId: newId(), place, content, createdMs: Date.now(), state: WAITING, tries: 0, reason: '' };
    this.#entries.push(entry);
    this.#changed(entry);
    this.flush();
    return entry;
  }

  /** Sends what failed once more, as the same message. */
  retry(clientId) {
    const entry = this.#find(clientId);
    if (!entry) return;
    Object.assign(entry, { state: WAITING, tries: 0, reason: '' });
    this.#changed(entry);
    this.flush();
  }

  /** Takes an entry out: it is delivered, or its author has given it up. */
  remove(clientId) {
    const entry = this.#find(clientId);
    if (!entry) return;
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#changed(entry);
  }

  /** Forgets everything, at signing out. */
  clear() {
    this.#entries = [];
    sessionStorage.removeItem(this.#storageKey);
  }

  /** Goes on sending in every place, one after the other in each: a room keeps its author's order. */
  flush() {
    for (const entry of this.#entries) this.#sendNext(entry.place);
  }

  async #sendNext(place) {
    const key = keyOf(place);
    const entry = this.of(place).find((one) => one.state !== FAILED);
    if (!entry || this.#busy.has(key) || !this.#chat.isOnline) return;
    this.#busy.add(key);
    try {
      entry.state = entry.tries > 0 ? RETRYING : SENDING;
      this.#changed(entry);
      const answer = await this.#chat.call(...request(entry));
      this.#onSent(place, answer);
      this.remove(entry.clientId);
    } catch (problem) {
      await this.#failed(entry, problem);
    } finally {
      this.#busy.delete(key);
    }
    this.#sendNext(place);
  }

  async #failed(entry, problem) {
    if (!problem.retryable) {
      Object.assign(entry, { state: FAILED, reason: problem.message });
      this.#changed(entry);
      return;
    }
    entry.state = this.#chat.isOnline ? RETRYING : WAITING;
    this.#changed(entry);
    const pauseMs = problem.retryAfterMs ?? PAUSES_MS[Math.min(entry.tries, PAUSES_MS.length - 1)];
    entry.tries += 1;
    if (this.#chat.isOnline) await new Promise((done) => setTimeout(done, pauseMs));
  }

  #find(clientId) {
    return this.#entries.find((entry) => entry.clientId === clientId);
  }

  #changed(entry) {
    try {
      sessionStorage.setItem(this.#storageKey, JSON.stringify(this.#entries));
    } catch {
      // A full storage costs the memory of a reload, not the message.
    }
    this.#onChange(entry.place, entry);
  }
}

function request({ place, content, clientId }) {
  const where = place.kind === 'room' ? ['message:send', { roomId: place.id }] : ['dm:send', { receiverId: place.id }];
  return [where[0], { ...where[1], content, clientId }];
}

function restore(storageKey) {
  try {
    const entries = JSON.parse(sessionStorage.getItem(storageKey)) ?? [];
    return entries.map((entry) => (entry.state === FAILED ? entry : { ...entry, state: WAITING, tries: 0 }));
  } catch {
    return [];
  }
}
