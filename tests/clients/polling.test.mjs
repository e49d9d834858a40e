// A client made of bare HTTP requests: Engine.IO by long polling, its errors, and the paths it is found under.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Person } from './people.mjs';
import { call, expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';
import { hasFields } from './shapes.mjs';

let server;
let alice;

before(async () => {
  server = await startServer();
  alice = new Person(server, 'alice');
  await expectStatus(200, alice.rest('GET', '/auth/me'));
});
after(() => server?.stop());

const SEPARATOR = '\u001e';

/** A session by polling: the packets it reads, and the packets it writes. */
class Poller {
  #url;
  #waiting = [];

  static async open(path) {
    const poller = new Poller();
    const response = await fetch(`${server.url}${path}?EIO=4&transport=polling`);
    assert.equal(response.status, 200);
    const text = await response.text();
    assert.equal(text[0], '0', text);
    poller.handshake = JSON.parse(text.slice(1));
    poller.#url = `${server.url}${path}?EIO=4&transport=polling&sid=${poller.handshake.sid}`;
    return poller;
  }

  async write(...packets) {
    const response = await fetch(this.#url, { method: 'POST', body: packets.join(SEPARATOR), headers: { 'content-type': 'text/plain;charset=UTF-8' } });
    assert.deepEqual([response.status, await response.text()], [200, 'ok']);
  }

  /** The next packet that begins so. */
  async read(prefix) {
    for (let polls = 0; polls < 20; polls += 1) {
      const at = this.#waiting.findIndex((packet) => packet.startsWith(prefix));
      if (at >= 0) return this.#waiting.splice(at, 1)[0].slice(prefix.length);
      const response = await fetch(this.#url, { signal: AbortSignal.timeout(5000) });
      assert.equal(response.status, 200);
      this.#waiting.push(...(await response.text()).split(SEPARATOR));
    }
    assert.fail(`no packet ${prefix}; read ${this.#waiting.join(' ')}`);
  }
}

for (const path of ['/io', '/io/', '/socket.io', '/socket.io/']) {
  test(`the handshake at ${path}`, async () => {
    const { handshake } = await Poller.open(path);
    hasFields(handshake, 'sid upgrades pingInterval pingTimeout maxPayload');
    const { sid, ...rest } = handshake;
    assert.ok(sid.length >= 16);
    assert.deepEqual(rest, { upgrades: ['websocket'], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 });
  });
}

test('the tutorial’s flow in packets', async () => {
  const poller = await Poller.open('/io/');
  await poller.write('40');
  const { sid } = JSON.parse(await poller.read('40'));
  assert.notEqual(sid, poller.handshake.sid, 'the socket and the connection have the same id');
  await poller.write(`42${JSON.stringify(['authenticate', { token: alice.token }])}`);
  const [name, payload] = JSON.parse(await poller.read('42'));
  assert.equal(name, 'ping');
  hasFields(payload, 'time');
  const [second, authenticated] = JSON.parse(await poller.read('42["authenticated"').then((rest) => `["authenticated"${rest}`));
  assert.deepEqual([second, authenticated.id], ['authenticated', sid]);
  await poller.write(`427${JSON.stringify(['room:create', { name: 'By packet' }])}`);
  const [answer] = JSON.parse(await poller.read('437'));
  assert.deepEqual([answer.ok, answer.name], [true, 'By packet']);
});

test('several packets in one payload keep their order', async () => {
  const poller = await Poller.open('/socket.io/');
  await poller.write(`40${JSON.stringify({ token: alice.token })}`);
  await poller.read('40');
  const room = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'Payload' }));
  const packets = [1, 2, 3].map((n) => `42${n}${JSON.stringify(['message:send', { roomId: room.id, content: `n${n}` }])}`);
  await poller.write(...packets);
  const seqs = [];
  for (const n of [1, 2, 3]) seqs.push(JSON.parse(await poller.read(`43${n}`))[0].seq);
  assert.deepEqual(seqs, [seqs[0], seqs[0] + 1, seqs[0] + 2]);
});

describe('errors of the protocol are 400 with JSON', () => {
  const polling = '/io/?EIO=4&transport=polling';
  const errors = {
    'an unknown transport': ['GET', '/io/?EIO=4&transport=carrier-pigeon', 0, 'Transport unknown'],
    'no transport': ['GET', '/io/?EIO=4', 0, 'Transport unknown'],
    'an unknown session': ['GET', `${polling}&sid=unknown`, 1, 'Session ID unknown'],
    'a session called like a property': ['GET', `${polling}&sid=__proto__`, 1, 'Session ID unknown'],
    'a handshake by POST': ['POST', polling, 2, 'Bad handshake method'],
    'a WebSocket without the upgrade': ['GET', '/io/?EIO=4&transport=websocket', 3, 'Bad request'],
    'version 3': ['GET', '/io/?EIO=3&transport=polling', 5, 'Unsupported protocol version'],
  };
  for (const [what, [method, path, code, message]] of Object.entries(errors)) {
    for (const prefix of ['/io/', '/socket.io/']) {
      test(`${what} at ${prefix}`, async () => {
        const answer = await call(server, method, path.replace('/io/', prefix));
        assert.equal(answer.status, 400, answer.text);
        assert.match(answer.headers.get('content-type'), /^application\/json/u);
        assert.deepEqual(answer.body, { code, message });
      });
    }
  }
});

test('a payload over the limit closes the connection, not the server', async () => {
  const { handshake } = await Poller.open('/io/');
  const url = `${server.url}/io/?EIO=4&transport=polling&sid=${handshake.sid}`;
  const response = await fetch(url, { method: 'POST', body: `4${'x'.repeat(1_100_000)}`, headers: { 'content-type': 'text/plain' } }).catch(() => ({ status: 413 }));
  assert.ok([400, 413].includes(response.status), `answered ${response.status}`);
  assert.equal((await call(server, 'GET', '/healthz')).status, 200);
});

test('packets that are none close the connection, not the server', async () => {
  for (const packet of ['x', '9', '42', '42{', '42[]', '42["a"', '42[1]', '45', '451-["a",{"_placeholder":true,"num":0}]', '459999999-["a"]', '4'.repeat(1000)]) {
    const { handshake } = await Poller.open('/io/');
    const url = `${server.url}/io/?EIO=4&transport=polling&sid=${handshake.sid}`;
    const response = await fetch(url, { method: 'POST', body: packet, headers: { 'content-type': 'text/plain' } });
    assert.ok(response.status < 500, `${packet} was answered ${response.status}`);
  }
  assert.equal((await call(server, 'GET', '/readyz')).status, 200);
});
