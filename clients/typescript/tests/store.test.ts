// The store against a real server: rows, windows, counts, people.

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import type { Chat } from "../src/index.js";
import {
  type ChatStore,
  createStore,
  type MessageRow,
  type MessageWindow,
  type PlaceStore,
} from "../src/store/index.js";
import { closeAll, event, person, value } from "./people.js";
import { Server } from "./server.js";

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

interface Side {
  chat: Chat;
  store: ChatStore;
  place: PlaceStore;
}

function storeOf(chat: Chat): ChatStore {
  const store = createStore(chat);
  stores.push(store);
  return store;
}

let rooms = 0;
/** Two people with stores, in a new room of the first. */
async function pair(first: string, second: string): Promise<[Side, Side]> {
  const sides = [first, second].map((name) => {
    const chat = person(server, name);
    return { chat, store: storeOf(chat) };
  });
  await Promise.all(sides.map(({ chat }) => chat.connect()));
  const [a, b] = sides as [(typeof sides)[0], (typeof sides)[0]];
  await Promise.all(sides.map(({ store }) => value(store.status, ({ status }) => status === "ready")));
  const room = await a.chat.rooms.create({ name: `Room ${++rooms}` });
  await b.chat.room(room.roomId).join();
  const isIn = (roomId: string) => (list: readonly { roomId: string | null }[]) =>
    list.some((one) => one.roomId === roomId);
  await Promise.all(sides.map(({ store }) => value(store.rooms, isIn(room.roomId))));
  await Promise.all(sides.map(({ store }) => store.place(room.place).open()));
  return [
    { ...a, place: a.store.place(room.place) },
    { ...b, place: b.store.place(room.place) },
  ];
}

const texts = (window: MessageWindow) => window.rows.filter((row) => row.type === "text").map((row) => row.content);
const row = (window: MessageWindow, content: string) => window.rows.find((one) => one.content === content);
const has =
  (content: string, fits: (row: MessageRow) => boolean = () => true) =>
  (window: MessageWindow) =>
    window.rows.some((one) => one.content === content && fits(one));

test("a row is there when send() returns, keeps its key, and is never missing or there twice", async () => {
  const [alice, bob] = await pair("ann", "ben");
  const seen: string[][] = [];
  alice.place.window.subscribe((window) => seen.push(texts(window)));
  alice.place.send("hello");
  const waiting = row(alice.place.window.get(), "hello");
  expect(waiting?.state).not.toBe("sent");
  await value(
    alice.place.window,
    has("hello", ({ state }) => state === "sent"),
  );
  const stored = row(alice.place.window.get(), "hello");
  expect(stored?.key).toBe(waiting?.key);
  expect(stored?.id).not.toBeNull();
  expect(new Set(seen.map((list) => list.join()))).toEqual(new Set(["hello"]));
  await value(bob.place.window, has("hello"));
});

test("unchanged rows are the same objects after a change elsewhere", async () => {
  const [alice] = await pair("ann", "ben");
  alice.place.send("one");
  await value(
    alice.place.window,
    has("one", ({ state }) => state === "sent"),
  );
  const before = row(alice.place.window.get(), "one");
  alice.place.send("two");
  await value(
    alice.place.window,
    has("two", ({ state }) => state === "sent"),
  );
  expect(row(alice.place.window.get(), "one")).toBe(before);
});

test("edits show at once, and a deletion leaves a tombstone at both", async () => {
  const [alice, bob] = await pair("ann", "ben");
  const message = await alice.place.send("helo").delivered();
  await value(bob.place.window, has("helo"));
  alice.place.edit(message?.id ?? "", "hello");
  expect(row(alice.place.window.get(), "hello")?.change?.kind).toBe("edit");
  await value(
    alice.place.window,
    has("hello", ({ change, editedAt }) => change === null && editedAt !== null),
  );
  await value(bob.place.window, has("hello"));
  const shown: (number | null)[] = [];
  const sending = alice.place.delete(message?.id ?? "");
  alice.place.window.subscribe(({ rows }) => {
    const one = rows.find(({ id }) => id === message?.id);
    if (one && one.change === null) shown.push(one.deletedAt);
  });
  await sending.delivered();
  const gone = (window: MessageWindow) =>
    window.rows.some(({ id, deletedAt }) => id === message?.id && deletedAt !== null);
  const window = await value(bob.place.window, gone);
  expect(row(window, "hello")).toBeUndefined();
  expect(shown).not.toContain(null);
});

test("unread messages and mentions count until they are read; one's own never do", async () => {
  // Nobody else's rooms: the totals are of these two only.
  const [alice, bob] = await pair("una", "ned");
  for (const text of ["first", "hey @Ned, look", "not for @neddy"]) await alice.place.send(text).delivered();
  const summary = await value(bob.place.summary, (one) => one?.unreadCount === 3);
  expect(summary?.mentionCount).toBe(1);
  expect(bob.store.totals.get()).toEqual({ unread: 3, mentions: 1 });
  expect(alice.place.summary.get()?.unreadCount).toBe(0);
  expect(row(bob.place.window.get(), "hey @Ned, look")?.isMention).toBe(true);
  bob.place.markRead(row(bob.place.window.get(), "first")?.seq ?? 0);
  expect(bob.place.summary.get()?.unreadCount).toBe(2);
  bob.place.send("answer");
  await value(bob.store.totals, ({ unread }) => unread === 0);
});

