// A real server of one's own: on a free port, with a folder of its own, ended by its process id.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const START_MS = 20_000;
const STOP_MS = 15_000;
const BUILT = fileURLToPath(new URL('../../target/debug/fireside', import.meta.url));

/** The secret that the servers here trust tokens of, besides their own. */
export const SECRET = process.env.TESTS_JWT_SECRET ?? 'a secret of the tests, 32 bytes or more';

function program() {
  const path = process.env.FIRESIDE_BIN ?? BUILT;
  assert.ok(existsSync(path), `${path} is missing: set FIRESIDE_BIN, or run cargo build --package=fireside-server`);
  return path;
}

/** Nothing of the caller's own settings reaches the server. */
function cleanEnvironment(settings) {
  const foreign = ([name]) => !name.startsWith('FIRESIDE_') && !name.startsWith('APP_ENV_');
  const defaults = { FIRESIDE_JWT_SECRET: SECRET, FIRESIDE_SIGNUP: 'open', FIRESIDE_RATE_LIMITS: 'off' };
  return { ...Object.fromEntries(Object.entries(process.env).filter(foreign)), ...defaults, ...settings };
}

/** Starts a server at an address and waits until it is ready. `settings` are environment variables. */
export async function startServer(settings = {}, listen = '127.0.0.1:0') {
  const folder = await mkdtemp(join(tmpdir(), 'fireside-clients-'));
  const dataFolder = join(folder, 'data');
  const child = spawn(program(), ['--listen', listen, '--data-dir', dataFolder], {
    cwd: folder,
    env: cleanEnvironment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Whatever happens to the tests, no server outlives them.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      const timer = setTimeout(kill, STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    process.removeListener('exit', kill);
    await rm(folder, { recursive: true, force: true });
  };

  try {
    const url = await waitFor('its address', () => {
      assert.equal(child.exitCode, null, `the server ended at once:\n${output}`);
      return /http:\/\/127\.0\.0\.\d:[1-9]\d*/u.exec(output)?.[0];
    });
    await waitFor('readiness', async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok);
    return { url, pid: child.pid, stop, output: () => output, setupToken: () => setupToken(dataFolder, () => output) };
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\nThe server said:\n${output}`);
  }
}

/** The one-use token with which a new server is claimed: printed, and kept in its folder. */
async function setupToken(dataFolder, output) {
  const printed = /\/setup#token=([A-Za-z0-9._~-]+)/u.exec(output())?.[1];
  return printed ?? (await readFile(join(dataFolder, 'setup-token'), 'utf8')).trim();
}

/** Asks again until there is an answer, for as long as a server may take to start. */
async function waitFor(what, ask) {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`waited ${START_MS} ms for ${what}`);
}
