// Tokens: kept, renewed before they end and when they are refused, shared by tabs, and gone after signing out.

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { systemClock } from "../src/clock.js";
import { type Clock, MemoryStorage } from "../src/index.js";
import { FakeClock } from "./fake_clock.js";
import { client, closeAll, event, online, person, signToken, value } from "./people.js";
import { Server } from "./server.js";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.remove());
afterEach(closeAll);

/** A clock that can be set ahead, and counts on from there. */
function skewed(): Clock & { aheadMs: number } {
  return {
    ...systemClock,
    aheadMs: 0,
    now() {
      return Date.now() + this.aheadMs;
    },
  };
}

/** Counts calls of `fetch` by path. */
function counting(): { fetch: typeof fetch; calls: (path: string) => number } {
  const paths: string[] = [];
  const counted: typeof fetch = (input, init) => {
    paths.push(new URL(String(input)).pathname);
    return fetch(input, init);
  };
  return { fetch: counted, calls: (path) => paths.filter((one) => one === path).length };
}

let names = 0;
const newName = () => `person${++names}`;
const password = "correct horse battery";

test("an account signs up, comes back after a reload, and out", async () => {
  const storage = new MemoryStorage();
  const chat = client(server, { storage });
  await expect(chat.connect()).rejects.toMatchObject({ reason: "unauthenticated" });
  const user = await chat.auth.register({ username: newName(), password });
  expect(chat.auth.user.get()).toEqual(user);
  await chat.connect();

  const reloaded = client(server, { storage });
  expect(await reloaded.auth.restore()).toEqual(user);
  await reloaded.connect();
  expect(await reloaded.auth.me()).toMatchObject({ id: user.id });
  expect((await reloaded.auth.sessions()).filter(({ current }) => current)).toHaveLength(1);

  // The other tab hears of it, and the server ends both connections.
  const over = event(chat, "auth:changed");
  await reloaded.auth.logout();
  expect((await over).user).toBeNull();
  expect(chat.auth.user.get()).toBeNull();
  expect(chat.connection.get().status).toBe("offline");
  expect(await storage.list("")).toEqual([]);
  await expect(chat.rooms.list()).rejects.toMatchObject({ reason: "unauthenticated" });
});

test("a wrong password is an error with a reason, and changes nothing", async () => {
  const chat = client(server);
  await expect(chat.auth.login({ username: newName(), password })).rejects.toMatchObject({
    reason: "unauthenticated",
    status: 401,
    retryable: false,
  });
  expect(chat.auth.user.get()).toBeNull();
});

test("a token is renewed before it ends, once for all who ask, in all tabs", async () => {
  const storage = new MemoryStorage();
  const clock = skewed();
  const { fetch, calls } = counting();
  const first = client(server, { storage, clock, fetch });
  await first.auth.register({ username: newName(), password });
  const second = client(server, { storage, clock, fetch });
  await second.auth.restore();
  clock.aheadMs = 14.5 * 60 * 1000;
  await Promise.all([first, second].flatMap((chat) => [chat.rooms.list(), chat.directs.list(), chat.rooms.list()]));
  expect(calls("/auth/refresh")).toBe(1);
  // The rotated token is the one that is used from then on.
  clock.aheadMs *= 2;
  await Promise.all([second.rooms.list(), first.rooms.list()]);
  expect(calls("/auth/refresh")).toBe(2);
});

test("a token that the server refuses is renewed once, and then the person is out", async () => {
  const storage = new MemoryStorage();
  const { fetch, calls } = counting();
  const chat = client(server, { storage, fetch });
  await chat.auth.register({ username: newName(), password });
  const [[key, kept] = ["", {}]] = await storage.list("");
  await storage.set(key, { ...(kept as object), accessToken: "worn.out.token" });
  const reloaded = client(server, { storage, fetch });
  await reloaded.auth.restore();
  await reloaded.rooms.list();
  expect(calls("/auth/refresh")).toBe(1);

  await storage.set(key, { ...(kept as object), accessToken: "worn.out.token", refreshToken: "worn out too" });
  const stolen = client(server, { storage, fetch });
  await stolen.auth.restore();
  const out = event(stolen, "auth:changed");
  await expect(stolen.rooms.list()).rejects.toMatchObject({ reason: "unauthenticated" });
  expect(await out).toEqual({ user: null, reason: "expired" });
});

