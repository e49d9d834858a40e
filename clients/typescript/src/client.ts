// Puts the parts of a client together.

import { Account } from "./account.js";
import type { SignedOutReason } from "./auth.js";
import type { Chat, ChatEvents, ChatOptions, ChatSocket } from "./chat.js";
import { type Clock, systemClock } from "./clock.js";
import { Connection } from "./connection/connection.js";
import type { ConnectionState } from "./connection/state.js";
import type { Bootstrap, SignedIn, Unread, User } from "./contract.js";
import type { DirectHandle, Directs, RoomHandle, Rooms, Users } from "./conversations.js";
import { ChatError } from "./errors.js";
import { Events } from "./events.js";
import { originOf } from "./origin.js";
import { type OutboxWord, PersistentOutbox } from "./outbox/outbox.js";
import { OutboxStorage } from "./outbox/storage.js";
import type { Place } from "./place.js";
import type { ListenOptions, Off, Readable } from "./readable.js";
import { DirectWith, type HandleContext, RoomById } from "./resources/conversation.js";
import { DirectRooms } from "./resources/direct_rooms.js";
import { Typing } from "./resources/typing.js";
import { RestClient } from "./rest.js";
import { Session, scopeOf } from "./session.js";
import { type ChatStorage, defaultStorage } from "./storage.js";
import { Sync } from "./sync/sync.js";
import { Tabs } from "./tabs.js";
import { uuidMaker } from "./uuid.js";

/** How long a first connection waits for what was asked for early. */
const EARLY_MS = 2000;

/** What tabs tell each other. */
type Word = { about: "session"; reason: SignedOutReason | undefined } | ({ about: "outbox" } & OutboxWord);

/** A client of one server. */
export class Client implements Chat {
  readonly auth: Account;
  readonly outbox: PersistentOutbox;
  readonly rest: RestClient;
  readonly #scope: string;
  readonly #storage: ChatStorage;
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #events = new Events<ChatEvents>();
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #sync: Sync;
  readonly #tabs: Tabs<Word>;
  readonly #directRooms: DirectRooms;
  readonly #context: HandleContext;
  /** What was asked for before there was a client; taken once. */
  #early: Promise<Bootstrap | null> | undefined;
  #isClosed = false;

