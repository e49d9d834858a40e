// The store that follows a client: applies what the client tells, and reads what has to be read.

import type { Chat, ChatEvents } from "../chat.js";
import { systemClock } from "../clock.js";
import type { ConnectionState } from "../connection/state.js";
import type { AnyMessage, Presence, User } from "../contract.js";
import { ChatError } from "../errors.js";
import type { OutboxCounts } from "../outbox/entry.js";
import { type Place, type PlaceKey, placeKey } from "../place.js";
import { Cell, type Off, type Readable } from "../readable.js";
import { follow } from "./follow.js";
import { Healer } from "./healer.js";
import { LivePlace, type PlaceContext } from "./live_place.js";
import { MemberLists } from "./member_lists.js";
import type { ChatStore, MemberList, Person, PlaceStore, PlaceSummary, UnreadTotals } from "./model.js";
import { People } from "./people.js";
import { Batch } from "./reactive.js";
import { Reader } from "./reader.js";
import { arrived } from "./reading.js";
import { Records } from "./records.js";
import { time } from "./rows.js";

/** Windows that are kept; the one that was opened longest ago goes first. */
const WINDOWS_MAX = 10;
const RETRY_MS = 3000;

type Status = ReturnType<ChatStore["status"]["get"]>;

/** A store of one client. */
export class LiveStore implements ChatStore {
  readonly chat: Chat;
  readonly status = new Cell<Status>({ status: "loading", error: null });
  readonly people: People;
  readonly records: Records;
  readonly reader: Reader;
  readonly memberLists: MemberLists;
  readonly healer: Healer;
  readonly #batch = new Batch();
  readonly #places = new Map<PlaceKey, LivePlace>();
  /** Keys of places with a window, the one that was opened last comes last. */
  readonly #opened = new Set<PlaceKey>();
  readonly #unfollow: Off;
  readonly #context: PlaceContext;
  #cancelRetry = () => {};
  /** Whether a message came for a room that no list has told of yet. */
  #isBehind = false;

