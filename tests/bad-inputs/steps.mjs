// What the tables of cases mean: each kind of input is sent in one way and judged in one way.

import assert from 'node:assert/strict';

import { call, head, Wire } from './wire/http.mjs';
import { Client } from './wire/socketio.mjs';
import { WebSocketWire } from './wire/websocket.mjs';

const shown = (value) => JSON.stringify(value)?.slice(0, 300);

/** Runs everything that a case has a table for, then its own steps. */
export async function play(stage, one) {
  const requests = typeof one.requests === 'function' ? one.requests() : one.requests ?? [];
  for (const input of requests) await request(stage, input, one);
  await Promise.all((one.bytes ?? []).map((input) => bytes(stage, input, one)));
  await Promise.all((one.frames ?? []).map((input) => frames(stage, input, one)));
  await Promise.all((one.packets ?? []).map((input) => packets(stage, input, one)));
  if (one.events) await events(stage, one);
  if (one.run) await one.run(stage);
  if (one.untouched) await stage.untouched();
}

const list = (value) => (Array.isArray(value) ? value : [value]);

/** Fails if an answer is not as expected. */
function judge(answer, expect, what) {
  assert.ok(answer, `${what}: no answer`);
  const { status, reason, body, headers = {}, noHeaders = [], says = [], neverSays = [] } = expect;
  const given = `${what}: ${answer.status} ${answer.text.slice(0, 300)}`;
  if (status !== undefined) assert.ok(list(status).includes(answer.status), `${given}, expected ${status}`);
  if (reason !== undefined) assert.ok(list(reason).includes(JSON.parse(answer.text).reason), `${given}, expected ${reason}`);
  if (body !== undefined) assert.deepEqual(JSON.parse(answer.text), body, given);
  for (const [name, value] of Object.entries(headers)) assert.match(answer.headers[name] ?? '', value, `${given}: ${name}`);
  for (const name of noHeaders) assert.equal(answer.headers[name], undefined, `${given}: ${name}`);
  for (const text of list(says)) assert.match(answer.text, text, given);
  for (const text of [INTERNALS, ...list(neverSays)]) assert.doesNotMatch(answer.text, text, given);
}

/** What no answer may contain: SQL, paths, and what Rust says of itself. */
const INTERNALS = /violation|constraint|SELECT |INSERT |sqlx?ite|panicked|\/src\/|RUST_BACKTRACE|\.rs:/iu;

/**
 * `requests`: `'GET /path'`, or `{line, as, token, headers, body, expect}`; the answer is judged by the case's `expect`,
 * or by its own. A table that depends on the time is a function.
 */
async function request(stage, input, { expect, as }) {
  const one = typeof input === 'string' ? { line: input } : input;
  const [method, ...path] = stage.fill(one.line).split(' ');
  const who = one.as ?? as;
  const answer = await call(stage.server, method, path.join(' '), {
    token: one.token ?? (who ? stage.person(who).token : undefined),
    headers: stage.fill(one.headers ?? {}),
    body: stage.fill(one.body),
  });
  judge(answer, one.expect ?? expect, `${method} ${path.join(' ').slice(0, 120)} ${shown(one.body) ?? ''}`);
}

/**
 * `bytes`: `{line, headers, body}` is put together without being checked, a text goes out as it is. `closes` is within how
 * many milliseconds the server ends the connection.
 */
async function bytes(stage, input, { expect, closes, silent }) {
  const wire = await stage.open(Wire.open(stage.server));
  const text = typeof input === 'string' ? input : head(stage.fill(input.line), stage.fill(input.headers)) + (input.body ?? '');
  const what = shown(text.slice(0, 120));
  wire.send(Buffer.from(text, 'latin1'));
  const wait = closes ?? 10_000;
  if (expect) {
    const answer = await wire.answer(wait);
    const cutOff = answer === null && wire.ended && silent;
    if (!cutOff) judge(answer, expect, what);
  }
  if (closes !== undefined) {
    assert.ok(await wire.ends(wait), `${what}: still open after ${wait} ms; heard ${wire.heard.toString('latin1').slice(0, 200)}`);
  }
  wire.close();
}

/** `frames`: bytes on an open WebSocket that is a connected client; `code` is what the server closes it with. */
async function frames(stage, input, { code, closes = 10_000 }) {
  const client = await stage.open(stage.carol.socket());
  for (const part of list(input)) client.ws.sendBytes(part);
  const given = await client.closes(closes);
  assert.ok(list(code).includes(given), `${input.length ?? 1} frames were closed with ${given}, expected ${code}`);
  assert.ok(await client.ws.wire.ends(6_000), 'the TCP connection stays open after the close frame');
}

/**
 * `packets`: one or more Engine.IO texts on a connected socket (`bare: true`: on a session that has joined nothing).
 * `ends` says whether the connection has to end (true), to stay (false), or may do either (undefined).
 */
async function packets(stage, input, { bare, ends, answered, closes = 10_000 }) {
  const client = await stage.open(bare ? Client.bare(stage.server) : stage.carol.socket());
  for (const packet of list(stage.fill(input))) client.packet(packet);
  const what = shown(list(input).map((text) => text.slice(0, 80)));
  if (ends === true) {
    assert.notEqual(await client.closes(closes), null, `${what}: still open`);
  } else if (ends === false) {
    assert.ok(await client.answers(), `${what}: closed with ${client.ws.closeCode}`);
  } else {
    await client.answers();
  }
  if (answered) assert.ok(client.texts.some((text) => answered.test(text)), `${what}: heard ${shown(client.texts)}`);
}

/**
 * `events`: `[name, payload]`, each sent with an ack by `as`; `expect` is `{reason, code}` of the error, or `{ok: true}`.
 */
async function events(stage, { events: inputs, as = 'bob', expect }) {
  const client = await stage.open(stage.person(as).socket());
  for (const [name, payload, own] of inputs) {
    const answer = await client.ask(name, ...(payload === undefined ? [] : [stage.fill(payload)]));
    const wanted = own ?? expect;
    const what = `${name} ${shown(payload)}: ${shown(answer)}`;
    assert.ok(answer, `${what}: the connection closed`);
    assert.equal(answer.ok, wanted.ok ?? false, what);
    if (wanted.reason) assert.ok(list(wanted.reason).includes(answer.error.reason), `${what}, expected ${wanted.reason}`);
    if (wanted.code) assert.equal(answer.error.code, wanted.code, what);
    assert.doesNotMatch(JSON.stringify(answer.error ?? ''), INTERNALS, what);
  }
}

/** Whether a WebSocket handshake with these headers is refused, and how. */
export async function refusedHandshake(stage, path, headers, status) {
  const refused = await WebSocketWire.open(stage.server, path, { headers }).then(
    (ws) => { ws.close(); return null; },
    (error) => error.answer,
  );
  assert.ok(refused, `${JSON.stringify(headers)} was let in`);
  assert.ok(list(status).includes(refused.status), `${JSON.stringify(headers)}: ${refused.status} ${refused.text}`);
  return refused;
}

export { judge };
