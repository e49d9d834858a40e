// The stage of one case: people of its own, two rooms of its own, and a witness who hears whatever happens in them.

import assert from 'node:assert/strict';

import { signToken } from '../clients/tokens.mjs';
import { call } from './wire/http.mjs';
import { Client } from './wire/socketio.mjs';

/** What a witness hears without anybody having done anything. */
const QUIET = new Set(['presence:changed', 'presence:snapshot', 'ping']);

/** A person with a token of the host application. */
export class Person {
  constructor(server, username, claims = {}) {
    this.server = server;
    this.id = `host:${username}`;
    this.username = username;
    this.token = signToken({ sub: this.id, preferred_username: username, name: username, ...claims });
  }

  call(method, path, body, options = {}) {
    return call(this.server, method, path, { token: this.token, body, ...options });
  }

  /** The body of a call that has to be right. */
  async ok(method, path, body) {
    const answer = await this.call(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path} of ${this.username}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** A socket of the idiomatic profile. */
  socket(options) {
    return Client.open(this.server, this.token, options);
  }

  /** A socket of the tutorial's profile, authenticated. */
  tutorial(options) {
    return Client.tutorial(this.server, this.token, options);
  }
}

let stages = 0;

/** Alice owns both rooms, bob is in both, carol in none. */
export class Stage {
  #sockets = [];
  #cleanups = [];
  #people = new Map();

  constructor(server, id) {
    stages += 1;
    this.server = server;
    this.name = `${id.toLowerCase()}-${stages}`;
  }

  /** A person of this case. */
  person(name) {
    if (!this.#people.has(name)) this.#people.set(name, new Person(this.server, `${name}-${this.name}`));
    return this.#people.get(name);
  }

  get alice() { return this.person('alice'); }
  get bob() { return this.person('bob'); }
  get carol() { return this.person('carol'); }

  /** Makes the rooms and posts the witness. */
  async furnish() {
    const { alice, bob, carol } = this;
    await carol.ok('GET', '/auth/me');
    await bob.ok('GET', '/auth/me');
    this.pub = await alice.ok('POST', '/chat/rooms', { name: `Pub ${this.name}` });
    this.priv = await alice.ok('POST', '/chat/rooms', { name: `Priv ${this.name}`, isPrivate: true });
    for (const room of [this.pub, this.priv]) await alice.ok('PUT', `/chat/rooms/${room.id}/members/${bob.id}`, {});
    this.witness = await this.open(alice.socket());
    await this.mark();
  }

  /** Everything until now is as it should be: what comes after has to be explained. */
  async mark() {
    await this.#settle();
    this.witness.heard.length = 0;
    this.seqs = await this.#heads();
  }

  /** Fails if anything was written to the rooms, or heard by their members, since the last mark. */
  async untouched() {
    const seqs = await this.#heads();
    assert.deepEqual(seqs, this.seqs, 'something was written to a room');
    await this.#settle();
    const heard = this.witness.heard.filter(({ name, payload }) => !QUIET.has(name) && payload?.type !== 'marker');
    assert.deepEqual(heard, [], 'the members of the rooms heard something');
    this.witness.heard.length = 0;
    this.seqs = await this.#heads();
  }

  /** The latest position of each room. */
  async #heads() {
    const rooms = await Promise.all([this.pub, this.priv].map((room) => this.alice.ok('GET', `/chat/rooms/${room.id}`)));
    return rooms.map((room) => room.seq);
  }

  /** Waits until the witness has heard everything that came before now: the last thing it hears is a marker. */
  async #settle() {
    for (const room of [this.pub, this.priv]) {
      const sent = await this.alice.ok('POST', `/chat/rooms/${room.id}/messages`, { content: 'marker', type: 'marker' });
      await this.witness.hears('message:new', (message) => message.id === sent.id);
    }
  }

  /** Replaces $PUB, $PRIV, $ALICE, $BOB, $CAROL in a text, or anywhere in a value. */
  fill(value) {
    if (typeof value === 'string') {
      const names = { PUB: this.pub?.id, PRIV: this.priv?.id, ALICE: this.alice.id, BOB: this.bob.id, CAROL: this.carol.id };
      return value.replace(/\$(PUB|PRIV|ALICE|BOB|CAROL)\b/gu, (_, name) => names[name]);
    }
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (value && Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.fill(item)]));
    }
    return value;
  }

  /** Remembers something to close at the end. */
  async open(opening) {
    const opened = await opening;
    this.#sockets.push(opened);
    return opened;
  }

  /** Runs at the end, whatever happens. */
  finally(cleanup) {
    this.#cleanups.push(cleanup);
  }

  async clear() {
    for (const socket of this.#sockets) socket.close();
    for (const cleanup of this.#cleanups) await cleanup();
  }
}
