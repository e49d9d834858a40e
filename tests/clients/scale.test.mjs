// What a message costs the nodes and the Redis between them, counted: it does not grow with the room.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { Person } from './people.mjs';
import { newDatabase, POSTGRES } from './postgres.mjs';
import { expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';

const REDIS = process.env.FIRESIDE_TEST_REDIS_URL;
const MESSAGES = 50;
const MEMBERS = 5_000;

const skip = REDIS && POSTGRES ? false : 'FIRESIDE_TEST_REDIS_URL or FIRESIDE_TEST_POSTGRES_URL is not set';

describe('a message between two nodes', { skip }, () => {
  let database;
  let nodes = [];
  let alice;
  let bob;

  before(async () => {
    database = await newDatabase();
    const settings = { FIRESIDE_DATABASE_URL: database, FIRESIDE_REDIS_URL: REDIS };
    nodes = await Promise.all([startServer(settings), startServer(settings)]);
    alice = new Person(nodes[0], 'alice');
    bob = new Person(nodes[1], 'bob');
  });
  after(async () => {
    bob?.leave();
    await Promise.all(nodes.map((node) => node.stop()));
  });

  async function newRoom(...guests) {
    const room = await expectStatus(201, alice.rest('POST', '/chat/rooms', { name: 'Room' }));
    for (const guest of guests) await expectStatus(200, guest.rest('POST', `/chat/rooms/${room.id}/join`));
    return room;
  }

  /** How many messages a node has sent to the others, or heard from them. */
  async function counted(node, direction) {
    const metrics = await (await fetch(`${node.url}/metrics`)).text();
    const found = new RegExp(`^fireside_bus_messages_total\\{direction="${direction}"\\} (\\d+)$`, 'mu').exec(metrics);
    return Number(found?.[1] ?? 0);
  }

  /** What saying something in a room costs: what one node sends, and what the other hears. */
  async function cost(room) {
    const read = () => Promise.all([counted(nodes[0], 'out'), counted(nodes[1], 'in')]);
    const [sent, heard] = await read();
    for (let number = 0; number < MESSAGES; number += 1) {
      await expectStatus(201, alice.rest('POST', `/chat/rooms/${room.id}/messages`, { content: `${number}` }));
    }
    // An answer does not wait for the publish, which follows it.
    const late = Date.now() + 10_000;
    for (;;) {
      const [sentNow, heardNow] = await read();
      if (sentNow - sent >= MESSAGES || Date.now() > late) return { sent: sentNow - sent, heard: heardNow - heard };
      await setTimeout(20);
    }
  }

  /** Probes and signs of life come along, every few seconds. */
  const isOneEach = (count, what) => assert.ok(count >= MESSAGES && count < 2 * MESSAGES, `${count} for ${MESSAGES}: ${what}`);

  test('is one publish, for a room of two and for one of thousands', async () => {
    const [small, large] = [await newRoom(bob), await newRoom(bob)];
    const statement = `
      INSERT INTO users (id, username, kind, role, origin, created_at, modified_at)
        SELECT 'u' || n, 'u' || n, 'person', 'member', 'host', 1, 1 FROM generate_series(1, ${MEMBERS}) n;
      INSERT INTO members (room_id, user_id, id, role, created_at, modified_at, joined_at, joined_seq)
        SELECT '${large.id}', 'u' || n, 'm' || n, 'member', 1, 1, 1, 0 FROM generate_series(1, ${MEMBERS}) n;`;
    execFileSync('psql', [database, '--no-psqlrc', '--quiet', '--command', statement]);
    const ear = await bob.socket();
    for (const [room, what] of [[small, 'a small room'], [large, 'a large room']]) {
      const { sent } = await cost(room);
      isOneEach(sent, `published for ${what}`);
      await ear.hears('message:new', (message) => message.roomId === room.id && message.content === `${MESSAGES - 1}`);
    }
  });

  test('does not reach a node where nobody hears it', async () => {
    const { sent, heard } = await cost(await newRoom());
    isOneEach(sent, 'published');
    assert.ok(heard < MESSAGES, `the other node heard ${heard} of ${MESSAGES}`);
  });
});
