// Engine.IO over HTTP long-polling, request by request.

import { call } from './http.mjs';

/** What separates the packets of one body. */
export const SEPARATOR = '\x1e';

/** A session that polls. */
export class Polling {
  constructor(server, path, headers, sid) {
    Object.assign(this, { server, path, headers, sid });
  }

  /** Opens a session. */
  static async open(server, { path = '/io/', headers = {} } = {}) {
    const answer = await call(server, 'GET', `${path}?EIO=4&transport=polling`, { headers });
    if (answer.status !== 200) throw new Error(`no session was opened: ${answer.status} ${answer.text}`);
    return new Polling(server, path, headers, JSON.parse(answer.text.slice(1)).sid);
  }

  get url() {
    return `${this.path}?EIO=4&transport=polling&sid=${encodeURIComponent(this.sid)}`;
  }

  /** The path of a WebSocket for this session. */
  get upgradePath() {
    return `${this.path}?EIO=4&transport=websocket&sid=${encodeURIComponent(this.sid)}`;
  }

  poll(headers = {}) {
    return call(this.server, 'GET', this.url, { headers: { ...this.headers, ...headers }, limitMs: 45_000 });
  }

  post(body, headers = {}) {
    const all = { 'content-type': 'text/plain;charset=UTF-8', ...this.headers, ...headers };
    return call(this.server, 'POST', this.url, { headers: all, body, limitMs: 45_000 });
  }

  /** The packets of the next polls, until one fits. */
  async pollUntil(fits) {
    const heard = [];
    for (;;) {
      const answer = await this.poll();
      if (answer.status !== 200) throw new Error(`a poll was answered ${answer.status}: ${answer.text}`);
      heard.push(...answer.text.split(SEPARATOR));
      if (heard.some(fits)) return heard;
    }
  }

  /** Joins the default namespace. */
  async join(auth) {
    await this.post(`40${auth ? JSON.stringify(auth) : ''}`);
    await this.pollUntil((packet) => packet.startsWith('40'));
    return this;
  }

  /** Whether the server still knows the session: a post to one it does not know is answered 400. */
  async isOpen() {
    return (await this.post('3')).status === 200;
  }
}
