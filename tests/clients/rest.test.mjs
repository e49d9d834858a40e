// The REST routes of the tutorial and what was added to them: bodies, statuses, paging, problems.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Person } from './people.mjs';
import { call, expectStatus, linked } from './rest.mjs';
import { SECRET, startServer } from './server.mjs';
import { hasFields, isDirectMessage, isMember, isMessage, isProblem, isRoom, isTime, isUser } from './shapes.mjs';

let server;
let alice;
let bob;
let carol;

before(async () => {
  server = await startServer();
  [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => new Person(server, name));
  for (const person of [alice, bob, carol]) await expectStatus(200, person.rest('GET', '/auth/me'));
});
after(() => server?.stop());

const newRoom = (fields = {}) => expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'A room', ...fields }));
const send = (room, content, more = {}) => expectStatus(201, alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content, ...more }));

describe('the tutorial’s routes', () => {
  test('POST /chat/rooms and GET /chat/rooms', async () => {
    const room = await newRoom({ name: 'Harbour', description: 'Boats', isPrivate: true });
    isRoom(room);
    assert.deepEqual([room.name, room.description, room.isPrivate, room.createdBy, room.memberCount], ['Harbour', 'Boats', true, alice.id, 1]);
    const plain = await newRoom({ name: 'Plain' });
    assert.deepEqual([plain.description, plain.isPrivate], [null, false]);
    const mine = await expectStatus(200, alice.rest('GET', '/chat/rooms'));
    mine.forEach(isRoom);
    assert.ok(mine.some((one) => one.id === room.id));
    const theirs = await expectStatus(200, bob.rest('GET', '/chat/rooms'));
    assert.ok(!theirs.some((one) => one.id === room.id));
  });

  test('GET /chat/rooms/{roomId}/messages: a bare array, newest first', async () => {
    const room = await newRoom();
    for (const content of ['one', 'two', 'three']) await send(room, content);
    const answer = await alice.rest('GET', `/chat/rooms/${room.id}/messages`);
    const page = await expectStatus(200, answer);
    assert.deepEqual(page.map((message) => message.content), ['three', 'two', 'one']);
    page.forEach((message) => isMessage(message, { room, sender: alice, content: message.content }));
    const limited = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.slug}/messages?limit=2`));
    assert.deepEqual(limited.map((message) => message.content), ['three', 'two']);
    const older = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/messages?limit=50&before=${page[1].id}`));
    assert.deepEqual(older.map((message) => message.content), ['one']);
  });

  test('GET /chat/conversations and GET /chat/dm/{userId}', async () => {
    for (const content of ['one', 'two', 'three']) await expectStatus(201, alice.rest('POST', `/chat/dm/${bob.id}`, { content }));
    for (const [person, other] of [[alice, bob], [bob, alice]]) {
      const people = await expectStatus(200, person.rest('GET', '/chat/conversations'));
      people.forEach(isUser);
      assert.deepEqual(people.map((one) => one.id), [other.id]);
      const page = await expectStatus(200, person.rest('GET', `/chat/dm/${other.id}?limit=50`));
      assert.deepEqual(page.map((message) => message.content), ['three', 'two', 'one']);
      page.forEach((message) => isDirectMessage(message, { sender: alice, receiver: bob, content: message.content }));
      const older = await expectStatus(200, person.rest('GET', `/chat/dm/${other.username}?before=${page[1].id}`));
      assert.deepEqual(older.map((message) => message.content), ['one']);
    }
    assert.deepEqual(await expectStatus(200, carol.rest('GET', '/chat/conversations')), []);
    assert.deepEqual(await expectStatus(200, carol.rest('GET', `/chat/dm/${bob.id}`)), []);
  });
});

