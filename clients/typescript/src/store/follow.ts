// What each event of the client means to the store.

import type { ChatEvents } from "../chat.js";
import type { MemberEvent, MessageDeleted } from "../contract.js";
import type { Off } from "../readable.js";
import { seqOf } from "../resources/messages.js";
import type { LiveStore } from "./live_store.js";
import { time } from "./rows.js";

type Listeners = { [E in keyof ChatEvents]?: (payload: ChatEvents[E]) => void };

/** Makes a store follow its client; the returned function ends that. */
export function follow(store: LiveStore): Off {
  const listeners: Listeners = { ...messages(store), ...rooms(store), ...people(store), ...client(store) };
  const offs = Object.entries(listeners).map(([event, listener]) =>
    store.chat.on(event as keyof ChatEvents, listener as (payload: unknown) => void),
  );
  return () => {
    for (const off of offs) off();
  };
}

/** One is not in a room any more. */
function left(store: LiveStore, roomId: string): void {
  const place = store.liveOf(roomId);
  if (!place) return;
  store.records.drop(place.place);
  place.history.drop();
}

function messages(store: LiveStore): Listeners {
  const changed = (message: ChatEvents["message:edited"] | ChatEvents["dm:edited"]) => {
    const place = store.live(store.placeOfMessage(message));
    place.history.take(message);
    // It may mention one now, or not any more.
    if (seqOf(message) > store.records.reading(place.key).readSeq) store.reader.count();
  };
  const deleted = (deletion: MessageDeleted) => {
    const place = store.liveOf(deletion.roomId);
    if (!place) return;
    place.history.bury(deletion);
    // An unread message that is gone does not count any more.
    if (deletion.messageSeq > store.records.reading(place.key).readSeq) store.reader.count();
  };
  return {
    "message:new": (message) => store.arrive(message),
    "dm:new": (message) => store.arrive(message),
    "message:edited": changed,
    "dm:edited": changed,
    "message:deleted": deleted,
    "dm:deleted": deleted,
    "room:digested": (digest) => store.healer.told(digest),
    "room:reset": ({ roomId, reason }) => {
      if (reason === "not_found") return left(store, roomId);
      const place = store.liveOf(roomId);
      if (place) void (reason === "epoch" ? place.history.restart() : place.history.again());
      store.reader.count();
      store.memberLists.changed(roomId);
    },
  };
}

function rooms(store: LiveStore): Listeners {
  const isMe = ({ userId }: MemberEvent) => userId === store.me.get()?.id;
  const entered = (roomId: string) => {
    if (store.records.placeOf(roomId)) return;
    store.chat
      .room(roomId)
      .get()
      .then((room) => {
        store.records.putRoom(room);
        // What was said before the room was here is not counted.
        store.reader.count();
      })
      // Gone again already, or the list tells of it with the next connection.
      .catch(() => {});
  };
  return {
    "room:created": (room) => store.records.putRoom(room),
    "room:updated": (room) => {
      if (store.records.placeOf(room.id)) store.records.putRoom(room);
    },
    "room:deleted": ({ roomId }) => left(store, roomId),
    "room:user-joined": (event) => {
      if (isMe(event)) entered(event.roomId);
      store.records.countMembers(event.roomId, 1, event.seq);
      store.memberLists.changed(event.roomId);
    },
    "room:user-left": (event) => {
      if (isMe(event)) return left(store, event.roomId);
      store.records.countMembers(event.roomId, -1, event.seq);
      store.memberLists.changed(event.roomId);
    },
    "member:updated": (event) => {
      if (isMe(event)) entered(event.roomId);
      store.memberLists.changed(event.roomId);
    },
    "user:changed": ({ room }) => {
      if (!room) return;
      if (room.kind === "direct" && room.userId !== undefined) {
        store.people.ask(room.userId);
        store.records.putDirect(room.userId, room.roomId);
      } else if (!room.member) return left(store, room.roomId);
      else entered(room.roomId);
      const place = store.liveOf(room.roomId);
      if (!place) return;
      store.reader.muted(place, room.muted);
      store.reader.moved(place, room.readSeq);
    },
  };
}

function people(store: LiveStore): Listeners {
  return {
    "presence:changed": (presence) => store.people.see(presence),
    "presence:snapshot": ({ users }) => store.people.seeAll(users),
    "typing:update": ({ roomId, userId, isTyping }) => {
      if (userId === store.me.get()?.id) return;
      if (isTyping) store.people.ask(userId);
      store.liveOf(roomId)?.typists.set(userId, isTyping);
    },
    "read:updated": (position) => {
      const place = store.liveOf(position.roomId);
      if (!place) return;
      if (position.userId === store.me.get()?.id) store.reader.moved(place, position.seq);
      else place.partnerRead(position.seq, time(position.lastReadAt) ?? 0);
    },
  };
}

function client(store: LiveStore): Listeners {
  return {
    "sync:ready": (lists) => {
      void store.load(lists);
      if (lists.isFirst) return;
      store.memberLists.changedAll();
      // Conversations that were never followed have no position to be resumed from.
      for (const place of store.livePlaces) if (!store.records.roomIdOf(place.key)) void place.history.again();
    },
    "connection:changed": ({ status }) => {
      if (status !== "online") return store.healer.clear();
      store.people.online();
      store.healer.online();
      store.reader.online();
      for (const place of store.livePlaces) place.history.recover();
    },
    "auth:changed": ({ user }) => {
      store.clear();
      if (user) store.people.learn(user);
    },
    "outbox:changed": ({ entry, discarded, message, deletion }) => {
      const isGone = discarded || entry.state === "sent";
      // The message before its entry: its row is then never missing.
      if (message && entry.intent.kind === "message") store.arrive(message);
      else if (message) store.live(entry.place).history.take(message);
      else if (deletion) store.live(entry.place).history.bury({ ...deletion, deletedBy: store.me.get()?.id ?? "" });
      store.live(entry.place).follow(entry, isGone, Date.now());
      store.outboxChanged(entry.place);
    },
  };
}
