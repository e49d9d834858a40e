// The rooms and conversations of whoever is signed in, as lists show them.

import type { Room, Unread, User } from "../contract.js";
import type { OutboxEntry } from "../outbox/entry.js";
import { type Place, type PlaceKey, placeKey } from "../place.js";
import type { Person, PlaceSummary, UnreadTotals } from "./model.js";
import { type Batch, Computed } from "./reactive.js";
import { counted, type Reading, UNKNOWN } from "./reading.js";

/** What is known of one place. */
interface Record {
  readonly place: Place;
  roomId: string | null;
  room: Room | null;
  reading: Reading;
  lastMessageAt: number | null;
  /** A higher one is later: of conversations, whose order the server gives without times. */
  rank: number;
  waitingCount: number;
  failedCount: number;
  /** Made when asked for; null after a change. */
  summary: PlaceSummary | null;
}

/** What records need of their store. */
export interface RecordsOptions {
  batch: Batch;
  find: (userId: string) => Person | null;
  isOnline: (userId: string) => boolean;
  /** The summary of a place changed. */
  changed: (key: PlaceKey) => void;
}

/** All rooms and conversations. */
export class Records {
  readonly rooms: Computed<readonly PlaceSummary[]>;
  readonly directs: Computed<readonly PlaceSummary[]>;
  readonly totals: Computed<UnreadTotals>;
  readonly #options: RecordsOptions;
  readonly #records = new Map<PlaceKey, Record>();
  /** Places by the id their events have. */
  readonly #keys = new Map<string, PlaceKey>();
  /** Records in the order of their list; null where that has to be found anew. */
  readonly #ordered: { [K in Place["kind"]]: Record[] | null } = { room: null, direct: null };
  readonly #names = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
  #rank = 0;
  #moves = 0;

