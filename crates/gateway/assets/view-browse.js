// Public rooms to look through, and the door of one that is not one's own yet.

import { roomAddress } from './address.js';
import { bdi, button, h } from './dom.js';

const SEARCH_AFTER_MS = 250;

const members = (count) => `${count} ${count === 1 ? 'member' : 'members'}`;

export class BrowsePanel {
  #element;
  #directory;
  #store;
  #actions;
  #asked = 0;

  /** `actions` are `create()` and `problem(error)`. */
  constructor(element, directory, store, actions) {
    this.#element = element;
    this.#directory = directory;
    this.#store = store;
    this.#actions = actions;
  }

  /** Lists public rooms. */
  browse() {
    let timer = 0;
    const results = h('ul', { class: 'cards' });
    const status = h('p', { class: 'quiet', role: 'status' });
    const search = h('input', { id: 'browse-search', type: 'search', autocomplete: 'off', maxlength: '100', placeholder: 'Find a room' });
    search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#list(search.value.trim(), results, status), SEARCH_AFTER_MS);
    });
    this.#element.replaceChildren(
      h('div', { class: 'browse-head' },
        h('label', { class: 'unseen', for: 'browse-search' }, 'Find a room'), search,
        button('Create a room', () => this.#actions.create(), { class: 'plain' })),
      status, results);
    this.#list('', results, status);
  }

  async #list(query, results, status) {
    const turn = (this.#asked += 1);
    try {
      const rooms = await this.#directory.discover(query);
      if (turn !== this.#asked) return;
      results.replaceChildren(...rooms.map((room) => this.#card(room)));
      status.textContent = rooms.length > 0 ? '' : 'No public room of that name.';
    } catch (error) {
      if (turn === this.#asked) status.textContent = error.message;
    }
  }

  #card(room) {
    const isIn = this.#store.rooms.has(room.id);
    const act = isIn
      ? h('a', { class: 'plain', href: roomAddress(room.slug) }, 'Open')
      : button('Join', () => this.#join(room), { class: 'plain' });
    act.append(h('span', { class: 'unseen' }, ' ', bdi(room.name)));
    return h('li', { class: 'card-row' },
      h('div', {}, h('h2', {}, '# ', bdi(room.name)),
        room.description && h('p', { dir: 'auto' }, room.description),
        h('p', { class: 'quiet' }, members(room.memberCount))),
      act);
  }

  /** Shows the door of a public room. */
  invite(room) {
    this.#element.replaceChildren(h('div', { class: 'door' },
      room.description && h('p', { dir: 'auto' }, room.description),
      h('p', { class: 'quiet' }, `${members(room.memberCount)}. You are not one of them yet.`),
      button('Join this room', () => this.#join(room), { class: 'primary' })));
  }

  async #join(room) {
    try {
      await this.#directory.join(room.id);
      if (location.hash === roomAddress(room.slug)) window.dispatchEvent(new HashChangeEvent('hashchange'));
      else location.hash = roomAddress(room.slug);
    } catch (error) {
      this.#actions.problem(error);
    }
  }

  /** Shows a sentence and nothing else. */
  say(text) {
    this.#element.replaceChildren(h('div', { class: 'door' }, h('p', { class: 'quiet' }, text)));
  }
}
