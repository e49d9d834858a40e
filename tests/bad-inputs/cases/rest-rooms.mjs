// Rooms: what one may see of them, do in them, and learn about them.

import assert from 'node:assert/strict';

import { PASSWORD } from '../servers.mjs';
import { call } from '../wire/http.mjs';

/** Routes that anyone may call (WIRE §4, §6). */
const PUBLIC = /^(?:\/healthz|\/readyz|\/version|\/metrics|\/openapi\.json|\/asyncapi\.json|\/docs.*|\/auth\/(?:login|register|refresh|setup))$/u;

const ROOM_ROUTES = ['', '/members', '/messages', '/online', '/messages?after=0', '/messages?around=1'];

/** An answer without what differs from request to request. */
const essence = ({ status, body }) => JSON.stringify({ status, ...body, requestId: undefined });

export default {
  R01: {
    title: 'every route without a token',
    async run(stage) {
      const { body: contract } = await call(stage.server, 'GET', '/openapi.json');
      const routes = Object.entries(contract.paths).flatMap(([path, methods]) => (
        Object.keys(methods).filter((method) => /^(?:get|post|put|patch|delete)$/u.test(method)).map((method) => [method.toUpperCase(), path])
      )).filter(([, path]) => !PUBLIC.test(path));
      assert.ok(routes.length >= 25, `the contract has ${routes.length} routes`);
      for (const [method, template] of routes) {
        const path = template.replace(/\{[^}]+\}/gu, 'x');
        for (const headers of [{}, { authorization: 'Bearer' }, { authorization: 'Basic YTpi' }, { authorization: 'Bearer a.b.c' }]) {
          const answer = await call(stage.server, method, path, { headers, body: method === 'GET' ? undefined : {} });
          assert.equal(answer.status, 401, `${method} ${path} ${JSON.stringify(headers)}: ${answer.text.slice(0, 200)}`);
          assert.equal(answer.headers['www-authenticate'], 'Bearer');
        }
      }
    },
  },
  R02: {
    title: 'rooms that cannot be',
    note: 'in a change, null is the same as absent',
    rooms: true,
    as: 'bob',
    requests: [
      ...['', ' ', 'x'.repeat(101), 7, null, {}, ['a'], 'a\u0000b', 'a\u202eb', 'a\nb', '\u200b', ' a', `a${'\u0301'.repeat(5)}`, true].map((name) => ({ name })),
      {}, ...['yes', 1, null, 'true', []].map((isPrivate) => ({ name: 'x', isPrivate })),
      ...['x'.repeat(10_000), 7, {}, 'a\u0000b', 'a\u202eb'].map((description) => ({ name: 'x', description })),
      { name: 'x', id: 'general' }, { name: 'x', createdBy: 'host:x' }, { name: 'x', slug: 'general' },
    ].map((body) => ({ line: 'POST /chat/rooms', body })).concat(
      [{ name: '' }, { isPrivate: 'yes' }, { createdBy: 'x' }, { description: 7 }].map((body) => ({ line: 'PATCH /chat/rooms/$PUB', as: 'alice', body })),
      ['[]', '7', 'null', '"x"', '{', '{"name":"x"}}', '{"name":"x"},{"name":"y"}', '', '\u0000'].map((body) => ({ line: 'POST /chat/rooms', headers: { 'content-type': 'application/json' }, body })),
    ),
    expect: { status: 400, reason: ['validation', 'too_long', 'unknown_field', 'malformed'] },
    untouched: true,
    async run(stage) {
      const rooms = await stage.bob.ok('GET', '/chat/rooms');
      assert.deepEqual(rooms.map((room) => room.id).sort(), [stage.pub.id, stage.priv.id].sort(), 'a room was made');
    },
  },
  R04: {
    title: 'a private room one is not in',
    rooms: true,
    untouched: true,
    async run(stage) {
      const { carol, priv } = stage;
      for (const name of [priv.id, priv.slug]) {
        for (const route of ROOM_ROUTES) {
          const [hidden, missing] = [await carol.call('GET', `/chat/rooms/${name}${route}`), await carol.call('GET', `/chat/rooms/nowhere${route}`)];
          assert.equal(hidden.status, 404, route);
          assert.equal(essence(hidden), essence(missing), `${route} tells a private room from none`);
        }
        const writes = [
          ['POST', '/messages', { content: 'x' }], ['POST', '/join', {}], ['POST', '/leave', {}], ['PUT', '/read', { seq: 1 }], ['PATCH', '', { name: 'x' }], ['DELETE', ''],
          ['PUT', `/members/${carol.id}`, {}], ['DELETE', `/members/${carol.id}`], ['DELETE', `/members/${stage.bob.id}`],
        ];
        for (const [method, route, body] of writes) {
          const [hidden, missing] = [await carol.call(method, `/chat/rooms/${name}${route}`, body), await carol.call(method, `/chat/rooms/nowhere${route}`, body)];
          assert.equal(hidden.status, 404, `${method} ${route}: ${hidden.text}`);
          assert.equal(essence(hidden), essence(missing), `${method} ${route} tells a private room from none`);
        }
      }
      const message = await stage.alice.ok('POST', `/chat/rooms/${priv.id}/messages`, { content: 'secret' });
      await stage.mark();
      for (const [method, body] of [['PATCH', { content: 'x' }], ['DELETE', undefined]]) {
        const [hidden, missing] = [await carol.call(method, `/chat/messages/${message.id}`, body), await carol.call(method, '/chat/messages/nothing', body)];
        assert.deepEqual([hidden.status, essence(hidden)], [404, essence(missing)], `${method} tells a hidden message from none`);
      }
    },
  },
  R05: {
    title: 'a public room one has not joined',
    note: 'forbidden, as its existence is no secret (WIRE §2.4)',
    rooms: true,
    as: 'carol',
    requests: ['/messages', '/messages?after=0', '/messages?around=1', '/members', '/online'].map((route) => `GET /chat/rooms/$PUB${route}`),
    expect: { status: 403, reason: 'forbidden' },
    untouched: true,
  },
  R07: {
    title: 'ids of a wrong form',
    rooms: true,
    as: 'alice',
    requests: ['1', 'null', '..%2Fx', 'x'.repeat(10_000), '01A2045E-894A-7A71-96D0-4B13061D521A', '%7B01a2045e-894a-7a71-96d0-4b13061d521a%7D', '%00', '%20uuid%20', '99999999999999999999', '-1', '1e9', 'undefined', '%F0%9F%98%80', '%27%3B--']
      .flatMap((id) => [`GET /chat/rooms/${id}`, `GET /chat/rooms/${id}/messages`, { line: `PATCH /chat/messages/${id}`, body: { content: 'x' } }, `DELETE /chat/messages/${id}`, `GET /chat/users/${id}`, `GET /chat/dm/${id}`, `DELETE /chat/rooms/$PUB/members/${id}`, `DELETE /auth/sessions/${id}`]),
    expect: { status: [400, 404] },
    untouched: true,
    note: 'ids are opaque: one in upper case is another one, and there is none',
  },
  R08: {
    title: 'page sizes',
    rooms: true,
    as: 'alice',
    requests: ['0', '-1', 'NaN', '', 'abc', '50.5', '1&limit=999', '1e9', '0x10', '%2B5', '%D9%A5', '99999999999999999999', '1%00'].flatMap((limit) => (
      ['/chat/rooms/$PUB/messages', '/chat/users', '/chat/rooms/discover', '/chat/dm/$BOB'].map((path) => `GET ${path}?limit=${limit}`)
    )),
    expect: { status: 400 },
    async run(stage) {
      for (const limit of ['201', '1000000000', '4294967296']) {
        const answer = await stage.alice.call('GET', `/chat/rooms/${stage.pub.id}/messages?limit=${limit}`);
        assert.equal(answer.status, 200, `${limit}: ${answer.text}`);
        assert.equal(answer.headers['x-limit'], '200', 'the cap is not said');
        assert.ok(answer.body.length <= 200);
      }
    },
  },
  R10: {
    title: 'adding people one may not add',
    rooms: true,
    async run(stage) {
      const { alice, bob, carol, priv, server } = stage;
      const add = (who, room, user) => who.call('PUT', `/chat/rooms/${room.id}/members/${user}`, {});
      assert.equal((await add(bob, priv, carol.id)).status, 403, 'a plain member added someone');
      assert.equal((await add(bob, stage.pub, carol.id)).status, 403, 'a plain member added someone');
      assert.equal((await add(carol, priv, carol.id)).status, 404, 'she added herself');
      assert.equal((await bob.call('PUT', `/chat/rooms/${priv.id}/members/${bob.id}`, { role: 'admin' })).status, 403, 'he made himself admin');
      assert.equal((await add(alice, priv, 'nobody')).status, 404);
      const { body: made } = await call(server, 'POST', '/auth/register', { body: { username: `gone-${stage.name}`, password: PASSWORD } });
      await call(server, 'PUT', `/chat/users/${made.user.id}/disabled`, { token: server.admin, body: { disabled: true } });
      const gone = await add(alice, priv, made.user.id);
      assert.ok([403, 404, 409].includes(gone.status), `someone who was shut out was added: ${gone.status}`);
      for (const role of ['owner', 'ADMIN', '', 7, ['admin']]) {
        assert.equal((await alice.call('PUT', `/chat/rooms/${priv.id}/members/${carol.id}`, { role })).status, 400, `${role}`);
      }
    },
    untouched: true,
  },
  R11: {
    title: 'names that look like others',
    note: 'a room is known by its id; names need not be unique, and a slug is plain ASCII and unique',
    rooms: true,
    async run(stage) {
      const { alice, bob, carol } = stage;
      const dm = await alice.ok('POST', `/chat/dm/${bob.id}`, { content: 'for bob alone' });
      const pair = [alice.id, bob.id].sort();
      const names = ['alice__bob', pair.join('__'), pair.join(':'), dm.roomId, `dm:${pair.join(':')}`, 'discover', '\u0430nnouncements', stage.priv.id];
      for (const name of names) {
        const made = await carol.ok('POST', '/chat/rooms', { name });
        await carol.ok('PATCH', `/chat/rooms/${made.id}`, { name });
        const room = await carol.ok('GET', `/chat/rooms/${made.id}`);
        assert.ok(room.id !== dm.roomId && /^[a-z0-9-]+$/u.test(room.slug) && room.slug !== stage.priv.slug, JSON.stringify(room));
        assert.deepEqual((await alice.ok('GET', `/chat/dm/${bob.id}`)).map((message) => message.id), [dm.id]);
        await carol.ok('DELETE', `/chat/rooms/${room.id}`);
      }
      const twins = [await carol.ok('POST', '/chat/rooms', { name: stage.pub.name }), stage.pub];
      assert.notEqual(twins[0].slug, twins[1].slug);
      assert.equal((await carol.call('GET', `/chat/rooms/${dm.roomId}/messages`)).status, 404, 'a conversation of others');
      assert.equal((await carol.call('POST', `/chat/rooms/${dm.roomId}/join`, {})).status, 404);
      assert.ok((await alice.call('PATCH', `/chat/rooms/${dm.roomId}`, { name: 'x' })).status >= 400, 'a conversation was renamed');
      assert.ok((await alice.call('PUT', `/chat/rooms/${dm.roomId}/members/${carol.id}`, {})).status >= 400, 'a third one was added');
    },
  },
  R13: {
    title: 'joining a hundred times at once',
    rooms: true,
    async run(stage) {
      const sockets = await Promise.all([1, 2, 3, 4].map(() => stage.open(stage.carol.socket())));
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => (
        n % 5 === 4 ? stage.carol.call('POST', `/chat/rooms/${stage.pub.id}/join`, {}) : sockets[n % 5].ask('room:join', { roomId: stage.pub.id })
      )));
      assert.ok(answers.every((answer) => answer.ok === true || answer.status === 200), 'one was refused');
      const members = await stage.alice.ok('GET', `/chat/rooms/${stage.pub.id}/members`);
      assert.equal(members.filter((member) => member.userId === stage.carol.id).length, 1);
      assert.equal((await stage.alice.ok('GET', `/chat/rooms/${stage.pub.id}`)).seq, stage.seqs[0] + 1, 'more than one event was written');
      await stage.witness.hears('room:user-joined', (event) => event.userId === stage.carol.id);
      await stage.mark();
      assert.ok(answers.filter((answer) => answer.ok && !answer.duplicate).length <= 1, 'two were told that they were first');
    },
  },
  R14: {
    title: 'after leaving, and after being removed',
    rooms: true,
    async run(stage) {
      const { alice, bob, pub, priv } = stage;
      const client = await stage.open(bob.socket());
      const message = await bob.ok('POST', `/chat/rooms/${priv.id}/messages`, { content: 'mine' });
      const removals = [
        [pub, 403, 'forbidden', () => client.ask('room:leave', { roomId: pub.id })],
        [priv, 404, 'not_found', () => alice.ok('DELETE', `/chat/rooms/${priv.id}/members/${bob.id}`)],
      ];
      for (const [room, status, reason, remove] of removals) {
        await remove();
        const sent = await client.ask('message:send', { roomId: room.id, content: 'x' });
        assert.deepEqual([sent.ok, sent.error?.code, sent.error?.reason], [false, 'SEND_FAILED', reason]);
        for (const route of ['/messages', '/members', '/online', '/messages?after=0']) {
          assert.equal((await bob.call('GET', `/chat/rooms/${room.id}${route}`)).status, status, `${route} after the removal`);
        }
        client.emit('typing:start', { roomId: room.id });
        const joined = await client.ask('join', { rooms: [`room:${room.id}`] });
        assert.equal(joined.ok, false);
        await client.answers();
      }
      for (const [method, body] of [['PATCH', { content: 'x' }], ['DELETE', undefined]]) {
        assert.ok([403, 404].includes((await bob.call(method, `/chat/messages/${message.id}`, body)).status), `${method} of a message in a room one was removed from`);
      }
      const before = client.heard.length;
      const secret = await alice.ok('POST', `/chat/rooms/${priv.id}/messages`, { content: 'when bob is gone' });
      await stage.mark();
      assert.ok(await client.answers());
      assert.ok(!client.heard.slice(before).some(({ payload }) => payload?.roomId === priv.id || payload?.id === secret.id), 'he hears what came after');
      assert.ok(!stage.witness.heard.some(({ name }) => name === 'typing:update'), 'he is seen typing');
    },
  },
  R16: {
    title: 'traces of a private room',
    rooms: true,
    async run(stage) {
      const { alice, bob, carol, priv, pub } = stage;
      const client = await stage.open(carol.socket());
      await carol.ok('POST', `/chat/rooms/${pub.id}/join`, {});
      const secret = await bob.ok('POST', `/chat/rooms/${priv.id}/messages`, { content: 'the canary of the room' });
      const talk = await stage.open(bob.socket());
      talk.emit('typing:start', { roomId: priv.id });
      talk.emit('room:read', { roomId: priv.id, seq: secret.seq });
      await alice.ok('PATCH', `/chat/rooms/${priv.id}`, { description: 'more of it' });
      await alice.ok('POST', `/chat/rooms/${pub.id}/messages`, { content: 'for all' });
      const heard = [];
      const paths = [
        '/chat/rooms', '/chat/rooms/discover?limit=200', `/chat/rooms/discover?query=${encodeURIComponent(priv.name)}`, `/chat/rooms/discover?after=${priv.id}`, '/chat/users?limit=200', `/chat/users/${bob.id}`, `/chat/users/${alice.id}`,
        `/chat/rooms/${pub.id}/messages?limit=200`, `/chat/rooms/${pub.id}/messages?before=${secret.id}`, `/chat/rooms/${pub.id}/messages?around=${secret.id}`, `/chat/rooms/${pub.id}/members`, `/chat/rooms/${pub.id}/online`,
        ...['', '/messages', '/members', '/online'].map((route) => `/chat/rooms/${priv.slug}${route}`), '/chat/conversations', `/chat/dm/${bob.id}`, '/auth/me', '/auth/sessions',
      ];
      for (const path of paths) {
        const answer = await carol.call('GET', path);
        const { link, ...headers } = answer.headers;
        heard.push(`${JSON.stringify(headers)} ${answer.text}`);
        if (link && !path.includes(priv.id) && !path.includes(secret.id)) heard.push(link);
      }
      for (const [event, payload] of [['message:edit', { messageId: secret.id, content: 'x' }], ['message:delete', { messageId: secret.id }], ['room:read', { roomId: pub.id, messageId: secret.id }], ['room:join', { roomId: priv.slug }], ['room:get', { roomId: priv.slug }], ['presence:get', { userIds: [alice.id, bob.id] }]]) {
        heard.push(`${event}: ${JSON.stringify(await client.ask(event, payload))}`);
      }
      await stage.mark();
      await client.answers();
      heard.push(...client.texts);
      const traces = [priv.id, priv.name, priv.epoch, secret.id, 'canary', 'more of it'];
      for (const text of heard) {
        for (const trace of traces) assert.ok(!text.includes(trace), `${trace} in ${text.slice(0, 300)}`);
      }
    },
  },
};
