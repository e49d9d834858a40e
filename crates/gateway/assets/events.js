// Applies what the server tells to the store, one event at a time.

import { keyOf } from './store.js';
import * as wire from './wire.js';

/** Each event's reader and what it does. Events that are not here mean nothing to this page. */
const EVENTS = {
  'message:new': [wire.readMessage, 'arrive'],
  'message:edited': [wire.readMessage, 'change'],
  'message:deleted': [wire.readDeletion, 'remove'],
  'dm:new': [wire.readMessage, 'arrive'],
  'dm:edited': [wire.readMessage, 'change'],
  'dm:deleted': [wire.readDeletion, 'remove'],
  'room:created': [wire.readRoom, 'putRoom'],
  'room:updated': [wire.readRoom, 'putRoom'],
  'room:deleted': [(raw) => raw?.roomId ?? null, 'dropRoom'],
  'room:user-joined': [wire.readMembership, 'join'],
  'room:user-left': [wire.readMembership, 'leave'],
  'member:updated': [wire.readMembership, 'join'],
  'typing:update': [wire.readTyping, 'type'],
  'presence:changed': [wire.readPresence, 'see'],
  'presence:snapshot': [(raw) => wire.readMany(raw?.users, wire.readPresence), 'seeAll'],
  'read:updated': [wire.readPosition, 'read'],
  'room:resync': [(raw) => raw?.roomId ?? null, 'resync'],
};

export class Events {
  #store;
  #history;
  #directory;
  #onArrival;
  #onDelivery;

  /**
   * `onArrival(place, message)` is told of other people's new messages, `onDelivery(clientId)` of one's own.
   */
  constructor(store, history, directory, { onArrival, onDelivery }) {
    this.#store = store;
    this.#history = history;
    this.#directory = directory;
    this.#onArrival = onArrival;
    this.#onDelivery = onDelivery;
  }

  /** Applies one event. One that cannot be read is a reason to look again, not to fall over. */
  apply(name, payload) {
    const [read, action] = Object.hasOwn(EVENTS, name) ? EVENTS[name] : [];
    if (!action) return;
    const event = read(payload);
    if (event) this.#actions[action](event);
    else if (this.#store.open) this.#readAgain(this.#store.open);
  }

  /** Takes a new message, from an event or from the answer to sending it. */
  arrive(message) {
    const store = this.#store;
    const isOwn = message.senderId === store.me.id;
    const place = this.#placeOf(message);
    if (place.kind === 'room' && !store.rooms.has(place.id)) return;
    if (place.kind === 'room') this.#advance(place, message);
    else {
      this.#directory.learn(place.id);
      store.putConversation(place.id, message.roomId);
    }
    store.setTyping(place, message.senderId, false);
    const isNew = this.#take(place, message);
    if (isOwn && message.clientId) this.#onDelivery(message.clientId);
    else if (isNew && !isOwn) this.#onArrival(place, message);
  }

  /** Keeps a message where its timeline is; where there is none it will be read when somebody looks. */
  #take(place, message) {
    const isShown = keyOf(place) === keyOf(this.#store.open) || this.#store.timeline(place).isLoaded;
    return !isShown || this.#history.take(place, message) === 'new';
  }

  #placeOf(message) {
    if (!message.receiverId) return { kind: 'room', id: message.roomId };
    return { kind: 'dm', id: message.senderId === this.#store.me.id ? message.receiverId : message.senderId };
  }

  /** Moves a room's known head on. A hole before it is filled by reading. */
  #advance(place, { seq, epoch }) {
    const room = this.#store.rooms.get(place.id);
    if (!room || seq === null) return;
    const hasHole = seq > room.seq + 1;
    const isOtherLog = Boolean(epoch && room.epoch && epoch !== room.epoch);
    room.seq = isOtherLog ? seq : Math.max(room.seq, seq);
    room.epoch = epoch ?? room.epoch;
    if (isOtherLog) this.#store.forgetTimeline(place);
    if (hasHole || isOtherLog) this.#readAgain(place);
  }

  #readAgain(place) {
    const isOpen = keyOf(place) === keyOf(this.#store.open);
    if (isOpen) this.#history.catchUp(place).catch(() => {});
    else this.#store.forgetTimeline(place);
  }

  #actions = {
    arrive: (message) => this.arrive(message),
    change: (message) => {
      const place = this.#placeOf(message);
      if (place.kind === 'room') this.#advance(place, message);
      if (this.#store.timeline(place).find(message.id)) this.#history.take(place, message);
    },
    remove: (deletion) => {
      const place = this.#store.placeOf(deletion.roomId);
      if (!place) return;
      this.#advance(place, deletion);
      this.#store.timeline(place).remove(deletion.id, deletion.seq);
      this.#store.touch(keyOf(place));
    },
    putRoom: (room) => {
      this.#advance({ kind: 'room', id: room.id }, room);
      this.#store.putRoom(room);
    },
    dropRoom: (roomId) => this.#store.dropRoom(roomId),
    join: (membership) => {
      const { roomId, userId } = membership;
      this.#advance({ kind: 'room', id: roomId }, membership);
      if (this.#store.members.has(roomId)) this.#directory.loadMembers(roomId).catch(() => {});
      const isNewToMe = userId === this.#store.me.id && !this.#store.rooms.has(roomId);
      if (isNewToMe) this.#directory.refresh().catch(() => {});
    },
    leave: (membership) => {
      const { roomId, userId } = membership;
      if (userId === this.#store.me.id) return this.#store.dropRoom(roomId);
      this.#advance({ kind: 'room', id: roomId }, membership);
      if (this.#store.members.has(roomId)) this.#directory.loadMembers(roomId).catch(() => {});
    },
    type: ({ roomId, userId, isTyping }) => {
      const place = this.#store.placeOf(roomId);
      if (!place) return;
      this.#directory.learn(userId);
      this.#store.setTyping(place, userId, isTyping);
    },
    see: ({ userId, isOnline }) => this.#store.setPresence(userId, isOnline),
    seeAll: (users) => {
      this.#store.online = new Set(users.filter((user) => user.isOnline).map((user) => user.userId));
      this.#store.touch('people', 'place');
    },
    read: ({ roomId, userId, seq }) => {
      const place = this.#store.placeOf(roomId);
      if (!place || userId !== this.#store.me.id) return;
      this.#store.setReadUpTo(place, seq);
      const newest = this.#store.timeline(place).messages.at(-1);
      if (!newest || newest.place <= seq) this.#store.setUnread(place, 0);
    },
    resync: (roomId) => {
      const place = this.#store.placeOf(roomId);
      if (place) this.#readAgain(place);
    },
  };
}
