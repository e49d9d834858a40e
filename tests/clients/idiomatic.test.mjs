// The profile of every Socket.IO client's defaults: path `/socket.io/`, token in `auth`, errors with data.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { io } from 'socket.io-client';

import { Person } from './people.mjs';
import { expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';
import { hasFields } from './shapes.mjs';
import { askOk, Ear, once } from './sockets.mjs';
import { signToken } from './tokens.mjs';

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

for (const [way, options] of Object.entries({
  'defaults': {},
  'WebSocket only': { transports: ['websocket'] },
  'polling only': { transports: ['polling'] },
  'no trailing slash': { addTrailingSlash: false },
  'auth as a function': { auth: (give) => give({ token: alice.token }) },
})) {
  test(`connected means ready: ${way}`, async () => {
    const room = await newRoom();
    const ear = await alice.socket(options);
    await expectStatus(201, bob.rest('POST', `/chat/rooms/${room.id}/messages`, { content: 'hello' }));
    assert.equal((await ear.hears('message:new')).content, 'hello');
    for (const name of ['ping', 'authenticated', 'unauthenticated']) assert.deepEqual(ear.all(name), []);
  });
}

test('who is online is told once after connecting', async () => {
  await newRoom();
  const first = await bob.socket();
  const ear = await alice.socket();
  const snapshot = await ear.hears('presence:snapshot');
  hasFields(snapshot, 'users');
  snapshot.users.forEach((user) => hasFields(user, 'userId status lastSeenAt'));
  assert.ok(snapshot.users.some((user) => user.userId === bob.id && user.status === 'online'), JSON.stringify(snapshot));
  assert.equal(ear.all('presence:snapshot').length, 1);
  first.socket.disconnect();
});

for (const [what, auth] of Object.entries({
  'no auth': undefined,
  'an empty token': { token: '' },
  'a token that is none': { token: 'x' },
  'a token that is a number': { token: 7 },
  'a foreign signature': { token: signToken({ sub: 'host:alice' }, 'another secret, 32 bytes or more too') },
  'a token that has ended': { token: signToken({ sub: 'host:alice', exp: 1 }) },
})) {
  test(`${what} is refused with connect_error and its data`, async () => {
    const socket = io(server.url, { auth, forceNew: true, reconnection: false });
    const error = await once(socket, 'connect_error');
    assert.ok(error.data, `connect_error without data: ${error.message}`);
    assert.equal(typeof error.data.message, 'string');
    assert.match(String(error.data.code), /^unauth(enticated|orized)$/iu, JSON.stringify(error.data));
    assert.equal(socket.connected, false);
    socket.disconnect();
  });
}

test('a namespace that does not exist is refused', async () => {
  const socket = io(`${server.url}/admin`, { auth: { token: alice.token }, forceNew: true, reconnection: false });
  assert.equal((await once(socket, 'connect_error')).message, 'Invalid namespace');
  socket.disconnect();
});

test('both profiles talk to each other', async () => {
  const room = await newRoom();
  const [modern, classic] = [await alice.socket(), await bob.tutorial()];
  await askOk(modern.socket, 'message:send', { roomId: room.id, content: 'from /socket.io/' });
  await classic.hears('message:new', (message) => message.content === 'from /socket.io/');
  classic.sendMessage({ roomId: room.id, content: 'from /io', userId: bob.id });
  await modern.hears('message:new', (message) => message.content === 'from /io');
});

test('several sockets of a user all hear, and answers go to the one that asked', async () => {
  const room = await newRoom();
  const devices = [await alice.socket(), await alice.socket(), await alice.socket({ transports: ['polling'] })];
  const { id } = await askOk(devices[0].socket, 'message:send', { roomId: room.id, content: 'to all' });
  for (const device of devices) {
    await device.hears('message:new', (message) => message.id === id);
    await askOk(device.socket, 'room:list', {});
    assert.equal(device.all('message:new').length, 1);
  }
});

test('a newer token keeps the connection; another user’s does not', async () => {
  const ear = await alice.socket();
  const newer = signToken({ sub: alice.id, preferred_username: alice.username, name: alice.displayName, exp: Math.floor(Date.now() / 1000) + 7200 });
  await askOk(ear.socket, 'authenticate', { token: newer });
  const answer = await ear.ask('authenticate', { token: bob.token });
  assert.equal(answer.ok, false);
  assert.equal((await ear.ask('user:me', {})).id, alice.id);
});

test('a socket outlives its token by at most 5 s', async () => {
  const brief = new Person(server, 'brief');
  brief.token = signToken({ sub: brief.id, preferred_username: 'brief', exp: Math.floor(Date.now() / 1000) + 3 });
  const { socket } = await brief.socket();
  const start = performance.now();
  await once(socket, 'disconnect', 12_000);
  const elapsed = performance.now() - start;
  assert.ok(elapsed > 1500 && elapsed < 9000, `after ${elapsed} ms`);
});

test('after a break the client comes back by itself', async () => {
  const room = await newRoom();
  const socket = io(server.url, { auth: { token: alice.token }, forceNew: true, reconnectionDelay: 50, transports: ['websocket'] });
  const ear = new Ear(socket);
  await once(socket, 'connect');
  const first = await askOk(socket, 'message:send', { roomId: room.id, content: 'before' });
  const again = once(socket, 'connect');
  socket.io.engine.close();
  await expectStatus(201, bob.rest('POST', `/chat/rooms/${room.id}/messages`, { content: 'while away' }));
  await again;
  const missed = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/messages?after=${first.seq}`));
  assert.deepEqual(missed.map((message) => message.content), ['while away']);
  await expectStatus(201, bob.rest('POST', `/chat/rooms/${room.id}/messages`, { content: 'back' }));
  await ear.hears('message:new', (message) => message.content === 'back');
  socket.disconnect();
});
