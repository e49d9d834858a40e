// Things that happen at the same moment.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { PASSWORD } from '../servers.mjs';
import { call, Wire } from '../wire/http.mjs';

/** Processor time of a process until now, in seconds. */
function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
const seqs = (client, roomId) => client.heard.filter(({ payload }) => payload?.roomId === roomId && payload.seq).map(({ payload }) => payload.seq);

export default {
  Q01: {
    title: 'being removed while one sends',
    note: 'one node, 60 rounds: there is no second node in this version',
    rooms: true,
    async run(stage) {
      const { alice, bob, priv } = stage;
      const client = await stage.open(bob.socket());
      const outcomes = { sent: 0, refused: 0 };
      for (let round = 0; round < 60; round += 1) {
        const send = () => client.ask('message:send', { roomId: priv.id, content: `round ${round}` });
        const kick = () => alice.ok('DELETE', `/chat/rooms/${priv.id}/members/${bob.id}`);
        // From the send well before the removal to well behind it, so that both come about on any machine.
        const leadMs = ((round % 13) - 6) * 5;
        const [sent] = await Promise.all([wait(Math.max(0, leadMs)).then(send), wait(Math.max(0, -leadMs)).then(kick)]);
        const left = await stage.witness.hears('room:user-left', (event) => event.roomId === priv.id);
        if (sent.ok) assert.ok(sent.seq < left.seq, `a message at ${sent.seq}, the removal at ${left.seq}`);
        else assert.equal(sent.error.reason, 'not_found');
        outcomes[sent.ok ? 'sent' : 'refused'] += 1;
        await alice.ok('POST', `/chat/rooms/${priv.id}/messages`, { content: 'he must not hear this' });
        assert.ok(await client.answers());
        const heard = client.heard.filter(({ payload }) => payload?.roomId === priv.id && payload.seq > left.seq);
        assert.deepEqual(heard, [], 'he heard what came after his removal');
        await alice.ok('PUT', `/chat/rooms/${priv.id}/members/${bob.id}`, {});
        await client.hears('room:user-joined', (event) => event.roomId === priv.id && event.seq > left.seq);
        client.heard.length = 0;
        stage.witness.heard.length = 0;
      }
      assert.ok(outcomes.sent > 0 && outcomes.refused > 0, `no race: ${JSON.stringify(outcomes)}`);
    },
  },
  Q02: {
    title: 'being added while others write',
    note: 'whoever is added may read everything before as well',
    rooms: true,
    async run(stage) {
      const { alice, bob, carol, priv } = stage;
      const newcomer = await stage.open(carol.socket());
      const writer = await stage.open(bob.socket());
      const sending = Promise.all(Array.from({ length: 200 }, (_, n) => writer.ask('message:send', { roomId: priv.id, content: `n${n}` })));
      await alice.ok('PUT', `/chat/rooms/${priv.id}/members/${carol.id}`, {});
      await sending;
      const last = await writer.ask('message:send', { roomId: priv.id, content: 'last' });
      await newcomer.hears('message:new', (message) => message.id === last.id);
      const live = seqs(newcomer, priv.id);
      assert.deepEqual(live, Array.from({ length: live.length }, (_, n) => live[0] + n), 'she missed something, or heard it twice');
      assert.equal(live.at(-1), last.seq);
      const joined = newcomer.heard.find(({ name }) => name === 'room:user-joined').payload.seq;
      assert.equal(live[0], joined, 'the first thing she hears is not her own arrival');
      const rows = await carol.ok('GET', `/chat/rooms/${priv.id}/messages?limit=200&after=0`);
      assert.ok(rows.some((row) => row.content === 'n0'), 'what came before is hidden');
    },
  },
  Q04: {
    title: 'one username, fifty times at once',
    async run(stage) {
      const username = `race-${stage.name}`;
      const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => (
        call(stage.server, 'POST', '/auth/register', { body: { username: n % 2 ? username : username.toUpperCase(), password: PASSWORD }, limitMs: 60_000 })
      )));
      const count = (status) => answers.filter((answer) => answer.status === status).length;
      assert.deepEqual([count(201), count(201) + count(409) + count(503)], [1, 50], `${answers.map((answer) => answer.status)}`);
      assert.ok(count(409) >= 1);
      const found = await stage.alice.ok('GET', `/chat/users?query=${username}`);
      assert.equal(found.length, 1);
    },
  },
  Q05: {
    title: 'one conversation, opened from both sides',
    async run(stage) {
      for (let round = 0; round < 10; round += 1) {
        const [one, other] = [stage.person(`one${round}`), stage.person(`other${round}`)];
        await Promise.all([one, other].map((person) => person.ok('GET', '/auth/me')));
        const sent = await Promise.all([
          ...[1, 2, 3].map(() => one.ok('POST', `/chat/dm/${other.id}`, { content: 'x' })), ...[1, 2, 3].map(() => other.ok('POST', `/chat/dm/${one.id}`, { content: 'y' })),
        ]);
        assert.equal(new Set(sent.map((message) => message.roomId)).size, 1, 'two conversations');
        const places = sent.map((message) => message.seq).sort((a, b) => a - b);
        assert.deepEqual(places, places.map((_, n) => places[0] + n), 'its places have a hole');
        assert.equal((await one.ok('GET', '/chat/conversations')).length, 1);
        assert.equal((await other.ok('GET', `/chat/dm/${one.id}`)).length, 6);
      }
    },
  },
  Q07: {
    title: 'joining a room that is being written in',
    rooms: true,
    async run(stage) {
      const { bob, carol, pub } = stage;
      const writer = await stage.open(bob.socket());
      const newcomer = await stage.open(carol.socket());
      const sending = Promise.all(Array.from({ length: 300 }, (_, n) => writer.ask('message:send', { roomId: pub.id, content: `n${n}` })));
      const joined = await newcomer.ask('room:join', { roomId: pub.id });
      const history = await carol.call('GET', `/chat/rooms/${pub.id}/messages?limit=200`);
      const head = Number(history.headers['x-room-seq']);
      const answers = await sending;
      const last = Math.max(...answers.map((answer) => answer.seq), joined.seq);
      await newcomer.ws.wire.until(() => seqs(newcomer, pub.id).at(-1) >= last);
      const live = seqs(newcomer, pub.id);
      assert.deepEqual(live, Array.from({ length: last - joined.seq + 1 }, (_, n) => joined.seq + n), 'a gap, or something twice');
      assert.ok(live[0] <= head + 1, `live from ${live[0]} on, the history ends at ${head}`);
    },
  },
  Q08: {
    title: 'two tabs that come back from one position',
    note: 'clients catch up with ?after=, each for itself',
    rooms: true,
    async run(stage) {
      const { bob, pub } = stage;
      const [from] = stage.seqs;
      const tabs = await Promise.all([1, 2].map(() => stage.open(bob.socket())));
      const sent = await Promise.all(Array.from({ length: 50 }, (_, n) => tabs[n % 2].ask('message:send', { roomId: pub.id, content: `n${n}` })));
      const wanted = sent.map((answer) => answer.seq).sort((a, b) => a - b);
      const caught = await Promise.all([1, 2].map(() => bob.ok('GET', `/chat/rooms/${pub.id}/messages?limit=200&after=${from}`)));
      for (const rows of caught) assert.deepEqual(rows.map((row) => row.seq).sort((a, b) => a - b), wanted);
      for (const tab of tabs) {
        await tab.hears('message:new', (message) => message.seq === wanted.at(-1));
        assert.deepEqual(seqs(tab, pub.id), wanted, 'a tab missed something');
      }
    },
  },
  Q10: {
    title: 'no file descriptors left',
    slow: true,
    on: 'few',
    rooms: true,
    async run(stage) {
      const { server } = stage;
      const live = await stage.open(stage.bob.socket());
      execFileSync('prlimit', ['--pid', String(server.pid), '--nofile=256:256']);
      const wires = await Promise.all(Array.from({ length: 300 }, () => Wire.open(server)));
      try {
        await wait(500);
        const before = processorSeconds(server.pid);
        const started = performance.now();
        await wait(3_000);
        const share = (processorSeconds(server.pid) - before) / ((performance.now() - started) / 1000);
        assert.ok(share < 0.2, `the server spins: ${(share * 100).toFixed(0)} % of a processor`);
        const sent = await live.ask('message:send', { roomId: stage.pub.id, content: 'among the crowd' });
        assert.equal(sent?.ok, true, 'a live socket is not served');
      } finally {
        for (const wire of wires) wire.close();
      }
      await stage.carol.ok('GET', '/chat/rooms');
    },
  },
};
