// History: pages without holes, and what may be asked for.

import assert from 'node:assert/strict';

/** All messages of a room from the newest on, page by page, as the Link headers lead. */
async function pages(person, start, meanwhile = async () => {}) {
  const rows = [];
  for (let path = start; path;) {
    const answer = await person.call('GET', path);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    rows.push(...answer.body);
    path = /<([^>]*)>; rel="next"/u.exec(answer.headers.link ?? '')?.[1];
    await meanwhile();
  }
  return rows;
}

/** Sends messages as fast as they go; their ids. */
async function fill(stage, count) {
  const client = await stage.open(stage.bob.socket());
  const answers = await Promise.all(Array.from({ length: count }, (_, n) => client.ask('message:send', { roomId: stage.pub.id, content: `n${n}` })));
  assert.ok(answers.every((answer) => answer.ok));
  return answers.map((answer) => answer.id);
}

const WORDS = Array.from({ length: 1_250 }, (_, n) => (n * 7919 + 1_000_000).toString(36).slice(-7)).join(' ');

export default {
  S01: {
    title: 'messages of one moment, in small pages',
    note: 'the clock is the real one: five hundred sends in one burst share their milliseconds by the dozen',
    rooms: true,
    async run(stage) {
      const ids = await fill(stage, 500);
      const rows = await pages(stage.alice, `/chat/rooms/${stage.pub.id}/messages?limit=7`);
      const moments = new Set(rows.map((row) => row.createdAt)).size;
      assert.ok(moments < rows.length, 'no two share a moment: this has shown nothing');
      assert.deepEqual(rows.filter((row) => row.content.startsWith('n')).map((row) => row.id), ids.toReversed());
    },
  },
  S02: {
    title: 'pages while others write, change and delete',
    rooms: true,
    async run(stage) {
      const ids = await fill(stage, 200);
      const writer = await stage.open(stage.bob.socket());
      const doomed = ids.slice(60, 80);
      let round = 0;
      const rows = await pages(stage.alice, `/chat/rooms/${stage.pub.id}/messages?limit=10`, async () => {
        round += 1;
        const work = [writer.ask('message:send', { roomId: stage.pub.id, content: 'late' })];
        if (round === 3) work.push(...doomed.map((messageId) => writer.ask('message:delete', { messageId })));
        if (round % 2) work.push(writer.ask('message:edit', { messageId: ids[round], content: `n${round} changed` }));
        assert.ok((await Promise.all(work)).every((answer) => answer.ok));
      });
      const got = rows.map((row) => row.id);
      assert.equal(new Set(got).size, got.length, 'a message came twice');
      const wanted = ids.filter((id) => !doomed.includes(id));
      assert.deepEqual(wanted.filter((id) => !got.includes(id)), [], 'messages were lost');
      const after = await pages(stage.alice, `/chat/rooms/${stage.pub.id}/messages?limit=10&after=0`);
      assert.equal(after.filter((row) => row.deletedAt).length, doomed.length, 'a page of tombstones ended the paging');
    },
  },
  S04: {
    title: 'positions that contradict each other, or are not there',
    rooms: true,
    as: 'alice',
    requests: ['before=1&after=1', 'before=1&around=1', 'after=1&around=1&before=1', 'before=1&before=2', 'after=-1', 'after=x%20y', 'after=', 'before=1.5', 'after=9223372036854775808', 'cursor=1', 'before=null%00'].map((query) => `GET /chat/rooms/$PUB/messages?${query}`),
    expect: { status: 400 },
    async run(stage) {
      const { alice, pub, priv } = stage;
      const head = (await alice.ok('GET', `/chat/rooms/${pub.id}`)).seq;
      for (const ahead of [head + 1, 9_007_199_254_740_993n, 9_223_372_036_854_775_807n]) {
        const answer = await alice.call('GET', `/chat/rooms/${pub.id}/messages?after=${ahead}`);
        assert.deepEqual([answer.status, answer.body], [200, []], `after=${ahead}`);
        assert.equal(answer.headers['x-room-seq'], String(head), 'the head is not told');
      }
      const gone = await alice.ok('POST', `/chat/rooms/${pub.id}/messages`, { content: 'gone' });
      await alice.ok('POST', `/chat/rooms/${pub.id}/messages`, { content: 'after it' });
      await alice.ok('DELETE', `/chat/messages/${gone.id}`);
      assert.equal((await alice.ok('GET', `/chat/rooms/${pub.id}/messages?after=${gone.id}`)).length, 1, 'a deleted message is a place as well');
      const elsewhere = await alice.ok('POST', `/chat/rooms/${priv.id}/messages`, { content: 'elsewhere' });
      for (const direction of ['before', 'after', 'around']) {
        const [foreign, unknown] = [elsewhere.id, 'nothing'].map((id) => alice.call('GET', `/chat/rooms/${pub.id}/messages?${direction}=${id}`));
        const [one, other] = [await foreign, await unknown];
        assert.ok([400, 404].includes(one.status), `${direction} a message of another room: ${one.status}`);
        assert.equal(one.status, other.status);
      }
    },
  },
  S05: {
    title: 'hostile searches',
    note: 'of people and of public rooms: messages cannot be searched in this version',
    rooms: true,
    as: 'alice',
    requests: ['/chat/users', '/chat/rooms/discover'].flatMap((path) => [
      ...['%25'.repeat(250), '(((('.repeat(40), '%5C', 'a%20%26%20%7C%20!', 'a', '(a%2B)%2B%24', '%22%22%27', '_'.repeat(250), '*', '.*', '[a-'].map((query) => ({ line: `GET ${path}?query=${query}`, expect: { status: 200 } })),
      ...['x'.repeat(257), '%25'.repeat(3_000), encodeURIComponent(Array(900).fill('a OR').join(' ')), 'x&query=y'].map((query) => ({ line: `GET ${path}?query=${query}`, expect: { status: 400 } })),
      { line: `GET ${path}?query=a%00b`, expect: { status: [200, 400] } },
    ]),
  },
  S08: {
    title: 'the largest message, and one far larger',
    rooms: true,
    async run(stage) {
      const content = WORDS.padEnd(10_000, 'x').slice(0, 10_000);
      const sent = await stage.bob.ok('POST', `/chat/rooms/${stage.pub.id}/messages`, { content });
      assert.equal(sent.content, content);
      const wide = '\u{1f600}'.repeat(10_000);
      assert.equal((await stage.bob.ok('POST', `/chat/rooms/${stage.pub.id}/messages`, { content: wide })).content, wide);
      await stage.mark();
      const large = await stage.bob.call('POST', `/chat/rooms/${stage.pub.id}/messages`, { content: 'x'.repeat(1_048_576) });
      assert.equal(large.status, 413, large.text);
      const long = await stage.bob.call('POST', `/chat/rooms/${stage.pub.id}/messages`, { content: 'x'.repeat(10_001) });
      assert.deepEqual([long.status, long.body.reason], [400, 'too_long']);
    },
    untouched: true,
  },
  S10: {
    title: "the operator's own pages",
    note: 'the contract is public (WIRE §6); metrics are for this machine, or whoever has the token, and not for whom a proxy sends',
    as: 'bob',
    requests: [
      ...['/admin', '/admin/users', '/debug/pprof', '/debug', '/debug/vars', '/openapi', '/actuator', '/export', '/chat/export', '/audit', '/.env', '/server-status', '/console'].map((path) => `GET ${path}`),
      { line: 'GET /metrics', headers: { 'x-forwarded-for': '192.0.2.1' } },
      { line: 'GET /metrics', headers: { forwarded: 'for=192.0.2.1' } },
      { line: 'PUT /chat/users/$ALICE/disabled', body: { disabled: true } },
      { line: 'POST /auth/invites', body: {} },
    ],
    expect: { status: [403, 404] },
  },
};
