// Who one is: tokens, passwords, accounts, sessions, invites.

import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';

import { SECRET } from '../../clients/server.mjs';
import { healthMs, median } from '../oracle.mjs';
import { PASSWORD, RSA } from '../servers.mjs';
import { call } from '../wire/http.mjs';
import { Client } from '../wire/socketio.mjs';

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const hmac = (body, secret) => createHmac('sha256', secret).update(body).digest('base64url');
const payload = (claims) => ({ sub: 'host:mallory', iat: now(), exp: now() + 600, ...claims });

/** A token of any header and claims (a text is taken as it is), signed with the secret that the server trusts. */
function forge(header, claims, signature) {
  const body = `${base64url(header)}.${base64url(claims)}`;
  return `${body}.${signature ?? hmac(body, SECRET)}`;
}

const HS256 = { alg: 'HS256', typ: 'JWT' };
const isRight = (token) => ({ line: 'GET /auth/me', token, expect: { status: 200 } });
const me = (tokens) => tokens.map((token) => ({ line: 'GET /auth/me', token }));
const UNAUTHENTICATED = { status: 401, reason: 'unauthenticated', says: /"code":"UNAUTHENTICATED"/u };

let accounts = 0;

/** A new account of the server's own. */
async function register(server, fields = {}, options = {}) {
  accounts += 1;
  const body = { username: `account${accounts}`, password: PASSWORD, ...fields };
  const answer = await call(server, 'POST', '/auth/register', { body, ...options });
  return { ...answer, ...body };
}

const login = (server, username, password, options) => call(server, 'POST', '/auth/login', { body: { username, password }, ...options });

/** Fails if a token still works two seconds from now. */
async function stopsWorking(server, token, why) {
  const deadline = performance.now() + 2_000;
  while ((await call(server, 'GET', '/auth/me', { token })).status !== 401) {
    assert.ok(performance.now() < deadline, `the token works 2 s after ${why}`);
  }
}

/** As `signToken`, by the RSA key of the host application. */
function rsaToken(claims) {
  const body = `${base64url({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${base64url(payload(claims))}`;
  return `${body}.${sign('sha256', Buffer.from(body), RSA.privateKey).toString('base64url')}`;
}

