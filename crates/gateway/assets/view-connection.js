// The bar that says when the connection is gone: nothing for a moment, then quietly, then with a way to try now.

import { button } from './dom.js';

const QUIET_MS = 2000;
const OFFLINE_MS = 10_000;
const BACK_MS = 2000;

export class ConnectionBar {
  #element;
  #outbox;
  #retry;
  #timers = [];
  #wasShown = false;
  #wasOnline = false;

  constructor(element, outbox, retry) {
    this.#element = element;
    this.#outbox = outbox;
    this.#retry = retry;
  }

  online() {
    this.#clear();
    this.#wasOnline = true;
    if (!this.#wasShown) return;
    this.#show('Back online');
    this.#wasShown = false;
    this.#timers.push(setTimeout(() => this.#hide(), BACK_MS));
  }

  offline() {
    this.#clear();
    this.#timers.push(setTimeout(() => this.#show(this.#wasOnline ? 'Reconnecting…' : 'Connecting…'), QUIET_MS));
    this.#timers.push(setTimeout(() => this.#show(this.#offlineText(), button('Try now', this.#retry, { class: 'link' })), OFFLINE_MS));
  }

  #offlineText() {
    const count = this.#outbox.waiting;
    if (count === 0) return 'Offline. Trying again by itself. ';
    return `Offline. ${count} ${count === 1 ? 'message' : 'messages'} will be sent when you are back. `;
  }

  #show(...content) {
    this.#wasShown = true;
    this.#element.hidden = false;
    this.#element.replaceChildren(...content);
  }

  #hide() {
    this.#element.hidden = true;
    this.#element.replaceChildren();
  }

  #clear() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
