// Rooms and people: the lists one has, and what one does with them.

import { newId, path } from './api.js';
import { readMany, readPerson, readRoom } from './wire.js';

export class Directory {
  #api;
  #store;
  #asked = new Set();

  constructor(api, store) {
    this.#api = api;
    this.#store = store;
  }

  /** Reads the rooms one is in and the people one has talked to. */
  async refresh() {
    const [rooms, people] = await Promise.all([
      this.#api.call('GET', '/chat/rooms'),
      this.#api.call('GET', '/chat/conversations'),
    ]);
    const talkedTo = readMany(people, readPerson);
    this.#store.setRooms(readMany(rooms, readRoom));
    this.#store.conversations = talkedTo.map((person) => person.id);
    this.#meet(talkedTo);
  }

  #meet(people) {
    this.#store.putPeople(people);
    for (const person of people) if (person.isOnline) this.#store.setPresence(person.id, true);
  }

  /** Public rooms whose names contain `query`. */
  async discover(query) {
    const search = new URLSearchParams({ limit: '100', query });
    return readMany((await this.#api.page(`/chat/rooms/discover?${search}`)).items, readRoom);
  }

  /** People whose names begin with `query`. */
  async findPeople(query) {
    const search = new URLSearchParams({ limit: '20', query });
    const people = readMany(await this.#api.call('GET', `/chat/users?${search}`), readPerson);
    this.#meet(people);
    return people;
  }

  /** Who someone is, by id or username. */
  async findPerson(ref) {
    const person = readPerson(await this.#api.call('GET', path`/chat/users/${ref}`));
    if (person) this.#meet([person]);
    return person;
  }

  /** Learns a name that is missing, once. */
  learn(userId) {
    if (this.#store.people.has(userId) || this.#asked.has(userId)) return;
    this.#asked.add(userId);
    this.findPerson(userId).catch(() => this.#asked.delete(userId));
  }

  /** A room that one is in or that is public. */
  async findRoom(ref) {
    return readRoom(await this.#api.call('GET', path`/chat/rooms/${ref}`));
  }

  /** The place that an address means, a room of others with its `room`; null where it means none. */
  async resolve({ kind, ref }) {
    if (kind === 'room') {
      const isIt = (room) => room.slug === ref || room.id === ref;
      const room = [...this.#store.rooms.values()].find(isIt) ?? (await this.findRoom(ref));
      return { kind, id: room.id, room };
    }
    if (kind !== 'dm') return null;
    const person = [...this.#store.people.values()].find((one) => one.username === ref) ?? (await this.findPerson(ref));
    if (person.id === this.#store.me.id) throw new Error('That is you.');
    return { kind, id: person.id };
  }

  /** Reads who is in a room. */
  async loadMembers(roomId) {
    const raw = await this.#api.call('GET', path`/chat/rooms/${roomId}/members`);
    const members = Array.isArray(raw) ? raw : [];
    const people = readMany(members.map((member) => member?.user), readPerson);
    this.#meet(people);
    const admins = members.filter((member) => member?.role === 'admin').map((member) => member.userId);
    this.#store.setMembers(roomId, people.map((person) => person.id), admins);
  }

  /** Makes a room, once, however often the request has to be repeated. */
  async create(fields) {
    return this.#put(await this.#api.call('POST', '/chat/rooms', fields, { 'Idempotency-Key': newId() }));
  }

  /** Becomes a member of a public room. */
  async join(roomId) {
    return this.#put(await this.#api.call('POST', path`/chat/rooms/${roomId}/join`));
  }

  #put(raw) {
    const room = readRoom(raw);
    if (room) this.#store.putRoom(room);
    return room;
  }

  async leave(roomId) {
    await this.#api.call('POST', path`/chat/rooms/${roomId}/leave`);
    this.#store.dropRoom(roomId);
  }

  /** Adds someone to a room of which one is an admin. */
  async addMember(roomId, username) {
    await this.#api.call('PUT', path`/chat/rooms/${roomId}/members/${username}`, { role: 'member' });
    await this.loadMembers(roomId);
  }

  /** A code with which one more person may sign up. */
  async invite() {
    return (await this.#api.call('POST', '/auth/invites', {})).code;
  }
}
