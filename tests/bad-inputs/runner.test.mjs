// Runs every case of the tables against real servers, and checks that the tables cover the list of bad inputs: each of its
// ids is a case here or is named, with the reason, in absent.mjs.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { absent } from './absent.mjs';
import { isWell } from './oracle.mjs';
import { SERVERS, startAll } from './servers.mjs';
import { Stage } from './stage.mjs';
import { play } from './steps.mjs';

const SURFACES = [
  'engineio', 'engineio-ws', 'socketio', 'event', 'http', 'rest-auth', 'rest-rooms', 'rest-messages', 'race', 'db', 'web-client',
];
const tables = await Promise.all(SURFACES.map(async (surface) => (await import(`./cases/${surface}.mjs`)).default));
const cases = tables.flatMap((table, at) => Object.entries(table).map(([id, one]) => ({ id, surface: SURFACES[at], ...one })));

const PATH = process.env.FIRESIDE_BAD_INPUTS ?? fileURLToPath(new URL('../../../shared/bad_inputs.json', import.meta.url));
const missing = existsSync(PATH) ? false : `${PATH} is missing: set FIRESIDE_BAD_INPUTS`;

test('every bad input is a case here, or absent for a reason', { skip: missing }, () => {
  const known = new Map(JSON.parse(readFileSync(PATH, 'utf8')).map((one) => [one.id, one]));
  const here = cases.map((one) => one.id);
  assert.equal(new Set(here).size, here.length, 'an id has two cases');
  const listed = new Set([...here, ...Object.keys(absent)]);
  assert.deepEqual([...known.keys()].filter((id) => !listed.has(id)), [], 'nothing is said of these');
  assert.deepEqual([...listed].filter((id) => !known.has(id)), [], 'there are no such bad inputs');
  assert.deepEqual(here.filter((id) => id in absent), [], 'these are cases, and so not absent');
  assert.deepEqual(cases.filter((one) => known.get(one.id).surface !== one.surface).map((one) => one.id), [], 'in a wrong table');
  for (const [id, reason] of Object.entries(absent)) assert.ok(reason.length > 10, `${id} has no reason`);
});

describe('bad inputs', { concurrency: true }, () => {
  let servers;
  before(async () => { servers = await startAll(); });
  after(async () => { await Promise.all(Object.values(servers ?? {}).map((server) => server.stop())); });

  const run = (one) => test(`${one.id} ${one.title}`, async () => {
    if (one.on === null) return one.run(null);
    const server = servers[one.on ?? 'open'];
    const stage = new Stage(server, one.id);
    try {
      if (one.rooms) await stage.furnish();
      await play(stage, one);
    } finally {
      await stage.clear();
    }
    return isWell(server);
  });

  // What waits for a timeout waits beside everything else; the rest goes one by one on each server.
  describe('slow', { concurrency: true }, () => {
    for (const one of cases.filter((each) => each.slow)) run(one);
  });
  for (const name of [...Object.keys(SERVERS), null]) {
    const own = cases.filter((one) => !one.slow && (one.on === undefined ? 'open' : one.on) === name);
    if (own.length > 0) describe(name ?? 'own servers', { concurrency: 1 }, () => { for (const one of own) run(one); });
  }
});
