// Balancers in front of two nodes, with the configurations that deploy/ gives to operators: only addresses are changed,
// and how nodes are given out where a test wants it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const WAIT_MS = 20_000;
const NGINX_FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * Each with its program, its file in deploy/, where it listens there, how it is told to give out nodes in turn, what the
 * test's own folder needs, how it is started, and how it ends at once with its children.
 */
export const BALANCERS = {
  HAProxy: {
    program: process.env.FIRESIDE_TEST_HAPROXY,
    file: 'haproxy.cfg',
    listens: ['bind :80', (place) => `bind ${place}`],
    inTurn: [/balance source\n.*hash-type consistent\n/u, 'balance roundrobin\n'],
    command: (file) => ['-db', '-f', file],
    end: 'SIGKILL',
  },
  nginx: {
    program: process.env.FIRESIDE_TEST_NGINX,
    file: 'nginx.conf',
    listens: ['listen 80', (place) => `listen ${place}`],
    inTurn: [/.*hash \$remote_addr consistent;\n/u, ''],
    // The system's own folders and log are for its administrator.
    alone: ['http {\n', `http {\n${NGINX_FOLDERS.map((name) => `${name}_temp_path ${name};\n`).join('')}access_log off;\n`],
    command: (file, folder) => ['-p', folder, '-c', file, '-e', 'stderr', '-g', 'daemon off; pid nginx.pid;'],
    end: 'SIGTERM',
  },
  Caddy: {
    program: process.env.FIRESIDE_TEST_CADDY,
    file: 'Caddyfile',
    listens: ['chat.example.org', (place) => `http://${place}`],
    inTurn: ['lb_policy ip_hash', 'lb_policy round_robin'],
    alone: [/^/u, '{\nadmin off\n}\n'],
    command: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
    end: 'SIGKILL',
  },
};

/** Starts a balancer on a free port in front of these nodes; `isInTurn` where it is not to keep clients at a node. */
export async function startBalancer(balancer, nodes, isInTurn) {
  const { program, file, listens, inTurn, alone, command, end } = balancer;
  const place = `127.0.0.1:${await freePort()}`;
  const folder = await mkdtemp(join(tmpdir(), 'fireside-balancer-'));
  // nginx, started by root, works as somebody else.
  await chmod(folder, 0o755);
  const changes = [
    [listens[0], listens[1](place)],
    ...['node-a:3000', 'node-b:3000'].map((name, at) => [name, new URL(nodes[at].url).host]),
    ...(isInTurn ? [inTurn] : []),
    ...(alone ? [alone] : []),
  ];
  let text = await readFile(new URL(`../../deploy/${file}`, import.meta.url), 'utf8');
  for (const [what, by] of changes) {
    assert.ok(typeof what === 'string' ? text.includes(what) : what.test(text), `${file} has no ${what}`);
    text = text.replace(what, by);
  }
  const configuration = join(folder, file);
  await writeFile(configuration, text);
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const child = spawn(program, command(configuration, folder), { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = () => child.kill(end);
  process.once('exit', kill);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (words) => { said += words; });
  const url = `http://${place}`;
  const knows = (at) => gives(url, nodes[at], () => `${file}: node ${at} is not given out; it said ${said}`);
  const stop = async () => {
    process.removeListener('exit', kill);
    const ended = new Promise((done) => child.once('exit', done));
    if (child.exitCode === null && child.signalCode === null) {
      kill();
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all([knows(0), knows(1)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, knows, stop };
}

/** Waits until a balancer gives out a node to one of many clients: sessions of polling begin with their node's mark. */
async function gives(url, node, what) {
  const mark = await markOf(node.url);
  const deadline = performance.now() + WAIT_MS;
  for (let client = 1; ; client += 1) {
    const found = await markOf(url, `127.0.1.${(client % 250) + 1}`).catch(() => null);
    if (found === mark) return;
    assert.ok(performance.now() < deadline, `waited ${WAIT_MS} ms: ${what()}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

function markOf(url, localAddress) {
  return new Promise((done, fail) => {
    const asked = request(`${url}/socket.io/?EIO=4&transport=polling`, { localAddress, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => { text += part; });
      answer.on('end', () => (answer.statusCode === 200 ? done(JSON.parse(text.slice(1)).sid.slice(0, 6)) : fail(new Error(text))));
    });
    asked.on('error', fail).end();
  });
}

async function freePort() {
  const listener = createServer();
  await new Promise((done) => listener.listen(0, '127.0.0.1', done));
  const { port } = listener.address();
  await new Promise((done) => listener.close(done));
  return port;
}
