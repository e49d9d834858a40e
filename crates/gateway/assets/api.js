// REST: one call, one answer or one Problem; a token that ended is renewed once.

import { Session, SignedOut } from './session.js';

/** A request that was not done, and why. */
export class Problem extends Error {
  constructor({ reason, message, status, retryable, retryAfterMs, field }) {
    super(sentence(message || 'Something went wrong'));
    this.reason = reason || 'internal';
    this.status = status ?? 0;
    this.retryable = retryable === true;
    this.retryAfterMs = Number.isFinite(retryAfterMs) ? retryAfterMs : null;
    this.field = field ?? null;
  }
}

/** The server's words as they stand on a page. */
function sentence(words) {
  const end = /[.!?…]$/u.test(words) ? '' : '.';
  return words[0].toUpperCase() + words.slice(1) + end;
}

/** A name for a write, so that the server knows it again: sorted by time, unique by chance. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  const random = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${Date.now().toString(16).padStart(12, '0')}-${random}`;
}

/** A path with its parts made safe: `path`/chat/rooms/${id}``. */
export const path = (parts, ...values) => String.raw({ raw: parts }, ...values.map(encodeURIComponent));

async function ask(method, url, { body, token, headers = {} } = {}) {
  let response;
  try {
    response = await fetch(url, {
      method,
      credentials: 'omit',
      cache: 'no-store',
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem({ reason: 'offline', message: 'The server cannot be reached.', retryable: true });
  }
  const text = await response.text();
  const answer = parse(text);
  if (response.ok) return { answer, headers: response.headers };
  const message = answer?.message ?? `The server answered ${response.status}.`;
  throw new Problem({ ...answer, message, status: response.status });
}

function parse(text) {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

async function exchange(refreshToken) {
  try {
    return (await ask('POST', '/auth/refresh', { body: { refreshToken } })).answer;
  } catch (error) {
    if (error.status >= 400 && error.status < 500 && !error.retryable) throw new SignedOut();
    throw error;
  }
}

export class Api {
  session = new Session(exchange);

  /** Signs in, signs up or claims the server; keeps the tokens; answers the user. */
  async enter(way, fields) {
    const { answer } = await ask('POST', `/auth/${way}`, { body: fields });
    this.session.save(answer);
    return answer.user;
  }

  /** Ends this session on the server, and forgets it here whatever the server says. */
  async leave() {
    try {
      await this.call('POST', '/auth/logout');
    } finally {
      this.session.forget();
    }
  }

  async #signed(method, url, options) {
    const token = await this.session.token();
    try {
      return await ask(method, url, { ...options, token });
    } catch (error) {
      if (error.status !== 401) throw error;
      return ask(method, url, { ...options, token: await this.session.renew(token) });
    }
  }

  /** The answer's body; null where it has none. */
  async call(method, url, body, headers) {
    return (await this.#signed(method, url, { body, headers })).answer;
  }

  /** One page of a list: its items, and the path of the next one. */
  async page(url) {
    const { answer, headers } = await this.#signed('GET', url);
    return { items: Array.isArray(answer) ? answer : [], next: nextPath(headers.get('link')) };
  }
}

/** The path of `rel="next"` in a Link header, if it leads to a list of this server. */
function nextPath(header) {
  const found = /<(\/chat\/[^>]*)>\s*;[^,]*\brel="?next"?/u.exec(header ?? '');
  return found ? found[1] : null;
}
