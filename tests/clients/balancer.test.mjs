// Two servers behind balancers, with the configurations that deploy/ gives to operators.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { BALANCERS, startBalancer } from './balancers.mjs';
import { Person } from './people.mjs';
import { newDatabase, POSTGRES } from './postgres.mjs';
import { call, expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';
import { once } from './sockets.mjs';

const REDIS = process.env.FIRESIDE_TEST_REDIS_URL;
/** Nobody else's address, so that a node that starts again finds its port free. */
const NODE = '127.0.0.2:0';
const WAIT_MS = 20_000;

for (const [name, kind] of Object.entries(BALANCERS)) {
  const variable = `FIRESIDE_TEST_${name.toUpperCase()}`;
  const skip = REDIS && POSTGRES && kind.program ? false : `${variable}, …_REDIS_URL or …_POSTGRES_URL is not set`;
  describe(`behind ${name}`, { skip }, () => behind(kind));
}

function behind(kind) {
  let settings;
  let nodes = [];
  let balancer;
  let alice;
  let bob;

  before(async () => {
    settings = {
      FIRESIDE_DATABASE_URL: await newDatabase(),
      FIRESIDE_REDIS_URL: REDIS,
      FIRESIDE_TRUSTED_PROXIES: '127.0.0.1',
    };
    nodes = await Promise.all([startServer(settings, NODE), startServer(settings, NODE)]);
  });
  afterEach(async () => {
    [alice, bob].forEach((person) => person?.leave());
    await balancer?.stop();
  });
  after(() => Promise.all(nodes.map((node) => node.stop())));

  /** Two people who know each other, behind a balancer that gives out nodes by the client's address or in turn. */
  async function meet(way) {
    balancer = await startBalancer(kind, nodes, way === 'in turn');
    [alice, bob] = ['alice', 'bob'].map((name) => new Person(balancer, name));
    const room = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'Room' }));
    await expectStatus(200, bob.rest('POST', `/chat/rooms/${room.id}/join`));
    return room;
  }

  const say = (room, content) => expectStatus(201, alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content }));

  test('a client as it comes begins with polling, moves to WebSocket, and hears what is said', async () => {
    const room = await meet('by address');
    const ear = await bob.socket();
    if (ear.socket.io.engine.transport.name === 'polling') await once(ear.socket.io.engine, 'upgrade');
    for (let number = 0; number < 20; number += 1) await say(room, `${number}`);
    await ear.hears('message:new', ({ content }) => content === '19');
    assert.deepEqual(ear.all('message:new').map(({ content }) => content), Array.from({ length: 20 }, (_, n) => `${n}`));
  });

  test('a page of the server is let in at the address that people know', async () => {
    await meet('in turn');
    await bob.socket({ transports: ['websocket'], extraHeaders: { origin: balancer.url } });
  });

  test('what a client says of its own address is not believed', async () => {
    await meet('in turn');
    const forged = { 'x-forwarded-for': '203.0.113.9, 127.0.0.1' };
    const account = { username: 'dora', password: 'a password of dora' };
    const { accessToken: token } = await expectStatus(201, call(balancer, 'POST', '/auth/register', { body: account, headers: forged }));
    const [session] = await expectStatus(200, call(balancer, 'GET', '/auth/sessions', { token, headers: forged }));
    assert.equal(session.address, '127.0.0.1');
  });

  test('who sends too much takes no node away from others', async () => {
    const room = await meet('in turn');
    const path = `/chat/rooms/${room.id}/messages`;
    for (const size of [70_000, 1_000_000]) {
      await expectStatus(413, alice.rest('POST', path, { content: 'x'.repeat(size) }));
    }
    for (let number = 0; number < 10; number += 1) await say(room, `${number}`);
  });

  test('WebSocket alone needs no stickiness', async () => {
    const room = await meet('in turn');
    const ears = [];
    for (let number = 0; number < 4; number += 1) ears.push(await bob.socket({ transports: ['websocket'] }));
    await say(room, 'to everybody');
    await Promise.all(ears.map((ear) => ear.hears('message:new')));
  });

  for (const [what, options] of Object.entries({
    'polling alone': { transports: ['polling'] },
    'a client as it comes': {},
    'WebSocket before polling': { transports: ['websocket', 'polling'] },
  })) {
    test(`${what} needs no stickiness, whichever nodes its requests come to`, async () => {
      const room = await meet('in turn');
      const began = performance.now();
      const ears = await Promise.all(Array.from({ length: 4 }, () => bob.socket(options)));
      const elapsed = performance.now() - began;
      assert.ok(elapsed < 5000, `connected after ${elapsed} ms`);
      const disconnects = [];
      for (const ear of ears) ear.socket.on('disconnect', (reason) => disconnects.push(reason));
      const said = Array.from({ length: 20 }, (_, number) => `${number} ${'x'.repeat(number * 400)}`);
      for (const content of said) await say(room, content);
      // Over polling they leave in one body of 60 kB.
      const mine = Array.from({ length: 20 }, (_, number) => `mine ${number} ${'y'.repeat(3000)}`);
      const answers = await Promise.all(mine.map((content) => ears[0].ask('message:send', { roomId: room.id, content })));
      assert.ok(answers.every((answer) => answer.ok), JSON.stringify(answers.find((answer) => !answer.ok)));
      for (const ear of ears) {
        await ear.hears('message:new', ({ content }) => content === mine.at(-1));
        assert.deepEqual(ear.all('message:new').map(({ content }) => content), [...said, ...mine]);
      }
      assert.deepEqual(disconnects, []);
    });
  }

  test('who has not said who they are sends little through the other node', async () => {
    await meet('in turn');
    const [here, there] = nodes.map(({ url }) => `${url}/io/?EIO=4&transport=polling`);
    const { sid } = JSON.parse((await (await fetch(here)).text()).slice(1));
    const post = (url, body) => fetch(url, { method: 'POST', body });
    assert.equal((await post(`${there}&sid=${sid}`, '40')).status, 200);
    const large = `42${JSON.stringify(['x'.repeat(17_000)])}`;
    const refused = await post(`${there}&sid=${sid}`, large);
    assert.deepEqual([refused.status, (await refused.json()).message], [413, 'Payload too large']);
    const nobody = await post(`${there}&sid=zzzzzz${sid.slice(6)}`, large);
    assert.deepEqual([nobody.status, (await nobody.json()).message], [400, 'Session ID unknown']);
  });

  test('a session ends soon after its client hangs up, whichever node its poll waits at', async () => {
    const room = await meet('in turn');
    // Of bob's own sessions one may still wait for its end.
    const carol = new Person(balancer, 'carol');
    await expectStatus(200, carol.rest('POST', `/chat/rooms/${room.id}/join`));
    const [here, there] = [nodes[0], balancer].map(({ url }) => `${url}/socket.io/?EIO=4&transport=polling`);
    const { sid } = JSON.parse((await (await fetch(here)).text()).slice(1));
    await fetch(`${here}&sid=${sid}`, { method: 'POST', body: `40${JSON.stringify({ token: carol.token })}` });
    const hangUp = new AbortController();
    let polling = 0;
    const polls = (async () => {
      for (;;) {
        polling = performance.now();
        await (await fetch(`${there}&sid=${sid}`, { signal: hangUp.signal })).text();
      }
    })();
    const isOnline = async () => {
      const online = await expectStatus(200, alice.rest('GET', `/chat/rooms/${room.id}/online`));
      return online.some(({ userId }) => userId === carol.id);
    };
    await whenever(isOnline, 'carol is seen');
    // Between two polls nobody could see that she hangs up.
    await whenever(() => performance.now() - polling > 1200, 'a poll waits');
    hangUp.abort();
    await assert.rejects(polls, { name: 'AbortError' });
    await whenever(async () => !(await isOnline()), 'carol is gone');
  });

  test('a session of a node that is gone is unknown, and so is one that never was', async () => {
    await meet('in turn');
    await Promise.all(['AAAAAAAAAAAAAAAAAAAA', 'zzzzzzzzzzzzzzzzzzzz'].map(async (sid) => {
      const began = performance.now();
      const answer = await fetch(`${balancer.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: '40' });
      assert.equal(answer.status, 400);
      assert.deepEqual(await answer.json(), { code: 1, message: 'Session ID unknown' });
      assert.ok(performance.now() - began < 5000, `${performance.now() - began} ms`);
    }));
  });

  test('a client whose node dies begins anew on the other one', async () => {
    const room = await meet('in turn');
    const ear = await bob.socket({ transports: ['polling'], reconnection: true });
    process.kill(nodes[0].pid, 'SIGKILL');
    await nodes[0].stop();
    nodes[0] = await startServer(settings, new URL(nodes[0].url).host);
    await balancer.knows(0);
    const there = await bob.socket({ transports: ['polling'] });
    await say(room, 'after it');
    await there.hears('message:new', ({ content }) => content === 'after it');
    await whenever(() => ear.socket.connected, 'bob is back');
  });

  test('the nodes are replaced one after the other, and nothing is lost', async () => {
    const room = await meet('by address');
    const ear = await bob.socket({ transports: ['websocket'], reconnection: true });
    const drained = [];
    ear.socket.on('server:draining', (told) => drained.push(told.reconnectAfterMs));
    const sent = [];
    let isOver = false;
    const talking = (async () => {
      for (let number = 0; !isOver; number += 1) {
        const clientId = `m${number}`;
        const answer = await sendUntilTaken(room, clientId);
        sent.push(answer.id);
        await new Promise((done) => setTimeout(done, 20));
      }
    })();
    for (const place of [0, 1]) {
      const { host } = new URL(nodes[place].url);
      await nodes[place].stop();
      nodes[place] = await startServer(settings, host);
      await balancer.knows(place);
    }
    isOver = true;
    await talking;
    assert.ok(drained.length >= 1, 'bob was told');
    assert.ok(drained.every((ms) => Number.isInteger(ms) && ms >= 0), `${drained}`);
    await whenever(() => ear.socket.connected, 'bob is back');
    const stored = new Set();
    for (let after = 0; ;) {
      const page = await expectStatus(200, bob.rest('GET', `/chat/rooms/${room.id}/messages?after=${after}&limit=100`));
      if (page.length === 0) break;
      page.forEach(({ id }) => stored.add(id));
      after = page.at(-1).seq;
    }
    assert.deepEqual(sent.filter((id) => !stored.has(id)), [], 'taken and lost');
    assert.equal(new Set(sent).size, sent.length, 'a repeat became a second message');
    const resumed = await ear.ask('resume', { rooms: [{ roomId: room.id, epoch: room.epoch, seq: 0 }] });
    assert.equal(resumed.ok, true, JSON.stringify(resumed));
  });

  /** Says something under one name until a node takes it. */
  async function sendUntilTaken(room, clientId) {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const answer = await alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content: clientId, clientId }).catch(() => null);
      if (answer && [200, 201].includes(answer.status)) return answer.body;
      assert.ok(performance.now() < deadline, `nobody takes ${clientId}: ${answer?.status} ${answer?.text}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

async function whenever(ask, what) {
  const deadline = performance.now() + WAIT_MS;
  while (!(await ask())) {
    assert.ok(performance.now() < deadline, `waited ${WAIT_MS} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
