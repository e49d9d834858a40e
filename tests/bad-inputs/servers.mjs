// The servers that the cases run against: one for each way of being set up that a case needs.

import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startServer } from '../clients/server.mjs';
import { call } from './wire/http.mjs';

/** Limits high enough that one machine may play many clients; what a client may do is limited as usual. */
const CROWD = { FIRESIDE_RATE_LIMITS: 'on', FIRESIDE_LIMITS_CONNECT: '1000/s', FIRESIDE_LIMITS_NODE_CONNECTS: '1000/s' };

/** The key of a host application that signs with RS256; its public half is what attackers have. */
export const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The page of another origin that may use the server, so that there is something to be taken for. */
export const FRIEND = 'https://good.example';

export const PASSWORD = 'correct horse battery';

/** Environment of each server. */
export const SERVERS = {
  open: { FIRESIDE_CORS_ORIGINS: FRIEND },
  slow: {},
  memory: {},
  limits: { FIRESIDE_RATE_LIMITS: 'on' },
  invites: { ...CROWD, FIRESIDE_SIGNUP: 'invite', FIRESIDE_LOG_LEVEL: 'debug' },
  hashing: { ...CROWD },
  crowd: {},
  few: {},
};

/** Starts all servers; `open` and `invites` have an administrator. */
export async function startAll() {
  const folder = mkdtempSync(join(tmpdir(), 'fireside-bad-inputs-'));
  const keys = join(folder, 'keys.json');
  const key = { ...RSA.publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'k1' };
  writeFileSync(keys, JSON.stringify({ keys: [key] }));
  const entries = Object.entries(SERVERS);
  const started = await Promise.allSettled(entries.map(([name, settings]) => (
    startServer(name === 'open' ? { ...settings, FIRESIDE_JWT_JWKS_FILE: keys } : settings)
  )));
  rmSync(folder, { recursive: true });
  const failed = started.find((one) => one.status === 'rejected');
  if (failed) {
    await Promise.all(started.map((one) => one.value?.stop()));
    throw failed.reason;
  }
  const servers = Object.fromEntries(entries.map(([name], at) => [name, started[at].value]));
  for (const name of ['open', 'invites']) servers[name].admin = await claim(servers[name]);
  return servers;
}

/** Makes the first administrator, and gives their access token. */
export async function claim(server) {
  const body = { token: await server.setupToken(), username: 'keeper', password: PASSWORD };
  const answer = await call(server, 'POST', '/auth/setup', { body });
  if (answer.status !== 201) throw new Error(`the server was not claimed: ${answer.status} ${answer.text}`);
  return answer.body.accessToken;
}

/** Starts a server that may refuse to start, on a data folder that others may have used. */
export function launch(dataFolder, settings = {}) {
  const program = process.env.FIRESIDE_BIN ?? fileURLToPath(new URL('../../target/debug/fireside', import.meta.url));
  const foreign = ([name]) => !name.startsWith('FIRESIDE_') && !name.startsWith('APP_ENV_');
  const env = { ...Object.fromEntries(Object.entries(process.env).filter(foreign)), ...settings };
  const child = spawn(program, ['--listen', '127.0.0.1:0', '--data-dir', dataFolder], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let output = '';
  const ended = new Promise((done) => { child.once('close', (code) => done({ code, output })); });
  const started = new Promise((done) => {
    const look = (text) => {
      output += text;
      if (/127\.0\.0\.1:[1-9]/u.test(output)) done({ code: null, output });
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', look);
  });
  return {
    /** Its exit code, or null once it says where it listens; with what it said. */
    startsOrEnds: () => Promise.race([ended, started]),
    async kill() {
      kill();
      await ended;
      process.removeListener('exit', kill);
    },
  };
}
