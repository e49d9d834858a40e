// Sockets that remember what they heard, and calls that must be answered.

import assert from 'node:assert/strict';

const HEAR_MS = 5000;

/** Remembers every event of a socket from now on, in order. */
export class Ear {
  /** What was heard: `{name, payload}`. */
  heard = [];
  #waiting = new Set();

  constructor(socket) {
    this.socket = socket;
    socket.onAny((name, ...args) => this.note(name, args[0], args.length));
  }

  /** Notes something as if it had been heard. */
  note(name, payload, count = 1) {
    this.heard.push({ name, payload, count });
    for (const look of this.#waiting) look();
  }

  /** Everything heard under a name. */
  all(name) {
    return this.heard.filter((one) => one.name === name).map((one) => one.payload);
  }

  /** Forgets what was heard so far. */
  forget() {
    this.heard.length = 0;
  }

  /** The first event of that name, heard already or to come, for which `fits` holds. */
  async hears(name, fits = () => true, limitMs = HEAR_MS) {
    const find = () => this.heard.find((one) => one.name === name && fits(one.payload));
    const found = find() ?? (await this.#wait(find, limitMs));
    if (found) return found.payload;
    const names = this.heard.map((one) => `${one.name} ${JSON.stringify(one.payload)}`.slice(0, 200));
    assert.fail(`waited ${limitMs} ms for a fitting ${name}; heard:\n${names.join('\n') || 'nothing'}`);
  }

  #wait(find, limitMs) {
    return new Promise((done) => {
      const end = (found) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        done(found);
      };
      const look = () => {
        const found = find();
        if (found) end(found);
      };
      const timer = setTimeout(end, limitMs);
      this.#waiting.add(look);
    });
  }
}

/** The answer to an event that must be answered. */
export function ask(socket, event, ...args) {
  return socket.timeout(HEAR_MS).emitWithAck(event, ...args);
}

/** The answer to an event that must be answered with `ok`. */
export async function askOk(socket, event, payload) {
  const answer = await ask(socket, event, payload);
  assert.equal(answer.ok, true, `${event} ${JSON.stringify(payload)} was answered ${JSON.stringify(answer)}`);
  return answer;
}

/** The error of an event that must be refused for this reason. */
export async function askRefused(reason, socket, event, payload) {
  const answer = await ask(socket, event, payload);
  assert.equal(answer.ok, false, `${event} ${JSON.stringify(payload)} was answered ${JSON.stringify(answer)}`);
  assert.equal(answer.error.reason, reason, JSON.stringify(answer.error));
  return answer.error;
}

/** Waits for an event of the library itself (`connect`, `disconnect`, `connect_error`). */
export function once(emitter, event, limitMs = HEAR_MS) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`waited ${limitMs} ms for ${event}`)), limitMs);
    emitter.once(event, (...args) => {
      clearTimeout(timer);
      done(args.length > 1 ? args : args[0]);
    });
  });
}