test("an outage of the server signs nobody out", async () => {
  const other = await Server.start();
  const storage = new MemoryStorage();
  const clock = skewed();
  const chat = client(other, { storage, clock });
  await chat.auth.register({ username: newName(), password });
  await other.kill();
  clock.aheadMs = 20 * 60 * 1000;
  await expect(chat.rooms.list()).rejects.toMatchObject({ reason: "offline", retryable: true });
  expect(chat.auth.user.get()).not.toBeNull();
  await other.startAgain();
  await chat.rooms.list();
  await other.remove();
});

test("a live connection outlives its token: the host application is asked for the next one", async () => {
  const tokens: string[] = [];
  // The server tells halfway to the end of a token that comes with a minute or less.
  const token = () => {
    const given = signToken("dora", { lifeSeconds: 16 });
    tokens.push(given);
    return given;
  };
  const chat = await online(server, "dora", { token });
  const authenticated = new Promise<unknown>((done) =>
    chat.raw.onAnyOutgoing((name, payload) => name === "authenticate" && done(payload)),
  );
  await event(chat, "session:expiring");
  expect(await authenticated).toEqual({ token: tokens.at(-1) });
  expect(tokens.length).toBeGreaterThan(1);
  expect(chat.connection.get().status).toBe("online");
});

test("a host application that has no token any more gets to hear it", async () => {
  const chat = person(server, "emil", { token: () => "" });
  await expect(chat.connect()).rejects.toMatchObject({ reason: "unauthenticated" });
  const bad = person(server, "emil", { token: () => "not a token" });
  await expect(bad.connect()).rejects.toMatchObject({ reason: "unauthenticated" });
  expect(bad.connection.get()).toMatchObject({
    status: "offline",
    nextTryAt: null,
    error: { reason: "unauthenticated" },
  });
});

test("a host application that fails to give a token fails with the one error, and is asked again", async () => {
  let isDown = true;
  const token = () => {
    if (isDown) throw new Error("the identity provider is down");
    return signToken("frida");
  };
  const chat = person(server, "frida", { token });
  await expect(chat.rooms.list()).rejects.toMatchObject({
    name: "ChatError",
    reason: "internal",
    retryable: true,
    cause: { message: "the identity provider is down" },
  });
  const connected = chat.connect();
  await value(chat.connection, ({ failures }) => failures > 0);
  isDown = false;
  await connected;
  expect(await chat.rooms.list()).toEqual(expect.any(Array));
});

test("a host application that never answers is not waited for", async () => {
  const clock = new FakeClock();
  const silent = person(server, "silent", { clock, token: () => new Promise<string>(() => {}) });
  const asked = expect(silent.rooms.list()).rejects.toMatchObject({ reason: "timeout", retryable: true });
  await clock.pass(30_000);
  await asked;
});

test("a page of a proxy in place of a new token signs nobody out", async () => {
  const storage = new MemoryStorage();
  const clock = skewed();
  let isAway = false;
  const proxied: typeof fetch = (input, init) =>
    isAway ? Promise.resolve(new Response("<html>Nothing here</html>", { status: 404 })) : fetch(input, init);
  const chat = client(server, { storage, clock, fetch: proxied });
  await chat.auth.register({ username: newName(), password });
  isAway = true;
  clock.aheadMs = 20 * 60 * 1000;
  await expect(chat.rooms.list()).rejects.toMatchObject({ reason: "internal" });
  expect(chat.auth.user.get()).not.toBeNull();
  isAway = false;
  await chat.rooms.list();
});

test("a closed client says that it is closed", async () => {
  const chat = await online(server, "gone");
  await chat.close();
  await expect(chat.connect()).rejects.toMatchObject({ name: "ChatError", reason: "aborted" });
});

test("another person who signs in takes over the other tabs, connection and all", async () => {
  const storage = new MemoryStorage();
  const [one, two] = [client(server, { storage }), client(server, { storage })];
  const first = await one.auth.register({ username: newName(), password });
  const before = event(one, "sync:ready");
  await one.connect();
  await before;
  const ready = event(one, "sync:ready");
  const other = await two.auth.register({ username: newName(), password });
  await ready;
  expect(one.auth.user.get()).toEqual(other);
  expect(other.id).not.toBe(first.id);
  const whoami = await one.raw.emitWithAck("user:me", {});
  expect(whoami.ok && whoami.id).toBe(other.id);
});

test("a session that is ended elsewhere ends here", async () => {
  const username = newName();
  const [one, two] = [client(server), client(server)];
  await one.auth.register({ username, password });
  await two.auth.login({ username, password });
  await one.connect();
  const over = event(one, "auth:changed");
  const mine = (await two.auth.sessions()).find(({ current }) => !current);
  await two.auth.endSession(mine?.id ?? "");
  expect(await over).toEqual({ user: null, reason: "revoked" });
});