  constructor(options: RecordsOptions) {
    this.#options = options;
    const { batch } = options;
    this.rooms = new Computed<readonly PlaceSummary[]>(batch, () => this.#list("room"));
    this.directs = new Computed<readonly PlaceSummary[]>(batch, () => this.#list("direct"));
    this.totals = new Computed(batch, (before) => this.#total(before));
  }

  /** How often a room came or went: a list that was asked for before does not know of it. */
  get moves(): number {
    return this.#moves;
  }

  /** The place that events of that room are about. */
  placeOf(roomId: string): Place | null {
    const key = this.#keys.get(roomId);
    return (key && this.#records.get(key)?.place) ?? null;
  }

  /** The id that events of a place have. */
  roomIdOf(key: PlaceKey): string | null {
    return this.#records.get(key)?.roomId ?? null;
  }

  find(slugOrId: string): Place | null {
    for (const { place, room } of this.#records.values())
      if (room && (room.id === slugOrId || room.slug === slugOrId)) return place;
    return null;
  }

  summary(key: PlaceKey): PlaceSummary | null {
    const record = this.#records.get(key);
    return record ? (record.summary ??= this.#summary(record)) : null;
  }

  reading(key: PlaceKey): Reading {
    return this.#records.get(key)?.reading ?? UNKNOWN;
  }

  /** The list of rooms as the server gives it: those not in it are gone. */
  setRooms(rooms: readonly Room[]): void {
    const ids = new Set(rooms.map((room) => room.id));
    for (const record of [...this.#records.values()])
      if (record.place.kind === "room" && !ids.has(record.place.roomId)) this.drop(record.place);
    for (const room of rooms) this.putRoom(room);
  }

  /** A room one is a member of, as it is at its `seq`. */
  putRoom(room: Room): void {
    const record = this.#ensure({ kind: "room", roomId: room.id });
    if (record.room && record.room.epoch === room.epoch && record.room.seq > room.seq) return;
    if (record.room?.name !== room.name) this.#ordered.room = null;
    record.room = room;
    record.roomId = room.id;
    this.#keys.set(room.id, placeKey(record.place));
    this.#touch(record);
  }

  /** Somebody joined or left a room. */
  countMembers(roomId: string, change: 1 | -1, seq: number): void {
    const record = this.#records.get(`room:${roomId}`);
    if (!record?.room || seq <= record.room.seq) return;
    record.room = { ...record.room, seq, memberCount: Math.max(record.room.memberCount + change, 0) };
    this.#touch(record);
  }

  /** The list of conversations as the server gives it, the latest first. */
  setDirects(users: readonly User[]): void {
    for (const user of users.toReversed()) this.#raise(this.#ensure({ kind: "direct", userId: user.id }));
  }

  /** The conversation with someone, and the room behind it. */
  putDirect(userId: string, roomId: string): void {
    const record = this.#ensure({ kind: "direct", userId });
    if (record.roomId === roomId) return;
    record.roomId = roomId;
    this.#keys.set(roomId, placeKey(record.place));
    this.#touch(record);
  }

  /** A new message came: the place is the latest now. */
  raise(key: PlaceKey, at: number | null): void {
    const record = this.#records.get(key);
    if (!record) return;
    record.lastMessageAt = Math.max(record.lastMessageAt ?? 0, at ?? 0) || null;
    this.#raise(record);
  }

  /** When the newest message that was read from the server came. */
  noteMessage(key: PlaceKey, at: number | null): void {
    const record = this.#records.get(key);
    if (!record || at === null || at <= (record.lastMessageAt ?? 0)) return;
    record.lastMessageAt = at;
    this.#touch(record);
  }

  setReading(key: PlaceKey, reading: Reading): void {
    const record = this.#records.get(key);
    if (!record || record.reading === reading) return;
    record.reading = reading;
    this.#touch(record);
  }

  /** The server's counts. Answers the places of which something newer is known: those need counting once more. */
  setUnread(rows: readonly Unread[]): PlaceKey[] {
    const newer: PlaceKey[] = [];
    for (const row of rows) {
      if (row.kind === "direct" && row.userId !== undefined) this.putDirect(row.userId, row.roomId);
      const key = this.#keys.get(row.roomId);
      if (key === undefined) continue;
      const { headSeq, readSeq } = this.reading(key);
      if (headSeq > row.headSeq || readSeq > row.readSeq) newer.push(key);
      this.setReading(key, { ...counted(row), headSeq: Math.max(headSeq, row.headSeq) });
    }
    return newer;
  }

  /** What waits in the outbox for a place. */
  setOutbox(key: PlaceKey, entries: readonly OutboxEntry[]): void {
    const record = this.#records.get(key);
    if (!record) return;
    const failedCount = entries.filter((entry) => entry.state === "failed").length;
    const waitingCount = entries.length - failedCount;
    if (record.failedCount === failedCount && record.waitingCount === waitingCount) return;
    Object.assign(record, { failedCount, waitingCount });
    this.#touch(record);
  }

  /** Somebody's name or presence changed. */
  touchPerson(userId: string): void {
    const record = this.#records.get(`direct:${userId}`);
    if (record) this.#touch(record);
  }

  drop(place: Place): void {
    const key = placeKey(place);
    const record = this.#records.get(key);
    if (!record) return;
    this.#records.delete(key);
    this.#moves += 1;
    this.#ordered[place.kind] = null;
    if (record.roomId !== null) this.#keys.delete(record.roomId);
    this.#touch(record);
  }

  clear(): void {
    for (const { place } of [...this.#records.values()]) this.drop(place);
  }

  #ensure(place: Place): Record {
    const key = placeKey(place);
    let record = this.#records.get(key);
    if (!record) {
      const counts = { waitingCount: 0, failedCount: 0 };
      record = {
        place,
        roomId: null,
        room: null,
        reading: UNKNOWN,
        lastMessageAt: null,
        rank: 0,
        ...counts,
        summary: null,
      };
      this.#records.set(key, record);
      this.#moves += 1;
      this.#ordered[place.kind] = null;
    }
    return record;
  }

  #raise(record: Record): void {
    // The order of rooms does not follow their messages, and the latest conversation stays the latest.
    if (record.place.kind === "direct" && (record.rank !== this.#rank || this.#rank === 0)) {
      record.rank = ++this.#rank;
      this.#ordered.direct = null;
    }
    this.#touch(record);
  }

  #touch(record: Record): void {
    record.summary = null;
    (record.place.kind === "room" ? this.rooms : this.directs).invalidate();
    this.totals.invalidate();
    this.#options.changed(placeKey(record.place));
  }

  #list(kind: Place["kind"]): PlaceSummary[] {
    const ordered = (this.#ordered[kind] ??= this.#order(kind));
    return ordered.map((record) => (record.summary ??= this.#summary(record)));
  }

  #order(kind: Place["kind"]): Record[] {
    const mine = [...this.#records.values()].filter((record) => record.place.kind === kind);
    if (kind === "direct") return mine.sort((a, b) => b.rank - a.rank);
    const name = (record: Record) => record.room?.name ?? "";
    return mine.sort(
      (a, b) => this.#names.compare(name(a), name(b)) || (placeKey(a.place) < placeKey(b.place) ? -1 : 1),
    );
  }

  #summary({ place, roomId, room, reading, lastMessageAt, waitingCount, failedCount }: Record): PlaceSummary {
    const person = place.kind === "direct" ? this.#options.find(place.userId) : null;
    return {
      key: placeKey(place),
      place,
      roomId,
      title: room?.name ?? person?.displayName ?? person?.username ?? "",
      room,
      person,
      isOnline: place.kind === "direct" && this.#options.isOnline(place.userId),
      ...reading,
      headSeq: Math.max(reading.headSeq, room?.seq ?? 0),
      lastMessageAt,
      waitingCount,
      failedCount,
    };
  }

  #total(before: UnreadTotals | undefined): UnreadTotals {
    let unread = 0;
    let mentions = 0;
    for (const { reading } of this.#records.values()) {
      unread += reading.unreadCount;
      mentions += reading.mentionCount;
    }
    return before?.unread === unread && before.mentions === mentions ? before : { unread, mentions };
  }
}
