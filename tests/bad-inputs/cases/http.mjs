// HTTP below the chat: heads, bodies, connections, and the headers of every answer.

import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

import { descriptors, growsLittle, healthMs } from '../oracle.mjs';
import { head, Wire } from '../wire/http.mjs';

const JSON_BODY = { 'Content-Type': 'application/json' };
const CHUNKED = { ...JSON_BODY, 'Transfer-Encoding': 'chunked' };
const POST = 'POST /auth/login';
/** Sockets of H01, as far as this process may have them. */
const CROWD = 2_000;

export default {
  H01: {
    title: 'two thousand connections that say nothing',
    slow: true,
    on: 'crowd',
    async run(stage) {
      const { server } = stage;
      const alone = await healthMs(server, () => new Promise((done) => { setTimeout(done, 1_500); }));
      const before = descriptors(server.pid);
      const wires = [];
      const worst = await healthMs(server, async () => {
        for (let n = 0; n < CROWD; n += 100) {
          wires.push(...await Promise.all(Array.from({ length: 100 }, () => stage.open(Wire.open(server)))));
        }
        const ended = await Promise.all(wires.map((wire) => wire.ends(16_000)));
        assert.equal(ended.filter((over) => !over).length, 0, 'some are still open after 16 s');
      });
      const lived = Math.max(...wires.map((wire) => wire.livedMs));
      assert.ok(lived < 14_000, `one lived ${Math.round(lived)} ms`);
      assert.ok(worst < Math.max(500, 5 * alone), `asking for health took ${Math.round(worst)} ms; ${Math.round(alone)} ms before`);
      assert.ok(descriptors(server.pid) - before < 20, 'file descriptors were not given back');
    },
  },
  H02: {
    title: 'half a head, then silence',
    slow: true,
    bytes: ['GET / HTTP/1.1\r\nHost: x\r\n', 'G', 'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Len', '\r\n', 'GET / HTTP/1.1\r\nHost: x\r\nX: ' + 'y'.repeat(8_000)],
    closes: 13_000,
    expect: { status: 408 },
    silent: true,
  },
  H04: {
    title: 'a body that drips',
    slow: true,
    rooms: true,
    untouched: true,
    async run(stage) {
      const { alice, server } = stage;
      const rooms = (await alice.ok('GET', '/chat/rooms')).length;
      const wire = await stage.open(Wire.open(server));
      wire.send(head('POST /chat/rooms', { ...JSON_BODY, Authorization: `Bearer ${alice.token}`, 'Content-Length': '60000' }) + '{"name":"');
      const dripping = setInterval(() => wire.send('x'), 1_000);
      stage.finally(() => clearInterval(dripping));
      assert.ok(await wire.ends(38_000), 'it is still open after 38 s');
      assert.equal((await wire.answer())?.status ?? 408, 408);
      assert.equal((await alice.ok('GET', '/chat/rooms')).length, rooms, 'a room was made');
    },
  },
  H05: {
    title: 'a client that does not read a large answer',
    slow: true,
    on: 'slow',
    rooms: true,
    async run(stage) {
      const content = 'x'.repeat(10_000);
      for (let n = 0; n < 100; n += 1) await stage.alice.ok('POST', `/chat/rooms/${stage.pub.id}/messages`, { content });
      const wire = await stage.open(Wire.open(stage.server));
      wire.socket.pause();
      // One answer of a megabyte fits into the kernel's buffers; forty do not.
      const request = head(`GET /chat/rooms/${stage.pub.id}/messages?limit=100`, { Authorization: `Bearer ${stage.alice.token}` });
      wire.send(request.repeat(40));
      await new Promise((done) => { setTimeout(done, 42_000); });
      let bytes = 0;
      wire.socket.removeAllListeners('data');
      wire.socket.on('data', (data) => { bytes += data.length; });
      wire.socket.resume();
      assert.ok(await wire.ends(10_000), 'the connection is still open');
      assert.ok(bytes < 30_000_000, `${bytes} bytes came: nobody gave up`);
    },
  },
  H07: {
    title: 'two lengths',
    bytes: [
      `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
      `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4, 5\r\n\r\nabcde`,
      `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: +4\r\n\r\nabcd`,
      `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n`,
      `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 18446744073709551616\r\n\r\n`,
    ],
    expect: { status: 400 },
    closes: 5_000,
  },
  H08: {
    title: 'transfer encodings in disguise',
    bytes: ['xchunked', 'chunked, identity', 'identity, chunked, gzip', 'x\x0bchunked', 'chunked;q=1'].map((value) => ({ line: POST, headers: { ...JSON_BODY, 'Transfer-Encoding': value }, body: '0\r\n\r\n' })),
    expect: { status: [400, 501] },
    closes: 5_000,
    async run(stage) {
      // Both at once is the classic of smuggling: whatever is read, the bytes behind it are no request of their own.
      const wire = await stage.open(Wire.open(stage.server));
      wire.send(head(POST, { ...CHUNKED, 'Content-Length': '4' }) + '0\r\n\r\nGET /version HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await wire.ends(3_000);
      assert.ok(!wire.heard.toString().includes('"name":"fireside"'), 'a smuggled request was answered');
    },
  },
  H10: {
    title: 'chunks larger than there can be',
    on: 'memory',
    bytes: ['ffffffffffffffff1', '-1', '0x10', 'zz', '1 2'].map((size) => ({ line: POST, headers: CHUNKED, body: `${size}\r\n{}\r\n0\r\n\r\n` })),
    expect: { status: [400, 413] },
    closes: 6_000,
    run: (stage) => growsLittle(stage.server, { times: 20, mib: 4 }, async () => {
      const overflow = await Wire.open(stage.server);
      overflow.send(head(POST, CHUNKED) + 'ffffffffffffffff1\r\n{}\r\n0\r\n\r\n');
      assert.ok(await overflow.ends());
      // This size exists: its chunk is waited for, and nothing is allocated for it.
      const huge = await stage.open(Wire.open(stage.server));
      huge.send(head(POST, CHUNKED) + 'ffffffffffffffff\r\n{}');
    }),
  },
  H11: {
    title: 'a head that is too large',
    bytes: [{ 'X-Large': 'x'.repeat(17 * 1024) }, { 'X-Large': 'x'.repeat(64 * 1024) }, { 'X-Large': 'x'.repeat(450 * 1024) }, Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`X-${n}`, 'y']))]
      .map((headers) => ({ line: 'GET /healthz', headers })),
    expect: { status: 431 },
    closes: 5_000,
    silent: true,
  },
  H13: {
    title: 'hosts that are none',
    bytes: [
      { Host: undefined }, { Host: 'a@b/c' }, { Host: 'a/b' }, { Host: 'a b' }, { Host: 'user:password@host' },
    ].flatMap((headers) => ['GET /healthz', 'GET /io/?EIO=4&transport=polling'].map((line) => ({ line, headers })))
      .concat(['GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 'GET /io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n']),
    expect: { status: 400 },
  },
  H14: {
    title: 'paths that want out',
    as: 'alice',
    bytes: [
      '//io/..;/chat', '/%2e%2e/%2e%2e/etc/passwd', '/../../etc/passwd', '/assets/../../Cargo.toml', '/assets/%2e%2e/index.html', '/assets/..%2f..%2fetc/passwd',
      '/assets/\\..\\x', '/chat%2frooms', '/io-admin/', '/ioX?EIO=4&transport=polling', '/io//?EIO=4&transport=polling', '/io/x?EIO=4&transport=polling', '/assets/', '/assets',
      '/assets//etc/passwd', '/.git/config', '/%00', '/CHAT/rooms', '/chat/./rooms', '/chat/rooms/../rooms', '/socket.io/../chat',
    ].map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
    requests: ['GET /chat/rooms/%00', 'GET /chat/rooms/..%2f..%2fetc', 'GET /chat/rooms/%ff', 'GET /chat/rooms/%'],
    expect: { status: [400, 404], neverSays: /root:|\[workspace\]/u },
  },
  H16: {
    title: 'methods in disguise',
    rooms: true,
    as: 'alice',
    requests: [
      { line: 'POST /chat/rooms/$PUB', headers: { 'X-HTTP-Method-Override': 'DELETE' }, body: {} },
      { line: 'POST /chat/rooms/$PUB', headers: { 'X-Method-Override': 'DELETE' }, body: { _method: 'DELETE' } },
      { line: 'POST /chat/rooms/$PUB?_method=DELETE', body: {} },
    ],
    expect: { status: [404, 405] },
    untouched: true,
    async run(stage) {
      await stage.alice.ok('GET', `/chat/rooms/${stage.pub.id}`);
    },
  },
  H17: {
    title: 'headers that only a proxy may send',
    on: 'limits',
    async run(stage) {
      const guess = (n) => stage.alice.call('POST', '/auth/login', { username: `nobody${n}`, password: 'a wrong password' }, {
        localAddress: '127.0.2.17',
        headers: { 'x-forwarded-for': `1.2.3.${n}`, forwarded: `for=1.2.3.${n}`, 'x-real-ip': `1.2.3.${n}`, 'x-forwarded-proto': 'https', 'x-user-id': 'x' },
      });
      const answers = [];
      for (let n = 0; n < 7; n += 1) answers.push((await guess(n)).status);
      assert.deepEqual(answers.slice(0, 5), [401, 401, 401, 401, 401]);
      assert.deepEqual(answers.slice(5), [429, 429], 'the address was taken from a header');
      const { status } = await stage.alice.call('GET', '/auth/me', undefined, { token: undefined, headers: { 'x-user-id': stage.alice.id, 'x-forwarded-user': stage.alice.id } });
      assert.equal(status, 401);
    },
  },
  H19: {
    title: 'bodies where none belong',
    on: 'memory',
    run: (stage) => growsLittle(stage.server, { times: 5, mib: 6 }, async () => {
      for (const line of ['GET /healthz', 'HEAD /healthz', 'DELETE /chat/messages/x', 'GET /io/?EIO=4&transport=polling']) {
        for (const length of [{ 'Content-Length': '10000000' }, { 'Transfer-Encoding': 'chunked' }]) {
          const wire = await Wire.open(stage.server);
          wire.send(head(line, length));
          const part = 'x'.repeat(100_000);
          for (let n = 0; n < 100 && !wire.ended; n += 1) {
            wire.send(length['Content-Length'] ? part : `${part.length.toString(16)}\r\n${part}\r\n`);
            if (n % 10 === 0) await new Promise((done) => { setImmediate(done); });
          }
          assert.ok(await wire.ends(8_000), `${line} ${JSON.stringify(length)}: still open`);
        }
      }
    }),
  },
  H20: {
    title: 'compressed bodies',
    on: 'memory',
    as: 'alice',
    requests: ['gzip', 'deflate', 'br', 'gzip, gzip', 'x-gzip', 'zstd'].map((encoding) => (
      { line: 'POST /chat/rooms', headers: { 'content-type': 'application/json', 'content-encoding': encoding }, body: gzipSync(Buffer.alloc(10_000_000)) }
    )),
    expect: { status: 415, reason: 'unsupported_media_type' },
    run: (stage) => growsLittle(stage.server, { times: 10, mib: 4 }, async () => {
      const bomb = gzipSync(Buffer.alloc(10_000_000));
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      assert.equal((await stage.alice.call('POST', '/chat/rooms', bomb, { headers })).status, 415);
    }),
  },
  H22: {
    title: 'preflights of other origins',
    requests: ['https://evil.example', 'null', 'https://good.example.evil.com', 'http://good.example'].flatMap((origin) => (
      [['OPTIONS', '/chat/rooms'], ['GET', '/healthz'], ['OPTIONS', '/io/'], ['OPTIONS', '/socket.io/?EIO=4&transport=polling']].map(([method, path]) => (
        { line: `${method} ${path}`, headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } }
      ))
    )),
    expect: { noHeaders: ['access-control-allow-origin', 'access-control-allow-credentials'] },
    async run(stage) {
      const headers = { origin: 'https://good.example', 'access-control-request-method': 'POST' };
      const answer = await stage.alice.call('OPTIONS', '/chat/rooms', undefined, { token: undefined, headers });
      assert.equal(answer.headers['access-control-allow-origin'], 'https://good.example', 'the origin that may is refused as well');
    },
  },
  H23: {
    title: 'security headers on every answer',
    requests: [
      ...['GET /nope', 'GET /', 'GET /chat/rooms', 'POST /chat/rooms', 'PUT /healthz', 'GET /healthz', 'GET /chat/rooms/%ff', 'POST /auth/login', 'OPTIONS /chat/rooms', 'GET /setup', 'GET /openapi.json'],
    ],
    expect: {
      headers: {
        'x-content-type-options': /^nosniff$/u, 'referrer-policy': /^no-referrer$/u,
        'content-security-policy': /^(?!.*unsafe).*frame-ancestors 'none'/u, 'cache-control': /./u,
      },
      noHeaders: ['server', 'x-powered-by'],
    },
    async run(stage) {
      for (const path of ['/chat/rooms', '/nope', '/auth/me']) {
        const answer = await stage.alice.call('GET', path, undefined, { token: undefined });
        assert.match(answer.headers['cache-control'], /no-store/u, path);
      }
    },
  },
};
