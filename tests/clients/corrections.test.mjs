// Where the tutorial is wrong and this server is not: nobody speaks for another, nothing leaks, nothing is lost.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { Person } from './people.mjs';
import { expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';
import { isProblem } from './shapes.mjs';
import { askOk, askRefused } from './sockets.mjs';

let server;
let alice;
let bob;
let mallory;
const guests = [];

before(async () => {
  server = await startServer();
  [alice, bob, mallory] = ['alice', 'bob', 'mallory'].map((name) => new Person(server, name));
  for (const person of [alice, bob, mallory]) await expectStatus(200, person.rest('GET', '/auth/me'));
});
afterEach(() => [alice, bob, mallory, ...guests].forEach((person) => person.leave()));
after(() => server?.stop());

/** People who have never been here: whoever was online a moment ago still counts as online. */
async function newcomers(...names) {
  const people = names.map((name) => new Person(server, name));
  for (const person of people) await expectStatus(200, person.rest('GET', '/auth/me'));
  guests.push(...people);
  return people;
}

async function newRoom({ isPrivate = false, members = [] } = {}) {
  const room = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'Room', isPrivate }));
  for (const member of members) await expectStatus(200, alice.rest('PUT', `/chat/rooms/${room.id}/members/${member.id}`, {}));
  return room;
}

test('1: nobody can speak for another', async () => {
  const room = await newRoom({ members: [bob, mallory] });
  const [attacker, victim, witness] = [await mallory.tutorial(), await alice.tutorial(), await bob.tutorial()];
  attacker.sendMessage({ roomId: room.id, content: 'as Alice', userId: alice.id });
  assert.equal((await witness.hears('message:new')).senderId, mallory.id);
  attacker.sendDirectMessage({ receiverId: bob.id, content: 'as Alice', userId: alice.id });
  assert.equal((await witness.hears('dm:new')).senderId, mallory.id);
  const { id } = await askOk(victim.socket, 'message:send', { roomId: room.id, content: 'Alice’s' });
  await askRefused('forbidden', attacker.socket, 'message:edit', { messageId: id, content: 'changed', userId: alice.id });
  await askRefused('forbidden', attacker.socket, 'message:delete', { messageId: id, userId: alice.id });
  attacker.leaveRoom({ roomId: room.id, userId: alice.id });
  assert.equal((await witness.hears('room:user-left')).userId, mallory.id);
  victim.sendMessage({ roomId: room.id, content: 'still here', userId: bob.id });
  assert.equal((await witness.hears('message:new', (message) => message.content === 'still here')).senderId, alice.id);
});

test('3: a direct message goes to a user, not to a socket or a room', async () => {
  const room = await newRoom({ members: [bob] });
  const [sender, receiver] = [await alice.tutorial(), await bob.tutorial()];
  for (const receiverId of [receiver.socket.id, `room:${room.id}`, room.id, room.slug, 'io-default']) {
    await askRefused('not_found', sender.socket, 'dm:send', { receiverId, content: 'x' });
  }
  await askOk(receiver.socket, 'room:list', {});
  assert.deepEqual(receiver.ear.all('dm:new'), []);
});

describe('4: every read and write checks membership', () => {
  test('a private room and none at all look the same, by every way', async () => {
    const room = await newRoom({ isPrivate: true });
    const { id } = await expectStatus(201, alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content: 'secret' }));
    const outsider = await mallory.tutorial();
    const same = async (ask) => {
      const [hidden, absent] = [await ask(room.id, id), await ask('no-such-room', 'no-such-message')];
      assert.deepEqual(hidden, absent);
    };
    const without = ({ requestId, ...rest }) => rest;
    const rest = (method, path, body) => (roomId, messageId) => mallory
      .rest(method, path.replace('ROOM', roomId).replace('MESSAGE', messageId), body)
      .then((answer) => ({ status: answer.status, ...without(answer.body) }));
    await same(rest('GET', '/chat/rooms/ROOM'));
    await same(rest('GET', '/chat/rooms/ROOM/messages'));
    await same(rest('GET', '/chat/rooms/ROOM/messages?before=MESSAGE'));
    await same(rest('GET', '/chat/rooms/ROOM/members'));
    await same(rest('GET', '/chat/rooms/ROOM/online'));
    await same(rest('POST', '/chat/rooms/ROOM/messages', { content: 'x' }));
    await same(rest('POST', '/chat/rooms/ROOM/join'));
    await same(rest('PUT', '/chat/rooms/ROOM/read', { seq: 1 }));
    await same(rest('PUT', `/chat/rooms/ROOM/members/${mallory.id}`, {}));
    await same(rest('PATCH', '/chat/rooms/ROOM', { name: 'x' }));
    await same(rest('DELETE', '/chat/rooms/ROOM'));
    await same(rest('PATCH', '/chat/messages/MESSAGE', { content: 'x' }));
    await same(rest('DELETE', '/chat/messages/MESSAGE'));
    const event = (name, payload) => async (roomId, messageId) => {
      const filled = JSON.parse(JSON.stringify(payload).replace('ROOM', roomId).replace('MESSAGE', messageId));
      return askRefused('not_found', outsider.socket, name, filled);
    };
    await same(event('room:join', { roomId: 'ROOM' }));
    await same(event('message:send', { roomId: 'ROOM', content: 'x' }));
    await same(event('message:list', { roomId: 'ROOM' }));
    await same(event('message:edit', { messageId: 'MESSAGE', content: 'x' }));
    await same(event('message:delete', { messageId: 'MESSAGE' }));
    await same(event('room:read', { roomId: 'ROOM', seq: 1 }));
  });

  test('a public room answers who is not in it with forbidden', async () => {
    const room = await newRoom();
    const outsider = await mallory.tutorial();
    const error = await askRefused('forbidden', outsider.socket, 'message:send', { roomId: room.id, content: 'x' });
    assert.equal(error.message, 'Not a member of this room');
    isProblem(await mallory.rest('GET', `/chat/rooms/${room.id}/messages`), 403, 'forbidden');
  });
});

