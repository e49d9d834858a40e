// The list of messages of the open place: follows its end, keeps still elsewhere, reads older pages when asked.

import { button, h, reconcile } from './dom.js';
import { layOut } from './rows.js';
import { keyOf } from './store.js';
import { makeRow, updateRow } from './view-row.js';
import { openEditor } from './view-editor.js';
import { RowKeys } from './view-row-keys.js';

const END_PX = 100;
const OLDER_PX = 400;
const READ_AFTER_MS = 600;

export class TimelineView {
  #parts;
  #world;
  #actions;
  #place = null;
  #top;
  #list;
  #rows = new Map();
  #isFollowing = true;
  #arrived = 0;
  #readTimer = 0;
  #isLoadingOlder = false;
  #editor = null;

  /** `parts` are `log` and `jump`; `actions` are `edit(message, content)`, `delete(message)` and `write()`. */
  constructor(parts, world, actions) {
    this.#parts = parts;
    this.#world = world;
    this.#actions = actions;
    this.#top = h('div', { class: 'top' });
    this.#list = h('div', { class: 'rows' });
    parts.log.append(this.#top, this.#list);
    parts.jump.addEventListener('click', () => this.follow());
    parts.log.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    new RowKeys(parts.log, this.#list, {
      ...actions,
      find: (id) => world.store.timeline(this.#place).find(id),
      may: (message) => this.#may(message),
      edit: (message) => this.edit(message),
    });
    new ResizeObserver(() => this.#isFollowing && this.#toEnd()).observe(parts.log);
    for (const name of ['focus', 'blur']) window.addEventListener(name, () => this.#readSoon());
    document.addEventListener('visibilitychange', () => this.#readSoon());
  }

  /** Shows no place. */
  hide() {
    this.#place = null;
    this.#stopReading();
  }

  /** Shows another place, from where its new messages begin. */
  show(place, label) {
    this.#stopReading();
    this.#place = place;
    this.#arrived = 0;
    this.#editor = null;
    this.#isFollowing = true;
    this.#parts.log.setAttribute('aria-label', label);
    this.render();
    const divider = this.#rows.get('new');
    if (!divider) return;
    const { log } = this.#parts;
    log.scrollTop += divider.getBoundingClientRect().top - log.getBoundingClientRect().top - log.clientHeight / 3;
    this.#isFollowing = this.#isAtEnd();
    this.#updateJump();
  }

  /** Notes a message that has arrived. Says whether it is seen at once: at the end, before someone's eyes. */
  arrived(message) {
    const timeline = this.#world.store.timeline(this.#place);
    if (!this.#isFollowing) this.#arrived += 1;
    if (!isAttended() && timeline.newFrom === null) timeline.newFrom = message.place;
    return this.#isFollowing && isAttended();
  }

  /** Takes the line away where the new messages began, and goes to the end. */
  dismiss() {
    this.#world.store.timeline(this.#place).newFrom = null;
    this.follow();
  }

  /** Goes to the end and stays there. */
  follow() {
    this.#arrived = 0;
    this.#isFollowing = true;
    this.render();
  }

  /** Brings the rows up to date without moving what one is looking at. */
  render() {
    if (!this.#place) return;
    const { store, outbox, history } = this.#world;
    const timeline = store.timeline(this.#place);
    if (this.#isFollowing) history.tidy(this.#place);
    const anchor = this.#isFollowing ? null : this.#anchor();
    const { messages, newFrom } = timeline;
    const rows = layOut({ messages, waiting: outbox.of(this.#place), newFrom, me: store.me });
    const lost = this.#focusAtRisk(rows);
    const shown = { me: store.me, may: (message) => this.#may(message), actions: this.#rowActions, editor: this.#editor };
    reconcile(this.#list, this.#rows, rows, makeRow, (element, row) => updateRow(element, row, shown));
    if (lost) this.#parts.log.focus();
    this.#renderTop(timeline, rows.length);
    if (anchor) this.#parts.log.scrollTop += anchor.row.getBoundingClientRect().top - anchor.top;
    else this.#toEnd();
    this.#updateJump();
    this.#readSoon();
  }

  /** Lets its author change a message in its row. */
  edit(message) {
    const close = () => {
      this.#editor = null;
      this.render();
    };
    const save = async (content) => {
      await this.#actions.edit(message, content);
      close();
      this.#actions.write();
    };
    this.#editor = openEditor(message, save, () => {
      close();
      this.#rowOf(message.id)?.focus();
    });
    this.render();
    this.#editor.focus();
  }

  /** Lets one change the last message one has written. Not while a later one is on its way: that one is meant. */
  editLast() {
    const { store, outbox } = this.#world;
    const own = store.timeline(this.#place).messages.filter((message) => message.senderId === store.me.id);
    if (own.length > 0 && outbox.of(this.#place).length === 0) this.edit(own.at(-1));
  }

  #rowActions = {
    edit: (message) => this.edit(message),
    delete: (message) => this.#actions.delete(message),
    retry: (entry) => this.#world.outbox.retry(entry.clientId),
    drop: (entry) => this.#world.outbox.remove(entry.clientId),
  };

  /** What the server will allow: changing one's own, deleting one's own or, as an admin of the room, any. */
  #may(message) {
    const { me, members } = this.#world.store;
    const isOwn = message.senderId === me.id;
    const isAdmin = this.#place.kind === 'room' && Boolean(members.get(this.#place.id)?.admins.includes(me.id));
    return { edit: isOwn, delete: isOwn || isAdmin };
  }

  #renderTop(timeline, count) {
    let state = 'start';
    if (!timeline.isLoaded) state = 'loading';
    else if (timeline.older) state = this.#isLoadingOlder ? 'reading' : 'older';
    else if (count === 0) state = 'empty';
    if (this.#top.dataset.state === state) return;
    this.#top.dataset.state = state;
    const texts = { loading: 'Loading…', reading: 'Loading earlier messages…', start: 'This is the beginning.', empty: 'Nothing has been said here yet.' };
    this.#top.replaceChildren(state === 'older'
      ? button('Earlier messages', () => this.#loadOlder(), { class: 'link' })
      : h('p', { class: 'quiet' }, texts[state]));
  }

  async #loadOlder() {
    const place = this.#place;
    if (this.#isLoadingOlder || !this.#world.store.timeline(place).older) return;
    this.#isLoadingOlder = true;
    try {
      this.#isFollowing = false;
      await this.#world.history.loadOlder(place);
    } catch {
      this.#world.announcer.alarm('Earlier messages could not be loaded.');
    } finally {
      this.#isLoadingOlder = false;
      if (keyOf(place) === keyOf(this.#place)) this.render();
    }
  }

  #scrolled() {
    this.#isFollowing = this.#isAtEnd();
    if (this.#isFollowing) this.#arrived = 0;
    this.#updateJump();
    this.#readSoon();
    if (this.#parts.log.scrollTop < OLDER_PX && !this.#isFollowing) this.#loadOlder();
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#parts.log;
    return scrollHeight - scrollTop - clientHeight <= END_PX;
  }

  #toEnd() {
    this.#parts.log.scrollTop = this.#parts.log.scrollHeight;
  }

  /** The first message on the screen and where it is. (A day's label is no hold: it moves up with its day.) */
  #anchor() {
    const edge = this.#parts.log.getBoundingClientRect().top;
    for (const row of this.#list.querySelectorAll('.row')) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > edge) return { row, top };
    }
    return null;
  }

  #updateJump() {
    const { jump } = this.#parts;
    jump.hidden = this.#isFollowing;
    const count = this.#arrived;
    jump.textContent = count === 0 ? '↓ Latest messages' : `↓ ${count} new ${count === 1 ? 'message' : 'messages'}`;
  }

  /** What has been at the end of the screen for a moment, before someone's eyes, has been read. */
  #readSoon() {
    if (this.#readTimer || !this.#isBeingRead()) return;
    this.#readTimer = setTimeout(() => {
      this.#readTimer = 0;
      if (this.#isBeingRead()) this.#world.unread.mark(this.#place);
    }, READ_AFTER_MS);
  }

  #isBeingRead() {
    return this.#place !== null && this.#isFollowing && isAttended();
  }

  #stopReading() {
    clearTimeout(this.#readTimer);
    this.#readTimer = 0;
  }

  /** Whether the focused row is about to go. */
  #focusAtRisk(rows) {
    const focused = document.activeElement?.closest?.('.row');
    if (!focused || !this.#list.contains(focused)) return false;
    return !rows.some((row) => this.#rows.get(row.key) === focused);
  }

  #rowOf(id) {
    return [...this.#list.children].find((row) => id && row.dataset.id === id) ?? null;
  }
}

/** Whether someone can see the page. */
function isAttended() {
  return document.visibilityState === 'visible' && document.hasFocus();
}
