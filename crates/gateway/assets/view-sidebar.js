// The list of rooms and people: where one is, what is unread, who is here.

import { personAddress, roomAddress } from './address.js';
import { bdi, h, icon, reconcile, unseen } from './dom.js';
import { keyOf } from './store.js';
import { nameOf, tile } from './text.js';

const COUNT_MAX = 99;

export class Sidebar {
  #parts;
  #store;
  #rooms = new Map();
  #people = new Map();

  /** `parts` are `rooms`, `people` and `self`. */
  constructor(parts, store) {
    this.#parts = parts;
    this.#store = store;
  }

  render() {
    const store = this.#store;
    const rooms = [...store.rooms.values()].sort((a, b) => a.name.localeCompare(b.name));
    const roomItems = rooms.map((room) => ({ key: room.id, room, place: { kind: 'room', id: room.id } }));
    const personItems = store.conversations
      .map((id) => ({ key: id, person: store.people.get(id), place: { kind: 'dm', id } }))
      .filter((item) => item.person);
    const make = () => h('li', {}, h('a', {}));
    reconcile(this.#parts.rooms, this.#rooms, this.#orNothing(roomItems, 'No rooms yet'), make, (li, item) => this.#room(li, item));
    reconcile(this.#parts.people, this.#people, this.#orNothing(personItems, 'Nobody yet'), make, (li, item) => this.#person(li, item));
    this.#parts.self.replaceChildren(tile(store.me), h('span', { class: 'name' }, bdi(nameOf(store.me))));
  }

  #orNothing(items, nothing) {
    return items.length > 0 ? items : [{ key: 'nothing', nothing: this.#store.isLoaded ? nothing : 'Loading…' }];
  }

  #room(li, item) {
    if (item.nothing) return empty(li, item);
    const { room } = item;
    const sign = room.isPrivate ? [icon('lock'), unseen('Private room ')] : ['#'];
    this.#link(li, item, roomAddress(room.slug), [h('span', { class: 'sign' }, ...sign), h('span', { class: 'name' }, bdi(room.name))]);
  }

  #person(li, item) {
    if (item.nothing) return empty(li, item);
    const isOnline = this.#store.online.has(item.key);
    const dot = h('span', { class: isOnline ? 'dot is-online' : 'dot' });
    const name = h('span', { class: 'name' }, bdi(nameOf(item.person)), unseen(isOnline ? ', online' : ', offline'));
    this.#link(li, item, personAddress(item.person.username), [dot, name]);
  }

  #link(li, { place }, address, content) {
    const unread = this.#store.unread(place);
    const isOpen = keyOf(place) === keyOf(this.#store.open);
    const link = li.firstChild;
    const count = unread > COUNT_MAX ? `${COUNT_MAX}+` : String(unread);
    const badge = unread > 0 && h('span', { class: place.kind === 'dm' ? 'badge is-mine' : 'badge' }, unseen(', '), count, unseen(' unread'));
    link.setAttribute('href', address);
    link.className = unread > 0 ? 'is-unread' : '';
    if (isOpen) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    link.replaceChildren(...content, ...(badge ? [badge] : []));
  }
}

function empty(li, { nothing }) {
  li.replaceChildren(h('span', { class: 'quiet' }, nothing));
}
