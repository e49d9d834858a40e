// Asks a server for its health again and again, on a thread of its own: what the tests do meanwhile must not be measured.

import { parentPort, workerData } from 'node:worker_threads';

import { call } from './wire/http.mjs';

const PAUSE_MS = 50;

let over = false;
parentPort.once('message', () => { over = true; });

const took = [];
while (!over) {
  const { status, tookMs } = await call(workerData.server, 'GET', '/healthz', { localAddress: '127.0.0.98' });
  if (status !== 200) throw new Error(`/healthz was answered ${status}`);
  took.push(tookMs);
  await new Promise((done) => { setTimeout(done, PAUSE_MS); });
}
parentPort.postMessage(took);
