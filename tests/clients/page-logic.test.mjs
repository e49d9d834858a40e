// The page's own rules, without a browser: the order of messages, what rows there are, what is believed.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';

const ASSETS = new URL('../../crates/gateway/assets/', import.meta.url);

/** A module of the page. They are `.js` files outside a package, which Node would not read as modules. */
async function load(name) {
  const source = await readFile(new URL(name, ASSETS), 'base64');
  return import(`data:text/javascript;base64,${source}`);
}

const { Timeline } = await load('timeline.js');
const { layOut } = await load('rows.js');
const wire = await load('wire.js');
const { readAddress } = await load('address.js');

const me = { id: 'u1', username: 'ada' };
const message = (place, more = {}) => ({
  id: `m${place}`, place, seq: place, rev: place, senderId: 'u2', sender: { id: 'u2', username: 'bob' }, content: `text ${place}`,
  createdMs: Date.UTC(2026, 10, 22, 12, 0, place), clientId: null, isDeleted: false, ...more,
});

describe('a timeline', () => {
  const shown = (timeline) => timeline.messages.map((one) => one.place);

  test('is in the order of the log, each message once', () => {
    const timeline = new Timeline();
    assert.deepEqual([5, 3, 9, 3].map((place) => timeline.take(message(place))), ['new', 'new', 'new', 'known']);
    assert.deepEqual(shown(timeline), [3, 5, 9]);
  });

  test('keeps the newest version, whatever comes last', () => {
    const timeline = new Timeline();
    timeline.take(message(3));
    assert.equal(timeline.take(message(3, { rev: 7, content: 'changed' })), 'change');
    assert.equal(timeline.take(message(3, { rev: 5, content: 'older change' })), 'known');
    assert.equal(timeline.messages[0].content, 'changed');
  });

  test('a deleted message does not come back', () => {
    const timeline = new Timeline();
    timeline.take(message(3));
    timeline.remove('m3', 4);
    timeline.remove('m8', 9);
    timeline.take(message(3));
    timeline.take(message(8));
    assert.deepEqual(shown(timeline), []);
  });

  test('can be cut to its end, and knows where to go on reading', () => {
    const timeline = new Timeline();
    for (const place of [1, 2, 3, 4]) timeline.take(message(place));
    timeline.trim(2, (place) => `before ${place}`);
    assert.deepEqual([shown(timeline), timeline.older, timeline.placeBefore(1)], [[3, 4], 'before 3', 3]);
  });
});

describe('rows', () => {
  const lay = (messages, more = {}) => layOut({ messages, waiting: [], newFrom: null, me, ...more });

  test('one author’s messages within minutes are one block', () => {
    const rows = lay([message(1), message(2), message(400), message(401, { senderId: 'u1', sender: me })]);
    assert.deepEqual(rows.filter((row) => row.kind === 'message').map((row) => row.isStart), [true, false, true, true]);
  });

  test('each day has its label, and the new begins at a line', () => {
    const rows = lay([message(1), message(90_000)], { newFrom: 90_000 });
    assert.deepEqual(rows.map((row) => row.kind), ['day', 'message', 'day', 'new', 'message']);
  });

  test('a message on its way keeps its row when it is delivered', () => {
    const entry = { clientId: 'c1', content: 'hi', createdMs: message(5).createdMs, state: 'sending' };
    const before = lay([message(1)], { waiting: [entry] });
    const delivered = message(2, { clientId: 'c1', senderId: 'u1', sender: me });
    const after = lay([message(1), delivered], { waiting: [entry] });
    assert.equal(before.at(-1).key, after.at(-1).key);
    assert.equal(after.length, before.length, 'shown twice');
  });

  test('no two rows have the same key, even when this clock is wrong', () => {
    const entry = { clientId: 'c1', content: 'hi', createdMs: 0, state: 'sending' };
    const rows = lay([message(1), message(90_000)], { waiting: [entry] });
    assert.equal(new Set(rows.map((row) => row.key)).size, rows.length);
  });
});

describe('what the server says', () => {
  const good = {
    id: 'm1', roomId: 'r1', senderId: 'u2', content: 'x', seq: 3, createdAt: '2026-11-22T12:00:00.000Z', type: 'text',
    sender: { id: 'u2', username: 'bob', displayName: null, avatar: null }, editedAt: null, deletedAt: null,
  };

  test('is read when it has the shape it should', () => {
    const read = wire.readMessage(good);
    assert.deepEqual([read.place, read.rev, read.isEdited, read.sender.username], [3, 3, false, 'bob']);
    assert.equal(wire.readMessage({ ...good, seq: 9, messageSeq: 3, rev: 9 }).place, 3);
  });

  for (const [what, wrong] of Object.entries({
    'nothing': undefined, 'null': null, 'a text': 'x', 'a list': [], 'no sender': { ...good, sender: null },
    'a text as position': { ...good, seq: '3' }, 'a broken time': { ...good, createdAt: 'yesterday' },
    'an object as text': { ...good, content: {} }, 'a number as id': { ...good, id: 7 },
  })) {
    test(`is not believed when it is ${what}`, () => assert.equal(wire.readMessage(wrong), null));
  }

  test('is cut where it is longer than it can be', () => {
    assert.equal(wire.readMessage({ ...good, content: 'x'.repeat(1_000_000) }).content.length, 10_000);
  });
});

test('addresses lead to a place, or home', () => {
  assert.deepEqual(readAddress('#/r/general'), { kind: 'room', ref: 'general' });
  assert.deepEqual(readAddress('#/d/host:ada@example.org'), { kind: 'dm', ref: 'host:ada@example.org' });
  assert.deepEqual(readAddress('#/browse'), { kind: 'browse' });
  for (const bad of ['', '#', '#/', '#/r', '#/r/', '#/r/../../x', '#/r/%3Cimg%3E', '#/d/a b', '#/constructor/x', '#/r/a/b', `#/r/${'x'.repeat(65)}`]) {
    assert.deepEqual(readAddress(bad), { kind: 'home' }, bad);
  }
});

test('the page asks for every module at once, and for none that is not there', async () => {
  const page = await readFile(new URL('index.html', ASSETS), 'utf8');
  const asked = [...page.matchAll(/"\/assets\/([\w.-]+\.js)"/gu)].map((match) => match[1]).sort();
  const there = (await readdir(ASSETS)).filter((name) => name.endsWith('.js')).sort();
  assert.deepEqual(asked, there);
});
