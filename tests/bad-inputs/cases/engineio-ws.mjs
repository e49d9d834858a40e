// The WebSocket transport: handshakes and frames.

import assert from 'node:assert/strict';

import { growsLittle } from '../oracle.mjs';
import { FRIEND } from '../servers.mjs';
import { refusedHandshake } from '../steps.mjs';
import { head, Wire } from '../wire/http.mjs';
import { Client, IDIOMATIC, TUTORIAL } from '../wire/socketio.mjs';
import { BINARY, CLOSE, closeFrame, frame, handshakeHeaders, PING, TEXT, WebSocketWire } from '../wire/websocket.mjs';

const CONTINUATION = 0;
const NEVER_READS_MS = 60_000;

/** One handshake with these headers, whatever they are; the answer. */
async function handshake(stage, headers, { line = `GET ${IDIOMATIC}`, version = 'HTTP/1.1' } = {}) {
  const wire = await stage.open(Wire.open(stage.server));
  wire.send(head(line, headers).replace('HTTP/1.1', version));
  return wire.answer();
}

/** As `head`, with one header twice. */
async function withTwoKeys(stage) {
  const wire = await stage.open(Wire.open(stage.server));
  const text = head(`GET ${IDIOMATIC}`, handshakeHeaders());
  wire.send(text.replace(/(Sec-WebSocket-Key: [^\r]*\r\n)/u, '$1$1'));
  return wire.answer();
}

