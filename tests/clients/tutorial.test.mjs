// The tutorial's clients, unchanged: how they connect and authenticate, what they send, and what they hear.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { Person } from './people.mjs';
import { expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';
import { hasFields, isDirectMessage, isError, isMessage, isSender, isTime } from './shapes.mjs';
import { ask, askOk, once } from './sockets.mjs';
import { signToken } from './tokens.mjs';
import { TutorialClient } from './tutorial-client.mjs';

let server;
let alice;
let bob;
let carol;
let outsider;

before(async () => {
  server = await startServer();
  [alice, bob, carol, outsider] = ['alice', 'bob', 'carol', 'oscar'].map((name) => new Person(server, name));
  // Someone exists from their first valid token on.
  for (const person of [alice, bob, carol, outsider]) await expectStatus(200, person.rest('GET', '/auth/me'));
});
afterEach(() => [alice, bob, carol, outsider].forEach((person) => person.leave()));
after(() => server?.stop());

/** A room of Alice's, with these members besides her. */
async function newRoom(...members) {
  const room = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: `Room ${Math.random().toString(36).slice(2)}` }));
  for (const member of members) await expectStatus(200, member.rest('POST', `/chat/rooms/${room.id}/join`));
  return room;
}

/** What had been told to anyone by now has arrived at this client when this is over. */
const settled = (client) => askOk(client.socket, 'room:list', {});

describe('connecting and authenticating', () => {
  const ways = {
    'as the tutorial writes it': { transports: ['websocket', 'polling'] },
    'by WebSocket only': { transports: ['websocket'] },
    'by polling only': { transports: ['polling'] },
    'by polling, then upgraded': { transports: ['polling', 'websocket'] },
    'without the trailing slash': { transports: ['websocket'], addTrailingSlash: false },
    'by polling without the trailing slash': { transports: ['polling'], addTrailingSlash: false },
  };
  for (const [way, options] of Object.entries(ways)) {
    test(way, async () => {
      const client = await alice.tutorial(options);
      const names = client.ear.heard.map((one) => one.name);
      assert.deepEqual(names.slice(0, 3), ['(connect)', 'ping', 'authenticated'], names.join(' '));
      const [, ping, authenticated] = client.ear.heard;
      hasFields(ping.payload, 'time');
      isTime(ping.payload.time);
      hasFields(authenticated.payload, 'id time');
      isTime(authenticated.payload.time);
      assert.equal(authenticated.payload.id, client.socket.id);
      assert.equal(client.isAuthenticated, true);
    });
  }

  test('an upgrade loses nothing', async () => {
    const room = await newRoom(bob);
    const client = new TutorialClient(server.url, bob.token, { transports: ['polling', 'websocket'] });
    const { engine } = client.socket.io;
    const upgraded = once(engine, 'upgrade');
    await client.hears('authenticated');
    const sender = await alice.tutorial();
    const sent = [];
    const until = performance.now() + 300;
    while (performance.now() < until || engine.transport.name !== 'websocket') {
      sent.push((await askOk(sender.socket, 'message:send', { roomId: room.id, content: `number ${sent.length}` })).seq);
      assert.ok(sent.length < 2000, 'the upgrade never came');
    }
    await upgraded;
    await client.hears('message:new', (message) => message.seq === sent.at(-1));
    assert.deepEqual(client.ear.all('message:new').map((message) => message.seq), sent);
    client.socket.disconnect();
  });

  test('a token in the connect payload or in the event will do', async () => {
    const inPayload = new TutorialClient(server.url, null, { auth: { token: alice.token } });
    await inPayload.hears('authenticated');
    inPayload.socket.disconnect();
    const inEvent = new TutorialClient(server.url, null);
    inEvent.authenticate = () => inEvent.socket.emit('authenticate', { token: alice.token });
    await inEvent.hears('authenticated');
    inEvent.socket.disconnect();
  });

  test('a second authenticate does nothing', async () => {
    const client = await alice.tutorial();
    client.authenticate();
    await settled(client);
    assert.equal(client.ear.all('authenticated').length, 1);
    assert.equal(client.ear.all('ping').length, 1);
  });

  const bad = {
    'no token': () => null,
    'a token that is none': () => 'your-jwt-token',
    'a foreign signature': () => signToken({ sub: 'host:alice' }, 'another secret, 32 bytes or more too'),
    'a token that has ended': () => signToken({ sub: 'host:alice', exp: Math.floor(Date.now() / 1000) - 3600 }),
    'a token without an end': () => signToken({ sub: 'host:alice', exp: undefined }),
    'a token of nobody': () => signToken({ preferred_username: 'nobody' }),
  };
  for (const [what, token] of Object.entries(bad)) {
    test(`${what} is refused, then disconnected`, async () => {
      const client = new TutorialClient(server.url, token());
      const refusal = await client.hears('unauthenticated');
      hasFields(refusal, 'message time');
      isTime(refusal.time);
      await client.hears('(disconnect)', (reason) => reason === 'io server disconnect');
      const names = client.ear.heard.map((one) => one.name);
      assert.deepEqual(names, ['(connect)', 'unauthenticated', '(disconnect)']);
    });
  }

  for (const transports of [['polling'], ['polling', 'websocket']]) {
    test(`why it was refused is heard by ${transports.join(' and ')}, too`, async () => {
      for (let times = 0; times < 5; times += 1) {
        const client = new TutorialClient(server.url, 'your-jwt-token', { transports });
        await client.hears('(disconnect)', (reason) => reason === 'io server disconnect');
        assert.deepEqual(client.ear.heard.map((one) => one.name), ['(connect)', 'unauthenticated', '(disconnect)']);
      }
    });
  }

  test('before it, nothing else is heard, and nothing is told', async () => {
    const room = await newRoom(bob);
    const stranger = new TutorialClient(server.url, alice.token);
    stranger.authenticate = () => {};
    await stranger.hears('(connect)');
    const { socket } = stranger;
    socket.emit('room:leave', { roomId: room.id, userId: alice.id });
    socket.emit('message:send', { roomId: room.id, content: 'too early', userId: alice.id });
    for (const [event, payload] of [['message:send', { roomId: room.id, content: 'too early' }], ['room:list', {}], ['join', { rooms: [`room:${room.id}`] }]]) {
      const answer = await ask(socket, event, payload);
      assert.equal(answer.ok, false, `${event} was answered ${JSON.stringify(answer)}`);
      isError(answer.error);
      assert.equal(answer.error.code.toLowerCase(), 'unauthorized', JSON.stringify(answer.error));
    }
    const member = await bob.tutorial();
    const sender = await alice.tutorial();
    sender.sendMessage({ roomId: room.id, content: 'for members', userId: alice.id });
    await member.hears('message:new', (message) => message.content === 'for members');
    socket.emit('authenticate');
    await stranger.hears('authenticated');
    const before = stranger.ear.heard.findIndex((one) => one.name === 'authenticated');
    assert.deepEqual(stranger.ear.heard.slice(0, before).map((one) => one.name), ['(connect)', 'ping']);
    const history = await expectStatus(200, bob.rest('GET', `/chat/rooms/${room.id}/messages`));
    assert.deepEqual(history.map((message) => message.content), ['for members']);
    socket.disconnect();
  });
});

