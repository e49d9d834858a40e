// What went wrong on the way into a store is found by digests and mended, and only that is read anew.

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import type { Chat } from "../src/index.js";
import { digestOf } from "../src/store/digest.js";
import { type ChatStore, createStore, type PlaceStore } from "../src/store/index.js";
import type { Stored } from "../src/store/window.js";
import { closeAll, event, online, value } from "./people.js";
import { Server } from "./server.js";

/** The server tells digests every 30 s. */
const BEAT_MS = 45_000;
const MESSAGES = 120;

let server: Server;
const stores: ChatStore[] = [];
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.remove());
afterEach(async () => {
  for (const store of stores.splice(0)) store.close();
  await closeAll();
});

/** A client whose events of messages are lost on their way into its store while `loses` says so. */
function careless(chat: Chat, loses: () => boolean): Chat {
  const on: Chat["on"] = (name, listener, options) =>
    chat.on(name, (payload) => !(loses() && name.startsWith("message:")) && listener(payload), options);
  return new Proxy(chat, {
    get(target, key) {
      if (key === "on") return on;
      const found: unknown = Reflect.get(target, key, target);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}

interface Scene {
  ben: Chat;
  place: PlaceStore;
  /** What a store sees that was never wrong. */
  fresh: () => Promise<string[]>;
  /** Queries of pages of messages that ben has asked for. */
  pages: string[];
  /** The same of digests. */
  digests: string[];
  /** Three things happen that ben's store never hears of: an edit, a deletion, a message. */
  corrupt: () => Promise<void>;
}

function shown(place: PlaceStore): string[] {
  const rows = place.window.get().rows.filter((row) => row.deletedAt === null && row.type === "text");
  return rows.map((row) => `${row.seq} ${row.content}`);
}

async function scene(): Promise<Scene> {
  const ann = await online(server, "ann");
  const pages: string[] = [];
  const digests: string[] = [];
  const ben = await online(server, "ben", {
    fetch: (input, init) => {
      const url = new URL(String(input));
      if (url.pathname.endsWith("/messages")) pages.push(url.search);
      if (url.pathname.endsWith("/digest")) digests.push(url.search);
      return fetch(input, init);
    },
  });
  const room = await ann.rooms.create({ name: "Infirmary" });
  await ben.room(room.roomId).join();
  const texts = Array.from({ length: MESSAGES }, (_, index) => `m${index}`);
  const sent = await Promise.all(texts.map((text) => room.send(text).delivered()));
  let isLosing = false;
  const storeOf = (chat: Chat) => {
    const store = createStore(chat);
    stores.push(store);
    return store.place(room.place);
  };
  const place = storeOf(careless(ben, () => isLosing));
  await value(place.summary, (summary) => summary !== null);
  await place.open();
  while (place.window.get().older === "more") await place.loadOlder();
  // The comparison after the connection finds nothing wrong yet.
  await expect.poll(() => digests.length, { timeout: 10_000 }).toBe(1);
  const fresh = async () => {
    const other = storeOf(ann);
    await other.open();
    while (other.window.get().older === "more") await other.loadOlder();
    return shown(other);
  };
  const corrupt = async () => {
    isLosing = true;
    const last = event(ben, "message:new", ({ content }) => content === "lost");
    await room.messages.edit(sent[10]?.id ?? "", "edited").delivered();
    await room.messages.delete(sent[60]?.id ?? "").delivered();
    await room.send("lost").delivered();
    await last;
    isLosing = false;
    expect(shown(place)).toEqual(texts.map((text, index) => `${sent[index]?.seq} ${text}`));
    pages.length = 0;
  };
  return { ben, place, fresh, pages, digests, corrupt };
}

/** A digest has 16 parts, and three of them were wrong. */
function expectOnlyPartsRead(pages: string[]): void {
  expect(pages).toHaveLength(3);
  const limits = pages.map((query) => Number(new URLSearchParams(query).get("limit")));
  expect(Math.max(...limits)).toBeLessThanOrEqual(MESSAGES / 8);
}

test("sums are those of the server", () => {
  const row = (seq: number, rev: number, deletedAt: string | null = null) =>
    ({ seq, message: { rev, deletedAt } }) as unknown as Stored;
  expect(digestOf([])).toBe("000000000000");
  expect(digestOf([row(1, 1)])).toBe("910a2dec8902");
  expect(digestOf([row(1, 1), row(2, 7), row(3, 3)])).toBe(digestOf([row(3, 3), row(2, 7), row(1, 1)]));
  expect(digestOf([row(1, 2)])).not.toBe(digestOf([row(2, 1)]));
  expect(digestOf([row(1, 1), row(4, 9, "2026-01-01T00:00:00Z")])).toBe("910a2dec8902");
});

test("a store that was corrupted is mended after the next connection", async () => {
  const { ben, place, fresh, pages, corrupt } = await scene();
  await corrupt();
  const back = value(ben.connection, ({ status }) => status === "offline");
  ben.raw.io.engine.close();
  await back;
  await value(place.window, ({ rows }) => rows.some(({ content }) => content === "lost"));
  expect(shown(place)).toEqual(await fresh());
  expectOnlyPartsRead(pages);
});

test("a store that was corrupted is mended by the next digest that the server tells", { timeout: 90_000 }, async () => {
  const { place, fresh, pages, corrupt } = await scene();
  await corrupt();
  await expect.poll(() => shown(place).at(-1), { timeout: BEAT_MS }).toMatch(/lost/u);
  expect(shown(place)).toEqual(await fresh());
  expectOnlyPartsRead(pages);
});

test("where nothing is wrong, nothing is read", async () => {
  const { ben, place, pages, digests } = await scene();
  const before = place.window.get().rows;
  pages.length = 0;
  digests.length = 0;
  ben.raw.io.engine.close();
  await expect.poll(() => digests.length, { timeout: 10_000 }).toBe(1);
  // Waits its turn behind the comparison.
  await place.loadOlder();
  expect(pages).toEqual([]);
  expect(place.window.get().rows).toBe(before);
});
