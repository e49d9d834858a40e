// The head of a place: its name, what it is about, who is here, who is typing; the window's title says it too.

import { bdi, icon } from './dom.js';
import { joined, nameOf } from './text.js';

const WRITERS_MAX = 3;
const TITLE_MAX = 200;

export class PlaceHead {
  #parts;
  #store;
  #narrow;

  /** `parts` are `title`, `topic`, `members`, `typing`, `side`, `brand` and `frame`; `narrow` is a media query. */
  constructor(parts, store, narrow) {
    this.#parts = parts;
    this.#store = store;
    this.#narrow = narrow;
  }

  /** Names the open place; where none is open the title is `other`, or stays as it is. */
  render(other = null) {
    const store = this.#store;
    const { title, topic, members } = this.#parts;
    const room = store.open?.kind === 'room' ? store.rooms.get(store.open.id) : null;
    const person = store.open?.kind === 'dm' ? store.people.get(store.open.id) : null;
    if (room) title.replaceChildren(...(room.isPrivate ? [icon('lock'), ' '] : ['# ']), bdi(room.name));
    else if (person) title.replaceChildren(bdi(nameOf(person)));
    else if (other !== null) title.textContent = other;
    topic.textContent = room?.description ?? (person ? this.#presence(person) : '');
    members.hidden = !room;
    if (room) members.textContent = this.#memberText(room);
    const unread = store.unreadTotal > 0 ? `(${store.unreadTotal}) ` : '';
    document.title = `${unread}${title.textContent.slice(0, TITLE_MAX) || 'Chat'} — Fireside`;
    this.#landmarks();
  }

  /** What the open place is called. */
  name() {
    const { open, rooms, people } = this.#store;
    return open.kind === 'room' ? rooms.get(open.id).name : nameOf(people.get(open.id));
  }

  #presence(person) {
    return this.#store.online.has(person.id) ? 'Online' : 'Offline';
  }

  #memberText(room) {
    const store = this.#store;
    const ids = store.members.get(room.id)?.ids;
    if (!ids) return `${room.memberCount} ${room.memberCount === 1 ? 'member' : 'members'}`;
    return `${ids.filter((id) => id === store.me.id || store.online.has(id)).length} of ${ids.length} here`;
  }

  /** Says who is writing. */
  renderTyping() {
    const names = this.#store.open ? this.#store.writers(this.#store.open).map(nameOf) : [];
    const text = names.length > WRITERS_MAX
      ? 'Several people are typing…'
      : `${joined(names)} ${names.length === 1 ? 'is' : 'are'} typing…`;
    this.#parts.typing.replaceChildren(...(names.length > 0 ? [bdi(text)] : []));
  }

  /** On a narrow screen the list of rooms is a page of its own, and then it is the main one. */
  #landmarks() {
    const isList = this.#narrow.matches && this.#parts.frame.dataset.screen === 'list';
    const { side, brand } = this.#parts;
    setOrRemove(side, 'role', isList && 'main');
    setOrRemove(brand, 'role', isList && 'heading');
    setOrRemove(brand, 'aria-level', isList && '1');
  }
}

function setOrRemove(element, name, value) {
  if (value) element.setAttribute(name, value);
  else element.removeAttribute(name);
}
