// The outbox by itself: its states, its pauses, what is kept, and when it gives up. With a clock of the test's own.

import { beforeEach, expect, test } from "vitest";

import { ChatError, type ChatErrorFields } from "../src/errors.js";
import { MemoryStorage, type OutboxEntry, type Place } from "../src/index.js";
import { PersistentOutbox } from "../src/outbox/outbox.js";
import { OutboxStorage } from "../src/outbox/storage.js";
import { uuidMaker } from "../src/uuid.js";
import { FakeClock, settle } from "./fake_clock.js";

const HERE: Place = { kind: "room", roomId: "r1" };
const THERE: Place = { kind: "direct", userId: "u2" };
const OFFLINE: ChatErrorFields = { reason: "offline", message: "gone", retryable: true };
const BUSY: ChatErrorFields = { reason: "overloaded", message: "busy", retryable: true };
const NO: ChatErrorFields = { reason: "forbidden", message: "no" };

let clock: FakeClock;
let storage: MemoryStorage;
/** What was asked of the server, as `event content`. */
let asked: string[];
/** What the server answers next: errors first, then always yes. */
let errors: ChatErrorFields[];
let isOnline: boolean;
let states: string[];
let scopes = 0;

beforeEach(() => {
  clock = new FakeClock();
  storage = new MemoryStorage();
  asked = [];
  errors = [];
  states = [];
  isOnline = true;
});

async function outbox(scope = `test ${++scopes}`): Promise<PersistentOutbox> {
  const made = new PersistentOutbox({
    scope,
    clock,
    newId: uuidMaker(clock),
    isOnline: () => isOnline,
    request: async (event, payload) => {
      asked.push(`${event} ${(payload as { content?: string }).content ?? ""}`.trim());
      const error = errors.shift();
      if (error) throw new ChatError(error);
      return { message: payload };
    },
    suspect: () => {},
    changed: ({ entry, discarded }) => states.push(discarded ? "discarded" : entry.state),
    tell: () => {},
  });
  await made.open("me", new OutboxStorage(storage, "scope", "me"));
  return made;
}

const message = (content: string) => ({ kind: "message", content }) as const;
const kept = async () => (await storage.list("")).map(([, value]) => (value as OutboxEntry).intent);

test("queued, sending, sent; then nothing is kept", async () => {
  const box = await outbox();
  const sending = box.add(HERE, message("hi"));
  expect(sending.status.get()).toBe("queued");
  await sending.delivered();
  expect(states).toEqual(["queued", "sending", "sent"]);
  expect(asked).toEqual(["message:send hi"]);
  await settle();
  expect(await kept()).toEqual([]);
});

test("one place in order, whatever happens to the first; other places do not wait", async () => {
  const box = await outbox();
  errors = [BUSY];
  box.add(HERE, message("1"));
  box.add(HERE, message("2"));
  await settle();
  box.add(THERE, message("elsewhere"));
  await settle();
  expect(asked).toEqual(["message:send 1", "dm:send elsewhere"]);
  expect(box.entries(HERE).map(({ state }) => state)).toEqual(["retrying", "queued"]);
  await clock.pass(1000);
  expect(asked.slice(2)).toEqual(["message:send 1", "message:send 2"]);
});

test("pauses of 1, 2, 4, 8, 15, 15 s, or as long as the server says", async () => {
  const box = await outbox();
  errors = [BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, { ...BUSY, retryAfterMs: 40_000 }];
  box.add(HERE, message("hi"));
  const pauses: number[] = [];
  for (let tries = 0; tries < 7; tries += 1) {
    await settle();
    const [next = 0] = clock.pending;
    pauses.push(next);
    expect(box.entries()[0]).toMatchObject({ state: "retrying", nextTryAt: clock.now() + next, attempts: tries + 1 });
    await clock.pass(next);
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000, 40_000]);
  expect(box.entries()).toEqual([]);
});

test("a new connection ends a pause", async () => {
  const box = await outbox();
  errors = [BUSY, BUSY];
  box.add(HERE, message("hi"));
  await clock.pass(1000);
  expect(clock.pending).toEqual([2000]);
  box.flush();
  await settle();
  expect(asked).toHaveLength(3);
  expect(box.counts.get()).toEqual({ waiting: 0, failed: 0 });
});

