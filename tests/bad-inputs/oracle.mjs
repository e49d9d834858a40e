// What has to hold after every case, whatever it did: the process lives, it made no mistake, and others are served.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import { Person } from './stage.mjs';
import { call } from './wire/http.mjs';

/** How long a new client may take from its first byte to hearing its own message, on a busy machine. */
const FRESH_MS = 5_000;
const MIB = 1024 * 1024;

/** Resident memory of a process, in bytes. */
export function residentBytes(pid) {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4096;
}

/** Open file descriptors of a process. */
export const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

/** Sum of a counter over the labels that fit. */
export async function counter(server, name, labels = /(?:)/u) {
  const { text } = await call(server, 'GET', '/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith(name) && labels.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Our own mistakes, as the server counts them. */
export const mistakes = (server) => counter(server, 'fireside_http_requests_total', /code="50[0-2]"/u);

/** Fails if the server is not as it was, or does not serve a new client. */
export async function isWell(server) {
  assert.doesNotThrow(() => process.kill(server.pid, 0), `the server is gone:\n${server.output().slice(-2000)}`);
  const said = /panicked at[^\n]*|stack overflow[^\n]*|RUST_BACKTRACE[^\n]*/u.exec(server.output());
  assert.equal(said, null, `the server said: ${said?.[0]}`);
  assert.equal(await counter(server, 'fireside_panics_total'), 0, 'something panicked');
  assert.equal(await mistakes(server), 0, `a request was answered 500:\n${server.output().slice(-2000)}`);
  await serves(server);
}

/** One person per server, so that asking often makes no crowd. */
const regulars = new WeakMap();

async function regular(server) {
  if (!regulars.has(server)) {
    const person = new Person(server, 'regular');
    regulars.set(server, person.ok('POST', '/chat/rooms', { name: 'Regulars' }).then((room) => ({ person, room })));
  }
  return regulars.get(server);
}

/** Fails if a new client cannot connect, send, and hear what it sent, quickly. */
async function serves(server) {
  const { person, room } = await regular(server);
  const started = performance.now();
  const client = await person.socket({ localAddress: '127.0.0.99' });
  const answer = await client.ask('message:send', { roomId: room.id, content: 'still here' });
  assert.equal(answer?.ok, true, `a new client was answered ${JSON.stringify(answer)}`);
  await client.hears('message:new', (message) => message.id === answer.id);
  client.close();
  const tookMs = performance.now() - started;
  assert.ok(tookMs < FRESH_MS, `a new client took ${Math.round(tookMs)} ms`);
}

/**
 * Runs an attack once to warm up, then `times` more, and fails if the server has grown by more than `mib` in all: what
 * each attack leaves behind adds up.
 */
export async function growsLittle(server, { times, mib }, attack) {
  await attack();
  const before = residentBytes(server.pid);
  let most = before;
  const watch = setInterval(() => { most = Math.max(most, residentBytes(server.pid)); }, 20);
  try {
    for (let time = 0; time < times; time += 1) await attack();
  } finally {
    clearInterval(watch);
  }
  most = Math.max(most, residentBytes(server.pid));
  const grown = (most - before) / MIB;
  assert.ok(grown <= mib, `grew by ${grown.toFixed(1)} MiB, ${mib} allowed`);
}

/** How long asking for the server's health takes meanwhile: all but the slowest twentieth are quicker, in milliseconds. */
export async function healthMs(server, during) {
  const worker = new Worker(new URL('health.worker.mjs', import.meta.url), { workerData: { server: { url: server.url } } });
  const measured = Promise.race([
    once(worker, 'message').then(([took]) => took),
    once(worker, 'error').then(([error]) => { throw error; }),
  ]);
  // Looked at below; until then a failure has nobody to tell.
  measured.catch(() => {});
  try {
    await during();
  } finally {
    worker.postMessage('enough');
  }
  const took = (await measured).sort((a, b) => a - b);
  return took[Math.floor(took.length * 0.95)];
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
