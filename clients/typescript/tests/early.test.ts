// What is asked before there is a client: its answer is where the client begins, if it is whose client it is.

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { bootstrapEarly } from "../src/early.js";
import { MemoryStorage } from "../src/index.js";
import { createStore } from "../src/store/index.js";
import { client, closeAll, event, online, value } from "./people.js";
import { Server } from "./server.js";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.remove());
afterEach(closeAll);

/** Notes the paths of all calls. */
function noting(): { fetch: typeof fetch; paths: string[] } {
  const paths: string[] = [];
  return {
    paths,
    fetch: (input, init) => {
      paths.push(new URL(String(input)).pathname);
      return fetch(input, init);
    },
  };
}

let names = 0;
const password = "correct horse battery";

/** Somebody who has signed in here before, and a room of theirs in which something was said. */
async function visitor() {
  const storage = new MemoryStorage();
  const before = client(server, { storage });
  const user = await before.auth.register({ username: `early${++names}`, password });
  await before.connect();
  const room = await before.rooms.create({ name: `Early ${names}` });
  await room.send("said before").delivered();
  return { storage, before, user, room };
}

test("a client begins with it, before it is connected, and asks nothing else", async () => {
  const { storage, before, user, room } = await visitor();
  await before.close();
  const { fetch, paths } = noting();
  const open = (userId: string) => (userId === user.id ? { roomId: room.roomId } : {});
  const bootstrap = bootstrapEarly({ url: server.url, storage, fetch, open });
  const chat = client(server, { storage, fetch, bootstrap });
  const store = createStore(chat);
  const ready = event(chat, "sync:ready");
  const connected = chat.connect();
  expect(await ready).toMatchObject({ isFirst: true, me: { id: user.id } });
  expect(chat.connection.get().status, "nobody waits for the connection").toBe("connecting");
  expect(store.status.get().status).toBe("ready");
  const { rows } = store.place(room.place).window.get();
  expect(rows.map(({ content }) => content)).toEqual(["said before"]);
  await connected;
  await store.place(room.place).open();
  expect(paths).toEqual(["/chat/bootstrap"]);
  store.close();
});

test("what happens between the answer and the connection is told", async () => {
  const { storage, before, user, room } = await visitor();
  const friend = await online(server, "friend");
  await friend.direct(user.id).send("hello").delivered();
  const lists = await bootstrapEarly({ url: server.url, storage, open: () => ({ roomId: room.roomId }) });
  await room.send("said meanwhile").delivered();
  await friend.direct(user.id).send("psst").delivered();
  const stranger = await online(server, "stranger");
  await stranger.direct(user.id).send("we have not met").delivered();
  const late = await before.rooms.create({ name: `Late ${names}` });

  const chat = client(server, { storage, bootstrap: Promise.resolve(lists) });
  const store = createStore(chat);
  const told = Promise.all([event(chat, "message:new"), event(chat, "dm:new")]);
  await chat.connect();
  expect((await told).map(({ content }) => content)).toEqual(["said meanwhile", "psst"]);
  await value(store.rooms, (rooms) => rooms.some(({ roomId }) => roomId === late.roomId));
  await value(store.directs, (directs) => directs.map(({ unreadCount }) => unreadCount).toSorted().join() === "1,2");
  const { rows } = await value(store.place(room.place).window, (window) => window.rows.length === 2);
  expect(rows.map(({ content }) => content)).toEqual(["said before", "said meanwhile"]);
  store.close();
});

test("what belongs to somebody else is left alone", async () => {
  const one = await visitor();
  const other = await visitor();
  const bootstrap = bootstrapEarly({ url: server.url, storage: other.storage });
  const chat = client(server, { storage: one.storage, bootstrap });
  const ready = event(chat, "sync:ready");
  await chat.connect();
  expect((await ready).me.id).toBe(one.user.id);
});

test("a token that has ended is exchanged on the way, and the client goes on with the new one", async () => {
  const { storage, before, user } = await visitor();
  await before.close();
  const [[key, kept] = ["", {}]] = await storage.list("");
  await storage.set(key, { ...(kept as object), endsAt: 0 });
  const { fetch, paths } = noting();
  const bootstrap = bootstrapEarly({ url: server.url, storage, fetch });
  const chat = client(server, { storage, fetch, bootstrap });
  await chat.connect();
  expect((await bootstrap)?.me.id).toBe(user.id);
  expect(paths).toEqual(["/auth/refresh", "/chat/bootstrap"]);
});

test("where there is no session there is no answer, and the client is the one that says so", async () => {
  const nobody = new MemoryStorage();
  expect(await bootstrapEarly({ url: server.url, storage: nobody })).toBeNull();

  const { storage, before } = await visitor();
  const [[key, kept] = ["", {}]] = await storage.list("");
  await before.auth.logout();
  await storage.set(key, { ...(kept as object), endsAt: 0 });
  expect(await bootstrapEarly({ url: server.url, storage })).toBeNull();
  const chat = client(server, { storage });
  const ended = event(chat, "auth:changed", ({ user }) => user === null);
  await expect(chat.connect()).rejects.toThrow();
  expect((await ended).reason).toBe("expired");
});
