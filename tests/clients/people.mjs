// The cast of the tests: people with a token of the host application, their REST calls and their sockets.

import { io } from 'socket.io-client';

import { call } from './rest.mjs';
import { ask, Ear, once } from './sockets.mjs';
import { signToken } from './tokens.mjs';
import { TutorialClient } from './tutorial-client.mjs';

export class Person {
  #sockets = new Set();

  constructor(server, username) {
    this.server = server;
    this.id = `host:${username}`;
    this.username = username;
    this.displayName = username[0].toUpperCase() + username.slice(1);
    this.token = signToken({ sub: this.id, preferred_username: username, name: this.displayName });
  }

  rest(method, path, body, headers) {
    return call(this.server, method, path, { token: this.token, body, headers });
  }

  /** A client as the tutorial writes it, authenticated. */
  async tutorial(options = {}) {
    const client = new TutorialClient(this.server.url, this.token, options);
    this.#sockets.add(client.socket);
    await client.ear.hears('authenticated');
    return client;
  }

  /** A client of the idiomatic profile: default path, token in `auth`; with the `ear` of its socket. */
  async socket(options = {}) {
    const socket = io(this.server.url, { auth: { token: this.token }, forceNew: true, reconnection: false, ...options });
    this.#sockets.add(socket);
    const ear = new Ear(socket);
    if (!socket.connected) await once(socket, 'connect');
    return Object.assign(ear, { ask: (event, payload) => ask(socket, event, payload) });
  }

  /** Closes every socket of this person. */
  leave() {
    for (const socket of this.#sockets) socket.disconnect();
    this.#sockets.clear();
  }
}
