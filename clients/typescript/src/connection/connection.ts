// The live connection: one socket that comes back by itself, and calls with answers.

import { io } from "socket.io-client";

import { backoffMs } from "../backoff.js";
import type { ChatSocket } from "../chat.js";
import type { Clock } from "../clock.js";
import type { ApiError } from "../contract.js";
import { ChatError } from "../errors.js";
import { Cell } from "../readable.js";
import type { Bearer } from "../rest.js";
import type { ConnectionState, ConnectionStatus } from "./state.js";

const PATH = "/socket.io/";
const ANSWER_MS = 10_000;
const CONNECT_MS = 10_000;
const ALIVE_MS = 2000;

/** What becomes of a call on the socket. */
export type Answer = Given | { ok: false; error: Partial<ApiError> };

/** A call that was done, with what it answers. */
export type Given = { ok: true; message?: unknown };

/** What a connection needs of the world, and whom it tells. */
export interface ConnectionOptions {
  url: string;
  clock: Clock;
  bearer: Bearer;
  /** Everything that must be true before an attempt, like knowing whose token it is. */
  prepare: () => Promise<void>;
  /** An event of the server, in order. */
  heard: (name: string, payload: unknown) => void;
  /** There is a connection (again). */
  online: () => void;
  /** The state changed. */
  changed: (state: ConnectionState) => void;
  /** The server ended the session. */
  sessionEnded: (reason: string) => void;
}

