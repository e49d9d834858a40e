// Answers to events: their shape, positions, and retries that stay one message.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { Person } from './people.mjs';
import { call, expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';
import { hasFields, isDirectMessage, isError, isMessage, isProblem, isRoom, isTime } from './shapes.mjs';
import { ask, askOk, askRefused, once } from './sockets.mjs';

let server;
let alice;
let bob;

before(async () => {
  server = await startServer();
  [alice, bob] = ['alice', 'bob'].map((name) => new Person(server, name));
  for (const person of [alice, bob]) await expectStatus(200, person.rest('GET', '/auth/me'));
});
afterEach(() => [alice, bob].forEach((person) => person.leave()));
after(() => server?.stop());

async function newRoom() {
  const room = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'Room' }));
  await expectStatus(200, bob.rest('POST', `/chat/rooms/${room.id}/join`));
  return room;
}

describe('the answer to', () => {
  test('message:send', async () => {
    const room = await newRoom();
    const { socket } = await alice.socket();
    const answer = await askOk(socket, 'message:send', { roomId: room.slug, content: 'hi', clientId: 'c-1' });
    hasFields(answer, 'ok id roomId seq epoch createdAt duplicate message');
    assert.deepEqual([answer.roomId, answer.epoch, answer.duplicate], [room.id, room.epoch, false]);
    isTime(answer.createdAt);
    isMessage(answer.message, { room, sender: alice, content: 'hi' });
    assert.deepEqual([answer.message.id, answer.message.seq, answer.message.clientId], [answer.id, answer.seq, 'c-1']);
  });

  test('dm:send', async () => {
    const { socket } = await alice.socket();
    const answer = await askOk(socket, 'dm:send', { receiverId: bob.id, content: 'hi' });
    hasFields(answer, 'ok id roomId seq epoch createdAt duplicate message');
    isDirectMessage(answer.message, { sender: alice, receiver: bob, content: 'hi' });
  });

  test('message:edit and message:delete', async () => {
    const room = await newRoom();
    const { socket } = await alice.socket();
    const sent = await askOk(socket, 'message:send', { roomId: room.id, content: 'hi' });
    const edited = await askOk(socket, 'message:edit', { messageId: sent.id, content: 'ho' });
    hasFields(edited, 'ok seq epoch message');
    assert.deepEqual([edited.message.content, edited.seq], ['ho', sent.seq + 1]);
    const deleted = await askOk(socket, 'message:delete', { messageId: sent.id });
    hasFields(deleted, 'ok messageId roomId seq epoch deletedAt');
    assert.deepEqual([deleted.messageId, deleted.seq], [sent.id, sent.seq + 2]);
  });

  test('room:create, room:join and room:leave', async () => {
    const { socket } = await alice.socket();
    const created = await askOk(socket, 'room:create', { name: 'By event' });
    const { ok, ...room } = created;
    assert.equal(ok, true);
    isRoom(room);
    const other = await bob.socket();
    const joined = await askOk(other.socket, 'room:join', { roomId: room.id });
    hasFields(joined, 'ok roomId userId seq epoch room');
    assert.deepEqual([joined.roomId, joined.userId, joined.room.memberCount], [room.id, bob.id, 2]);
    assert.equal((await askOk(other.socket, 'room:join', { roomId: room.id })).duplicate, true);
    hasFields(await askOk(other.socket, 'room:leave', { roomId: room.id }), 'ok roomId userId');
  });

  test('typing:start, and lists', async () => {
    const room = await newRoom();
    const { socket } = await alice.socket();
    assert.deepEqual(await askOk(socket, 'typing:start', { roomId: room.id }), { ok: true });
    hasFields(await askOk(socket, 'room:list', {}), 'ok items');
    hasFields(await askOk(socket, 'message:list', { roomId: room.id }), 'ok items limit head', 'next prev');
  });

  test('an event that does not exist', async () => {
    const { socket } = await alice.socket();
    for (const event of ['no:such', 'toString', '__proto__']) {
      const answer = await ask(socket, event, {});
      assert.equal(answer.ok, false, event);
      isError(answer.error);
    }
  });
});

