// False alarms: people write, edit, delete, come and go for as long as SOAK_MINUTES says, and no digest may differ.
// `SOAK_MINUTES=10 npx vitest run tests/digest_soak.test.ts` prints what was compared and what it cost.

import { expect, test } from "vitest";

import type { Chat } from "../src/index.js";
import { createStore } from "../src/store/index.js";
import { closeAll, online, value } from "./people.js";
import { Server } from "./server.js";

const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 0);
const ROOMS = 3;
const PACE_MS = 250;
/** A payload of `room:digested`, in bytes of JSON. */
const DIGEST_MAX_BYTES = 100;

interface Tally {
  /** Digests that were told, and their bytes. */
  told: number;
  bytes: number;
  largest: number;
  /** Comparisons of whole windows, after connections. */
  asked: number;
  /** Parts of windows that were read anew. */
  alarms: string[];
}

/** Somebody whose store looks at all rooms. */
async function watcher(server: Server, name: string, tally: Tally): Promise<Chat> {
  const chat = await online(server, name, {
    fetch: (input, init) => {
      const { pathname, searchParams, search } = new URL(String(input));
      if (pathname.endsWith("/digest")) tally.asked += 1;
      const isPartRead = pathname.endsWith("/messages") && searchParams.has("after");
      if (isPartRead) tally.alarms.push(`${name} ${pathname}${search}`);
      return fetch(input, init);
    },
  });
  chat.on("room:digested", (digest) => {
    const bytes = JSON.stringify(digest).length;
    tally.told += 1;
    tally.bytes += bytes;
    tally.largest = Math.max(tally.largest, bytes);
  });
  return chat;
}

test.skipIf(MINUTES === 0)("no digest differs", { timeout: (MINUTES + 2) * 60_000 }, async () => {
  const server = await Server.start();
  const tally: Tally = { told: 0, bytes: 0, largest: 0, asked: 0, alarms: [] };
  const [ann, ben] = [await watcher(server, "ann", tally), await watcher(server, "ben", tally)];
  const cleo = await online(server, "cleo");
  const names = Array.from({ length: ROOMS }, (_, index) => `Soak ${index}`);
  const rooms = await Promise.all(names.map((name) => ann.rooms.create({ name })));
  const stores = [ann, ben].map((chat) => createStore(chat));
  for (const room of rooms) await ben.room(room.roomId).join();
  for (const store of stores)
    for (const room of rooms) {
      await value(store.place(room.place).summary, (summary) => summary !== null);
      await store.place(room.place).open();
    }
  const deadline = performance.now() + MINUTES * 60_000;
  let acts = 0;
  while (performance.now() < deadline) {
    const room = rooms[acts % ROOMS] as (typeof rooms)[0];
    const author = acts % 2 === 0 ? ann : ben;
    const sent = await author.room(room.roomId).send(`message ${acts}`).delivered();
    const { messages } = author.room(room.roomId);
    if (acts % 3 === 0) await messages.edit(sent?.id ?? "", `edit ${acts}`).delivered();
    if (acts % 5 === 0) await messages.delete(sent?.id ?? "").delivered();
    if (acts % 4 === 0) await cleo.room(room.roomId).join();
    if (acts % 4 === 3) await cleo.room(room.roomId).leave().catch(() => {});
    if (acts % 240 === 239) ben.raw.io.engine.close();
    acts += 1;
    await new Promise((done) => setTimeout(done, PACE_MS));
  }
  const average = Math.round(tally.bytes / Math.max(tally.told, 1));
  console.log(
    `${MINUTES} minutes, ${acts} rounds: ${tally.told} digests told (${average} bytes, at most ${tally.largest}), ` +
      `${tally.asked} asked for, ${tally.alarms.length} alarms`,
  );
  for (const store of stores) store.close();
  await closeAll();
  await server.remove();
  expect(tally.alarms).toEqual([]);
  expect(tally.told).toBeGreaterThan(MINUTES * ROOMS);
  expect(tally.largest).toBeLessThanOrEqual(DIGEST_MAX_BYTES);
});
