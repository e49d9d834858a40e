// What this page knows: people, rooms, timelines, who is here, who writes. Told by sync, watched by the views.

import { Timeline } from './timeline.js';

const TYPING_ENDS_MS = 6000;

/** A place to talk in: `{kind: 'room', id: <room id>}` or `{kind: 'dm', id: <user id>}`; its key names it. */
export const keyOf = (place) => (place ? `${place.kind}:${place.id}` : '');

export class Store {
  me;
  rooms = new Map();
  people = new Map();
  /** User ids, the latest conversation first. */
  conversations = [];
  online = new Set();
  /** Members by room id, as far as they have been asked for. */
  members = new Map();
  /** The open place; null while browsing or nowhere. */
  open = null;
  /** Whether the lists have been read at least once. */
  isLoaded = false;

  #timelines = new Map();
  #conversationIds = new Map();
  #readUpTo = new Map();
  #unread = new Map();
  #typing = new Map();
  #watchers = new Set();
  #changed = new Set();

  constructor(me) {
    this.me = me;
    this.people.set(me.id, me);
  }

  /** Calls back with the set of what changed (`rooms`, `people`, `place`, `typing`, `connection`, a place's key). */
  watch(callback) {
    this.#watchers.add(callback);
  }

  /** Says that something changed. What changes in one burst is told once. */
  touch(...topics) {
    if (this.#changed.size === 0) setTimeout(() => this.#tell(), 10);
    for (const topic of topics) this.#changed.add(topic);
  }

  #tell() {
    const changed = this.#changed;
    this.#changed = new Set();
    for (const watcher of this.#watchers) watcher(changed);
  }

  /** The timeline of a place; an empty one where nothing is known yet. */
  timeline(place) {
    const key = keyOf(place);
    if (!this.#timelines.has(key)) this.#timelines.set(key, new Timeline());
    return this.#timelines.get(key);
  }

  /** Drops what was read of a place: it will be read anew. */
  forgetTimeline(place) {
    this.#timelines.delete(keyOf(place));
    this.touch(keyOf(place));
  }

  /** Drops every timeline but the open one: after an absence they may have holes. */
  forgetClosedTimelines() {
    const openKey = keyOf(this.open);
    for (const key of this.#timelines.keys()) if (key !== openKey) this.#timelines.delete(key);
  }

  /** Replaces the list of rooms. */
  setRooms(rooms) {
    this.rooms = new Map(rooms.map((room) => [room.id, room]));
    this.touch('rooms', 'place');
  }

  /** Adds or replaces a room; its head never moves back. */
  putRoom(room) {
    const seq = Math.max(room.seq, this.rooms.get(room.id)?.seq ?? 0);
    this.rooms.set(room.id, { ...room, seq });
    this.touch('rooms', 'place');
  }

  /** Forgets a room that one is no longer in. */
  dropRoom(id) {
    if (!this.rooms.delete(id)) return;
    this.members.delete(id);
    this.setUnread({ kind: 'room', id }, 0);
    this.forgetTimeline({ kind: 'room', id });
    this.touch('rooms', 'place');
  }

  /** Replaces who is in a room, and which of them are its admins. */
  setMembers(roomId, ids, admins) {
    this.members.set(roomId, { ids, admins });
    const room = this.rooms.get(roomId);
    if (room) room.memberCount = ids.length;
    this.touch('place', 'people');
  }

  /** Remembers people's names, and nothing else where more is known. */
  putPeople(people) {
    for (const person of people) this.people.set(person.id, { ...this.people.get(person.id), ...person });
    this.touch('people');
  }

  /** Remembers which id the conversation with someone has. */
  noteConversation(userId, roomId) {
    this.#conversationIds.set(roomId, userId);
  }

  /** Notes a new message in the conversation with someone: it is the latest now. */
  putConversation(userId, roomId) {
    this.noteConversation(userId, roomId);
    if (this.conversations[0] === userId) return;
    this.conversations = [userId, ...this.conversations.filter((id) => id !== userId)];
    this.touch('people');
  }

  /** The place that has this id in events: a room, or a conversation that was heard of. */
  placeOf(roomId) {
    const userId = this.#conversationIds.get(roomId);
    if (userId) return { kind: 'dm', id: userId };
    return this.rooms.has(roomId) ? { kind: 'room', id: roomId } : null;
  }

  /** The id that a place has in events; null for a conversation without a message. */
  roomIdOf(place) {
    if (place.kind === 'room') return place.id;
    for (const [roomId, userId] of this.#conversationIds) if (userId === place.id) return roomId;
    return null;
  }

  setPresence(userId, isOnline) {
    if (this.online.has(userId) === isOnline) return;
    if (isOnline) this.online.add(userId);
    else this.online.delete(userId);
    this.touch('people', 'place');
  }

  readUpTo(place) {
    return this.#readUpTo.get(keyOf(place)) ?? 0;
  }

  /** Moves one's own read position; it never moves back. */
  setReadUpTo(place, seq) {
    this.#readUpTo.set(keyOf(place), Math.max(seq, this.readUpTo(place)));
  }

  unread(place) {
    return this.#unread.get(keyOf(place)) ?? 0;
  }

  get unreadTotal() {
    return [...this.#unread.values()].reduce((sum, count) => sum + count, 0);
  }

  setUnread(place, count) {
    if (this.unread(place) === count) return;
    this.#unread.set(keyOf(place), count);
    this.touch('rooms', 'people');
  }

  /** Notes that someone writes or has stopped. Nobody writes for ever, should the word of the end be lost. */
  setTyping(place, userId, isTyping) {
    const key = keyOf(place);
    const writers = this.#typing.get(key) ?? new Map();
    this.#typing.set(key, writers);
    clearTimeout(writers.get(userId));
    writers.delete(userId);
    if (isTyping) writers.set(userId, setTimeout(() => this.setTyping(place, userId, false), TYPING_ENDS_MS));
    this.touch('typing');
  }

  /** Who writes in a place, but oneself. */
  writers(place) {
    const ids = [...(this.#typing.get(keyOf(place))?.keys() ?? [])];
    return ids.filter((id) => id !== this.me.id).map((id) => this.people.get(id) ?? null);
  }
}