export default {
  A01: {
    title: 'tokens without an algorithm',
    requests: [
      isRight(forge(HS256, payload())),
      ...me(['none', 'None', 'nOnE', '', null, 'HS256 ', 'hs256', ['HS256']].flatMap((alg) => [forge({ alg, typ: 'JWT' }, payload(), ''), forge({ alg, typ: 'JWT' }, payload())])),
      ...me([forge({ typ: 'JWT' }, payload()), forge(HS256, payload(), '')]),
    ],
    expect: UNAUTHENTICATED,
  },
  A02: {
    title: 'a public key taken for a secret',
    async run(stage) {
      const good = await call(stage.server, 'GET', '/auth/me', { token: rsaToken() });
      assert.equal(good.status, 200, `the token of the key set itself is refused: ${good.text}`);
      const jwk = RSA.publicKey.export({ format: 'jwk' });
      const secrets = [
        RSA.publicKey.export({ format: 'pem', type: 'spki' }), RSA.publicKey.export({ format: 'pem', type: 'pkcs1' }),
        RSA.publicKey.export({ format: 'der', type: 'spki' }), Buffer.from(jwk.n, 'base64url'), jwk.n, JSON.stringify(jwk),
      ];
      for (const secret of secrets) {
        for (const alg of ['HS256', 'RS256', 'HS512']) {
          const header = { alg, typ: 'JWT', kid: 'k1' };
          const body = `${base64url(header)}.${base64url(payload())}`;
          const answer = await call(stage.server, 'GET', '/auth/me', { token: `${body}.${hmac(body, secret)}` });
          assert.equal(answer.status, 401, `${alg} with ${String(secret).slice(0, 30)}`);
        }
      }
      const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const body = `${base64url({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${base64url(payload())}`;
      const token = `${body}.${sign('sha256', Buffer.from(body), stranger.privateKey).toString('base64url')}`;
      assert.equal((await call(stage.server, 'GET', '/auth/me', { token })).status, 401);
    },
  },
  A04: {
    title: 'keys that the token brings along',
    async run(stage) {
      let asked = 0;
      const attacker = http.createServer((_, response) => { asked += 1; response.end('{"keys":[]}'); });
      await new Promise((done) => { attacker.listen(0, '127.0.0.1', done); });
      stage.finally(() => attacker.close());
      const url = `http://127.0.0.1:${attacker.address().port}/keys.json`;
      const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const jwk = own.publicKey.export({ format: 'jwk' });
      for (const brought of [{ jku: url }, { x5u: url }, { jwk }, { jwk, kid: 'k1' }, { x5c: ['MIIB'] }, { kid: url }, { kid: '../../../../dev/null' }, { kid: "' OR 1=1 --" }]) {
        const body = `${base64url({ alg: 'RS256', typ: 'JWT', ...brought })}.${base64url(payload())}`;
        const tokens = [`${body}.${sign('sha256', Buffer.from(body), own.privateKey).toString('base64url')}`, forge({ alg: 'HS256', typ: 'JWT', ...brought }, payload(), hmac('x', ''))];
        for (const token of tokens) {
          const answer = await call(stage.server, 'GET', '/auth/me', { token });
          assert.equal(answer.status, 401, JSON.stringify(brought).slice(0, 100));
        }
      }
      assert.equal(asked, 0, 'the server asked where the token told it to');
    },
  },
  A05: {
    title: 'times of tokens',
    requests: () => [
      isRight(forge(HS256, payload({ exp: now() - 30 }))),
      ...me([
        payload({ exp: now() - 61 }), payload({ nbf: now() + 90 }), payload({ exp: undefined }), payload({ exp: 'soon' }), payload({ exp: String(now() + 600) }),
        payload({ exp: -1 }), payload({ exp: null }), payload({ exp: [now() + 600] }), payload({ exp: true }), payload({ nbf: 'x' }),
      ].map((claims) => forge(HS256, claims))),
      ...me(['1e400', '-1e400', 'NaN', '0'].map((exp) => forge(HS256, `{"sub":"host:mallory","exp":${exp}}`))),
    ],
    expect: UNAUTHENTICATED,
    note: 'an end further away than time itself (2^63, 1e300) is either refused or an end that never comes',
    async run(stage) {
      for (const exp of ['9223372036854775807', '9223372036854775808', '18446744073709551616', '1e300', '253402300800']) {
        const { status } = await call(stage.server, 'GET', '/auth/me', { token: forge(HS256, `{"sub":"host:mallory","exp":${exp}}`) });
        assert.ok([200, 401].includes(status), `${exp}: ${status}`);
      }
    },
  },
  A07: {
    title: 'tokens of sessions and people that are no more',
    note: 'there is no deleting of accounts in this version; shutting out is what deactivation and banning are',
    async run(stage) {
      const { server } = stage;
      const revoked = await register(server);
      const token = revoked.body.accessToken;
      const [session] = (await call(server, 'GET', '/auth/sessions', { token })).body;
      assert.ok((await call(server, 'DELETE', `/auth/sessions/${session.id}`, { token })).status < 300);
      await stopsWorking(server, token, 'its session was ended');
      const out = await register(server);
      const live = await stage.open(Client.open(server, out.body.accessToken));
      assert.equal((await call(server, 'POST', '/auth/logout', { token: out.body.accessToken, body: {} })).status, 204);
      await stopsWorking(server, out.body.accessToken, 'signing out');
      assert.notEqual(await live.closes(2_000), null, 'a live socket outlives its session');
      const shut = await register(server);
      const disabled = await call(server, 'PUT', `/chat/users/${shut.body.user.id}/disabled`, { token: server.admin, body: { disabled: true } });
      assert.equal(disabled.status, 200, disabled.text);
      await stopsWorking(server, shut.body.accessToken, 'its user was shut out');
      assert.equal((await call(server, 'POST', '/auth/refresh', { body: { refreshToken: shut.body.refreshToken } })).status, 401);
      const changed = await register(server);
      const other = await login(server, changed.username, PASSWORD);
      const change = { currentPassword: PASSWORD, newPassword: `${PASSWORD}!` };
      const answer = await call(server, 'PUT', '/auth/password', { token: changed.body.accessToken, body: change });
      assert.ok(answer.status < 300, answer.text);
      await stopsWorking(server, other.body.accessToken, 'the password was changed');
      assert.equal((await login(server, changed.username, PASSWORD)).status, 401);
    },
  },
  A08: {
    title: 'shapes of tokens',
    requests: me([
      '...', '..', 'x', 'a.b.c', 'a.b.c.d', `${forge(HS256, payload())}=`, `${forge(HS256, payload())}.`, forge(HS256, payload()).replace('.', '..'),
      'a'.repeat(7_000), `${'a.'.repeat(3_000)}`, forge(HS256, '{"sub":"host:a","sub":"host:b","exp":9999999999}'), forge('{"alg":"none","alg":"HS256"}', payload()),
      forge(HS256, '{"sub":"host:a","exp":9999999999,"exp":1}'), forge(HS256, 'null'), forge(HS256, '[]'), forge(HS256, '{}'), forge(HS256, '{'), forge('null', payload()),
      ...[7, ['host:a'], { a: 1 }, null, '', 'a b', '../x', 'x'.repeat(65), 'a\u0000', 'ä'].map((sub) => forge(HS256, payload({ sub }))),
      forge({ ...HS256, crit: ['b64'], b64: false }, payload()), forge({ ...HS256, b64: false }, payload()), forge({ ...HS256, crit: ['exp'] }, payload()),
      forge({ alg: 'dir', enc: 'A256GCM' }, payload()), `${base64url({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`,
      `${base64url(HS256)}.${Buffer.from([0xff, 0xfe, 0x7b]).toString('base64url')}.${hmac(`${base64url(HS256)}.${Buffer.from([0xff, 0xfe, 0x7b]).toString('base64url')}`, SECRET)}`,
      `${forge(HS256, payload()).slice(0, -1)}`, forge(HS256, payload({ sub: 'x' }), 'AAAA'),
    ]),
    expect: UNAUTHENTICATED,
    async run(stage) {
      // A token of 100 kB does not fit into a head at all; one of 7 kB costs no more than none.
      const asked = async (token) => {
        const times = [];
        for (let n = 0; n < 21; n += 1) times.push((await call(stage.server, 'GET', '/auth/me', { token })).tookMs);
        return median(times);
      };
      const without = await asked(undefined);
      for (const token of ['a'.repeat(7_000), 'a.'.repeat(3_500), forge(HS256, payload({ junk: 'x'.repeat(4_000), exp: 1 }))]) {
        const took = await asked(token);
        assert.ok(took < Math.max(5, 4 * without), `${took.toFixed(1)} ms, and ${without.toFixed(1)} ms without a token`);
      }
    },
  },
  A10: {
    title: 'tokens in the query',
    on: 'invites',
    async run(stage) {
      const token = stage.alice.token;
      for (const path of [`/chat/rooms?token=${token}`, `/auth/me?access_token=${token}`, `/chat/rooms?auth=${token}`, `/chat/rooms?Authorization=Bearer%20${token}`]) {
        const answer = await call(stage.server, 'GET', path);
        assert.equal(answer.status, 401, path.slice(0, 30));
      }
      const path = `/socket.io/?EIO=4&transport=websocket&token=${token}&auth=${token}`;
      const client = await stage.open(Client.bare(stage.server, path));
      client.packet('40');
      assert.match(await client.ws.hears((text) => /^4[04]/u.test(text)) ?? '44', /^44/u);
      assert.ok(!stage.server.output().includes(token.split('.')[2]), 'the token is in the log');
    },
  },
  A11: {
    title: 'guessing one password from many addresses',
    on: 'limits',
    async run(stage) {
      const { server } = stage;
      const alice = await register(server, { username: 'alice-a11' }, { localAddress: '127.0.11.1' });
      assert.equal(alice.status, 201, alice.text);
      const waits = [];
      for (let n = 0; n < 20; n += 1) {
        const answer = await login(server, 'alice-a11', 'a wrong password', { localAddress: `127.0.11.${10 + n}` });
        assert.equal(answer.status, n < 5 ? 401 : 429, `attempt ${n + 1}`);
        if (n >= 5) waits.push(Number(answer.headers['retry-after']));
      }
      assert.ok(waits.every((wait, n) => n === 0 || wait >= waits[n - 1]) && waits.at(-1) === 900, `waits were ${waits}`);
      const session = await call(server, 'GET', '/auth/me', { token: alice.body.accessToken, localAddress: '127.0.11.1' });
      assert.equal(session.status, 200, 'her own session was shut out');
      const [cookie] = alice.headers['set-cookie'][0].split(';');
      const ways = [
        [200, PASSWORD, { cookie }],
        [401, 'a wrong password', { cookie }],
        [429, PASSWORD, {}],
        [429, PASSWORD, { cookie: `${cookie.slice(0, -2)}xx` }],
      ];
      for (const [status, password, headers] of ways) {
        const answer = await login(server, 'alice-a11', password, { headers, localAddress: '127.0.11.1' });
        assert.equal(answer.status, status, `${password} with ${JSON.stringify(headers)}: ${answer.text}`);
      }
    },
  },
  A13: {
    title: 'telling who exists',
    note: '25 attempts each instead of 200, the quickest of each compared, and a factor of three for a busy machine: it finds a hash that is not made (a factor of ten and more), not a difference of 10 %',
    async run(stage) {
      const { server } = stage;
      const known = await register(server);
      const times = { known: [], unknown: [], strange: [] };
      const names = { known: known.username, unknown: 'nobody-of-that-name', strange: 'No Such Name!' };
      const bodies = new Set();
      for (let n = 0; n < 25; n += 1) {
        for (const [kind, username] of Object.entries(names)) {
          const answer = await login(server, username, 'a wrong password');
          assert.equal(answer.status, 401);
          bodies.add(JSON.stringify({ ...answer.body, requestId: '' }));
          times[kind].push(answer.tookMs);
        }
      }
      assert.equal(bodies.size, 1, 'the answers differ');
      const [a, b, c] = Object.values(times).map((taken) => Math.min(...taken));
      assert.ok(Math.max(a, b, c) < 3 * Math.min(a, b, c), `known ${a.toFixed(1)} ms, unknown ${b.toFixed(1)} ms, strange ${c.toFixed(1)} ms`);
    },
  },
  A14: {
    title: 'two hundred sign-ins at once',
    on: 'hashing',
    note: 'others are measured against themselves: the machine may be busy',
    async run(stage) {
      const { server } = stage;
      const alone = await healthMs(server, () => new Promise((done) => { setTimeout(done, 1_000); }));
      let answers;
      const worst = await healthMs(server, async () => {
        answers = await Promise.all(Array.from({ length: 200 }, (_, n) => (
          login(server, `nobody${n}`, 'a wrong password', { localAddress: `127.0.14.${1 + n}`, limitMs: 30_000 })
        )));
      });
      const count = (status) => answers.filter((answer) => answer.status === status).length;
      assert.equal(count(401) + count(429) + count(503), 200, JSON.stringify(answers.map((answer) => answer.status)));
      assert.ok(count(503) > 0 && count(401) >= 2, `${count(401)} were checked, ${count(503)} refused`);
      for (const answer of answers) if (answer.status === 503) assert.ok(Number(answer.headers['retry-after']) > 0);
      assert.ok(worst < Math.max(250, 5 * alone), `asking for health took ${Math.round(worst)} ms; ${Math.round(alone)} ms before`);
    },
  },
  A16: {
    title: 'strange usernames',
    requests: [
      '', ' ', 'a', 'admin', 'Admin', 'ＡＤＭＩＮ', '\u0430dmin', 'AL\u0130CE', 'al\u200dice', 'al\u202eice', 'x'.repeat(10_000), 'x'.repeat(33), '../x', '@here', 'here',
      '<b>', 'a\u0000b', '\u{1f600}', '__proto__', 'constructor', 'null', 'undefined', '0', 'a b', 'a\nb', 'root', 'system', 'me', 7, null, {}, ['alice'],
    ].map((username) => ({ line: 'POST /auth/register', body: { username, password: PASSWORD } })),
    expect: { status: [400, 409] },
    async run(stage) {
      const name = `case${stage.name.replace('-', '')}`;
      assert.equal((await register(stage.server, { username: name })).status, 201);
      for (const same of [name.toUpperCase(), `Case${name.slice(4)}`, name.replace('c', '\uff43')]) {
        assert.equal((await register(stage.server, { username: same })).status, 409, same);
      }
    },
  },
  A17: {
    title: 'strange display names',
    requests: [
      'a\u202eb', '\u05d0\u202e (admin)', `a${'\u0301'.repeat(200)}`, `a${'\u0301'.repeat(5)}`, '   ', '', 'a\nb', 'a\u0000b', ' a', 'a ', 'a\u200bb', '\ufeffa', 'a\u2066b', 'x'.repeat(65), 'x'.repeat(60_000), '\u3164', 'a\tb', 7, {},
    ].flatMap((displayName) => [
      { line: 'POST /auth/register', body: { username: 'display', password: PASSWORD, displayName } },
      { line: 'PATCH /chat/users/me', as: 'bob', body: { displayName } },
    ]),
    expect: { status: 400 },
    async run(stage) {
      const large = await stage.bob.call('PATCH', '/chat/users/me', { displayName: 'x'.repeat(1_000_000) });
      assert.equal(large.status, 413, 'a megabyte is no name, and no body');
      assert.equal((await stage.bob.ok('GET', '/auth/me')).displayName, stage.bob.username, 'something was stored');
    },
  },
  A19: {
    title: 'one refresh token, twice at once',
    async run(stage) {
      const { server } = stage;
      const refresh = (refreshToken) => call(server, 'POST', '/auth/refresh', { body: { refreshToken } });
      for (let round = 0; round < 5; round += 1) {
        const { refreshToken } = (await register(server)).body;
        const both = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
        const good = both.filter((answer) => answer.status === 200);
        assert.ok(good.length >= 1 && both.every((answer) => [200, 401].includes(answer.status)));
        assert.equal(new Set(good.map((answer) => answer.body.refreshToken)).size, 1, 'two live families');
        const [next] = good.map((answer) => answer.body.refreshToken);
        assert.equal((await refresh(next)).status, 200);
        assert.equal((await refresh(refreshToken)).status, 401, 'the first token works once more after its successor was used');
      }
    },
  },
  A20: {
    title: 'fields one may not set',
    requests: [
      ['role', 'admin'], ['isAdmin', true], ['id', 'x'], ['createdAt', '2020-01-01T00:00:00.000Z'], ['isOnline', true], ['kind', 'system'], ['disabled', false], ['passwordHash', 'x'],
    ].flatMap(([field, value]) => [
      { line: 'POST /auth/register', body: { username: 'mass-assignment', password: PASSWORD, [field]: value } },
      { line: 'PATCH /chat/users/me', as: 'bob', body: { [field]: value } },
    ]),
    expect: { status: 400, reason: 'unknown_field' },
    async run(stage) {
      assert.equal((await login(stage.server, 'mass-assignment', PASSWORD)).status, 401, 'the account was made');
      const made = await register(stage.server);
      assert.equal(made.body.user.role, 'member');
    },
  },
  A22: {
    title: 'SQL in every field',
    rooms: true,
    async run(stage) {
      const { server, alice } = stage;
      const client = await stage.open(alice.socket());
      const hostile = ["' OR '1'='1", "'; DROP TABLE messages;--", '\\', '%', '_', "E'\\x'", '$1', '$2::text', '?1', ':name', "x' UNION SELECT * FROM users--", '"', '`', '/*', "\\'; --"];
      for (const text of hostile) {
        const encoded = encodeURIComponent(text);
        const sent = await client.ask('message:send', { roomId: stage.pub.id, content: text });
        assert.equal(sent.message?.content, text);
        const room = await alice.ok('POST', '/chat/rooms', { name: text, description: text });
        assert.equal(room.name, text);
        const found = await alice.ok('GET', `/chat/rooms/discover?query=${encoded}&limit=200`);
        assert.ok(found.length > 0 && found.every((one) => one.name.includes(text)), `${text} found ${found.map((one) => one.name).slice(0, 5)}`);
        assert.equal((await login(server, text, text)).status, 401);
        for (const path of [`/chat/users?query=${encoded}`, `/chat/users/${encoded}`, `/chat/rooms/${encoded}`, `/chat/rooms/${encoded}/messages`, `/chat/rooms/${stage.pub.id}/messages?before=${encoded}`, `/chat/dm/${encoded}`, `/chat/rooms/discover?after=${encoded}`]) {
          const answer = await alice.call('GET', path);
          assert.ok(answer.status < 500, `${path}: ${answer.status} ${answer.text}`);
          assert.doesNotMatch(answer.text, /syntax|sqlite|SELECT/iu);
        }
        assert.equal((await call(server, 'GET', '/auth/me', { token: text.replaceAll('\\', '') })).status, 401);
        await alice.ok('DELETE', `/chat/rooms/${room.id}`);
      }
      const many = await client.ask('presence:get', { userIds: Array.from({ length: 65_536 }, () => "'") });
      assert.equal(many.error.reason, 'validation');
      assert.equal((await alice.ok('GET', `/chat/rooms/${stage.pub.id}/messages?limit=200`)).length, hostile.length + 1);
    },
  },
  A23: {
    title: 'headers smuggled through text',
    rooms: true,
    as: 'alice',
    requests: [
      '/chat/rooms/x%0d%0aSet-Cookie:%20a=1', '/chat/rooms/$PUB/messages?limit=1&x=%0d%0aSet-Cookie:%20a=1', '/chat/rooms/$PUB/messages?before=%0d%0aSet-Cookie:a=1',
      '/chat/rooms/$PUB/messages?limit=1&before=99%0d%0a', '/setup?next=%0d%0aSet-Cookie:a=1', '/%0d%0aSet-Cookie:a=1', '/join/%0d%0aSet-Cookie:a=1', '/chat/users?query=%0d%0aSet-Cookie:a=1',
    ].map((path) => `GET ${path}`),
    expect: { noHeaders: ['set-cookie'] },
    async run(stage) {
      const answer = await stage.alice.call('GET', '/healthz', undefined, { headers: { 'x-request-id': 'a"<b>', 'idempotency-key': 'x y' } });
      assert.doesNotMatch(JSON.stringify(answer.headers), /<b>/u);
    },
  },
  A25: {
    title: 'being sent elsewhere',
    note: 'the server never redirects; the page has its own tests',
    requests: ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)'].flatMap((next) => (
      ['/', '/setup', '/login', '/join/x', '/auth/login', '//evil.example/..'].map((path) => `GET ${path}?next=${encodeURIComponent(next)}&redirect_uri=${encodeURIComponent(next)}`)
    )),
    expect: { status: [200, 400, 404, 405], noHeaders: ['location', 'refresh'] },
  },
  A26: {
    title: 'guessing invites, and using them again',
    on: 'invites',
    note: 'there are no reset tokens in this version',
    async run(stage) {
      const { server } = stage;
      const invited = (invite, localAddress) => register(server, { invite }, { localAddress });
      const { body: invite } = await call(server, 'POST', '/auth/invites', { token: server.admin, body: { uses: 1 } });
      assert.ok(Buffer.from(invite.code, 'base64url').length >= 16, `${invite.code} can be guessed`);
      assert.equal((await register(server, {}, { localAddress: '127.0.26.1' })).status, 403, 'nobody needs an invite');
      const race = await Promise.all(Array.from({ length: 5 }, (_, n) => invited(invite.code, `127.0.26.${10 + n}`)));
      assert.equal(race.filter((answer) => answer.status === 201).length, 1, `${race.map((answer) => answer.status)}`);
      assert.equal((await invited(invite.code, '127.0.26.20')).status, 410);
      const guesses = [];
      for (let n = 0; n < 20; n += 1) guesses.push((await invited(`${'A'.repeat(20)}${n}`, '127.0.26.30')).status);
      assert.deepEqual(guesses.slice(0, 5), [404, 404, 404, 404, 404]);
      assert.ok(guesses.slice(5).every((status) => status === 429), `${guesses}`);
    },
  },
};

