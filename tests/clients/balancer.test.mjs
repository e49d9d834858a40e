// Two servers behind a balancer, with the configuration that deploy/ gives to operators.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { Person } from './people.mjs';
import { newDatabase, POSTGRES } from './postgres.mjs';
import { expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';
import { once } from './sockets.mjs';

const REDIS = process.env.FIRESIDE_TEST_REDIS_URL;
const HAPROXY = process.env.FIRESIDE_TEST_HAPROXY;
const CONFIGURATION = new URL('../../deploy/haproxy.cfg', import.meta.url);
/** Nobody else's address, so that a node that starts again finds its port free. */
const NODE = '127.0.0.2:0';
const WAIT_MS = 20_000;

const skip = REDIS && POSTGRES && HAPROXY ? false : 'FIRESIDE_TEST_HAPROXY, …_REDIS_URL or …_POSTGRES_URL is not set';

describe('behind a balancer', { skip }, () => {
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

  /** Two people who know each other, behind a balancer that gives out nodes in this way. */
  async function meet(balance) {
    balancer = await startBalancer(nodes, balance);
    [alice, bob] = ['alice', 'bob'].map((name) => new Person(balancer, name));
    const room = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'Room' }));
    await expectStatus(200, bob.rest('POST', `/chat/rooms/${room.id}/join`));
    return room;
  }

  const say = (room, content) => expectStatus(201, alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content }));

  test('a client as it comes begins with polling, moves to WebSocket, and hears what is said', async () => {
    const room = await meet('source');
    const ear = await bob.socket();
    if (ear.socket.io.engine.transport.name === 'polling') await once(ear.socket.io.engine, 'upgrade');
    for (let number = 0; number < 20; number += 1) await say(room, `${number}`);
    await ear.hears('message:new', ({ content }) => content === '19');
    assert.deepEqual(ear.all('message:new').map(({ content }) => content), Array.from({ length: 20 }, (_, n) => `${n}`));
  });

  test('WebSocket alone needs no stickiness', async () => {
    const room = await meet('roundrobin');
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
      const room = await meet('roundrobin');
      const began = performance.now();
      const ears = await Promise.all(Array.from({ length: 4 }, () => bob.socket(options)));
      const elapsed = performance.now() - began;
      assert.ok(elapsed < 5000, `connected after ${elapsed} ms`);
      const disconnects = [];
      for (const ear of ears) ear.socket.on('disconnect', (reason) => disconnects.push(reason));
      const said = Array.from({ length: 20 }, (_, number) => `${number} ${'x'.repeat(number * 400)}`);
      for (const content of said) await say(room, content);
      const mine = Array.from({ length: 20 }, (_, number) => `mine ${number}`);
      const answers = await Promise.all(mine.map((content) => ears[0].ask('message:send', { roomId: room.id, content })));
      assert.ok(answers.every((answer) => answer.ok), JSON.stringify(answers.find((answer) => !answer.ok)));
      for (const ear of ears) {
        await ear.hears('message:new', ({ content }) => content === mine.at(-1));
        assert.deepEqual(ear.all('message:new').map(({ content }) => content), [...said, ...mine]);
      }
      assert.deepEqual(disconnects, []);
    });
  }

  test('a session ends soon after its client hangs up, whichever node its poll waits at', async () => {
    const room = await meet('roundrobin');
    // Of bob's own sessions one may still wait for its end.
    const carol = new Person(balancer, 'carol');
    await expectStatus(200, carol.rest('POST', `/chat/rooms/${room.id}/join`));
    const [here, there] = nodes.map(({ url }) => `${url}/socket.io/?EIO=4&transport=polling`);
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
    await whenever(() => performance.now() - polling > 500, 'a poll waits');
    hangUp.abort();
    await assert.rejects(polls, { name: 'AbortError' });
    await whenever(async () => !(await isOnline()), 'carol is gone');
  });

  test('a session of a node that is gone is unknown, and so is one that never was', async () => {
    await meet('roundrobin');
    for (const sid of ['AAAAAAAAAAAAAAAAAAAA', 'zzzzzzzzzzzzzzzzzzzz']) {
      const began = performance.now();
      const answer = await fetch(`${balancer.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: '40' });
      assert.equal(answer.status, 400);
      assert.deepEqual(await answer.json(), { code: 1, message: 'Session ID unknown' });
      assert.ok(performance.now() - began < 5000, `${performance.now() - began} ms`);
    }
  });

  test('a client whose node dies begins anew on the other one', async () => {
    const room = await meet('roundrobin');
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
    const room = await meet('source');
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
});

/** HAProxy with our configuration, on a free port and in front of these nodes. */
async function startBalancer(nodes, balance) {
  const [port, statusPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'fireside-balancer-'));
  const places = nodes.map(({ url }) => new URL(url).host);
  const ours = await readFile(CONFIGURATION, 'utf8');
  const changed = ours
    .replace('bind :80', `bind 127.0.0.1:${port}`)
    .replace('node-a:3000', places[0])
    .replace('node-b:3000', places[1])
    .replace('balance source', `balance ${balance}`)
    .replace(balance === 'source' ? /^$/u : /.*hash-type consistent\n/u, '');
  const status = `\nfrontend status\n    bind 127.0.0.1:${statusPort}\n    stats enable\n    stats uri /\n`;
  await writeFile(join(folder, 'haproxy.cfg'), changed + status);
  const child = spawn(HAPROXY, ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { said += text; });
  const url = `http://127.0.0.1:${port}`;
  const states = async () => {
    const answer = await fetch(`http://127.0.0.1:${statusPort}/;csv`).catch(() => null);
    const rows = ((await answer?.text()) ?? '').split('\n').map((row) => row.split(','));
    const at = rows[0].indexOf('status');
    return ['a', 'b'].map((name) => rows.find((row) => row[0] === 'fireside' && row[1] === name)?.[at]);
  };
  const knows = (place) => whenever(async () => (await states())[place]?.startsWith('UP'), `the balancer knows node ${place}; it said ${said}`);
  await knows(0);
  await knows(1);
  const stop = async () => {
    process.removeListener('exit', kill);
    const ended = new Promise((done) => child.once('exit', done));
    if (child.exitCode === null && child.signalCode === null) {
      kill();
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  return { url, knows, stop };
}

async function whenever(ask, what) {
  const deadline = performance.now() + WAIT_MS;
  while (!(await ask())) {
    assert.ok(performance.now() < deadline, `waited ${WAIT_MS} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function freePort() {
  const listener = createServer();
  await new Promise((done) => listener.listen(0, '127.0.0.1', done));
  const { port } = listener.address();
  await new Promise((done) => listener.close(done));
  return port;
}