describe('what takes its time', { concurrency: true }, () => {
  test('who does not authenticate within 10 s is disconnected', async () => {
    const client = new TutorialClient(server.url, alice.token);
    client.authenticate = () => {};
    await client.hears('(connect)');
    const start = performance.now();
    await client.hears('(disconnect)', () => true, 15_000);
    const elapsed = performance.now() - start;
    assert.ok(elapsed > 9000 && elapsed < 13_000, `after ${elapsed} ms`);
  });

  test('the event ping comes every 30 s', async () => {
    // Not one of the cast: their sockets are closed after each test.
    const patient = new TutorialClient(server.url, signToken({ sub: 'host:patient', preferred_username: 'patient' }));
    await patient.hears('authenticated');
    const start = performance.now();
    patient.ear.forget();
    const ping = await patient.hears('ping', () => true, 35_000);
    const elapsed = performance.now() - start;
    hasFields(ping, 'time');
    isTime(ping.time);
    assert.ok(elapsed > 25_000 && elapsed < 33_000, `after ${elapsed} ms`);
    patient.socket.disconnect();
  });
});

describe('rooms', () => {
  test('joining and leaving is told to the members', async () => {
    const room = await newRoom(bob);
    const [member, joiner] = [await bob.tutorial(), await carol.tutorial()];
    joiner.joinRoom({ roomId: room.id, userId: carol.id });
    const joined = await member.hears('room:user-joined');
    hasFields(joined, 'roomId userId seq epoch', 'role by');
    assert.deepEqual([joined.roomId, joined.userId], [room.id, carol.id]);
    assert.deepEqual((await joiner.hears('room:user-joined')).userId, carol.id);
    joiner.leaveRoom({ roomId: room.id, userId: carol.id });
    const left = await member.hears('room:user-left');
    hasFields(left, 'roomId userId seq epoch', 'role by');
    assert.deepEqual([left.roomId, left.userId], [room.id, carol.id]);
  });

  test('a slug names a room as well as its id', async () => {
    const room = await newRoom(bob);
    const [member, joiner] = [await bob.tutorial(), await carol.tutorial()];
    joiner.joinRoom({ roomId: room.slug, userId: carol.id });
    assert.equal((await member.hears('room:user-joined')).roomId, room.id);
    joiner.sendMessage({ roomId: room.slug, content: 'by slug', userId: carol.id });
    assert.equal((await member.hears('message:new')).roomId, room.id);
    joiner.startTyping({ roomId: room.slug });
    assert.equal((await member.hears('typing:update')).roomId, room.id);
    joiner.stopTyping({ roomId: room.slug });
  });

  test('a service turns the delivery of its rooms off and on', async () => {
    const [room, other] = [await newRoom(bob), await newRoom(carol)];
    const [service, sender] = [await bob.tutorial(), await alice.tutorial()];
    service.leaveRooms({ rooms: [`room:${room.id}`] });
    await settled(service);
    sender.sendMessage({ roomId: room.id, content: 'unheard', userId: alice.id });
    await sender.hears('message:new', (message) => message.content === 'unheard');
    service.joinRooms({ rooms: [`room:${room.slug}`, `room:${other.id}`, 'io-default', 'no such room'] });
    await settled(service);
    await askOk(sender.socket, 'message:send', { roomId: other.id, content: 'not for Bob' });
    await askOk(sender.socket, 'message:send', { roomId: room.id, content: 'heard' });
    await service.hears('message:new', (message) => message.content === 'heard');
    assert.deepEqual(service.ear.all('message:new').map((message) => message.content), ['heard']);
    service.emit({ topic: 'message:send', data: { roomId: room.slug, content: 'from the service', userId: 'service-user' } });
    const message = await service.hears('message:new', (one) => one.content === 'from the service');
    assert.equal(message.senderId, bob.id);
  });
});

