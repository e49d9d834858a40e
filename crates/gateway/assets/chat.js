// The live connection: one socket that comes back by itself, calls with answers, and what the server tells.

import { Problem } from './api.js';
import { SignedOut } from './session.js';
import { io } from './socket.io.esm.min.js';

const ANSWER_MS = 10_000;
const LONGEST_PAUSE_MS = 15_000;

export class Chat {
  #session;
  #socket;
  #listener;
  #pauseMs = 1000;
  #timer = 0;
  #isOver = false;

  /**
   * `listener` has `event(name, payload)`, `online()`, `offline()` and `over(reason)`; the last one is called
   * once, when nobody is signed in any more.
   */
  constructor(session, listener) {
    this.#session = session;
    this.#listener = listener;
    this.#socket = io({
      path: '/socket.io/',
      autoConnect: false,
      reconnectionDelayMax: LONGEST_PAUSE_MS,
      auth: (give) => this.#authenticate(give),
    });
    this.#listen();
  }

  get isOnline() {
    return this.#socket.connected;
  }

  /** Connects now, and not after the pause that may be running. */
  connect() {
    clearTimeout(this.#timer);
    if (this.#isOver || this.#socket.connected) return;
    this.#socket.disconnect().connect();
  }

  /** Ends the connection for good. */
  close() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#socket.disconnect();
  }

  /** Sends an event and waits for its answer. */
  async call(event, payload) {
    // The library would keep the event for later; what waits is ours to keep, where it can be seen.
    if (!this.#socket.connected) throw new Problem({ reason: 'offline', message: 'Not connected.', retryable: true });
    let answer;
    try {
      answer = await this.#socket.timeout(ANSWER_MS).emitWithAck(event, payload);
    } catch {
      throw new Problem({ reason: 'timeout', message: 'The server did not answer.', retryable: true });
    }
    if (answer?.ok === true) return answer;
    throw new Problem(answer?.error ?? {});
  }

  /** Sends an event whose loss does not matter. */
  tell(event, payload) {
    if (this.#socket.connected) this.#socket.volatile.emit(event, payload);
  }

  #listen() {
    const socket = this.#socket;
    socket.on('connect', () => {
      this.#pauseMs = 1000;
      this.#listener.online();
    });
    socket.on('disconnect', (reason) => {
      this.#listener.offline();
      if (reason === 'io server disconnect') this.#connectLater();
    });
    // An active socket is already trying again; one that was refused at the door is not.
    socket.on('connect_error', (error) => {
      if (!socket.active) this.#refused(error.data);
    });
    socket.onAny((name, payload) => this.#hear(name, payload));
  }

  #hear(name, payload) {
    if (name === 'session:expiring') this.#renew();
    else if (name === 'session:ended' && payload?.reason !== 'expired') this.#end(payload?.reason);
    else if (name === 'server:draining') this.#pauseMs = Math.min(payload?.reconnectAfterMs || 1000, 60_000);
    else this.#listener.event(name, payload);
  }

  async #authenticate(give) {
    try {
      give({ token: await this.#session.token() });
    } catch (error) {
      if (error instanceof SignedOut) return this.#end('expired');
      this.#socket.disconnect();
      this.#connectLater();
    }
  }

  /** A connection outlives its token only if it is given the next one. */
  async #renew() {
    try {
      this.#socket.emit('authenticate', { token: await this.#session.renew() });
    } catch (error) {
      if (error instanceof SignedOut) this.#end('expired');
    }
  }

  async #refused(data) {
    const isToken = data?.reason === 'unauthenticated' || String(data?.code).toLowerCase() === 'unauthenticated';
    try {
      if (isToken) await this.#session.renew();
      this.#connectLater(data?.retryAfterMs);
    } catch (error) {
      if (error instanceof SignedOut) this.#end('expired');
      else this.#connectLater();
    }
  }

  #connectLater(pauseMs = this.#pauseMs) {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.connect(), pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #end(reason) {
    if (this.#isOver) return;
    this.close();
    this.#listener.over(reason);
  }
}