export default {
  W01: {
    title: 'pages of other origins',
    async run(stage) {
      const foreign = [
        'https://evil.example', 'null', 'https://good.example.evil.com', 'http://good.example', 'https://good.example:444',
        'https://good.example@evil.example', 'https://evilgood.example', 'https://', '', 'good.example',
      ];
      for (const path of [IDIOMATIC, TUTORIAL]) {
        for (const origin of foreign) await refusedHandshake(stage, path, { Origin: origin }, 403);
        const friend = await stage.open(WebSocketWire.open(stage.server, path, { headers: { Origin: FRIEND } }));
        assert.ok(await friend.hears((text) => text.startsWith('0{')), 'the page that may was refused');
      }
      const client = await stage.open(Client.bare(stage.server, IDIOMATIC, { headers: { Cookie: `session=${stage.alice.token}; token=${stage.alice.token}` } }));
      client.packet('40');
      const answer = await client.ws.hears((text) => /^4[04]/u.test(text));
      assert.match(answer, /^44/u, 'a cookie alone was taken for a token');
    },
  },
  W02: {
    title: 'handshakes that are not right',
    async run(stage) {
      const right = handshakeHeaders();
      const wrong = [
        [{ ...right, 'Sec-WebSocket-Version': '8' }], [{ ...right, 'Sec-WebSocket-Version': undefined }],
        [{ ...right, 'Sec-WebSocket-Version': '13, 8' }], [{ ...right, 'Sec-WebSocket-Key': undefined }],
        [{ ...right, 'Sec-WebSocket-Key': 'c2hvcnQ=' }], [{ ...right, 'Sec-WebSocket-Key': 'not base64, 24 letters!!' }],
        [{ ...right, Upgrade: 'h2c' }], [{ ...right, Connection: 'close' }],
        [right, { line: `POST ${IDIOMATIC}` }], [right, { version: 'HTTP/1.0' }],
      ];
      for (const [headers, options] of wrong) {
        const answer = await handshake(stage, headers, options);
        const what = JSON.stringify([headers, options]);
        assert.ok([400, 426].includes(answer?.status), `${what}: ${answer?.status} ${answer?.text}`);
        if (answer.status === 426) assert.equal(answer.headers['sec-websocket-version'], '13', what);
      }
      const doubled = await withTwoKeys(stage);
      assert.equal(doubled?.status, 400, `two keys: ${doubled?.status}`);
    },
  },
  W04: {
    title: 'frames that no client may send',
    code: 1002,
    frames: [
      frame('3', { masked: false }),
      ...[1, 2, 4, 7].map((rsv) => frame('3', { rsv })),
      ...[3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf].map((opcode) => frame('3', { opcode })),
      frame('x', { opcode: PING, fin: false }),
      frame('x'.repeat(126), { opcode: PING }),
    ],
  },
  W05: {
    title: 'a frame that announces more than there can be',
    note: 'a length with the topmost bit set is no length at all (RFC 6455 §5.2) and is closed with 1002',
    code: 1009,
    frames: [2n ** 63n - 1n, 2n ** 31n, 2n ** 32n, 1_000_001n].flatMap((announced) => (
      [TEXT, BINARY].map((opcode) => frame('', { announced, opcode }))
    )),
    on: 'memory',
    run: (stage) => growsLittle(stage.server, { times: 20, mib: 6 }, async () => {
      const clients = await Promise.all(Array.from({ length: 10 }, () => stage.carol.socket()));
      for (const client of clients) client.ws.sendBytes(frame('', { announced: 2n ** 31n }));
      for (const client of clients) assert.equal(await client.closes(), 1009);
      for (const client of clients) client.close();
    }),
  },
  W07: {
    title: 'very many tiny fragments, and one that never ends',
    on: 'memory',
    note: 'closed with 1002 for the number, with any code for the time',
    run: (stage) => growsLittle(stage.server, { times: 4, mib: 4 }, async () => {
      for (const content of ['', 'x']) {
        const client = await stage.carol.socket();
        const many = Array.from({ length: 100_000 }, () => frame(content, { opcode: CONTINUATION, fin: false }));
        client.ws.sendBytes(Buffer.concat([frame('4', { fin: false }), ...many]));
        assert.notEqual(await client.closes(), null, 'fragments without end are taken');
        client.close();
      }
    }),
  },
  W08: {
    title: 'fragments out of order',
    code: 1002,
    frames: [
      [frame('4', { fin: false }), frame('3')],
      [frame('4', { fin: false }), frame('x', { opcode: BINARY })],
      [frame('x', { opcode: CONTINUATION })],
      [frame('x', { opcode: CONTINUATION, fin: false })],
      [frame('3'), frame('x', { opcode: CONTINUATION })],
    ],
  },
  W10: {
    title: 'compression offered',
    async run(stage) {
      const offers = ['permessage-deflate', 'permessage-deflate; client_max_window_bits', 'x-webkit-deflate-frame', 'x, permessage-deflate'];
      for (const offer of offers) {
        const answer = await handshake(stage, handshakeHeaders({ 'Sec-WebSocket-Extensions': offer }));
        assert.equal(answer.status, 101);
        assert.equal(answer.headers['sec-websocket-extensions'], undefined, offer);
      }
    },
  },
  W11: {
    title: 'close frames that are not right',
    async run(stage) {
      const bad = [
        [1002, closeFrame(1005)], [1002, closeFrame(999)], [1002, closeFrame(1006)], [1002, closeFrame(1015)], [1002, closeFrame(5000)],
        [1002, frame([3], { opcode: CLOSE })], [1007, closeFrame(1000, Buffer.from([0xff, 0xfe]))], [1000, closeFrame(1000)],
        [1000, Buffer.concat([closeFrame(1000), frame('40'), frame('42["x"]')])],
      ];
      await Promise.all(bad.map(async ([code, bytes]) => {
        const client = await stage.open(stage.carol.socket());
        const started = performance.now();
        client.ws.sendBytes(bytes);
        const given = await client.closes();
        assert.equal(given, code, `${bytes.toString('hex').slice(0, 40)} was answered with ${given}`);
        assert.ok(await client.ws.wire.ends(8_000), 'the TCP connection stays open');
        assert.ok(performance.now() - started < 8_000);
      }));
    },
  },
  W13: {
    title: 'a client that stops reading in a busy room',
    slow: true,
    on: 'slow',
    rooms: true,
    note: 'the room carries some hundred kilobytes a second instead of 200: what counts is what waits for the client',
    async run(stage) {
      const idle = await stage.open(stage.bob.socket());
      idle.ws.wire.socket.pause();
      const content = 'x'.repeat(9_900);
      const started = performance.now();
      let sent = 0;
      const took = [];
      // The kernel holds some megabytes before anything waits in the server.
      while (!await isGone(stage, sent) && performance.now() - started < NEVER_READS_MS) {
        const batch = Array.from({ length: 20 }, async () => {
          const before = performance.now();
          await stage.alice.ok('POST', `/chat/rooms/${stage.pub.id}/messages`, { content });
          took.push(performance.now() - before);
        });
        await Promise.all(batch);
        sent += 20;
      }
      assert.ok(await isGone(stage, sent), `after ${sent} messages the client that does not read is still connected`);
      idle.ws.wire.socket.resume();
      assert.notEqual(await idle.closes(), null);
      await stage.witness.hears('message:new', (message) => message.seq === stage.seqs[0] + sent);
      const heard = stage.witness.heard.filter(({ name }) => name === 'message:new').map(({ payload }) => payload.seq);
      assert.deepEqual(heard, Array.from({ length: sent }, (_, n) => stage.seqs[0] + n + 1), 'another member missed something');
      const last = idle.heard.filter(({ name }) => name === 'message:new').at(-1)?.payload.seq ?? stage.seqs[0];
      const missed = await stage.bob.ok('GET', `/chat/rooms/${stage.pub.id}/messages?limit=200&after=${last}`);
      assert.equal(missed.at(-1)?.seq, last + 1, 'what it missed cannot be fetched');
    },
  },
};

/** Whether bob, whose only socket it is, has gone offline. */
async function isGone(stage) {
  const online = await stage.alice.ok('GET', `/chat/rooms/${stage.pub.id}/online`);
  return !online.some((row) => row.userId === stage.bob.id);
}
