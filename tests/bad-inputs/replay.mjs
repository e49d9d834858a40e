// Replays the bad inputs against a server that runs already, in so many lanes at once, for so many seconds: what a fault
// plays beside a workload. `node replay.mjs URL PID DATA_FOLDER LANES SECONDS` prints one line of JSON in the end:
// how many cases were played, and which were not answered as they have to be.
//
// Left out: cases that need a server set up in their own way, and those that wait for a timeout.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Stage } from './stage.mjs';
import { play } from './steps.mjs';
import { PASSWORD, claim } from './servers.mjs';
import { call } from './wire/http.mjs';

const SURFACES = ['engineio', 'engineio-ws', 'socketio', 'event', 'http', 'rest-auth', 'rest-rooms', 'rest-messages', 'race'];

const [url, pid, dataFolder, lanes, seconds] = process.argv.slice(2);
const server = {
  url,
  pid: Number(pid),
  output: () => '',
  setupToken: async () => (await readFile(join(dataFolder, 'setup-token'), 'utf8')).trim(),
};
// Claimed by the first replay; the next ones sign in.
const body = { username: 'keeper', password: PASSWORD };
server.admin = await claim(server).catch(async () => (await call(server, 'POST', '/auth/login', { body })).body.accessToken);

const tables = await Promise.all(SURFACES.map(async (surface) => (await import(`./cases/${surface}.mjs`)).default));
const cases = tables.flatMap((table) => Object.entries(table).map(([id, one]) => ({ id, ...one })))
  .filter((one) => one.on === undefined && !one.slow);

const end = performance.now() + Number(seconds) * 1000;
const failed = {};
let played = 0;

/** Plays one case after the other, beginning at another one than the other lanes. */
async function lane(from) {
  for (let at = from; performance.now() < end; at += 1) {
    const one = cases[at % cases.length];
    const stage = new Stage(server, one.id);
    try {
      if (one.rooms) await stage.furnish();
      await play(stage, one);
    } catch (error) {
      failed[one.id] = String(error.message).split('\n', 1)[0].slice(0, 200);
    } finally {
      await stage.clear();
      played += 1;
    }
  }
}

const each = Math.max(1, Math.floor(cases.length / Number(lanes)));
await Promise.all(Array.from({ length: Number(lanes) }, (_, number) => lane(number * each)));
console.log(JSON.stringify({ cases: cases.length, played, failed }));
process.exit(0);
