// Engine.IO: sessions, polling, and the move to WebSocket.

import assert from 'node:assert/strict';

import { descriptors, growsLittle } from '../oracle.mjs';
import { Polling, SEPARATOR } from '../wire/engine.mjs';
import { call, head, Wire } from '../wire/http.mjs';
import { Client } from '../wire/socketio.mjs';
import { BINARY, frame, WebSocketWire } from '../wire/websocket.mjs';

const failure = (code, message) => ({ status: 400, body: { code, message } });
const UNKNOWN_SESSION = failure(1, 'Session ID unknown');
const BOTH = ['/io/', '/socket.io/'];
const both = (query) => BOTH.map((path) => `GET ${path}?${query}`);

/** A polling session of someone who is connected. */
async function connected(person) {
  const session = await Polling.open(person.server, { path: '/socket.io/' });
  return session.join({ token: person.token });
}

/** Moves a session to WebSocket. */
async function upgrade(stage, session) {
  const ws = await stage.open(WebSocketWire.open(session.server, session.upgradePath, { headers: session.headers }));
  ws.send('2probe');
  assert.equal(await ws.hears((text) => text === '3probe'), '3probe');
  ws.send('5');
  const client = new Client(ws);
  return client;
}

const ended = async (session, what) => assert.equal(await session.isOpen(), false, `${what}: the session goes on`);