describe('paging', () => {
  const COUNT = 23;
  let room;

  before(async () => {
    room = await newRoom({ name: 'Paging' });
    // At once, so that many have the same time: only their positions tell them apart.
    await Promise.all(Array.from({ length: COUNT }, (_, index) => send(room, `m${index}`)));
  });

  async function follow(path, relation = 'next') {
    const pages = [];
    for (let next = path; next; ) {
      const answer = await alice.rest('GET', next);
      pages.push(await expectStatus(200, answer));
      next = linked(answer.headers, relation);
      assert.ok(pages.length <= COUNT, 'the links go in circles');
    }
    return pages;
  }

  test('following `next` backwards meets every message once', async () => {
    const pages = await follow(`/chat/rooms/${room.id}/messages?limit=5`);
    assert.deepEqual(pages.map((page) => page.length), [5, 5, 5, 5, 3]);
    const seqs = pages.flat().map((message) => message.seq);
    assert.deepEqual(seqs, [...seqs].sort((a, b) => b - a));
    assert.equal(new Set(pages.flat().map((message) => message.id)).size, COUNT);
  });

  test('so does going back by `before` as the tutorial does it', async () => {
    const seen = [];
    for (let before = ''; ; before = `&before=${seen.at(-1).id}`) {
      const page = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/messages?limit=4${before}`));
      seen.push(...page);
      if (page.length < 4) break;
    }
    assert.equal(new Set(seen.map((message) => message.id)).size, COUNT);
    assert.equal(seen.length, COUNT);
  });

  test('`after` goes on towards the newest, nearest first, by id or position', async () => {
    const all = (await follow(`/chat/rooms/${room.id}/messages?limit=200`)).flat().reverse();
    for (const cursor of [all[2].id, all[2].seq]) {
      const pages = await follow(`/chat/rooms/${room.id}/messages?limit=6&after=${cursor}`);
      assert.deepEqual(pages.map((page) => page.length), [6, 6, 6, 2]);
      const read = pages.flatMap((page) => [...page].reverse());
      assert.deepEqual(read.map((message) => message.id), all.slice(3).map((message) => message.id));
    }
  });

  test('`around` has both sides, and links to both', async () => {
    const all = (await follow(`/chat/rooms/${room.id}/messages?limit=200`)).flat();
    const answer = await alice.rest('GET', `/chat/rooms/${room.id}/messages?limit=5&around=${all[10].id}`);
    const page = await expectStatus(200, answer);
    assert.equal(page.length, 5);
    const at = page.findIndex((message) => message.id === all[10].id);
    assert.ok(at > 0 && at < 4, `at ${at}`);
    assert.ok(linked(answer.headers, 'next') && linked(answer.headers, 'prev'), answer.headers.get('link'));
  });

  test('the head of the room and the limit in force are told', async () => {
    const answer = await alice.rest('GET', `/chat/rooms/${room.id}/messages?limit=1000`);
    const page = await expectStatus(200, answer);
    assert.equal(answer.headers.get('x-limit'), '200');
    assert.ok(Number(answer.headers.get('x-room-seq')) >= page[0].seq);
    assert.equal(answer.headers.get('x-room-epoch'), room.epoch);
  });

  for (const query of ['limit=0', 'limit=-1', 'limit=ten', 'limit=1.5', 'before=no-such-message', 'before=1&after=2', 'surplus=1']) {
    test(`?${query} is refused`, async () => {
      const answer = await alice.rest('GET', `/chat/rooms/${room.id}/messages?${query}`);
      assert.equal(answer.status, 400, answer.text);
      isProblem(answer, 400, answer.body.reason);
    });
  }
});

describe('rooms and members', () => {
  test('read, change, delete', async () => {
    const room = await newRoom({ name: 'Old name' });
    isRoom(await expectStatus(200, bob.rest('GET', `/chat/rooms/${room.slug}`)));
    const changed = await expectStatus(200, alice.rest('PATCH', `/chat/rooms/${room.id}`, { name: 'New name', description: 'Now with one' }));
    assert.deepEqual([changed.name, changed.description, changed.slug], ['New name', 'Now with one', room.slug]);
    isProblem(await bob.rest('PATCH', `/chat/rooms/${room.id}`, { name: 'Mine' }), 403, 'forbidden');
    assert.equal((await alice.rest('DELETE', `/chat/rooms/${room.id}`)).status, 204);
    isProblem(await alice.rest('GET', `/chat/rooms/${room.id}`), 404, 'not_found');
  });

  test('public rooms can be found, private ones not', async () => {
    const [open, closed] = [await newRoom({ name: 'Findable 71' }), await newRoom({ name: 'Findable 72', isPrivate: true })];
    const found = await expectStatus(200, bob.rest('GET', '/chat/rooms/discover?query=findable'));
    found.forEach(isRoom);
    const ids = found.map((room) => room.id);
    assert.deepEqual([ids.includes(open.id), ids.includes(closed.id)], [true, false]);
  });

  test('members: the creator is admin, adding, changing, removing, leaving', async () => {
    const room = await newRoom({ name: 'Closed', isPrivate: true });
    const members = `/chat/rooms/${room.id}/members`;
    isProblem(await bob.rest('GET', members), 404, 'not_found');
    isMember(await expectStatus(200, alice.rest('PUT', `${members}/${bob.id}`, { role: 'member' })));
    const list = await expectStatus(200, bob.rest('GET', members));
    list.forEach((member) => {
      isMember(member);
      isUser(member.user);
    });
    assert.deepEqual(new Map(list.map((member) => [member.userId, member.role])), new Map([[alice.id, 'admin'], [bob.id, 'member']]));
    isProblem(await bob.rest('PUT', `${members}/${carol.id}`, { role: 'member' }), 403, 'forbidden');
    assert.equal((await expectStatus(200, alice.rest('PUT', `${members}/${bob.id}`, { role: 'admin' }))).role, 'admin');
    await expectStatus(200, bob.rest('PUT', `${members}/${carol.id}`, {}));
    await expectStatus(200, bob.rest('DELETE', `${members}/${carol.id}`));
    isProblem(await carol.rest('GET', `/chat/rooms/${room.id}`), 404, 'not_found');
    await expectStatus(200, bob.rest('DELETE', `${members}/${bob.id}`));
    isProblem(await bob.rest('GET', `/chat/rooms/${room.id}/messages`), 404, 'not_found');
  });

  test('who is online in a room', async () => {
    const room = await newRoom();
    const ear = await alice.socket();
    const online = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/online`));
    assert.deepEqual(online.map((one) => [one.userId, one.status]), [[alice.id, 'online']]);
    hasFields(online[0], 'userId status lastSeenAt');
    ear.socket.disconnect();
  });

  test('reading moves forward, and is kept with the member', async () => {
    const room = await newRoom();
    const [first, second] = [await send(room, 'one'), await send(room, 'two')];
    const read = await expectStatus(200, alice.rest('PUT', `/chat/rooms/${room.id}/read`, { seq: second.seq }));
    hasFields(read, 'roomId userId seq lastReadAt');
    assert.deepEqual([read.roomId, read.userId, read.seq], [room.id, alice.id, second.seq]);
    isTime(read.lastReadAt);
    const back = await expectStatus(200, alice.rest('PUT', `/chat/rooms/${room.id}/read`, { messageId: first.id }));
    assert.equal(back.seq, second.seq);
    const [member] = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/members`));
    assert.equal(member.lastReadAt, read.lastReadAt);
  });

  test('reading a conversation sets readAt', async () => {
    const message = await expectStatus(201, carol.rest('POST', `/chat/dm/${bob.id}`, { content: 'read me' }));
    assert.equal(message.readAt, null);
    await expectStatus(200, bob.rest('PUT', `/chat/dm/${carol.id}/read`, { messageId: message.id }));
    const [read] = await expectStatus(200, carol.rest('GET', `/chat/dm/${bob.id}`));
    isTime(read.readAt);
  });
});

describe('users', () => {
  test('the profile follows the host’s token', async () => {
    const me = await expectStatus(200, alice.rest('GET', '/auth/me'));
    isUser(me);
    assert.deepEqual([me.id, me.username, me.displayName], [alice.id, 'alice', 'Alice']);
    const found = await expectStatus(200, bob.rest('GET', '/chat/users?query=ali'));
    found.forEach(isUser);
    assert.ok(found.some((user) => user.id === alice.id));
    for (const ref of [alice.id, 'alice']) assert.equal((await expectStatus(200, bob.rest('GET', `/chat/users/${ref}`))).id, alice.id);
    isProblem(await bob.rest('GET', '/chat/users/nobody-of-that-name'), 404, 'not_found');
  });

  test('one’s display name can be changed', async () => {
    const changed = await expectStatus(200, carol.rest('PATCH', '/chat/users/me', { displayName: 'Carol of the Sea' }));
    assert.equal(changed.displayName, 'Carol of the Sea');
  });
});

describe('own accounts', { concurrency: true }, () => {
  /** For so long a lost answer to a refresh can be had again. */
  const REPEAT_MS = 10_000;
  const account = (way, body) => call(server, 'POST', `/auth/${way}`, { body });

  test('register, log in, refresh once, log out', async () => {
    const fields = { username: 'Dora', password: 'a long password', displayName: 'Dora D' };
    const registered = await expectStatus(201, account('register', fields));
    hasFields(registered, 'user accessToken refreshToken expiresIn');
    isUser(registered.user);
    assert.equal(registered.user.username, 'dora');
    assert.ok(registered.expiresIn > 60 && registered.expiresIn <= 900, `${registered.expiresIn} s`);
    isProblem(await account('register', fields), 409, 'conflict');
    isProblem(await account('login', { ...fields, displayName: undefined, password: 'another password' }), 401, 'unauthenticated');
    isProblem(await account('login', { username: 'nobody-here', password: 'another password' }), 401, 'unauthenticated');

    const loggedIn = await expectStatus(200, account('login', { username: 'dora', password: fields.password }));
    const refreshed = await expectStatus(200, account('refresh', { refreshToken: loggedIn.refreshToken }));
    assert.notEqual(refreshed.refreshToken, loggedIn.refreshToken);
    const own = (method, path) => call(server, method, path, { token: refreshed.accessToken });
    const sessions = await expectStatus(200, own('GET', '/auth/sessions'));
    assert.equal(sessions.filter((session) => session.current).length, 1);
    assert.equal((await own('POST', '/auth/logout')).status, 204);
    isProblem(await own('GET', '/auth/me'), 401, 'unauthenticated');
    isProblem(await account('refresh', { refreshToken: refreshed.refreshToken }), 401, 'unauthenticated');
  });

  test('a refresh token sent again at once has the same answer: the first may have been lost', async () => {
    const first = await expectStatus(201, account('register', { username: 'emil', password: 'a long password' }));
    const answers = [];
    for (let tries = 0; tries < 2; tries += 1) answers.push(await expectStatus(200, account('refresh', { refreshToken: first.refreshToken })));
    assert.equal(answers[0].refreshToken, answers[1].refreshToken);
    const next = await expectStatus(200, account('refresh', { refreshToken: answers[0].refreshToken }));
    // Whoever used the second one had got the answer: this is somebody else.
    isProblem(await account('refresh', { refreshToken: first.refreshToken }), 401, 'unauthenticated');
    isProblem(await call(server, 'GET', '/auth/me', { token: next.accessToken }), 401, 'unauthenticated');
  });

  test('used again later, it ends its whole session: somebody has a copy', async () => {
    const first = await expectStatus(201, account('register', { username: 'frieda', password: 'a long password' }));
    const second = await expectStatus(200, account('refresh', { refreshToken: first.refreshToken }));
    await new Promise((done) => setTimeout(done, REPEAT_MS + 500));
    isProblem(await account('refresh', { refreshToken: first.refreshToken }), 401, 'unauthenticated');
    isProblem(await account('refresh', { refreshToken: second.refreshToken }), 401, 'unauthenticated');
    isProblem(await call(server, 'GET', '/auth/me', { token: second.accessToken }), 401, 'unauthenticated');
  });

  for (const [what, body] of Object.entries({
    'a short password': { username: 'fritz', password: 'short' },
    'a strange username': { username: '<img>', password: 'a long password' },
    'a missing password': { username: 'fritz' },
    'a surplus field': { username: 'fritz', password: 'a long password', role: 'admin' },
  })) {
    test(`${what} is refused`, async () => {
      const answer = await account('register', body);
      assert.equal(answer.status, 400, answer.text);
      isProblem(answer, 400, answer.body.reason);
    });
  }
});

describe('problems', () => {
  test('without a token', async () => {
    for (const path of ['/chat/rooms', '/chat/conversations', '/auth/me']) isProblem(await call(server, 'GET', path), 401, 'unauthenticated');
  });

  test('unknown routes and methods', async () => {
    isProblem(await alice.rest('GET', '/chat/nowhere'), 404, 'not_found');
    isProblem(await alice.rest('DELETE', '/chat/conversations'), 405, 'method_not_allowed');
  });

  test('bodies that are no JSON, or no object', async () => {
    const raw = (body, type = 'application/json') => fetch(`${server.url}/chat/rooms`, { method: 'POST', body, headers: { authorization: `Bearer ${alice.token}`, 'content-type': type } });
    for (const body of ['{', '[]', '"x"', 'null', '']) assert.equal((await raw(body)).status, 400, body);
    assert.equal((await raw('name=x', 'application/x-www-form-urlencoded')).status, 415);
    assert.equal((await raw(`{"name":"${'x'.repeat(200_000)}"}`)).status, 413);
  });

  test('tokens that pretend', async () => {
    const [head, claims] = alice.token.split('.');
    const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${claims}.`;
    for (const token of [none, `${head}.${claims}.`, `${head}.${claims}.AAAA`, SECRET]) {
      isProblem(await call(server, 'GET', '/auth/me', { token }), 401, 'unauthenticated');
    }
  });

  test('an answer names its request, and repeats the caller’s own name for it', async () => {
    const answer = await call(server, 'GET', '/chat/rooms', { headers: { 'x-request-id': 'mine-1' } });
    assert.equal(answer.body.requestId, 'mine-1');
  });
});
