// REST calls that say what came back when it is not what was wanted.

import assert from 'node:assert/strict';

const ANSWER_MS = 10_000;

/** One call: its status, headers, and body as JSON (or as text, where it is none). */
export async function call(server, method, path, { token, body, headers = {} } = {}) {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parse(text), text };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The body of a call that must be answered with `status`. */
export async function expectStatus(status, answer) {
  const given = await answer;
  assert.equal(given.status, status, `answered ${given.status}: ${given.text.slice(0, 500)}`);
  return given.body;
}

/** The path in a Link header with this relation, or null. */
export function linked(headers, relation) {
  const links = (headers.get('link') ?? '').split(/,\s*(?=<)/u);
  const found = links.find((link) => link.includes(`rel="${relation}"`));
  return found ? /<([^>]*)>/u.exec(found)[1] : null;
}
