// Socket.IO: packets, namespaces, acknowledgements, and how much one may send.

import assert from 'node:assert/strict';

import { signToken } from '../../clients/tokens.mjs';
import { growsLittle } from '../oracle.mjs';
import { PASSWORD } from '../servers.mjs';
import { Person } from '../stage.mjs';
import { call } from '../wire/http.mjs';
import { Client, IDIOMATIC, TUTORIAL } from '../wire/socketio.mjs';
import { BINARY, frame } from '../wire/websocket.mjs';

const binary = (content) => frame(content, { opcode: BINARY });

/** How a CONNECT with this payload is answered: the packet, or null when the connection closes. */
async function connectAnswer(stage, payload, options = {}) {
  const client = await stage.open(Client.bare(stage.server, IDIOMATIC, options));
  client.packet(`40${payload}`);
  return client.ws.hears((text) => /^4[04]/u.test(text));
}

export default {
  I01: {
    title: 'a session that joins nothing, and one that never authenticates',
    slow: true,
    on: 'slow',
    async run(stage) {
      const joinless = [IDIOMATIC, TUTORIAL].map((path) => Client.bare(stage.server, path));
      const mute = Client.tutorial(stage.server);
      await Promise.all([...joinless, mute].map(async (opening) => {
        const client = await stage.open(opening);
        assert.notEqual(await client.closes(14_000), null, 'it is still open after 14 s');
        assert.ok(client.ws.wire.livedMs > 8_000, `it was closed after ${Math.round(client.ws.wire.livedMs)} ms already`);
      }));
    },
  },
  I02: { title: 'an event before anything was joined', bare: true, packets: ['42["x"]', '421["x"]', '42/a,["x"]', '41', '431[]'], ends: true },
  I04: { title: 'a CONNECT whose payload is no object', bare: true, packets: ['40[]', '40"x"', '401', '4abc', '40{', '40{}x', '40null'], ends: true },
  I05: {
    title: 'very many namespaces, and strange ones',
    note: 'closed at the eleventh CONNECT that leads nowhere',
    bare: true,
    packets: [Array.from({ length: 11 }, (_, n) => `40/n${n},`), Array.from({ length: 10_000 }, (_, n) => `40/n${n},`)],
    ends: true,
    async run(stage) {
      for (const name of ['/admin', '/../', `/${'x'.repeat(15_000)}`, '/__proto__', `/${'ä'.repeat(5_000)}`, '/%00']) {
        const client = await stage.open(Client.bare(stage.server));
        client.packet(`40${name},`);
        const answer = await client.ws.hears((text) => text.startsWith('44'));
        assert.match(answer ?? '', /,\{"message":"Invalid namespace"\}$/u, `${name.slice(0, 20)}: ${answer}`);
        assert.ok(Buffer.byteLength(answer) <= 128 + 40, `${answer.length} characters were sent back`);
      }
      const long = await stage.open(Client.bare(stage.server));
      long.packet(`40/${'x'.repeat(100_000)},`);
      assert.notEqual(await long.closes(), null, '100 kB before authentication were read');
    },
  },
  I07: {
    title: 'events that are not an array with a name',
    packets: ['42{}', '42"x"', '42', '42[]', '42[null]', '42[{}]', '42[["x"]]', '42[true]', '42["x"', '42["x"]y'],
    ends: true,
    async run(stage) {
      const client = await stage.open(stage.carol.socket());
      client.packet('42[1]');
      assert.ok(await client.answers(), 'an event with a number for a name closed the connection');
    },
  },
  I08: {
    title: 'acknowledgement ids',
    packets: ['42-1["x"]', '421.5["x"]', '42abc["x"]', '4212345678901234567890["x"]', `42${'1'.repeat(900_000)}["x"]`, '429007199254740992["x"]', '43["x"]', '43-1["x"]'],
    ends: true,
    async run(stage) {
      const client = await stage.open(stage.carol.socket());
      for (const id of ['0', '9007199254740991', '007']) {
        client.packet(`42${id}["bad-inputs:x"]`);
        assert.ok(await client.ws.hears((text) => text.startsWith(`43${Number(id)}[`)), `the id ${id} was not answered`);
      }
      for (let n = 0; n < 100; n += 1) client.packet('4277["bad-inputs:x"]');
      await client.answers();
      assert.equal(client.texts.filter((text) => text.startsWith('4377[')).length, 100, 'an id that is used again is answered each time');
      for (const id of ['0', '99', '9007199254740991']) client.packet(`43${id}[{"ok":true}]`);
      assert.ok(await client.answers(), 'an acknowledgement of nothing closed the connection');
    },
  },
  I10: {
    title: 'acknowledgements of the client that never come, or for nothing',
    note: 'the server asks for none',
    on: 'memory',
    run: (stage) => growsLittle(stage.server, { times: 5, mib: 4 }, async () => {
      const client = await stage.carol.socket();
      for (let n = 0; n < 5_000; n += 1) client.packet(`43${n}[]`);
      assert.ok(await client.answers());
      assert.ok(!client.texts.some((text) => /^42\d/u.test(text)), 'the server asked for an acknowledgement');
      client.close();
    }),
  },
  I11: { title: 'types that only servers send, or nobody', packets: ['44{}', '47', '4x', '4', '48[]', '49'], ends: true },
  I13: { title: 'no attachments announced', packets: ['450-["x"]', '450-["x",{"_placeholder":true,"num":0}]', '45-["x"]', '460-1["x"]', '45["x"]'], ends: true },
  I14: {
    title: 'attachments that do not come as announced',
    packets: [['451-["x",{"_placeholder":true,"num":0}]', '42["x"]'], '4511-["x"]', '45999999999-["x"]', '451-["x",{"_placeholder":true,"num":1}]', '451-["x",{"_placeholder":true,"num":"0"}]', '451-["x",{"_placeholder":true}]', '451-["x",{"_placeholder":true,"num":-1}]'],
    ends: true,
    slow: true,
    async run(stage) {
      const stray = await stage.open(stage.carol.socket());
      stray.ws.sendBytes(binary([1, 2, 3]));
      assert.notEqual(await stray.closes(), null, 'a stray attachment was taken');
      const extra = await stage.open(stage.carol.socket());
      extra.packet('451-["bad-inputs:x",{"_placeholder":true,"num":0}]');
      extra.ws.sendBytes(Buffer.concat([binary([1]), binary([2])]));
      assert.notEqual(await extra.closes(), null, 'one attachment too many was taken');
      const late = await stage.open(stage.carol.socket());
      late.packet('451-["bad-inputs:x",{"_placeholder":true,"num":0}]');
      assert.notEqual(await late.closes(14_000), null, 'a missing attachment is waited for after 14 s');
    },
  },
  I16: {
    title: 'binary where text belongs',
    rooms: true,
    untouched: true,
    async run(stage) {
      const client = await stage.open(stage.bob.socket());
      const payload = JSON.stringify(['message:send', { roomId: stage.pub.id, content: { _placeholder: true, num: 0 } }]);
      client.packet(`451-7${payload}`);
      client.ws.sendBytes(binary('hello'));
      const answer = await client.ws.hears((text) => text.startsWith('437['));
      const [{ ok, error }] = JSON.parse(answer.slice(3));
      assert.deepEqual([ok, error.code, error.reason], [false, 'SEND_FAILED', 'validation']);
    },
  },
  I17: {
    title: 'a DISCONNECT with a payload, and an event after one',
    packets: ['41{}', '41[]', '411', ['41', '42["x"]']],
    ends: true,
    rooms: true,
    async run(stage) {
      const client = await stage.bob.socket();
      await stage.witness.hears('presence:changed', (row) => row.userId === stage.bob.id && row.status === 'online');
      client.packet('41');
      client.packet('42["message:send",{}]');
      await client.closes();
      await stage.witness.hears('presence:changed', (row) => row.userId === stage.bob.id && row.status === 'offline', 15_000);
      const gone = stage.witness.heard.filter(({ name, payload }) => name === 'presence:changed' && payload.userId === stage.bob.id);
      assert.deepEqual(gone.map(({ payload }) => payload.status), ['online', 'offline']);
    },
    untouched: true,
  },
  I19: {
    title: 'joining and leaving without end',
    note: 'a person may be in more than 200 rooms; one socket may ask to hear 200 at once, and joins are limited by time',
    on: 'limits',
    rooms: true,
    async run(stage) {
      const client = await stage.open(stage.carol.socket({ localAddress: '127.0.1.19' }));
      const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => (
        client.ask(n % 2 ? 'room:leave' : 'room:join', { roomId: stage.pub.id })
      )));
      const refused = answers.filter((answer) => !answer.ok);
      assert.ok(refused.length >= 25, `${refused.length} of 60 were refused`);
      for (const { error } of refused) {
        assert.deepEqual([error.code, error.reason], ['JOIN_FAILED', 'rate_limited']);
        assert.ok(error.retryAfterMs > 0);
      }
      const many = await client.ask('join', { rooms: Array.from({ length: 201 }, () => `room:${stage.pub.id}`) });
      assert.equal(many.error?.reason, 'validation', JSON.stringify(many));
    },
  },
  I20: {
    title: 'a flood of messages',
    on: 'limits',
    rooms: true,
    async run(stage) {
      const client = await stage.open(stage.bob.socket({ localAddress: '127.0.1.20' }));
      const send = (n) => client.ask('message:send', { roomId: stage.pub.id, content: `flood ${n}` });
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => send(n)));
      const accepted = answers.filter((answer) => answer.ok);
      assert.ok(accepted.length >= 20 && accepted.length <= 40, `${accepted.length} of 100 were accepted`);
      for (const { ok, error } of answers) {
        if (!ok) assert.deepEqual([error.code, error.reason, error.retryable, error.retryAfterMs > 0], ['SEND_FAILED', 'rate_limited', true, true]);
      }
      const stored = await stage.alice.ok('GET', `/chat/rooms/${stage.pub.id}/messages?limit=200`);
      const flood = stored.filter((message) => message.content.startsWith('flood')).map((message) => message.id);
      assert.deepEqual(new Set(flood), new Set(accepted.map((answer) => answer.id)), 'accepted and stored are not the same');
      for (let n = 0; n < 1_200 && !client.ws.ended; n += 1) client.emit('message:send', { roomId: stage.pub.id, content: 'more' });
      assert.notEqual(await client.closes(), null, 'the flood goes on');
    },
  },
  I22: {
    title: 'the presence of people one does not know',
    rooms: true,
    async run(stage) {
      await stage.open(stage.bob.socket());
      const stranger = await stage.open(stage.carol.socket());
      const asked = [stage.alice.id, stage.bob.id, 'nobody'];
      assert.deepEqual((await stranger.ask('presence:get', { userIds: asked })).users, []);
      for (const count of [201, 10_000]) {
        const answer = await stranger.ask('presence:get', { userIds: Array.from({ length: count }, (_, n) => `host:u${n}`) });
        assert.equal(answer.error?.reason, 'validation', `${count} ids: ${JSON.stringify(answer).slice(0, 200)}`);
      }
      assert.deepEqual((await stage.witness.ask('presence:get', { userIds: asked })).users.map((row) => row.userId), [stage.alice.id, stage.bob.id]);
      await stage.mark();
      const leak = stranger.texts.find((text) => text.includes(stage.alice.id) || text.includes(stage.bob.id));
      assert.equal(leak, undefined, 'a stranger heard of them');
    },
  },
  I23: {
    title: 'a whole room that comes and goes',
    note: 'sixty members instead of a thousand',
    rooms: true,
    async run(stage) {
      const crowd = Array.from({ length: 60 }, (_, n) => stage.person(`p${n}`));
      for (const one of crowd) await one.ok('POST', `/chat/rooms/${stage.pub.id}/join`, {});
      stage.witness.heard.length = 0;
      const started = performance.now();
      const sockets = await Promise.all(crowd.map((one) => one.socket()));
      for (const socket of sockets) socket.close();
      const again = await Promise.all(crowd.map((one) => stage.open(one.socket())));
      await Promise.all(again.map((socket) => socket.answers()));
      await new Promise((done) => { setTimeout(done, 1_500); });
      const seconds = (performance.now() - started) / 1000;
      const packets = stage.witness.heard.filter(({ name }) => name.startsWith('presence:')).length;
      assert.ok(packets > 0, 'nobody was told that anyone came');
      assert.ok(packets <= 60 + seconds, `${packets} presence packets in ${seconds.toFixed(1)} s for 60 people who came, went, and came`);
    },
  },
  I25: {
    title: 'credentials of a wrong form, or of two people',
    async run(stage) {
      for (const payload of ['{"token":1}', '{"token":null}', '{"token":{"a":[[[]]]}}', '{"token":["x"]}', '{"token":""}', '{}', '', '{"token":"a.b.c"}', '{"token":true,"token":"x"}']) {
        const answer = await connectAnswer(stage, payload);
        assert.match(answer ?? '44', /^44/u, `${payload} was let in`);
        if (answer) assert.equal(JSON.parse(answer.slice(2)).data.reason, 'unauthenticated', answer);
      }
      const large = await stage.open(Client.bare(stage.server));
      large.packet(`40{"token":"${'x'.repeat(900_000)}"}`);
      assert.equal(await large.closes(), 1009, 'a megabyte before authentication');
      const headers = { Authorization: `Bearer ${stage.alice.token}` };
      const two = await connectAnswer(stage, JSON.stringify({ token: stage.bob.token }), { headers });
      assert.match(two ?? '44', /^44/u, `two identities were let in: ${two}`);
      const same = await connectAnswer(stage, JSON.stringify({ token: stage.alice.token }), { headers });
      assert.match(same ?? '', /^40/u, 'the same token twice was refused');
    },
  },
  I26: {
    title: 'a token that ends while its socket lives',
    slow: true,
    on: 'slow',
    note: 'told by session:expiring a minute before (halfway, of one that comes with less), closed at the end; a fresh token of the same user keeps it',
    async run(stage) {
      const now = Math.floor(Date.now() / 1000);
      const short = (name, seconds) => new Person(stage.server, `${name}-${stage.name}`, { exp: now + seconds });
      const [ends, renews] = await Promise.all(['ends', 'renews'].map((name) => stage.open(short(name, 64).socket())));
      const [tutorial, foreign] = await Promise.all([stage.open(short('tutorial', 64).tutorial()), stage.open(short('foreign', 64).socket())]);
      assert.ok((await ends.hears('session:expiring', undefined, 40_000)).inMs <= 60_000);
      const fresh = signToken({ sub: `host:renews-${stage.name}` });
      assert.equal((await renews.ask('authenticate', { token: fresh })).ok, true);
      const refused = await foreign.ask('authenticate', { token: fresh });
      assert.equal(refused.error?.reason, 'forbidden', "another's token renewed it");
      for (const socket of [ends, tutorial, foreign]) {
        assert.notEqual(await socket.closes(72_000), null, 'a socket outlives its token');
        assert.equal(socket.heard.find(({ name }) => name === 'session:ended')?.payload.reason, 'expired');
      }
      assert.ok(Date.now() / 1000 < now + 64 + 10, 'it was closed late');
      assert.ok(await renews.answers(), 'the renewed socket was closed');
    },
  },
  I28: {
    title: 'the same rules at both doors',
    note: 'two factors, read-only rooms and slow mode do not exist here',
    rooms: true,
    untouched: true,
    async run(stage) {
      const socket = await stage.open(stage.bob.socket());
      const stranger = await stage.open(stage.carol.socket());
      const message = await stage.alice.ok('POST', `/chat/rooms/${stage.pub.id}/messages`, { content: 'of alice' });
      await stage.mark();
      const { pub, priv } = stage;
      const rules = [
        [socket, 'bob', 'message:send', 'POST', `/chat/rooms/${pub.id}/messages`, { roomId: pub.id }, { content: 'x'.repeat(10_001) }],
        [socket, 'bob', 'message:send', 'POST', `/chat/rooms/${pub.id}/messages`, { roomId: pub.id }, { content: ' ' }],
        [socket, 'bob', 'message:send', 'POST', `/chat/rooms/${pub.id}/messages`, { roomId: pub.id }, { content: 'x', type: 'system' }],
        [socket, 'bob', 'message:send', 'POST', `/chat/rooms/${pub.id}/messages`, { roomId: pub.id }, { content: 'x', extra: 1 }],
        [stranger, 'carol', 'message:send', 'POST', `/chat/rooms/${pub.id}/messages`, { roomId: pub.id }, { content: 'x' }],
        [stranger, 'carol', 'message:send', 'POST', `/chat/rooms/${priv.id}/messages`, { roomId: priv.id }, { content: 'x' }],
        [socket, 'bob', 'message:edit', 'PATCH', `/chat/messages/${message.id}`, { messageId: message.id }, { content: 'mine' }],
        [socket, 'bob', 'message:delete', 'DELETE', `/chat/messages/${message.id}`, { messageId: message.id }, undefined],
        [socket, 'bob', 'room:update', 'PATCH', `/chat/rooms/${pub.id}`, { roomId: pub.id }, { name: 'Mine' }],
        [socket, 'bob', 'room:delete', 'DELETE', `/chat/rooms/${pub.id}`, { roomId: pub.id }, undefined],
        [stranger, 'carol', 'room:join', 'POST', `/chat/rooms/${priv.id}/join`, { roomId: priv.id }, {}],
        [stranger, 'carol', 'message:list', 'GET', `/chat/rooms/${pub.id}/messages`, { roomId: pub.id }, undefined],
        [socket, 'bob', 'user:disable', 'PUT', `/chat/users/${stage.alice.id}/disabled`, { userId: stage.alice.id }, { disabled: true }],
      ];
      for (const [client, name, event, method, path, ids, fields] of rules) {
        const byEvent = await client.ask(event, { ...ids, ...fields });
        const byRest = await stage.person(name).call(method, path, fields);
        const what = `${event} ${JSON.stringify(fields)?.slice(0, 60)} by ${name}`;
        assert.equal(byEvent.ok, false, `${what} was let through by event`);
        assert.ok(byRest.status >= 400, `${what} was let through by REST`);
        assert.deepEqual([byEvent.error.reason, byEvent.error.code, byEvent.error.message], [byRest.body.reason, byRest.body.code, byRest.body.message], what);
      }
      // A person who was shut out is out at both doors.
      const username = `out-${stage.name}`;
      const made = await call(stage.server, 'POST', '/auth/register', { body: { username, password: PASSWORD } });
      const token = made.body.accessToken;
      const live = await stage.open(Client.open(stage.server, token));
      const shut = await call(stage.server, 'PUT', `/chat/users/${made.body.user.id}/disabled`, { token: stage.server.admin, body: { disabled: true } });
      assert.equal(shut.status, 200, shut.text);
      assert.notEqual(await live.closes(), null, 'the live socket goes on');
      assert.equal((await call(stage.server, 'GET', '/auth/me', { token })).status, 401);
      await assert.rejects(Client.open(stage.server, token), /refused: 44/u);
      assert.equal((await call(stage.server, 'POST', '/auth/login', { body: { username, password: PASSWORD } })).status, 401);
    },
  },
};
