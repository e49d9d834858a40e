// Events of signed-in clients: who may say what to whom, and in which form.

import assert from 'node:assert/strict';

import { growsLittle } from '../oracle.mjs';
import { PASSWORD } from '../servers.mjs';
import { call } from '../wire/http.mjs';
import { Client } from '../wire/socketio.mjs';
import { frame, TEXT } from '../wire/websocket.mjs';

const to = (roomId, fields) => ['message:send', { roomId, ...fields }];
const contents = (...texts) => texts.map((content) => to('$PUB', { content }));
const nested = (depth, inner = '') => '['.repeat(depth) + inner + ']'.repeat(depth);
const SEND = 'SEND_FAILED';

/** Events given as JSON text, by bob: each is refused for one of these reasons, or ends the connection. */
async function refused(stage, events, reasons = ['validation', 'malformed', 'unknown_field', 'too_long']) {
  for (const event of events) {
    const client = await stage.open(stage.bob.socket());
    const answer = await client.askRaw(stage.fill(event));
    const what = `${event.slice(0, 120)}: ${JSON.stringify(answer)?.slice(0, 200)}`;
    if (answer === null) assert.ok(client.ws.ended || client.ws.closeCode !== null, `${what}: no answer`);
    else assert.ok(!answer.ok && reasons.includes(answer.error.reason), what);
  }
}

const quoted = (name, fields) => `["${name}",{"roomId":"$PUB",${fields}}]`;