describe('messages', () => {
  test('a message, its edit and its deletion reach every member', async () => {
    const room = await newRoom(bob);
    const [author, member] = [await alice.tutorial(), await bob.tutorial()];
    author.sendMessage({ roomId: room.id, content: 'Hello everyone!', userId: alice.id });
    for (const client of [author, member]) {
      const message = await client.hears('message:new');
      isMessage(message, { room, sender: alice, content: 'Hello everyone!' });
      hasFields(message, 'id createdAt modifiedAt roomId senderId content type metadata editedAt deletedAt sender seq epoch rev');
      assert.deepEqual([message.type, message.metadata, message.editedAt, message.deletedAt], ['text', null, null, null]);
    }
    const { id } = await member.hears('message:new');

    author.editMessage({ messageId: id, content: 'Hello all!', userId: alice.id });
    for (const client of [author, member]) {
      const edited = await client.hears('message:edited');
      isMessage(edited, { room, sender: alice, content: 'Hello all!' });
      assert.equal(edited.id, id);
      isTime(edited.editedAt);
      isSender(edited.sender, alice);
    }

    author.deleteMessage({ messageId: id, userId: alice.id });
    for (const client of [author, member]) {
      const deleted = await client.hears('message:deleted');
      hasFields(deleted, 'messageId roomId deletedAt deletedBy messageSeq seq epoch');
      assert.deepEqual([deleted.messageId, deleted.roomId, deleted.deletedBy], [id, room.id, alice.id]);
    }
    const seqs = member.ear.heard.filter((one) => one.name.startsWith('message:')).map((one) => one.payload.seq);
    assert.deepEqual(seqs, [seqs[0], seqs[0] + 1, seqs[0] + 2]);
  });

  test('a type of up to 20 characters is kept', async () => {
    const room = await newRoom();
    const author = await alice.tutorial();
    author.sendMessage({ roomId: room.id, content: 'x', type: 'a-type-of-20-letters', userId: alice.id });
    assert.equal((await author.hears('message:new')).type, 'a-type-of-20-letters');
  });

  test('an event without an ack fails with the event error, on that socket only', async () => {
    const room = await newRoom(bob);
    const theirs = (await askOk((await bob.tutorial()).socket, 'message:send', { roomId: room.id, content: 'Bob’s' })).id;
    const [client, twin, member] = [await alice.tutorial(), await alice.tutorial(), await bob.tutorial()];
    const fails = {
      JOIN_FAILED: ['room:join', { roomId: 'no-such-room', userId: alice.id }],
      SEND_FAILED: ['message:send', { roomId: 'no-such-room', content: 'x', userId: alice.id }],
      EDIT_FAILED: ['message:edit', { messageId: theirs, content: 'x', userId: bob.id }],
      DELETE_FAILED: ['message:delete', { messageId: 'no-such-message', userId: alice.id }],
      DM_FAILED: ['dm:send', { receiverId: 'no-such-user', content: 'x', userId: alice.id }],
    };
    for (const [code, [event, payload]] of Object.entries(fails)) {
      client.socket.emit(event, payload);
      const error = await client.hears('error', (one) => one.code === code);
      hasFields(error, 'code message');
      assert.ok(error.message.length > 0);
      client.ear.forget();
      const answer = await ask(client.socket, event, payload);
      assert.deepEqual([answer.ok, answer.error.code], [false, code]);
      isError(answer.error);
      await settled(client);
      assert.deepEqual(client.ear.all('error'), [], 'an event with an ack was also answered by the event error');
    }
    for (const silent of [twin, member]) {
      await settled(silent);
      assert.deepEqual(silent.ear.all('error'), []);
    }
  });
});

