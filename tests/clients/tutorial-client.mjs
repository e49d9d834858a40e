// The tutorial's two clients, as they behave: the chat client of a browser and the one that services use.

import { io } from 'socket.io-client';

import { Ear } from './sockets.mjs';

/** Connects, says `authenticate`, and is ready when it hears `authenticated`. Its calls ask for no answer. */
export class TutorialClient {
  /** `options` overwrite the library's, `token` goes into the header as the tutorial does it. */
  constructor(url, token, options = {}) {
    this.socket = io(url, {
      path: '/io',
      transports: ['websocket', 'polling'],
      extraHeaders: token === null ? {} : { Authorization: `Bearer ${token}` },
      forceNew: true,
      reconnection: false,
      ...options,
    });
    this.isAuthenticated = false;
    this.ear = new Ear(this.socket);
    this.socket.on('connect', () => {
      this.ear.note('(connect)', this.socket.id);
      this.authenticate();
    });
    this.socket.on('authenticated', () => { this.isAuthenticated = true; });
    this.socket.on('unauthenticated', () => { this.isAuthenticated = false; });
    this.socket.on('disconnect', (reason) => {
      this.isAuthenticated = false;
      this.ear.note('(disconnect)', reason);
    });
  }

  authenticate() {
    this.socket.emit('authenticate');
  }

  hears(...wanted) {
    return this.ear.hears(...wanted);
  }

  joinRoom(payload) {
    this.socket.emit('room:join', payload);
  }

  leaveRoom(payload) {
    this.socket.emit('room:leave', payload);
  }

  sendMessage(payload) {
    this.socket.emit('message:send', payload);
  }

  editMessage(payload) {
    this.socket.emit('message:edit', payload);
  }

  deleteMessage(payload) {
    this.socket.emit('message:delete', payload);
  }

  sendDirectMessage(payload) {
    this.socket.emit('dm:send', payload);
  }

  startTyping(payload) {
    this.socket.emit('typing:start', payload);
  }

  stopTyping(payload) {
    this.socket.emit('typing:stop', payload);
  }

  /** What the service client does with `topic` and `data`. */
  emit({ topic, data }) {
    this.socket.emit(topic, data);
  }

  /** What the service client does to hear rooms, and to stop hearing them. */
  joinRooms({ rooms }) {
    this.socket.emit('join', { rooms });
  }

  leaveRooms({ rooms }) {
    this.socket.emit('leave', { rooms });
  }
}
