// HTTP as it is on the wire: requests that no HTTP library would send, and ordinary ones that say what came back.

import http from 'node:http';
import net from 'node:net';

/** How long an answer may take on a busy machine, in milliseconds. */
export const ANSWER_MS = 10_000;

/** Host and port of a server. */
export const place = (server) => ({ host: '127.0.0.1', port: Number(new URL(server.url).port) });

/** The head of a request as text, with an own Host unless `headers` says otherwise. */
export function head(line, headers = {}) {
  const lines = Object.entries({ Host: 'localhost', ...headers }).filter(([, value]) => value !== undefined);
  return [`${line} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
}

/** A TCP connection that remembers what it heard, and when it ended. */
export class Wire {
  #waiting = new Set();

  constructor(socket) {
    this.socket = socket;
    this.heard = Buffer.alloc(0);
    this.openedAt = performance.now();
    this.endedAt = null;
    socket.on('data', (data) => { this.heard = Buffer.concat([this.heard, data]); this.#look(); });
    for (const end of ['end', 'close', 'error']) socket.on(end, () => { this.endedAt ??= performance.now(); this.#look(); });
  }

  static open(server, { localAddress } = {}) {
    return new Promise((done, fail) => {
      const socket = net.connect({ ...place(server), localAddress, noDelay: true, allowHalfOpen: false });
      socket.once('error', fail);
      socket.once('connect', () => {
        socket.removeListener('error', fail);
        done(new Wire(socket));
      });
    });
  }

  get ended() {
    return this.endedAt !== null;
  }

  /** Milliseconds from opening to the server's end of it. */
  get livedMs() {
    return (this.endedAt ?? performance.now()) - this.openedAt;
  }

  send(bytes) {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** Waits until `fits` holds; false when it did not in time. */
  async until(fits, limitMs = ANSWER_MS) {
    const deadline = performance.now() + limitMs;
    while (!fits()) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await new Promise((done) => {
        const timer = setTimeout(done, left);
        this.#waiting.add(() => { clearTimeout(timer); done(); });
      });
    }
    return true;
  }

  /** Whether the server ends the connection in time. */
  ends(limitMs = ANSWER_MS) {
    return this.until(() => this.ended, limitMs);
  }

  /** The first complete answer, or null when the connection ends or the time is over without one. */
  async answer(limitMs = ANSWER_MS) {
    await this.until(() => this.ended || parse(this.heard) !== null, limitMs);
    return parse(this.heard);
  }

  close() {
    this.socket.destroy();
  }

  #look() {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** The first answer in these bytes, if it is complete; `rest` is where it ends. */
export function parse(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [line, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/u.exec(line)?.[1]);
  const headers = {};
  for (const one of lines) {
    const at = one.indexOf(':');
    headers[one.slice(0, at).toLowerCase()] = one.slice(at + 1).trim();
  }
  const length = Number(headers['content-length'] ?? 0);
  const rest = end + 4 + length;
  if (bytes.length < rest) return null;
  return { status, headers, text: bytes.subarray(end + 4, rest).toString(), rest };
}

/** One request that Node's library can send; the connection is its own. */
export function call(server, method, path, { token, headers = {}, body, localAddress, limitMs = ANSWER_MS } = {}) {
  const json = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
  const sent = json ? JSON.stringify(body) : body;
  const all = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(json ? { 'content-type': 'application/json' } : {}),
    ...(sent === undefined ? {} : { 'content-length': Buffer.byteLength(sent) }),
    ...headers,
  };
  return new Promise((done, fail) => {
    const started = performance.now();
    const options = { ...place(server), method, path, headers: all, localAddress, agent: false };
    const request = http.request(options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(timer);
        const text = Buffer.concat(parts).toString();
        const tookMs = performance.now() - started;
        done({ status: response.statusCode, headers: response.headers, text, body: jsonOr(text), tookMs });
      });
    });
    const timer = setTimeout(() => request.destroy(new Error(`${method} ${path.slice(0, 200)}: no answer in ${limitMs} ms`)), limitMs);
    request.on('error', (error) => { clearTimeout(timer); fail(error); });
    request.end(sent);
  });
}

function jsonOr(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