export default {
  E01: {
    title: 'other protocol versions',
    requests: ['', '3', '5', 'abc', '4.0', '4&EIO=3', '4&EIO=4', '04', '%34'].flatMap((value) => (
      both(value === '' ? 'transport=polling' : `transport=polling&EIO=${value}`)
    )),
    expect: failure(5, 'Unsupported protocol version'),
  },
  E02: {
    title: 'unknown transports',
    requests: ['', '&transport=abc', '&transport=webtransport', '&transport=__proto__', '&transport=', '&transport=polling&transport=polling']
      .flatMap((value) => both(`EIO=4${value}`)),
    expect: failure(0, 'Transport unknown'),
  },
  E04: {
    title: 'a WebSocket without an upgrade',
    requests: both('EIO=4&transport=websocket'),
    expect: failure(3, 'Bad request'),
  },
  E05: {
    title: 'session ids that are none',
    requests: ['x', '', 'a'.repeat(10_000), '__proto__', 'constructor', '%C3%A4%F0%9F%98%80', '%00', '..%2F..', 'aaaaaaaaaaaaaaaaaaaa', 'a&sid=b']
      .flatMap((sid) => [
        ...both(`EIO=4&transport=polling&sid=${sid}`),
        { line: `POST /io/?EIO=4&transport=polling&sid=${sid}`, body: '3' },
      ]),
    expect: UNKNOWN_SESSION,
  },
  E07: {
    title: "another's session id, without their credentials",
    async run(stage) {
      const headers = { authorization: `Bearer ${stage.alice.token}` };
      const session = await Polling.open(stage.server, { headers });
      const foreign = [{}, { authorization: `Bearer ${stage.bob.token}` }, { authorization: `${headers.authorization} ` + 'x' }];
      for (const other of foreign) {
        for (const [method, body] of [['GET', undefined], ['POST', '3']]) {
          const answer = await call(stage.server, method, session.url, { headers: other, body, localAddress: '127.0.0.2' });
          assert.equal(answer.status, 403, `${method} with ${JSON.stringify(other)}: ${answer.text}`);
        }
        await assert.rejects(
          WebSocketWire.open(stage.server, session.upgradePath, { headers: other }),
          (error) => error.answer?.status === 403,
        );
      }
      assert.ok(await session.isOpen(), 'the owner was shut out');
    },
  },
  E08: {
    title: 'two polls at once',
    async run(stage) {
      // Nothing waits for a session that has joined nothing, so both polls have to wait.
      const session = await Polling.open(stage.server);
      const answers = await Promise.all([session.poll(), session.poll()]);
      assert.ok(answers.some((answer) => answer.status === 400), `answered ${answers.map((answer) => answer.status)}`);
      await ended(session, 'two polls at once');
    },
  },
  E10: {
    title: 'a poll that is broken off',
    async run(stage) {
      const session = await Polling.open(stage.server);
      const wire = await stage.open(Wire.open(stage.server));
      wire.send(head(`GET ${session.url}`));
      assert.equal(await wire.answer(300), null, 'the poll did not wait');
      wire.close();
      const started = performance.now();
      while (await session.isOpen()) assert.ok(performance.now() - started < 5_000, 'the session outlives its client');
    },
  },
  E11: {
    title: 'a binary body',
    async run(stage) {
      const before = descriptors(stage.server.pid);
      for (let time = 0; time < 20; time += 1) {
        const session = await connected(stage.alice);
        const answer = await session.post(Buffer.from([0, 1, 2, 3]), { 'content-type': 'application/octet-stream' });
        assert.equal(answer.status, 400, answer.text);
        await ended(session, 'a binary body');
      }
      const left = descriptors(stage.server.pid) - before;
      assert.ok(left < 10, `${left} file descriptors are left of 20 requests`);
    },
    on: 'memory',
  },
  E13: {
    title: 'a body of very many packets',
    async run(stage) {
      const bodies = [
        `2${SEPARATOR}`.repeat(400_000), `6${SEPARATOR}`.repeat(400_000), SEPARATOR.repeat(900_000), `3${SEPARATOR}`.repeat(65),
        Array(24_000).fill('42["typing:start",{}]').join(SEPARATOR),
      ];
      for (const body of bodies) {
        const session = await connected(stage.alice);
        const answer = await session.post(body);
        assert.equal(answer.status, 400, `${body.slice(0, 20)}…: ${answer.text}`);
        await ended(session, body.slice(0, 20));
      }
    },
  },
  E14: {
    title: 'a bad packet between good ones',
    rooms: true,
    async run(stage) {
      const session = await connected(stage.bob);
      const send = (content) => `42${JSON.stringify(['message:send', { roomId: stage.pub.id, content }])}`;
      const answer = await session.post([send('first'), '9bad', send('third')].join(SEPARATOR));
      assert.equal(answer.status, 400, answer.text);
      await ended(session, 'a bad packet');
      await stage.witness.hears('message:new', (message) => message.content === 'first');
      stage.witness.heard.length = 0;
      await stage.mark();
      assert.ok(!stage.witness.heard.some(({ payload }) => payload.content === 'third'), 'what came after was run');
    },
  },
  E16: {
    title: 'pings of the client',
    packets: ['2', '2probe', '2{}'],
    ends: true,
  },
  E17: {
    title: 'pongs that nobody asked for',
    note: 'a hundred or one of a megabyte are ignored; more than a thousand between two heartbeats close the connection',
    packets: [Array(100).fill('3'), `3${'x'.repeat(900_000)}`],
    ends: false,
    async run(stage) {
      const client = await stage.open(stage.carol.socket());
      for (let n = 0; n < 1_500; n += 1) client.packet('3');
      assert.notEqual(await client.closes(), null, 'a flood of pongs goes on');
    },
  },
  E19: {
    title: 'packets that only servers send, and an end',
    packets: ['0{}', '5', '1', '7', 'x', ''],
    ends: true,
    async run(stage) {
      const client = await stage.open(stage.carol.socket());
      client.packet('6');
      assert.ok(await client.answers(), 'a noop closed the connection');
    },
  },
  E20: {
    title: 'a wrong probe',
    async run(stage) {
      const wrong = ['2x', '3probe', '5', `2${'x'.repeat(900_000)}`, frame([1, 2, 3], { opcode: BINARY }), '40', '2probe\x1e5'];
      for (const first of wrong) {
        const session = await connected(stage.alice);
        const ws = await stage.open(WebSocketWire.open(stage.server, session.upgradePath));
        if (Buffer.isBuffer(first)) ws.sendBytes(first); else ws.send(first);
        assert.notEqual(await ws.closes(), null, `${String(first).slice(0, 20)}: the WebSocket stays`);
        assert.ok(await session.isOpen(), `${String(first).slice(0, 20)}: the session was closed`);
      }
    },
  },
  E22: {
    title: 'more than one upgrade',
    async run(stage) {
      const session = await connected(stage.alice);
      const opened = await Promise.all([1, 2, 3, 4].map(() => (
        WebSocketWire.open(stage.server, session.upgradePath).then((ws) => stage.open(ws), (error) => error.answer)
      )));
      for (const ws of opened) ws.send?.('2probe');
      const probed = await Promise.all(opened.map((ws) => ws.hears?.((text) => text === '3probe', 3_000) ?? null));
      assert.equal(probed.filter(Boolean).length, 1, `${probed.length} upgrades, ${probed.filter(Boolean).length} probed`);
      const won = opened[probed.findIndex(Boolean)];
      won.send('5');
      const client = new Client(won);
      assert.ok(await client.answers(), 'the one that won is dead');
      const late = await WebSocketWire.open(stage.server, session.upgradePath).then((ws) => ws.closes(), (error) => error.answer.status);
      assert.notEqual(late, null, 'an upgrade after the upgrade stays open');
      assert.ok(await client.answers(), 'an upgrade after the upgrade disturbed it');
      client.packet('1');
      await client.closes();
      await assert.rejects(WebSocketWire.open(stage.server, session.upgradePath), (error) => error.answer?.status === 400);
    },
  },
  E23: {
    title: 'an upgrade with another protocol version',
    async run(stage) {
      const session = await connected(stage.alice);
      for (const version of ['&EIO=3', '', '&EIO=5']) {
        const path = `${session.path}?transport=websocket&sid=${session.sid}${version}`;
        await assert.rejects(WebSocketWire.open(stage.server, path), (error) => error.answer?.status === 400, version);
      }
      const client = await upgrade(stage, session);
      assert.ok(await client.answers());
    },
  },
  E25: {
    title: 'polling after the upgrade',
    async run(stage) {
      const session = await connected(stage.alice);
      const client = await upgrade(stage, session);
      assert.ok(await client.answers());
      for (const answer of [await session.poll(), await session.post('3')]) assert.equal(answer.status, 400, answer.text);
      assert.ok(await client.answers(), 'polling disturbed the WebSocket');
    },
  },
  E26: {
    title: 'a client that polls too seldom',
    on: 'memory',
    rooms: true,
    async run(stage) {
      const content = 'x'.repeat(9_900);
      const flood = async () => {
        const session = await connected(stage.carol);
        await stage.carol.ok('POST', `/chat/rooms/${stage.pub.id}/join`, {});
        for (let n = 0; n < 130; n += 1) await stage.alice.ok('POST', `/chat/rooms/${stage.pub.id}/messages`, { content });
        await ended(session, '1.3 MB are waiting');
        await stage.carol.ok('POST', `/chat/rooms/${stage.pub.id}/leave`, {});
      };
      await growsLittle(stage.server, { times: 2, mib: 8 }, flood);
    },
  },
  E28: {
    title: 'JSONP and other leftovers',
    requests: ['b64=1', 'j=0', 'j=0&b64=1', `t=${'x'.repeat(10_000)}`].flatMap((more) => both(`EIO=4&transport=polling&${more}`)),
    expect: { status: 200, headers: { 'content-type': /^text\/plain; charset=UTF-8$/iu }, says: /^0\{"sid"/u },
  },
  E29: {
    title: 'answers that cannot be sniffed or kept',
    requests: [
      ...both('EIO=4&transport=polling'),
      { line: 'GET /io/?EIO=4&transport=polling&sid=x', expect: { status: 400, headers: { 'x-content-type-options': /^nosniff$/u, 'cache-control': /no-store/u } } },
    ],
    expect: {
      status: 200,
      headers: { 'content-type': /^text\/plain; charset=UTF-8$/iu, 'x-content-type-options': /^nosniff$/u, 'cache-control': /no-store/u },
    },
    async run(stage) {
      const session = await connected(stage.alice);
      assert.equal((await session.post('420["bad-inputs:x"]')).status, 200);
      const answer = await session.poll();
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-type'], /^text\/plain; charset=UTF-8$/iu);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    },
  },
};