export default {
  M01: {
    title: 'speaking for another',
    note: 'a userId in a payload is ignored (WIRE §2.1)',
    rooms: true,
    async run(stage) {
      const client = await stage.open(stage.bob.socket());
      for (const userId of [stage.alice.id, { $ne: null }, null, ['a'], 7]) {
        const answer = await client.ask('message:send', { roomId: stage.pub.id, content: 'x', userId });
        assert.equal(answer.message.senderId, stage.bob.id);
        assert.equal((await stage.witness.hears('message:new', (message) => message.id === answer.id)).sender.id, stage.bob.id);
      }
      const joined = await (await stage.open(stage.carol.socket())).ask('room:join', { roomId: stage.pub.id, userId: stage.alice.id });
      assert.equal(joined.userId, stage.carol.id);
    },
  },
  M02: {
    title: 'sending where one is not',
    rooms: true,
    untouched: true,
    async run(stage) {
      const gone = await stage.alice.ok('POST', '/chat/rooms', { name: `Gone ${stage.name}` });
      await stage.alice.ok('DELETE', `/chat/rooms/${gone.id}`);
      await stage.mark();
      const client = await stage.open(stage.carol.socket());
      const ask = (roomId) => client.ask('message:send', { roomId, content: 'x' });
      const inPublic = await ask(stage.pub.id);
      assert.deepEqual([inPublic.error.code, inPublic.error.reason], [SEND, 'forbidden']);
      const hidden = await Promise.all([stage.priv.id, stage.priv.slug, gone.id, 'nowhere', stage.alice.id].map(ask));
      for (const { ok, error } of hidden) assert.deepEqual([ok, error], [false, hidden[0].error]);
      assert.deepEqual([hidden[0].error.code, hidden[0].error.reason], [SEND, 'not_found']);
    },
  },
  M04: {
    title: 'nothing to see',
    rooms: true,
    events: contents('', '   ', '\u200b', '\u3164', '\u2800', '\u0301\u0302', '\u202e\u2066', '\ufeff\u2060', '\n\t\r', '\u{e0041}\u{e007f}', '\u00ad', '\ufe0f'),
    expect: { reason: 'validation', code: SEND },
    untouched: true,
  },
  M05: {
    title: 'too long',
    rooms: true,
    events: contents('x'.repeat(10_001), 'x'.repeat(990_000), '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}'.repeat(9_000), 'ä'.repeat(10_001)),
    expect: { reason: 'too_long', code: SEND },
    untouched: true,
    async run(stage) {
      const client = await stage.open(stage.bob.socket());
      client.emit('message:send', { roomId: stage.pub.id, content: 'x'.repeat(1_000_000) });
      assert.equal(await client.closes(), 1009, 'a packet over maxPayload was taken');
    },
  },
  M07: {
    title: 'half a character in JSON',
    rooms: true,
    untouched: true,
    run: (stage) => refused(stage, ['\\ud800', '\\udc00', 'a\\ud83d', '\\udc00\\ud800', '\\ud800\\u0041'].map((half) => quoted('message:send', `"content":"${half}"`))),
  },
  M08: {
    title: 'text that is not UTF-8',
    code: 1007,
    frames: [[0xff, 0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80], [0x80]].flatMap((bytes) => {
      const message = Buffer.concat([Buffer.from('42["x","'), Buffer.from(bytes)]);
      return [frame(message), frame(Buffer.concat([message, Buffer.from('"]')])), [frame(message, { opcode: TEXT, fin: false }), frame('"]', { opcode: 0 })]];
    }),
  },
  M10: {
    title: 'text that turns or hides its neighbours',
    note: 'stored and sent as it came; how it is shown is the matter of who shows it',
    rooms: true,
    async run(stage) {
      const client = await stage.open(stage.bob.socket());
      for (const control of ['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069', '\u200b', '\u200d', '\u200e', '\u200f', '\ufeff', '\u00ad', '\u{e0041}']) {
        const content = `a${control}b`;
        const answer = await client.ask('message:send', { roomId: stage.pub.id, content });
        assert.equal(answer.message.content, content);
        await stage.witness.hears('message:new', (message) => message.content === content);
      }
    },
  },
  M11: {
    title: 'marks on marks',
    rooms: true,
    events: contents(`x${'\u0301'.repeat(5_000)}`, `x${'\u0301'.repeat(17)}`, `${'ok '.repeat(10)}e${'\u0336'.repeat(20)}`),
    expect: { reason: 'validation', code: SEND },
    untouched: true,
  },
  M13: {
    title: 'characters without a meaning',
    rooms: true,
    async run(stage) {
      const client = await stage.open(stage.bob.socket());
      for (const character of ['\ufffe', '\uffff', '\u{1ffff}', '\ue000', '\u{10ffff}', '\ufdd0', '\u{378}', '\u2028', '\ufffd', '\u0001', '\u007f']) {
        const content = `x${character}`;
        const answer = await client.ask('message:send', { roomId: stage.pub.id, content });
        assert.equal(answer.message?.content, content, `U+${character.codePointAt(0).toString(16)}: ${JSON.stringify(answer)}`);
        const [stored] = await stage.alice.ok('GET', `/chat/rooms/${stage.pub.id}/messages?limit=1`);
        assert.equal(stored.content, content);
      }
    },
  },
  M14: {
    title: 'deep JSON',
    rooms: true,
    untouched: true,
    async run(stage) {
      const deep = [33, 127, 128, 5_000, 100_000].flatMap((depth) => [
        quoted('message:send', `"content":${nested(depth)}`),
        quoted('message:send', `"content":"x","metadata":{"a":${nested(depth)}}`),
        quoted('message:send', `"content":"x","userId":${nested(depth)}`),
        `["bad-inputs:x",${nested(depth)}]`, `["authenticate",${nested(depth)}]`, `["join",{"rooms":${nested(depth)}}]`,
      ]);
      const ignored = quoted('message:send', `"content":"x","userId":${nested(33)}`);
      await refused(stage, deep.filter((event) => event !== ignored && !/bad-inputs|authenticate/u.test(event)));
      for (const event of deep.filter((one) => /bad-inputs|authenticate/u.test(one))) {
        const client = await stage.open(stage.bob.socket());
        await client.askRaw(event);
      }
      const connect = await stage.open(Client.bare(stage.server));
      connect.packet(`40{"token":${nested(5_000)}}`);
      await connect.closes();
      const rest = await stage.bob.call('POST', `/chat/rooms/${stage.pub.id}/messages`, `{"content":${nested(30_000)}}`, { headers: { 'content-type': 'application/json' } });
      assert.equal(rest.status, 400);
    },
  },
  M16: {
    title: 'strange numbers',
    rooms: true,
    untouched: true,
    async run(stage) {
      const bad = ['1e400', 'NaN', '01', '1.0', '9223372036854775808', '18446744073709551616', '1E-999', '1'.repeat(100_000), 'Infinity', '0x1', '+1', '"1"', '1.5', '-1e400'];
      await refused(stage, bad.map((number) => quoted('room:read', `"seq":${number}`)));
      await refused(stage, bad.filter((number) => number !== '"1"' && number !== '9223372036854775808').map((number) => quoted('message:list', `"limit":${number}`)));
      const client = await stage.open(stage.bob.socket());
      const head = (await stage.alice.ok('GET', `/chat/rooms/${stage.pub.id}`)).seq;
      for (const number of ['-0', '9007199254740993', '9223372036854775807']) {
        const answer = await client.askRaw(stage.fill(quoted('room:read', `"seq":${number}`)));
        assert.ok(answer.ok ? answer.seq <= head : answer.error.reason === 'validation', `${number}: ${JSON.stringify(answer)}`);
      }
    },
  },
  M17: {
    title: 'a field twice',
    rooms: true,
    untouched: true,
    async run(stage) {
      await refused(stage, [
        '["message:send",{"roomId":"$PUB","roomId":"$PRIV","content":"x"}]',
        '["message:send",{"roomId":"$PRIV","content":"x","room\\u0049d":"$PUB"}]',
        '["message:send",{"roomId":"$PUB","content":"x","content":"y"}]',
        '["room:update",{"roomId":"$PUB","name":"a","name":"b"}]',
      ]);
      const body = '{"content":"x","content":"y"}';
      const rest = await stage.bob.call('POST', `/chat/rooms/${stage.pub.id}/messages`, body, { headers: { 'content-type': 'application/json' } });
      assert.equal(rest.status, 400, rest.text);
      const query = await stage.bob.call('GET', `/chat/rooms/${stage.pub.id}/messages?roomId=${stage.priv.id}`);
      assert.equal(query.status, 400, 'a field came from the path and from the query');
    },
  },
  M19: {
    title: 'names of JavaScript prototypes',
    rooms: true,
    untouched: true,
    async run(stage) {
      await refused(stage, [
        quoted('message:send', '"content":"x","__proto__":{"isAdmin":true}'),
        quoted('message:send', '"content":"x","constructor":{"prototype":{}}'),
      ], ['unknown_field']);
      await refused(stage, ['__proto__', 'constructor', 'prototype', 'toString'].map((roomId) => `["message:send",{"roomId":"${roomId}","content":"x"}]`), ['not_found']);
      await refused(stage, ['__proto__', 'constructor', 'hasOwnProperty'].map((name) => `["${name}",{}]`), ['not_found']);
    },
  },
  M20: {
    title: 'metadata without bounds',
    rooms: true,
    events: [
      { a: 'x'.repeat(100_000) }, Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, 1])),
      Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, 1])), { a: { b: { c: { d: {} } } } }, [], 'text', 7, true,
      { a: 'x'.repeat(4_090) },
    ].map((metadata) => to('$PUB', { content: 'x', metadata })),
    expect: { reason: ['validation', 'too_long'], code: SEND },
    untouched: true,
    async run(stage) {
      await refused(stage, [quoted('message:send', '"content":"x","metadata":{"a":1e400}'), quoted('message:send', '"content":"x","metadata":{"a":"\\ud800"}')]);
    },
  },
  M22: {
    title: "a client's id that is used again",
    rooms: true,
    async run(stage) {
      const client = await stage.open(stage.bob.socket());
      const send = (who, fields) => who.ask('message:send', { roomId: stage.pub.id, content: 'x', clientId: 'one', ...fields });
      const first = await send(client);
      const again = await send(client);
      assert.deepEqual([again.id, again.duplicate], [first.id, true]);
      for (const other of [{ content: 'y' }, { type: 'note' }, { metadata: { a: 1 } }]) {
        const answer = await send(client, other);
        assert.deepEqual([answer.ok, answer.error?.code, answer.error?.reason], [false, SEND, 'conflict'], JSON.stringify(other));
      }
      const elsewhere = await send(client, { roomId: stage.priv.id });
      const another = await send(stage.witness);
      for (const answer of [elsewhere, another]) assert.deepEqual([answer.ok, answer.duplicate], [true, false]);
      const burst = await Promise.all(Array.from({ length: 50 }, () => send(client, { clientId: 'two' })));
      assert.equal(new Set(burst.map((answer) => answer.id)).size, 1, 'sent at once, one id became several messages');
      const stored = await stage.alice.ok('GET', `/chat/rooms/${stage.pub.id}/messages?limit=200`);
      assert.equal(stored.filter((message) => message.content === 'x').length, 3);
    },
  },
  M23: {
    title: "client's ids of a wrong form",
    rooms: true,
    events: ['', 'x'.repeat(1_000), 'x'.repeat(65), 7, {}, ['a'], 'a\u0000', 'a\n', '\u0085'].map((clientId) => to('$PUB', { content: 'x', clientId })),
    expect: { reason: ['validation', 'too_long'], code: SEND },
    untouched: true,
  },
  M25: {
    title: 'a storm of edits',
    note: 'earlier texts are not kept',
    on: 'limits',
    rooms: true,
    async run(stage) {
      const client = await stage.open(stage.bob.socket({ localAddress: '127.0.1.25' }));
      const { id } = await client.ask('message:send', { roomId: stage.pub.id, content: 'x' });
      const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => client.ask('message:edit', { messageId: id, content: `x${n}` })));
      const accepted = answers.filter((answer) => answer.ok).length;
      assert.ok(accepted >= 1 && accepted <= 10, `${accepted} of 50 edits were accepted`);
      for (const { ok, error } of answers) if (!ok) assert.deepEqual([error.code, error.reason], ['EDIT_FAILED', 'rate_limited']);
    },
  },
  M28: {
    title: 'a direct message to something that is no person',
    rooms: true,
    as: 'carol',
    untouched: true,
    async run(stage) {
      const client = await stage.open(stage.carol.socket());
      const receivers = [
        `room:${stage.priv.id}`, stage.priv.id, stage.priv.slug, `room:${stage.pub.id}`, 'io-default', 'io-notification', stage.witness.id, client.id,
        `user:${stage.alice.id}`, '', '*', `${stage.bob.id},${stage.alice.id}`, [stage.bob.id, stage.alice.id], { id: stage.bob.id }, null, 'nobody',
      ];
      for (const receiverId of receivers) {
        const answer = await client.ask('dm:send', { receiverId, content: 'x' });
        const what = `${JSON.stringify(receiverId)}: ${JSON.stringify(answer)}`;
        assert.equal(answer.ok, false, what);
        assert.equal(answer.error.code, 'DM_FAILED', what);
        assert.ok(['not_found', 'validation'].includes(answer.error.reason), what);
      }
      assert.deepEqual(await stage.carol.ok('GET', '/chat/conversations'), []);
    },
  },
  M29: {
    title: 'direct messages to oneself, to who is gone, to everyone',
    note: 'to oneself is allowed; there is no blocking; many new partners are limited as messages are',
    async run(stage) {
      const client = await stage.open(stage.bob.socket());
      const self = await client.ask('dm:send', { receiverId: stage.bob.id, content: 'a note' });
      assert.equal(self.ok, true, JSON.stringify(self));
      await client.hears('dm:new', (message) => message.id === self.id);
      const second = await client.ask('dm:send', { receiverId: stage.bob.id, content: 'another' });
      await client.hears('dm:new', (message) => message.id === second.id);
      assert.deepEqual(client.heard.filter(({ name }) => name === 'dm:new').map(({ payload }) => payload.id), [self.id, second.id], 'heard one twice');
      const username = `left-${stage.name}`;
      const made = await call(stage.server, 'POST', '/auth/register', { body: { username, password: PASSWORD } });
      const shut = await call(stage.server, 'PUT', `/chat/users/${made.body.user.id}/disabled`, { token: stage.server.admin, body: { disabled: true } });
      assert.equal(shut.status, 200, shut.text);
      const gone = await client.ask('dm:send', { receiverId: made.body.user.id, content: 'x' });
      const unknown = await client.ask('dm:send', { receiverId: 'nobody', content: 'x' });
      assert.equal(unknown.error.reason, 'not_found');
      assert.deepEqual(gone.error, unknown.error, 'who was shut out and who never was get different answers');
    },
  },
  M31: {
    title: 'typing where one is not',
    rooms: true,
    untouched: true,
    async run(stage) {
      const client = await stage.open(stage.carol.socket());
      const answers = [];
      for (const roomId of [stage.priv.id, stage.priv.slug, stage.pub.id, 'nowhere', '__proto__']) {
        for (const event of ['typing:start', 'typing:stop']) {
          answers.push(await client.ask(event, { roomId }));
          client.emit(event, { roomId });
        }
      }
      for (const answer of answers) assert.deepEqual(answer, answers[0], 'an answer tells rooms apart');
      assert.ok(await client.answers());
      assert.deepEqual(client.heard.filter(({ name }) => name === 'error'), []);
    },
  },
  M32: {
    title: 'typing in twenty thousand rooms',
    on: 'memory',
    rooms: true,
    run: (stage) => growsLittle(stage.server, { times: 3, mib: 4 }, async () => {
      const client = await stage.bob.socket();
      for (let n = 0; n < 7_000; n += 1) client.emit('typing:start', { roomId: `room-${Math.random()}` });
      assert.ok(await client.askRaw('["bad-inputs:x"]', 60_000));
      client.close();
    }),
  },
  M34: {
    title: "the tutorial's join and leave",
    rooms: true,
    async run(stage) {
      const client = await stage.open(stage.carol.tutorial());
      const others = [`user:${stage.alice.id}`, 'io-default', stage.witness.id, '*', '', `room:${stage.pub.id}`];
      for (const room of [`room:${stage.priv.id}`, ...others]) client.emit('join', { rooms: [room] });
      for (const payload of [{ rooms: 'abc' }, null, undefined, 7, 'x', { rooms: [1, null, {}] }, { rooms: {} }, { rooms: Array(10_000).fill('x') }]) {
        client.emit('leave', ...(payload === undefined ? [] : [payload]));
        client.emit('join', ...(payload === undefined ? [] : [payload]));
      }
      assert.ok(await client.answers(), 'the connection was closed');
      const before = client.heard.length;
      for (const room of [stage.pub, stage.priv]) await stage.alice.ok('POST', `/chat/rooms/${room.id}/messages`, { content: 'for members' });
      await stage.alice.ok('POST', `/chat/dm/${stage.bob.id}`, { content: 'for bob' });
      await stage.mark();
      assert.ok(await client.answers());
      assert.deepEqual(client.heard.slice(before).filter(({ name, payload }) => name !== 'ping' && payload.users?.length !== 0), [], 'it hears what is not for it');
      const refused = await client.ask('join', { rooms: [`room:${stage.priv.id}`] });
      const unknown = await client.ask('join', { rooms: ['room:nowhere'] });
      assert.deepEqual(refused, unknown, 'a private room and none are told apart');
      const member = await stage.open(stage.bob.tutorial());
      await member.ask('leave', { rooms: [`room:${stage.pub.id}`, `user:${stage.bob.id}`, 'io-default'] });
      const dm = await stage.alice.ok('POST', `/chat/dm/${stage.bob.id}`, { content: 'still for bob' });
      await member.hears('dm:new', (message) => message.id === dm.id);
    },
  },
  M35: {
    title: 'authenticating twice, as another, after a failure, all at once',
    rooms: true,
    async run(stage) {
      const whoIs = async (client) => (await client.ask('message:send', { roomId: stage.pub.id, content: 'who' })).message?.senderId;
      const live = await stage.open(stage.bob.tutorial());
      for (const token of [stage.alice.token, 'a.b.c', '', null, {}]) live.emit('authenticate', { token });
      live.emit('authenticate');
      assert.equal(await whoIs(live), stage.bob.id, 'a live socket has changed its user');
      assert.equal((await live.ask('authenticate', { token: stage.alice.token })).error?.reason, 'forbidden');
      const crowd = await stage.open(Client.tutorial(stage.server));
      for (let n = 0; n < 50; n += 1) crowd.emit('authenticate', { token: n % 2 ? stage.alice.token : stage.bob.token });
      await crowd.hears('authenticated');
      assert.equal(await whoIs(crowd), stage.bob.id, 'the first one decides');
      assert.equal(crowd.heard.filter(({ name }) => name === 'authenticated').length, 1);
      const failed = await stage.open(Client.tutorial(stage.server));
      failed.emit('authenticate', { token: 'a.b.c' });
      failed.emit('authenticate', { token: stage.bob.token });
      failed.emit('message:send', { roomId: stage.pub.id, content: 'after a failure' });
      assert.notEqual(await failed.closes(), null, 'it goes on after a failure');
      assert.deepEqual(failed.heard.map(({ name }) => name), ['unauthenticated']);
      const early = await stage.open(Client.tutorial(stage.server));
      const answer = await early.ask('message:send', { roomId: stage.pub.id, content: 'before' });
      assert.equal(answer.error?.reason, 'unauthorized');
      const stored = await stage.alice.ok('GET', `/chat/rooms/${stage.pub.id}/messages?limit=200`);
      assert.ok(!stored.some(({ content }) => /before|after a failure/u.test(content)));
    },
  },
  M37: {
    title: 'fields that only servers tell each other',
    rooms: true,
    events: [
      ...['socketId', 'nodeId', 'epoch', 'seq', 'id', 'createdAt', 'senderId'].map((field) => to('$PUB', { content: 'x', [field]: '1' })),
      ['room:join', { roomId: '$PUB', socketId: 'x' }], ['room:create', { name: 'x', id: 'general', createdBy: '$ALICE' }],
    ],
    expect: { reason: 'unknown_field' },
    untouched: true,
  },
};