test("a lost connection puts it back into the queue, without a pause of its own", async () => {
  const box = await outbox();
  errors = [OFFLINE];
  box.add(HERE, message("hi"));
  isOnline = false;
  await settle();
  expect(box.entries()[0]).toMatchObject({ state: "queued", error: null });
  expect(clock.pending).toEqual([]);
  isOnline = true;
  box.flush();
  await settle();
  expect(asked).toHaveLength(2);
});

test("a refusal fails, stays kept, and is tried again under the same name only when asked to", async () => {
  const scope = "refusal";
  const box = await outbox(scope);
  errors = [NO];
  const sending = box.add(HERE, message("hi"));
  await expect(sending.delivered()).rejects.toMatchObject({ reason: "forbidden" });
  expect(box.counts.get()).toEqual({ waiting: 0, failed: 1 });
  await settle();
  box.close();

  const reloaded = await outbox(scope);
  await settle();
  expect(asked).toHaveLength(1);
  const [entry] = reloaded.entries();
  expect(entry).toMatchObject({
    clientId: sending.clientId,
    state: "failed",
    error: { reason: "forbidden", message: "no" },
  });
  reloaded.retry(sending.clientId);
  await settle();
  expect(asked).toHaveLength(2);
  expect(reloaded.counts.get()).toEqual({ waiting: 0, failed: 0 });
});

test("what was unsent at a reload is sent, in order", async () => {
  isOnline = false;
  const box = await outbox();
  for (const text of ["1", "2", "3"]) box.add(HERE, message(text));
  await settle();
  box.close();
  isOnline = true;
  await outbox();
  await settle();
  expect(asked).toEqual(["message:send 1", "message:send 2", "message:send 3"]);
  expect(await kept()).toEqual([]);
});

test("who waits for a message hears that nobody looks after it any more, and it stays kept", async () => {
  const box = await outbox();
  isOnline = false;
  const sending = box.add(HERE, message("hi"));
  const waiting = expect(sending.delivered()).rejects.toMatchObject({ name: "ChatError", reason: "aborted" });
  await settle();
  box.close();
  await waiting;
  await expect(sending.delivered()).rejects.toMatchObject({ reason: "aborted" });
  expect(await kept()).toEqual([message("hi")]);
});

test("a closed outbox waits for nothing: no timer of it keeps a program running", async () => {
  const box = await outbox();
  isOnline = false;
  box.add(HERE, message("hi"));
  await settle();
  // Another tab has taken it out, and its word about what became of it is waited for.
  for (const [key] of await storage.list("")) await storage.delete(key);
  await box.hear({ userId: "me", clientId: "another", gone: null });
  expect(clock.pending).toEqual([5000]);
  box.close();
  expect(clock.pending).toEqual([]);
});

test("after a day it is given up, also where there was no connection all the time", async () => {
  const box = await outbox();
  isOnline = false;
  const old = box.add(HERE, message("old"));
  await clock.pass(24 * 60 * 60 * 1000 + 1);
  const fresh = box.add(HERE, message("fresh"));
  isOnline = true;
  box.flush();
  await expect(old.delivered()).rejects.toMatchObject({ reason: "timeout" });
  await fresh.delivered();
  expect(asked).toEqual(["message:send fresh"]);
  expect(box.entries().map(({ state }) => state)).toEqual(["failed"]);
});

test("edits and deletions go through the same line as messages", async () => {
  const box = await outbox();
  box.add(HERE, message("hi"));
  box.add(HERE, { kind: "edit", messageId: "m1", content: "ho" });
  await box.add(HERE, { kind: "delete", messageId: "m1" }).delivered();
  expect(asked).toEqual(["message:send hi", "message:edit ho", "message:delete"]);
});

test("another person's outbox is another one", async () => {
  isOnline = false;
  const box = await outbox();
  box.add(HERE, message("hers"));
  await settle();
  await box.open("other", new OutboxStorage(storage, "scope", "other"));
  isOnline = true;
  box.flush();
  await settle();
  expect(asked).toEqual([]);
  await box.open("me", new OutboxStorage(storage, "scope", "me"));
  await settle();
  expect(asked).toEqual(["message:send hers"]);
});

test("a storage that fails costs the memory of a reload, not the message", async () => {
  const box = await outbox();
  storage.set = async () => {
    throw new Error("full");
  };
  isOnline = false;
  const sending = box.add(HERE, message("hi"));
  await settle();
  isOnline = true;
  box.flush();
  await sending.delivered();
  expect(asked).toEqual(["message:send hi"]);
});