describe('direct messages', () => {
  test('reach all devices of both people, and nobody else', async () => {
    const devices = [await alice.tutorial(), await alice.tutorial(), await bob.tutorial(), await bob.tutorial({ transports: ['polling'] })];
    const other = await carol.tutorial();
    devices[0].sendDirectMessage({ receiverId: bob.id, content: 'Between us', userId: alice.id });
    for (const device of devices) {
      const message = await device.hears('dm:new');
      isDirectMessage(message, { sender: alice, receiver: bob, content: 'Between us' });
      hasFields(message, 'id createdAt modifiedAt senderId receiverId content type metadata readAt deletedAt editedAt roomId seq rev sender epoch');
      assert.equal(message.readAt, null);
    }
    await settled(other);
    assert.deepEqual(other.ear.all('dm:new'), []);
    await settled(devices[0]);
    assert.equal(devices[0].ear.all('dm:new').length, 1, 'told twice');
  });

  test('a username names the receiver too', async () => {
    const [sender, receiver] = [await alice.tutorial(), await bob.tutorial()];
    sender.sendDirectMessage({ receiverId: 'bob', content: 'By name', userId: alice.id });
    assert.equal((await receiver.hears('dm:new')).receiverId, bob.id);
  });
});

describe('typing and presence', () => {
  test('typing is told by user, and stops by itself 3 s after the last start', async () => {
    const room = await newRoom(bob);
    const [writer, member] = [await alice.tutorial(), await bob.tutorial()];
    writer.startTyping({ roomId: room.id });
    const isHere = (update) => update.roomId === room.id;
    const started = await member.hears('typing:update', isHere);
    assert.deepEqual(started, { roomId: room.id, userId: alice.id, isTyping: true });
    const start = performance.now();
    const stopped = await member.hears('typing:update', (update) => isHere(update) && !update.isTyping);
    const elapsed = performance.now() - start;
    assert.deepEqual(stopped, { roomId: room.id, userId: alice.id, isTyping: false });
    assert.ok(elapsed > 2500 && elapsed < 4500, `after ${elapsed} ms`);
  });

  test('typing stops when asked, and when the message arrives', async () => {
    const room = await newRoom(bob);
    const [writer, member] = [await alice.tutorial(), await bob.tutorial()];
    const isHere = (isTyping) => (update) => update.roomId === room.id && update.isTyping === isTyping;
    const stops = {
      asked: () => writer.stopTyping({ roomId: room.id }),
      sent: () => writer.sendMessage({ roomId: room.id, content: 'done', userId: alice.id }),
    };
    for (const stop of Object.values(stops)) {
      member.ear.forget();
      writer.startTyping({ roomId: room.id });
      await member.hears('typing:update', isHere(true));
      const start = performance.now();
      stop();
      await member.hears('typing:update', isHere(false));
      assert.ok(performance.now() - start < 2000, 'it stopped by itself');
    }
  });

  test('two tabs are one user: online with the first, offline after the last', async () => {
    // Not one of the cast: whoever was online a moment ago still counts as online.
    const tabitha = new Person(server, 'tabitha');
    const room = await newRoom(bob, tabitha);
    const isTabitha = (one) => one.userId === tabitha.id;
    const observer = await bob.tutorial();
    const first = await tabitha.tutorial();
    const online = await observer.hears('presence:changed', isTabitha);
    hasFields(online, 'userId status lastSeenAt');
    assert.equal(online.status, 'online');
    const second = await tabitha.tutorial();
    observer.ear.forget();
    first.socket.disconnect();
    await askOk(second.socket, 'message:send', { roomId: room.id, content: 'still here' });
    await observer.hears('message:new');
    const start = performance.now();
    second.socket.disconnect();
    const offline = await observer.hears('presence:changed', isTabitha, 15_000);
    assert.equal(offline.status, 'offline', 'said something else between the last tab and offline');
    isTime(offline.lastSeenAt);
    assert.ok(performance.now() - start < 12_000);
    assert.equal(observer.ear.all('presence:changed').filter(isTabitha).length, 1);
  });
});