  constructor(chat: Chat) {
    this.chat = chat;
    const after = systemClock.after;
    this.people = new People(chat, this.#batch, (userId) => this.#personChanged(userId));
    this.records = new Records({
      batch: this.#batch,
      find: (userId) => this.people.find(userId),
      isOnline: (userId) => this.people.isOnline(userId),
      changed: (key) => this.#places.get(key)?.summary.invalidate(),
    });
    this.reader = new Reader({ chat, records: this.records, after });
    this.healer = new Healer(this, after);
    this.memberLists = new MemberLists(chat, this.#batch, after, (users) => this.people.learnUsers(users));
    this.#context = {
      chat,
      batch: this.#batch,
      after,
      me: () => this.me.get(),
      find: (userId) => this.people.find(userId),
      summary: (key) => this.records.summary(key),
      read: (place, messages) => this.#read(place, messages),
      used: (place) => this.#used(place),
      markRead: (place, seq) => this.reader.markRead(place, seq),
      markUnread: (place, target) => this.reader.markUnread(place, target),
      mute: (place, muted) => this.reader.mute(place, muted),
    };
    this.#unfollow = follow(this);
    const me = this.me.get();
    if (me) this.people.learn(me);
    // A store may be made when its client has long been connected.
    if (chat.connection.get().status !== "online") return;
    this.healer.online();
    void this.refresh();
  }

  get me(): Readable<User | null> {
    return this.chat.auth.user;
  }

  get connection(): Readable<ConnectionState> {
    return this.chat.connection;
  }

  get outbox(): Readable<OutboxCounts> {
    return this.chat.outbox.counts;
  }

  get rooms(): Readable<readonly PlaceSummary[]> {
    return this.records.rooms;
  }

  get directs(): Readable<readonly PlaceSummary[]> {
    return this.records.directs;
  }

  get totals(): Readable<UnreadTotals> {
    return this.records.totals;
  }

  place(place: Place): PlaceStore {
    return this.live(place);
  }

  find(room: string): Place | null {
    return this.records.find(room);
  }

  person(userId: string): Readable<Person | null> {
    return this.people.person(userId);
  }

  presence(userId: string): Readable<Presence | null> {
    return this.people.presence(userId);
  }

  members(roomId: string): Readable<MemberList> {
    return this.memberLists.of(roomId);
  }

  async refresh(): Promise<void> {
    await this.load();
  }

  close(): void {
    this.#unfollow();
    this.clear();
  }

  /** The place as the store itself sees it. */
  live(place: Place): LivePlace {
    const key = placeKey(place);
    let live = this.#places.get(key);
    if (!live) {
      live = new LivePlace(this.#context, place);
      this.#places.set(key, live);
    }
    return live;
  }

  /** The place that events of a room are about, where somebody has looked at it or a list has it. */
  liveOf(roomId: string): LivePlace | null {
    const place = this.records.placeOf(roomId);
    return place && this.live(place);
  }

  /** Places that somebody has looked at. */
  get livePlaces(): Iterable<LivePlace> {
    return this.#places.values();
  }

  /** Reads the lists, as far as they are not there already. */
  async load(given?: ChatEvents["sync:ready"]): Promise<void> {
    this.#cancelRetry();
    const me = this.me.get()?.id;
    const { moves } = this.records;
    try {
      const lists = given ?? (await this.chat.rest.call("GET /chat/bootstrap", {}));
      if (me !== this.me.get()?.id) return;
      if (!given && moves !== this.records.moves) return void (await this.load());
      this.people.learnUsers(lists.conversations);
      this.records.setRooms(lists.rooms);
      this.records.setDirects(lists.conversations);
      this.reader.counted(lists.unread);
      const page = lists.messages ?? lists.directMessages;
      const newest = page?.items[0];
      if (newest) this.live(this.placeOfMessage(newest)).history.begin(page);
      if (this.#isBehind) this.reader.count();
      this.#isBehind = false;
      for (const entry of this.chat.outbox.entries()) this.outboxChanged(entry.place);
      this.status.set({ status: "ready", error: null });
    } catch (cause) {
      const error =
        cause instanceof ChatError ? cause : new ChatError({ reason: "internal", message: String(cause), cause });
      if (this.status.get().status !== "ready") this.status.set({ status: "failed", error });
      const isWorthIt = error.retryable && this.connection.get().status === "online";
      if (isWorthIt) this.#cancelRetry = systemClock.after(RETRY_MS, () => void this.load());
    }
  }

  /** A message came that is new to this client: an event, or the answer to sending it. */
  arrive(message: AnyMessage): void {
    const place = this.placeOfMessage(message);
    const key = placeKey(place);
    if (place.kind === "room" && !this.records.summary(key)) {
      // The counts on their way may be from before it.
      this.#isBehind = true;
      return;
    }
    if (place.kind === "direct") {
      this.records.putDirect(place.userId, message.roomId);
      this.people.ask(place.userId);
    }
    const live = this.live(place);
    this.people.learn(message.sender);
    live.typists.set(message.senderId, false);
    live.history.take(message);
    const reading = this.records.reading(key);
    const one = live.count(message);
    this.records.setReading(key, arrived(reading, one));
    // The server counts up to where one has marked, so one's own message is a mark too.
    if (one.isOwn && reading.unreadCount + reading.mentionCount > 0) this.reader.tellRead(live, one.seq);
    this.records.raise(key, time(message.createdAt));
  }

  /** Where a message belongs. */
  placeOfMessage(message: AnyMessage): Place {
    if (!("receiverId" in message)) return { kind: "room", roomId: message.roomId };
    const isOwn = message.senderId === this.me.get()?.id;
    return { kind: "direct", userId: isOwn ? message.receiverId : message.senderId };
  }

  /** What waits in the outbox for a place changed. */
  outboxChanged(place: Place): void {
    this.records.setOutbox(placeKey(place), this.chat.outbox.entries(place));
  }

  /** Another person, or nobody: nothing of the one before may stay. */
  clear(): void {
    this.#cancelRetry();
    this.#isBehind = false;
    for (const place of this.#places.values()) place.clear();
    this.#opened.clear();
    this.records.clear();
    this.people.clear();
    this.memberLists.clear();
    this.reader.clear();
    this.healer.clear();
    this.status.set({ status: "loading", error: null });
  }

  #personChanged(userId: string): void {
    this.records.touchPerson(userId);
    for (const place of this.#places.values()) if (place.typists.ids.includes(userId)) place.typing.invalidate();
  }

  #used(place: LivePlace): void {
    this.#opened.delete(place.key);
    this.#opened.add(place.key);
    for (const key of this.#opened) {
      if (this.#opened.size <= WINDOWS_MAX) break;
      const oldest = this.#places.get(key);
      // What is on a screen stays.
      if (oldest?.window.isWatched) continue;
      this.#opened.delete(key);
      oldest?.history.drop();
    }
  }

  #read(place: LivePlace, messages: readonly AnyMessage[]): void {
    for (const message of messages) this.people.learn(message.sender);
    const newest = messages[0];
    if (!newest) return;
    if (place.place.kind === "direct") this.records.putDirect(place.place.userId, newest.roomId);
    this.records.noteMessage(place.key, time(newest.createdAt));
  }
}
