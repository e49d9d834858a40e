// Servers on Node that share our Redis: the real adapter, the real emitter, the real client.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';

import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { Emitter } from '@socket.io/redis-emitter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';

import { Person } from './people.mjs';
import { newDatabase, POSTGRES } from './postgres.mjs';
import { expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';
import { Ear, once } from './sockets.mjs';

const REDIS = process.env.FIRESIDE_TEST_REDIS_URL;
const WAIT_MS = 10_000;

const skip = REDIS && POSTGRES ? false : 'FIRESIDE_TEST_REDIS_URL or FIRESIDE_TEST_POSTGRES_URL is not set';

/** How servers on Node share a Redis: what they are made with, what we are told, and how they count each other. */
const DIALECTS = {
  classic: {
    setting: 'on',
    adapter: (publishing, listening, key, options) => createAdapter(publishing, listening, { key, requestsTimeout: 3000, ...options }),
    count: (connection, key) => connection.pubsub('NUMSUB', `${key}-request#/#`),
    hasChannels: false,
  },
  sharded: {
    setting: 'sharded',
    adapter: (publishing, listening, key) => createShardedAdapter(publishing, listening, { channelPrefix: key }),
    count: (connection, key, room) => connection.pubsub('SHARDNUMSUB', `${key}#/#${room ? `${room}#` : ''}`),
    // Each room has one, which is listened to soon after its first socket is there.
    hasChannels: true,
  },
};

for (const [name, dialect] of Object.entries(DIALECTS)) {
  describe(`in the company of Node servers, ${name}`, { skip }, () => company(dialect));
}

function company(dialect) {
  const key = `company-${randomBytes(6).toString('hex')}`;
  const connections = [];
  let server;
  let node;
  let emitter;
  let alice;
  let bob;

  function redis() {
    const connection = new Redis(REDIS);
    connections.push(connection);
    return connection;
  }

  before(async () => {
    server = await startServer({
      FIRESIDE_DATABASE_URL: await newDatabase(),
      FIRESIDE_REDIS_URL: REDIS,
      FIRESIDE_REDIS_ADAPTER: dialect.setting,
      FIRESIDE_REDIS_ADAPTER_KEY: key,
    });
    [alice, bob] = ['alice', 'bob'].map((name) => new Person(server, name));
    for (const person of [alice, bob]) await expectStatus(200, person.rest('GET', '/auth/me'));
    node = await startNode();
    // The emitter speaks as the classic adapter does.
    emitter = dialect === DIALECTS.classic ? new Emitter(redis(), { key }) : node.io;
    await until('both servers listen', async () => (await listening()) === 2);
  });
  afterEach(async () => {
    for (const person of [alice, bob]) {
      person?.leave();
      if (dialect.hasChannels) await until('they are gone', async () => (await listening(`user:${person.id}`)) === 0);
    }
  });
  after(async () => {
    node?.io.close();
    connections.forEach((connection) => connection.disconnect());
    await server?.stop();
  });

  /** A server as the tutorial writes it, on a free port. */
  async function startNode(options = {}) {
    const http = createServer();
    const adapter = dialect.adapter(redis(), redis(), key, options);
    const started = new Server(http, { adapter });
    await new Promise((done) => http.listen(0, '127.0.0.1', done));
    return { io: started, url: `http://127.0.0.1:${http.address().port}` };
  }

  /** How many servers hear what is for all, or for one room. */
  async function listening(room) {
    const [, count] = await dialect.count(connections[0], key, room);
    return Number(count);
  }

  async function reachable(...rooms) {
    if (!dialect.hasChannels) return;
    for (const room of rooms) await until(`${room} is listened to`, async () => (await listening(room)) === 1);
  }

  async function until(what, ask) {
    const deadline = performance.now() + WAIT_MS;
    while (performance.now() < deadline) {
      if (await ask()) return;
      await new Promise((done) => setTimeout(done, 25));
    }
    assert.fail(`waited ${WAIT_MS} ms: ${what}`);
  }

  async function newRoom() {
    const room = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'Room' }));
    await expectStatus(200, bob.rest('POST', `/chat/rooms/${room.id}/join`));
    return room;
  }

  test('what the emitter and a server emit reaches our sockets', async () => {
    const room = await newRoom();
    const [hers, his] = [await alice.socket(), await bob.tutorial()];
    await reachable(`room:${room.id}`, `user:${alice.id}`);
    const content = { n: [1, 1.5, -3, 5_000_000_000], text: 'Grüße', none: null };
    for (const from of [emitter, node.io]) {
      for (const [name, target] of [
        ['app:all', from],
        ['app:room', from.to(`room:${room.id}`)],
        ['app:user', from.to(`user:${alice.id}`)],
        ['app:socket', from.to(hers.socket.id)],
        ['app:many', from.to('io-default').to(`user:${alice.id}`).to(hers.socket.id)],
      ]) {
        target.emit(name, content);
        assert.deepEqual(await hers.hears(name), content, name);
      }
      await his.ear.hears('app:room');
      await his.ear.hears('app:many');
      assert.deepEqual(his.ear.all('app:user'), [], 'not for bob');
      assert.equal(hers.all('app:many').length, 1, 'once, in however many rooms');
      from.except(`user:${alice.id}`).emit('app:others');
      await his.ear.hears('app:others');
      from.emit('app:last');
      await hers.hears('app:last');
      assert.deepEqual(hers.all('app:others'), [], 'alice is excepted');
      hers.forget();
      his.ear.forget();
    }
  });

  test('binary data and dates arrive as they do from Node', async () => {
    for (const options of [{ transports: ['websocket'] }, { transports: ['polling'] }]) {
      const ear = await alice.socket(options);
      const arrived = once(ear.socket, 'app:data');
      node.io.emit('app:data', Buffer.from([1, 2, 255]), new Date(1_700_000_000_123), { deep: [Buffer.from('x')] });
      const [bytes, date, object] = await arrived;
      assert.deepEqual([...bytes], [1, 2, 255]);
      assert.equal(date, '2023-11-14T22:13:20.123Z');
      assert.equal(Buffer.from(object.deep[0]).toString(), 'x');
    }
  });

  test('two thousand events come in order', async () => {
    const ear = await alice.socket();
    await reachable(`user:${alice.id}`);
    for (let number = 0; number < 2000; number += 1) {
      emitter.to(`user:${alice.id}`).emit('app:number', number);
      // Whoever does not read is closed: this process is both, and has to come to reading.
      if (number % 250 === 249) await ear.hears('app:number', (heard) => heard === number, WAIT_MS);
    }
    assert.deepEqual(ear.all('app:number'), Array.from({ length: 2000 }, (_, number) => number));
  });

  test('nobody speaks for us, and nobody hears who has not authenticated', async () => {
    const room = await newRoom();
    const ear = await alice.socket();
    const stranger = io(server.url, { path: '/io', forceNew: true, reconnection: false });
    const strangers = new Ear(stranger);
    await once(stranger, 'connect');
    const forged = { id: 'x', roomId: room.id, content: 'forged', seq: 99 };
    for (const name of ['message:new', 'typing:update', 'presence:changed', 'session:ended', 'authenticated']) {
      emitter.to(`room:${room.id}`).emit(name, forged);
      node.io.emit(name, forged);
    }
    emitter.emit('app:with-a-place-in-a-log', forged);
    emitter.to(stranger.id).emit('app:to-the-stranger');
    emitter.emit('app:last');
    await ear.hears('app:last');
    const foreign = ear.heard.filter((one) => one.payload?.content === 'forged' || one.name === 'authenticated');
    assert.deepEqual(foreign, []);
    assert.deepEqual(strangers.heard, []);
    stranger.disconnect();
  });

  test('a server sees our sockets, and nothing of who they belong to', async () => {
    const room = await newRoom();
    const ear = await alice.socket({ extraHeaders: { cookie: 'secret=1' } });
    const sockets = await node.io.in(`room:${room.id}`).fetchSockets();
    const seen = sockets.find((socket) => socket.id === ear.socket.id);
    assert.ok(seen, 'alice is seen');
    for (const name of [ear.socket.id, `room:${room.id}`, `user:${alice.id}`]) assert.ok(seen.rooms.has(name), name);
    assert.deepEqual([seen.handshake.headers, seen.handshake.auth, seen.data], [{}, {}, {}]);
    const arrived = ear.hears('app:remote');
    seen.emit('app:remote', 1);
    assert.equal(await arrived, 1);
    assert.equal(JSON.stringify([...seen.rooms]).includes('digest:'), false, 'what is ours alone has no name there');
    if (dialect !== DIALECTS.classic) return;
    const rooms = await node.io.of('/').adapter.allRooms();
    assert.ok(rooms.has(`room:${room.id}`) && rooms.has(ear.socket.id), [...rooms].join());
    assert.equal(JSON.stringify([...rooms]).includes('digest:'), false, 'what is ours alone has no name there');
  });

  test('rooms of others are theirs, and ours are not to be entered that way', async () => {
    const secret = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'Secret', isPrivate: true }));
    const [hers, his] = [await alice.socket(), await bob.socket()];
    node.io.in(`user:${bob.id}`).socketsJoin(['vip', `room:${secret.id}`, `user:${alice.id}`]);
    emitter.in(`user:${alice.id}`).socketsJoin('42');
    await until('they have joined', async () => {
      const [vip, number] = await Promise.all([node.io.in('vip').fetchSockets(), node.io.in('42').fetchSockets()]);
      return vip.length === 1 && number.length === 1;
    });
    node.io.to('vip').to(42).emit('app:vip');
    await Promise.all([hers.hears('app:vip'), his.hears('app:vip')]);
    await reachable('vip');
    await expectStatus(201, alice.rest('POST', `/chat/rooms/${secret.id}/messages`, { content: 'secret' }));
    await hers.hears('message:new');
    emitter.to('vip').emit('app:last');
    await his.hears('app:last');
    assert.deepEqual(his.all('message:new'), [], 'bob is no member');
    node.io.in('vip').socketsLeave('vip');
    await until('he has left', async () => (await node.io.in('vip').fetchSockets()).length === 0);
    node.io.in(`user:${alice.id}`).socketsLeave(`room:${secret.id}`);
    await node.io.in(`user:${alice.id}`).fetchSockets();
    await expectStatus(201, alice.rest('POST', `/chat/rooms/${secret.id}/messages`, { content: 'still' }));
    await hers.hears('message:new', (message) => message.content === 'still');
  });

  test('acknowledgements of our clients come back', async () => {
    const room = await newRoom();
    const [hers, his] = [await alice.socket(), await bob.socket()];
    hers.socket.on('app:ask', (number, answer) => answer(number + 1));
    his.socket.on('app:ask', (number, answer) => answer(Buffer.from([number])));
    const answers = await node.io.to(`room:${room.id}`).timeout(3000).emitWithAck('app:ask', 7);
    assert.deepEqual(answers.map((one) => (Buffer.isBuffer(one) ? [...one] : one)).sort(), [8, [7]].sort());
    const refused = await node.io.to(`room:${room.id}`).timeout(3000).emitWithAck('message:new', 7);
    assert.deepEqual(refused, []);
  });

  test('servers among themselves are not held up by us', async () => {
    const other = await startNode({ publishOnSpecificResponseChannel: true });
    await until('all three listen', async () => (await listening()) === 3);
    other.io.on('ask', (number, answer) => answer(number + 1));
    const answers = await node.io.serverSideEmitWithAck('ask', 1);
    assert.deepEqual(answers.filter((one) => one !== null), [2]);
    const ear = await alice.socket();
    assert.ok((await other.io.fetchSockets()).some((socket) => socket.id === ear.socket.id));
    other.io.close();
  });

  test('what happens here reaches the sockets of others', async () => {
    const room = await newRoom();
    node.io.once('connection', (socket) => socket.join([`room:${room.id}`, `user:${bob.id}`]));
    const client = io(node.url, { forceNew: true, reconnection: false });
    const there = new Ear(client);
    await once(client, 'connect');
    const here = await bob.socket();
    let sent = 0;
    // We look every other second whether there are others.
    await until('the first message is told there', async () => {
      sent += 1;
      await expectStatus(201, alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content: `${sent}` }));
      return there.all('message:new').length > 0;
    });
    await expectStatus(201, alice.rest('POST', `/chat/dm/${bob.id}`, { content: 'for bob' }));
    const direct = await there.hears('dm:new');
    assert.deepEqual(direct, await here.hears('dm:new'), 'the same as our own clients hear');
    const [told] = there.all('message:new');
    assert.deepEqual(told, await here.hears('message:new', (message) => message.content === told.content));
    const hers = await alice.socket();
    // Typing is volatile: a server on Node drops it while the client is between two polls.
    await until('typing is told there', async () => {
      for (const name of ['typing:start', 'typing:stop']) hers.socket.emit(name, { roomId: room.id });
      return there.all('typing:update').length > 0;
    });
    assert.equal(there.all('typing:update')[0].userId, alice.id);
    client.disconnect();
  });

  test('a server disconnects our sockets', async () => {
    const ear = await alice.socket();
    const gone = once(ear.socket, 'disconnect');
    node.io.in(ear.socket.id).disconnectSockets(true);
    await gone;
  });
}
