// The live connection: when it tries again, what it says meanwhile, and with which token it comes back.

import { createServer } from "node:net";

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { type ConnectionState, createClient } from "../src/index.js";
import { FakeClock } from "./fake_clock.js";
import { closeAll, online, person, signToken, value } from "./people.js";
import { Server } from "./server.js";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.remove());
afterEach(closeAll);

const waits = ({ nextTryAt }: ConnectionState) => nextTryAt !== null;

test("attempts come after 1, 2, 4, 8, 15, 15 s, and each is announced", async () => {
  const clock = new FakeClock();
  // Nobody listens on the port of a server that was closed.
  const closed = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => closed.once("listening", done));
  const address = closed.address();
  await new Promise((done) => closed.close(done));
  const port = address && typeof address === "object" ? address.port : 0;
  const chat = createClient({ url: `http://127.0.0.1:${port}`, token: signToken("ann"), clock });
  const given = expect(chat.connect()).rejects.toMatchObject({ reason: "aborted" });
  const pauses: number[] = [];
  for (let failures = 1; failures <= 6; failures += 1) {
    const state = await value(chat.connection, waits);
    expect(state).toMatchObject({ status: "offline", failures, error: { reason: "offline" } });
    pauses.push((state.nextTryAt ?? 0) - clock.now());
    const tried = value(chat.connection, ({ status }) => status === "connecting");
    await clock.pass(pauses.at(-1) ?? 0);
    await tried;
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000]);
  chat.disconnect();
  await given;
  expect(clock.pending).toEqual([]);
});

test("a connection whose token ran out comes back with the next one", async () => {
  let isAway = false;
  const ending = signToken("ann", { lifeSeconds: 5 });
  const token = () => (isAway ? signToken("ann") : ending);
  const chat = await online(server, "ann", { token });
  const first = chat.raw.id;
  const away = await value(chat.connection, ({ status }) => status === "offline");
  isAway = true;
  expect(away.nextTryAt).not.toBeNull();
  await value(chat.connection, ({ status }) => status === "online");
  expect(chat.raw.id).not.toBe(first);
});

test("disconnect() is final until connect()", async () => {
  const chat = await online(server, "ann");
  chat.disconnect();
  expect(chat.connection.get()).toMatchObject({ status: "offline", nextTryAt: null, failures: 0 });
  expect(await chat.wake()).toBe(false);
  await chat.connect();
  expect(chat.connection.get().status).toBe("online");
});

test("what the library would keep for later is not sent behind one's back", async () => {
  const chat = await online(server, "ann");
  const room = await chat.rooms.create({ name: "Harbour" });
  chat.disconnect();
  chat.raw.emit("message:send", { roomId: room.roomId, content: "buffered" }, () => {});
  await chat.connect();
  await room.send("after").delivered();
  const { items } = await room.messages.page();
  expect(items.map(({ content }) => content)).not.toContain("buffered");
});

test("connect() rejects when it is given up, and works after that", async () => {
  const chat = person(server, "ann");
  const given = expect(chat.connect()).rejects.toMatchObject({ name: "ChatError", reason: "aborted" });
  await value(chat.connection, ({ status }) => status === "connecting");
  chat.disconnect();
  await given;
  await chat.connect();
  expect(chat.connection.get().status).toBe("online");
});
