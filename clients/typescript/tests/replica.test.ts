// Whatever happens to connections and to the server: in the end every window shows exactly what the server has.

import { afterEach, beforeEach, expect, test } from "vitest";

import type { Chat } from "../src/index.js";
import { type ChatStore, createStore, type PlaceStore } from "../src/store/index.js";
import { closeAll, event, person, value } from "./people.js";
import { Server } from "./server.js";

const STEPS = 250;
const NAMES = ["ann", "ben", "cleo"];

let server: Server;
const stores: ChatStore[] = [];
beforeEach(async () => {
  server = await Server.start();
});
afterEach(async () => {
  for (const store of stores.splice(0)) store.close();
  await closeAll();
  await server.remove();
});

/** Chance that is the same in every run (mulberry32). */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

interface Actor {
  chat: Chat;
  store: ChatStore;
  place: PlaceStore;
}

async function actors(): Promise<Actor[]> {
  const people = NAMES.map((name) => {
    const chat = person(server, name);
    const store = createStore(chat);
    stores.push(store);
    return { chat, store };
  });
  await Promise.all(people.map(({ chat }) => chat.connect()));
  const [first] = people;
  if (!first) throw new Error("nobody is here");
  const room = await first.chat.rooms.create({ name: "Harbour" });
  for (const { chat } of people.slice(1)) await chat.room(room.roomId).join();
  return Promise.all(
    people.map(async ({ chat, store }) => {
      const place = store.place(room.place);
      await value(place.summary, (summary) => summary !== null);
      await place.open();
      return { chat, store, place };
    }),
  );
}

/** One random thing that people and networks do. */
function act({ chat, place }: Actor, roll: (sides: number) => number, step: number): void {
  const own = place.window.get().rows.filter((row) => row.isOwn && row.id !== null && row.deletedAt === null);
  const target = own[roll(Math.max(own.length, 1))]?.id;
  const choice = roll(20);
  if (choice < 10) place.send(`message ${step}`);
  else if (choice < 13 && target) place.edit(target, `edit ${step}`);
  else if (choice < 15 && target) place.delete(target);
  else if (choice === 15) chat.raw.io.engine?.close();
  else if (choice === 16) chat.disconnect();
  else if (chat.connection.get().status === "offline") void chat.connect().catch(() => {});
}

/** What a window shows, without tombstones: a page that is read later has none. */
function shown(place: PlaceStore): string[] {
  const rows = place.window.get().rows.filter((row) => row.deletedAt === null && row.type === "text");
  return rows.map((row) => `${row.seq} ${row.id} ${row.content} ${row.state}`);
}

test.each([1, 2, 3])("three people, lost connections, a killed server; chance %i", async (seed) => {
  const roll = dice(seed);
  const all = await actors();
  for (let step = 0; step < STEPS; step += 1) {
    const actor = all[roll(all.length)];
    if (actor) act(actor, roll, step);
    if (step === STEPS / 2) {
      await server.kill();
      await server.startAgain();
    }
    if (roll(3) === 0) await new Promise((done) => setTimeout(done, roll(20)));
  }
  await Promise.all(all.map(({ chat }) => chat.connect()));
  await Promise.all(all.map(({ chat }) => value(chat.outbox.counts, ({ waiting }) => waiting === 0)));
  // Everybody has heard everything once they have heard this.
  const last = all.map(({ chat }) => event(chat, "message:new", ({ content }) => content === "last"));
  await all[0]?.place.send("last").delivered();
  await Promise.all(last);

  const reader = createStore(person(server, "ann"));
  stores.push(reader);
  const fresh = reader.place(all[0]?.place.place ?? { kind: "room", roomId: "" });
  await reader.chat.connect();
  await fresh.open();
  while (fresh.window.get().older === "more") await fresh.loadOlder();
  for (const { chat, place } of all) {
    while (place.window.get().older === "more") await place.loadOlder();
    expect(shown(place)).toEqual(shown(fresh));
    const unread = (await chat.unread()).find(({ roomId }) => roomId === place.summary.get()?.roomId);
    // A count that may be off is asked for once more, a moment later.
    const counts = unread && [unread.unreadCount, unread.firstUnreadSeq];
    const shownCounts = () => [place.summary.get()?.unreadCount, place.summary.get()?.firstUnreadSeq];
    await expect.poll(shownCounts, { timeout: 5000 }).toEqual(counts);
    expect(new Set(place.window.get().rows.map(({ key }) => key)).size).toBe(place.window.get().rows.length);
  }
});