  constructor(options: ChatOptions) {
    const url = originOf(options.url);
    this.#scope = scopeOf(url);
    this.#early = options.bootstrap;
    this.#clock = options.clock ?? systemClock;
    this.#storage = options.storage ?? defaultStorage();
    this.#newId = uuidMaker(this.#clock);
    this.#tabs = new Tabs<Word>(this.#scope, (word) => this.#hear(word));
    this.#session = this.#makeSession(options.token);
    // Called through a function: a browser's `fetch` refuses any `this` but its own.
    const send = options.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
    this.rest = new RestClient(url, send, this.#session);
    this.auth = new Account(this.#session, this.rest);
    this.#connection = this.#makeConnection(url);
    this.#sync = this.#makeSync();
    this.outbox = this.#makeOutbox();
    this.#directRooms = new DirectRooms(this.#events, () => this.#session.user.get()?.id);
    this.#context = {
      rest: this.rest,
      outbox: this.outbox,
      follow: (place, roomId, head) => {
        this.#sync.track(roomId, head);
        if (place.kind === "direct") this.#directRooms.learn(place.userId, roomId);
      },
      position: (roomId) => this.#sync.position(roomId),
      typing: new Typing(this.#clock, (event, roomId) => this.#connection.tell(event, { roomId })),
      directRoom: (userId) => this.#directRooms.roomOf(userId),
      on: (event, listener, how) => this.on(event, listener, how),
    };
  }

  get connection(): Readable<ConnectionState> {
    return this.#connection.state;
  }

  get raw(): ChatSocket {
    return this.#connection.socket;
  }

  async connect(): Promise<void> {
    if (this.#isClosed) throw new ChatError({ reason: "aborted", message: "The client is closed" });
    if (!(await this.auth.restore()) && !this.#session.isHosted)
      throw new ChatError({ reason: "unauthenticated", message: "Nobody is signed in" });
    await this.#connection.connect();
  }

  /** Begins with what was asked for early. It has to be there before the connection, which asks for what came after. */
  async #takeEarly(): Promise<void> {
    if (!this.#early) return;
    let cancel = () => {};
    const late = new Promise<null>((done) => (cancel = this.#clock.after(EARLY_MS, () => done(null))));
    const lists = await Promise.race([this.#early, late]).finally(cancel);
    this.#early = undefined;
    if (lists && !this.#sync.isReady && lists.me.id === this.#session.user.get()?.id) this.#sync.begin(lists);
  }

  disconnect(): void {
    this.#connection.disconnect();
    this.#sync.offline();
  }

  wake(): Promise<boolean> {
    return this.#connection.wake();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.disconnect();
    this.outbox.close();
    this.#tabs.close();
  }

  room(roomId: string): RoomHandle {
    return new RoomById(this.#context, { kind: "room", roomId });
  }

  direct(userId: string): DirectHandle {
    return new DirectWith(this.#context, { kind: "direct", userId });
  }

  conversation(place: Place): RoomHandle | DirectHandle {
    return place.kind === "room" ? this.room(place.roomId) : this.direct(place.userId);
  }

  async unread(): Promise<Unread[]> {
    const rows = await this.rest.call("GET /chat/unread", {});
    this.#directRooms.learnAll(rows);
    return rows;
  }

  on<E extends keyof ChatEvents>(event: E, listener: (payload: ChatEvents[E]) => void, options?: ListenOptions): Off {
    return this.#events.on(event, listener, options);
  }

  readonly rooms: Rooms = {
    list: () => this.rest.call("GET /chat/rooms", {}),
    create: async (body) => {
      const room = await this.rest.call("POST /chat/rooms", { body, idempotencyKey: this.#newId() });
      this.#sync.track(room.id, room);
      return this.room(room.id);
    },
    open: async (roomId) => this.room((await this.rest.call("GET /chat/rooms/{roomId}", { path: { roomId } })).id),
    discover: (query = {}) => this.rest.call("GET /chat/rooms/discover", { query }),
  };

  readonly directs: Directs = {
    list: () => this.rest.call("GET /chat/conversations", {}),
  };

  readonly users: Users = {
    get: (userId) => this.rest.call("GET /chat/users/{userId}", { path: { userId } }),
    search: (query, { limit } = {}) =>
      this.rest.call("GET /chat/users", { query: limit === undefined ? { query } : { query, limit } }),
  };

  #makeSession(token: ChatOptions["token"]): Session {
    return new Session({
      scope: this.#scope,
      storage: this.#storage,
      clock: this.#clock,
      exchange: (refreshToken): Promise<SignedIn> => this.rest.call("POST /auth/refresh", { body: { refreshToken } }),
      token: typeof token === "string" ? () => token : token,
      changed: (user, reason, isLocal) => this.#userChanged(user, reason, isLocal),
    });
  }

  #makeConnection(url: string): Connection {
    return new Connection({
      url,
      clock: this.#clock,
      bearer: this.#session,
      prepare: async () => {
        if (!this.#session.user.get()) await this.auth.me();
        await this.#takeEarly();
      },
      heard: (name, payload) => this.#sync.hear(name, payload),
      online: () => {
        this.#sync.online();
        this.outbox.flush();
      },
      changed: (state) => {
        if (state.status === "offline") this.#sync.offline();
        this.#events.emit("connection:changed", state);
      },
      sessionEnded: (reason) => void this.#session.forget(reason as SignedOutReason),
    });
  }

  #makeSync(): Sync {
    return new Sync({
      clock: this.#clock,
      ask: (event, payload, timeoutMs, give) => this.#connection.ask(event, payload, timeoutMs, give),
      bootstrap: () => this.rest.call("GET /chat/bootstrap", {}),
      // What the server says is taken at its word here: the contract is generated from its own types.
      emit: (name, payload) => this.#events.emit(name as keyof ChatEvents, payload as never),
      userId: () => this.#session.user.get()?.id ?? null,
    });
  }

  #makeOutbox(): PersistentOutbox {
    return new PersistentOutbox({
      scope: this.#scope,
      clock: this.#clock,
      newId: this.#newId,
      isOnline: () => this.#connection.isOnline,
      request: (event, payload) => this.#connection.request(event, payload),
      suspect: () => void this.#connection.wake(),
      changed: (change) => this.#events.emit("outbox:changed", change),
      tell: (word) => this.#tabs.tell({ about: "outbox", ...word }),
    });
  }

  #userChanged(user: User | null, reason: SignedOutReason | undefined, isLocal: boolean): void {
    // Another person, or nobody: nothing of the one before may stay.
    this.#sync.clear();
    this.#directRooms.clear();
    if (user) void this.outbox.open(user.id, new OutboxStorage(this.#storage, this.#scope, user.id));
    else this.outbox.close();
    if (!user) this.#connection.disconnect();
    // A connection belongs to whoever made it.
    else if (this.#connection.isOnline) this.#connection.restart();
    if (isLocal) this.#tabs.tell({ about: "session", reason });
    this.#events.emit("auth:changed", { user, ...(reason ? { reason } : {}) });
  }

  #hear(word: Word): void {
    if (word.about === "outbox") void this.outbox.hear(word);
    else void this.#session.restore(word.reason);
  }
}