test("a window grows in both directions from the middle, and is bounded", async () => {
  const [alice, bob] = await pair("ann", "ben");
  const all = Array.from({ length: 1120 }, (_, index) => `m${index}`);
  const stored = await Promise.all(all.map((text) => bob.place.send(text).delivered()));
  await value(alice.place.window, has("m1119"));
  expect(alice.place.window.get().rows.length).toBe(1000);
  expect(alice.place.window.get().older).toBe("more");

  const fresh = storeOf(alice.chat).place(alice.place.place);
  await fresh.open({ around: stored[300]?.id ?? "" });
  expect(has("m300")(fresh.window.get())).toBe(true);
  expect([fresh.window.get().older, fresh.window.get().newer]).toEqual(["more", "more"]);
  while (fresh.window.get().older === "more") await fresh.loadOlder();
  while (fresh.window.get().newer === "more") await fresh.loadNewer();
  expect(fresh.window.get().rows.length).toBe(1000);
  expect(texts(fresh.window.get())).toEqual(all.slice(-1000));
  const sequence = fresh.window.get().rows.map((one) => one.seq ?? 0);
  expect(sequence).toEqual(sequence.toSorted((a, b) => a - b));
});

test("a direct conversation appears, with its person, presence, typing and what was read", async () => {
  const [alice, bob] = await pair("ann", "ben");
  const ben = bob.store.me.get()?.id ?? "";
  const ann = alice.store.me.get()?.id ?? "";
  const hers = alice.store.place({ kind: "direct", userId: ben });
  await hers.open();
  await hers.send("psst").delivered();
  const [direct] = await value(bob.store.directs, (list) => list[0]?.isOnline === true);
  expect(direct).toMatchObject({ title: "ann", unreadCount: 1 });
  const his = bob.store.place({ kind: "direct", userId: ann });
  await his.open();
  his.markRead(row(his.window.get(), "psst")?.seq ?? 0);
  await value(
    hers.window,
    has("psst", ({ readAt }) => readAt !== null),
  );
  his.startTyping();
  const writers = await value(hers.typing, (people) => people.length === 1);
  expect(writers[0]?.username).toBe("ben");
  await his.send("yes?").delivered();
  await value(hers.typing, (people) => people.length === 0);
});

test("one is there oneself, also after the connection was lost for a moment", async () => {
  const chat = person(server, "otto");
  const store = createStore(chat);
  await chat.connect();
  const me = store.presence(store.me.get()?.id ?? "");
  await value(me, (presence) => presence?.status === "online");
  const shown: (string | undefined)[] = [];
  me.subscribe((presence) => shown.push(presence?.status));
  const heard = event(chat, "presence:snapshot");
  chat.raw.io.engine.close();
  await heard;
  expect(shown).not.toContain("offline");
  expect(me.get()?.status).toBe("online");
  store.close();
});

test("leaving and joining elsewhere change the list, and a member list follows", async () => {
  const [alice, bob] = await pair("ann", "ben");
  const roomId = alice.place.summary.get()?.roomId ?? "";
  const members = alice.store.members(roomId);
  await value(members, ({ members: list }) => list.length === 2);
  expect(members.get().members[0]?.role).toBe("admin");
  await bob.chat.room(roomId).leave();
  await value(bob.place.summary, (summary) => summary === null);
  await value(members, ({ members: list }) => list.length === 1);
  await value(alice.place.summary, (summary) => summary?.room?.memberCount === 1);
  await alice.chat.room(roomId).setMember("ben");
  await value(bob.place.summary, (summary) => summary?.roomId === roomId);
});

test("ten windows are kept; one that was dropped is read again, and one on a screen stays", async () => {
  const chat = person(server, "olga");
  const store = storeOf(chat);
  await chat.connect();
  const places: PlaceStore[] = [];
  for (let index = 0; index < 12; index += 1) {
    const room = await chat.rooms.create({ name: `Olga ${index}` });
    await room.send(`hello ${index}`).delivered();
    const place = store.place(room.place);
    if (index === 0) place.window.subscribe(() => {});
    await place.open();
    places.push(place);
  }
  expect(places.map((place) => place.window.get().status)).toEqual([
    "ready",
    "empty",
    "empty",
    ...Array(9).fill("ready"),
  ]);
  await places[1]?.open();
  expect(places[1] && texts(places[1].window.get())).toEqual(["hello 1"]);
});

test("signing out empties the store", async () => {
  const chat = (await import("../src/index.js")).createClient({ url: server.url });
  await chat.auth.register({ username: "carol", password: "correct horse" });
  const ready = event(chat, "sync:ready");
  await chat.connect();
  await ready;
  const store = storeOf(chat);
  await chat.rooms.create({ name: "Hers" });
  await value(store.rooms, (rooms) => rooms.length === 1);
  await chat.auth.logout();
  expect(store.rooms.get()).toEqual([]);
  expect(store.me.get()).toBeNull();
  expect(chat.connection.get().status).toBe("offline");
  await chat.close();
});