describe('sending again under the same clientId', () => {
  test('is the same message, by either way', async () => {
    const room = await newRoom();
    const [sender, witness] = [await alice.socket(), await bob.socket()];
    const payload = { roomId: room.id, content: 'once', clientId: 'retry-1' };
    const first = await askOk(sender.socket, 'message:send', payload);
    const second = await askOk(sender.socket, 'message:send', payload);
    assert.deepEqual(second, { ...first, duplicate: true });
    const third = await alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content: 'once', clientId: 'retry-1' });
    assert.deepEqual([third.status, third.body.id, third.body.duplicate], [200, first.id, true]);
    await askOk(sender.socket, 'message:send', { roomId: room.id, content: 'next' });
    await witness.hears('message:new', (message) => message.content === 'next');
    assert.equal(witness.all('message:new').length, 2);
  });

  test('with another text is a conflict', async () => {
    const room = await newRoom();
    const { socket } = await alice.socket();
    await askOk(socket, 'message:send', { roomId: room.id, content: 'once', clientId: 'retry-2' });
    const error = await askRefused('conflict', socket, 'message:send', { roomId: room.id, content: 'other', clientId: 'retry-2' });
    assert.equal(error.retryable, false);
    const stored = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/messages`));
    assert.deepEqual(stored.map((message) => message.content), ['once']);
  });

  test('in another room, or by another person, is another message', async () => {
    const [one, two] = [await newRoom(), await newRoom()];
    const [mine, theirs] = [await alice.socket(), await bob.socket()];
    const ids = [
      await askOk(mine.socket, 'message:send', { roomId: one.id, content: 'x', clientId: 'retry-3' }),
      await askOk(mine.socket, 'message:send', { roomId: two.id, content: 'x', clientId: 'retry-3' }),
      await askOk(theirs.socket, 'message:send', { roomId: one.id, content: 'x', clientId: 'retry-3' }),
    ].map((answer) => answer.id);
    assert.equal(new Set(ids).size, 3);
  });

  test('works for direct messages', async () => {
    const { socket } = await alice.socket();
    const payload = { receiverId: bob.id, content: 'once', clientId: 'retry-4' };
    const first = await askOk(socket, 'dm:send', payload);
    assert.deepEqual(await askOk(socket, 'dm:send', payload), { ...first, duplicate: true });
  });

  test('ten at once are one message', async () => {
    const room = await newRoom();
    const { socket } = await alice.socket();
    const payload = { roomId: room.id, content: 'race', clientId: 'retry-5' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => askOk(socket, 'message:send', payload)));
    assert.equal(new Set(answers.map((answer) => answer.id)).size, 1);
    assert.equal(answers.filter((answer) => !answer.duplicate).length, 1);
  });
});

test('Idempotency-Key makes a room once', async () => {
  const headers = { 'idempotency-key': 'make-room-1' };
  const make = (body) => alice.rest('POST', '/chat/rooms', body, headers);
  const first = await expectStatus(201, make({ name: 'Once' }));
  const second = await make({ name: 'Once' });
  assert.ok([200, 201].includes(second.status), second.text);
  assert.equal(second.body.id, first.id);
  isProblem(await make({ name: 'Other' }), 409, 'conflict');
});

test('Idempotency-Key does for a message what clientId does', async () => {
  const room = await newRoom();
  const post = () => alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content: 'keyed' }, { 'idempotency-key': 'key-1' });
  const first = await expectStatus(201, post());
  const second = await post();
  assert.deepEqual([second.body.id, second.body.duplicate], [first.id, true]);
});

test('what one’s own requests change reaches one’s other devices', async () => {
  const device = await alice.socket();
  const room = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'Made over REST' }));
  assert.equal((await device.hears('room:created')).id, room.id);
  await expectStatus(201, alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content: 'over REST' }));
  assert.equal((await device.hears('message:new')).content, 'over REST');
  await expectStatus(200, alice.rest('PATCH', `/chat/rooms/${room.id}`, { name: 'Renamed' }));
  assert.equal((await device.hears('room:updated')).name, 'Renamed');
  assert.equal((await alice.rest('DELETE', `/chat/rooms/${room.id}`)).status, 204);
  const deleted = await device.hears('room:deleted');
  hasFields(deleted, 'roomId seq epoch');
  assert.equal(deleted.roomId, room.id);
});

test('logging out closes the live sockets of that session within 2 s', async () => {
  const register = await call(server, 'POST', '/auth/register', { body: { username: 'lena', password: 'a long password' } });
  const { accessToken } = await expectStatus(201, register);
  const lena = Object.assign(new Person(server, 'lena'), { token: accessToken });
  const [idiomatic, tutorial] = [await lena.socket(), await lena.tutorial()];
  const closed = Promise.all([once(idiomatic.socket, 'disconnect'), tutorial.hears('(disconnect)')]);
  const start = performance.now();
  assert.equal((await lena.rest('POST', '/auth/logout')).status, 204);
  await closed;
  assert.ok(performance.now() - start < 2000, `after ${performance.now() - start} ms`);
  assert.equal((await idiomatic.hears('session:ended')).reason, 'logout');
});