test('6: joining twice is one membership; leaving is kept, and stops delivery on all sockets', async () => {
  const room = await newRoom();
  const [first, second, owner] = [await bob.tutorial(), await bob.tutorial(), await alice.tutorial()];
  const joined = await askOk(first.socket, 'room:join', { roomId: room.id });
  const again = await askOk(second.socket, 'room:join', { roomId: room.id });
  assert.deepEqual([Boolean(joined.duplicate), again.duplicate], [false, true]);
  assert.equal((await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/members`))).length, 2);
  await askOk(first.socket, 'message:send', { roomId: room.id, content: 'joined' });
  await owner.hears('message:new');
  assert.equal(owner.ear.all('room:user-joined').length, 1);

  await askOk(first.socket, 'room:leave', { roomId: room.id });
  await askOk(owner.socket, 'message:send', { roomId: room.id, content: 'after they left' });
  await owner.hears('message:new', (message) => message.content === 'after they left');
  for (const device of [first, second]) {
    await askOk(device.socket, 'room:list', {});
    assert.deepEqual(device.ear.all('message:new').map((message) => message.content), ['joined']);
  }
  const rooms = await expectStatus(200, bob.rest('GET', '/chat/rooms'));
  assert.ok(!rooms.some((one) => one.id === room.id));
});

test('7: a burst keeps its order everywhere', async () => {
  const room = await newRoom({ members: [bob] });
  const [sender, member] = [await alice.tutorial(), await bob.tutorial({ transports: ['polling'] })];
  const contents = Array.from({ length: 60 }, (_, index) => `burst ${index}`);
  for (const content of contents) sender.sendMessage({ roomId: room.id, content, userId: alice.id });
  for (const client of [member, sender]) {
    await client.hears('message:new', (message) => message.content === contents.at(-1));
    assert.deepEqual(client.ear.all('message:new').map((message) => message.content), contents);
    const seqs = client.ear.all('message:new').map((message) => message.seq);
    assert.deepEqual(seqs, seqs.map((_, index) => seqs[0] + index), 'positions have holes');
  }
  const history = await expectStatus(200, bob.rest('GET', `/chat/rooms/${room.id}/messages?limit=100`));
  assert.deepEqual(history.map((message) => message.content).reverse(), contents);
});

test('8: a deleted message leaves a tombstone', async () => {
  const room = await newRoom({ members: [bob] });
  const { socket } = await bob.socket();
  const send = (content) => askOk(socket, 'message:send', { roomId: room.id, content });
  const [first, second, third] = [await send('one'), await send('two'), await send('three')];
  const deleted = await askOk(socket, 'message:delete', { messageId: second.id });
  const again = await askOk(socket, 'message:delete', { messageId: second.id });
  assert.deepEqual(again, deleted, 'deleting twice is not one deletion');
  await askRefused('not_found', socket, 'message:edit', { messageId: second.id, content: 'undead' });
  const list = (query) => expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/messages?${query}`));
  assert.deepEqual((await list('')).map((message) => message.id), [third.id, first.id]);
  assert.deepEqual((await list(`before=${third.id}`)).map((message) => message.id), [first.id]);
  for (const query of [`after=${first.id}`, `around=${second.id}`]) {
    const tombstone = (await list(query)).find((message) => message.id === second.id);
    assert.ok(tombstone, `no tombstone in ?${query}`);
    assert.deepEqual([tombstone.content, tombstone.metadata, tombstone.deletedBy], ['', null, bob.id]);
    assert.equal(tombstone.messageSeq ?? tombstone.seq, second.seq);
    assert.ok(Date.parse(tombstone.deletedAt) > 0);
  }
});