/** One socket, kept connected for as long as that is wanted. */
export class Connection {
  readonly state: Cell<ConnectionState>;
  readonly socket: ChatSocket;
  readonly #options: ConnectionOptions;
  #isWanted = false;
  /** Counts attempts, so that the end of an older one changes nothing. */
  #attempt = 0;
  #cancelTry = () => {};
  #hasRenewed = false;
  /** The token that the server has of this connection. */
  #token = "";
  #drainingUntil: number | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const since = options.clock.now();
    this.state = new Cell<ConnectionState>({ status: "offline", since, nextTryAt: null, failures: 0, error: null });
    this.socket = io(options.url, {
      path: PATH,
      autoConnect: false,
      // Its own way of coming back knows nothing of tokens, of a server that drains, or of when the next try is.
      reconnection: false,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      timeout: CONNECT_MS,
      forceNew: true,
    });
    this.#listen();
  }

  get isOnline(): boolean {
    return this.socket.connected;
  }

  /** Connects now, and stays connected. Resolves once online; rejects where trying again is of no use. */
  connect(): Promise<void> {
    this.#isWanted = true;
    if (!this.isOnline && this.state.get().status !== "connecting") void this.#try();
    return this.#settled();
  }

  disconnect(): void {
    this.#isWanted = false;
    this.#stop();
    this.#show("offline", null);
  }

  /** Connects anew, as whoever is signed in now. */
  restart(): void {
    if (!this.#isWanted) return;
    this.#stop();
    void this.#try();
  }

  /** Whether the connection answers within 2 s; one that does not is made anew, at once. */
  async wake(): Promise<boolean> {
    if (!this.#isWanted) return false;
    if (this.isOnline && (await this.#isAlive())) return true;
    if (this.state.get().status !== "connecting") {
      this.#stop();
      void this.#try();
    }
    return this.#settled(true).then(
      () => this.isOnline,
      () => false,
    );
  }

  /** Sends an event and gives its answer; fails at once where there is no connection. */
  request(event: string, payload: object): Promise<Given> {
    return new Promise((done, fail) => {
      this.ask(event, payload, ANSWER_MS, (error, answer) => (error ? fail(error) : done(answer)));
    });
  }

  /**
   * The same with a callback, which runs before the next event is heard: what must be in order with events needs that.
   */
  ask(event: string, payload: object, timeoutMs: number, give: (error: ChatError | null, answer: Given) => void): void {
    const none = { ok: true } as const;
    // The library would keep the event and send it some day; what waits is kept where it can be seen.
    if (!this.isOnline) return give(offline(), none);
    const emitter = this.socket.timeout(timeoutMs) as unknown as {
      emit(event: string, payload: object, ack: (error: Error | null, answer?: Answer) => void): void;
    };
    emitter.emit(event, payload, (error, answer) => {
      if (error) give(this.isOnline ? late() : offline(), none);
      else if (answer?.ok === true) give(null, answer);
      else give(ChatError.fromAck(answer?.error), none);
    });
  }

  /** Sends an event whose loss does not matter. */
  tell(event: "typing:start" | "typing:stop", payload: { roomId: string }): void {
    if (this.isOnline) this.socket.volatile.emit(event, payload);
  }

  #listen(): void {
    const { socket } = this;
    socket.on("connect", () => {
      this.#hasRenewed = false;
      this.#drainingUntil = null;
      this.#show("online", null, 0);
      this.#options.online();
    });
    socket.on("disconnect", () => {
      if (this.#isWanted) this.#later(null);
    });
    socket.on("connect_error", (error) => {
      if (this.#isWanted) void this.#refused(error as Error & { data?: Partial<ApiError> });
    });
    socket.onAny((name: string, payload: unknown) => this.#hear(name, payload));
  }

  #hear(name: string, payload: unknown): void {
    if (name === "session:expiring") void this.#reauthenticate();
    if (name === "server:draining") {
      const { reconnectAfterMs } = payload as { reconnectAfterMs?: number };
      this.#drainingUntil = this.#options.clock.now() + Math.min(reconnectAfterMs ?? 1000, 60_000);
      this.#show("draining", null, 0);
    }
    this.#options.heard(name, payload);
    if (name === "session:ended") {
      const { reason } = payload as { reason?: string };
      // One that only ran out is renewed by the next attempt.
      if (reason !== "expired") this.#options.sessionEnded(reason ?? "revoked");
    }
  }

  /** A connection outlives its token only if it is given the next one. */
  async #reauthenticate(): Promise<void> {
    try {
      this.#token = await this.#options.bearer.renew(this.#token);
      await this.request("authenticate", { token: this.#token });
    } catch {
      // The connection then ends with its token, and the next attempt says why.
    }
  }

  async #try(): Promise<void> {
    this.#cancelTry();
    const attempt = ++this.#attempt;
    this.#show("connecting", null);
    try {
      await this.#options.prepare();
      const token = await this.#options.bearer.token();
      if (attempt !== this.#attempt) return;
      this.#token = token;
      this.socket.auth = { token };
      this.socket.sendBuffer = [];
      this.socket.connect();
    } catch (error) {
      if (attempt === this.#attempt) this.#failed(asChatError(error));
    }
  }

  async #refused(error: Error & { data?: Partial<ApiError> }): Promise<void> {
    const attempt = this.#attempt;
    const refusal = error.data ? ChatError.fromAck(error.data) : offline(error);
    if (refusal.reason !== "unauthenticated") return this.#failed(refusal);
    // A token may have ended on its way; a second refusal in a row means that nobody is signed in.
    if (this.#hasRenewed) return this.#failed(refusal);
    this.#hasRenewed = true;
    try {
      await this.#options.bearer.renew(this.#token);
      if (attempt === this.#attempt) await this.#try();
    } catch (failure) {
      if (attempt === this.#attempt) this.#failed(asChatError(failure));
    }
  }

  #failed(error: ChatError): void {
    if (error.reason === "unauthenticated") {
      this.#isWanted = false;
      this.#stop();
      this.#hasRenewed = false;
      this.#show("offline", null, 0, error);
    } else this.#later(error);
  }

  #later(error: ChatError | null): void {
    const { clock } = this.#options;
    const failures = this.state.get().failures + 1;
    const backoff = Math.max(backoffMs(failures, clock.random()), error?.retryAfterMs ?? 0);
    const now = clock.now();
    const nextTryAt = this.#drainingUntil ?? now + backoff;
    const status = this.#drainingUntil === null ? "offline" : "draining";
    this.#drainingUntil = null;
    this.#cancelTry();
    this.#cancelTry = clock.after(Math.max(nextTryAt - now, 0), () => void this.#try());
    this.#show(status, nextTryAt, failures, error);
  }

  #stop(): void {
    this.#attempt += 1;
    this.#cancelTry();
    this.#drainingUntil = null;
    const wasWanted = this.#isWanted;
    // What the library says while it closes is our own doing.
    this.#isWanted = false;
    this.socket.disconnect();
    this.#isWanted = wasWanted;
  }

  #isAlive(): Promise<boolean> {
    return new Promise((done) => {
      // Any answer will do, also a refusal.
      this.ask("presence:get", { userIds: [] }, ALIVE_MS, (error) => {
        done(error === null || (error.reason !== "timeout" && error.reason !== "offline"));
      });
    });
  }

  /** Resolves once online; rejects when given up, or with `isOnce` as soon as an attempt has failed. */
  #settled(isOnce = false): Promise<void> {
    return new Promise((done, fail) => {
      let off = () => {};
      const look = (state: ConnectionState) => {
        const isOver = state.status === "offline" && (!this.#isWanted || isOnce);
        if (state.status !== "online" && !isOver) return false;
        off();
        if (state.status === "online") done();
        else fail(state.error ?? new ChatError({ reason: "aborted", message: "The client was disconnected" }));
        return true;
      };
      if (this.isOnline) return done();
      if (!look(this.state.get())) off = this.state.subscribe((state) => void look(state));
    });
  }

  #show(
    status: ConnectionStatus,
    nextTryAt: number | null,
    failures = this.state.get().failures,
    error: ChatError | null = null,
  ): void {
    const before = this.state.get();
    const since = before.status === status ? before.since : this.#options.clock.now();
    const next = { status, since, nextTryAt, failures, error: status === "connecting" ? before.error : error };
    this.state.set(next);
    this.#options.changed(next);
  }
}

function offline(cause?: unknown): ChatError {
  return new ChatError({ reason: "offline", message: "There is no connection to the server", retryable: true, cause });
}

function late(): ChatError {
  return new ChatError({ reason: "timeout", message: "The server did not answer in time", retryable: true });
}

function asChatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  return new ChatError({ reason: "internal", message: "The token could not be had", retryable: true, cause: error });
}