describe('9: what is refused has stored nothing, and tells nothing of the inside', () => {
  const bad = {
    'an empty text': { content: '' },
    'invisible text': { content: ' \u200b\n' },
    'a text of U+0000': { content: 'a\0b' },
    'a text that is too long': { content: 'x'.repeat(10_001) },
    'a text that is an object': { content: { $ne: 1 } },
    'no text': {},
    'a type that is too long': { content: 'x', type: 'x'.repeat(21) },
    'the server’s own type': { content: 'x', type: 'system' },
    'metadata that is no object': { content: 'x', metadata: 'text' },
    'metadata that is too deep': { content: 'x', metadata: { a: { b: { c: { d: { e: 1 } } } } } },
    'a surplus field': { content: 'x', senderId: 'host:bob' },
    'a clientId of a wrong form': { content: 'x', clientId: 'a\0b' },
    'a room that is a list': { roomId: ['general'], content: 'x' },
  };
  for (const [what, fields] of Object.entries(bad)) {
    test(what, async () => {
      const room = await newRoom();
      const { socket } = await alice.socket();
      const answer = await socket.timeout(5000).emitWithAck('message:send', { roomId: room.id, ...fields });
      assert.equal(answer.ok, false, JSON.stringify(answer));
      assert.equal(answer.error.code, 'SEND_FAILED');
      assert.equal(answer.error.retryable, false);
      assert.doesNotMatch(answer.error.message, /SELECT|INSERT|sqlite|postgres|panicked|\.rs|at line/iu);
      if (!fields.roomId) isProblem(await alice.rest('POST', `/chat/rooms/${room.id}/messages`, fields), 400, answer.error.reason);
      const stored = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/messages`));
      assert.deepEqual(stored, []);
    });
  }

  test('hostile text is stored and told exactly as it was sent', async () => {
    const room = await newRoom({ members: [bob] });
    const [sender, member] = [await alice.socket(), await bob.socket()];
    for (const content of ['<script>alert(1)</script>', "'); DROP TABLE rooms;--", '\u202e right to left', '{"__proto__":{}}', '😀'.repeat(500), 'line\nline\r\n\ttab']) {
      await askOk(sender.socket, 'message:send', { roomId: room.id, content });
      assert.equal((await member.hears('message:new', (message) => message.content === content)).content, content);
    }
  });

  test('arguments that are binary, or none', async () => {
    const room = await newRoom();
    const { socket } = await alice.socket();
    for (const payload of [{ roomId: room.id, content: Buffer.from('x') }, Buffer.from('x')]) {
      const answer = await socket.timeout(5000).emitWithAck('message:send', payload);
      assert.equal(answer.ok, false, JSON.stringify(answer));
    }
    const empty = await socket.timeout(5000).emitWithAck('message:send');
    assert.equal(empty.ok, false);
    await askOk(socket, 'message:send', { roomId: room.id, content: 'the socket still works' });
  });
});

test('10: typing and presence of a room reach its members only', async () => {
  const [writer, stranger] = await newcomers('wanda', 'stranger');
  const room = await newRoom({ members: [bob, writer] });
  const [outsider, member] = [await stranger.socket(), await bob.socket()];
  const { socket } = await writer.socket();
  await member.hears('presence:changed', (one) => one.userId === writer.id && one.status === 'online');
  socket.emit('typing:start', { roomId: room.id });
  await member.hears('typing:update');
  outsider.socket.emit('typing:start', { roomId: room.id });
  await askOk(outsider.socket, 'room:list', {});
  await askOk(member.socket, 'room:list', {});
  assert.deepEqual(member.all('typing:update').map((one) => one.userId), [writer.id]);
  for (const name of ['typing:update', 'presence:changed']) assert.deepEqual(outsider.all(name), []);
});

test('12: isOnline and lastSeenAt are real', async () => {
  const [visitor] = await newcomers('vera');
  await newRoom({ members: [visitor] });
  const isOnline = async () => (await expectStatus(200, alice.rest('GET', `/chat/users/${visitor.id}`))).isOnline;
  assert.equal(await isOnline(), false);
  const watcher = await alice.socket();
  const device = await visitor.socket();
  await watcher.hears('presence:changed', (one) => one.userId === visitor.id && one.status === 'online');
  assert.equal(await isOnline(), true);
  device.socket.disconnect();
  const told = await watcher.hears('presence:changed', (one) => one.userId === visitor.id && one.status === 'offline', 15_000);
  assert.ok(Math.abs(Date.parse(told.lastSeenAt) - Date.now()) < 20_000, told.lastSeenAt);
  assert.equal(await isOnline(), false);
  // It is written down at about the time that it is told.
  let seen = null;
  for (let tries = 0; seen !== told.lastSeenAt && tries < 40; tries += 1) {
    if (tries > 0) await new Promise((done) => setTimeout(done, 50));
    ({ lastSeenAt: seen } = await expectStatus(200, alice.rest('GET', `/chat/users/${visitor.id}`)));
  }
  assert.equal(seen, told.lastSeenAt);
});

test('12: metadata is real', async () => {
  const room = await newRoom();
  const metadata = { file: { name: 'a.txt', size: 12 }, tags: ['x', 'y'] };
  const sent = await expectStatus(201, alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content: 'x', metadata }));
  assert.deepEqual(sent.metadata, metadata);
  const [read] = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/messages`));
  assert.deepEqual(read.metadata, metadata);
});
