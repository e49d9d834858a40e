// Names, pauses, mentions, typing, routes and readables: small parts with rules of their own.

import { getEventListeners } from "node:events";

import { expect, test, vi } from "vitest";

import { backoffMs } from "../src/backoff.js";
import { ChatError, createClient } from "../src/index.js";
import { originOf } from "../src/origin.js";
import { Cell } from "../src/readable.js";
import { Typing } from "../src/resources/typing.js";
import { RestClient } from "../src/rest.js";
import { mentioned, mentionOf } from "../src/store/mentions.js";
import { Batch, Computed } from "../src/store/reactive.js";
import { uuidMaker } from "../src/uuid.js";
import { FakeClock } from "./fake_clock.js";

test("pauses grow to 15 s, a quarter more or less", () => {
  expect([1, 2, 3, 4, 5, 50].map((failures) => backoffMs(failures, 0.5))).toEqual([
    1000, 2000, 4000, 8000, 15_000, 15_000,
  ]);
  expect([backoffMs(1, 0), backoffMs(1, 0.999)]).toEqual([750, 1250]);
});

test("names are UUIDs of version 7, in the order they were made", async () => {
  const clock = new FakeClock();
  const newId = uuidMaker(clock);
  const names = Array.from({ length: 5000 }, newId);
  await clock.pass(1);
  names.push(newId());
  for (const name of names)
    expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
  expect(names).toEqual(names.toSorted());
  expect(new Set(names).size).toBe(names.length);
  expect(Number.parseInt((names[0] ?? "").replace("-", "").slice(0, 12), 16)).toBe(1_800_000_000_000);
});

// The vectors of crates/protocol/src/mentions.rs.
const MENTIONS: [text: string, names: string[]][] = [
  ["@ann", ["ann"]],
  ["hey @Ann, and @BOB-2!", ["ann", "bob-2"]],
  ['(@ann) "@bob" …@carol', ["ann", "bob", "carol"]],
  ["@ann @ann @ANN", ["ann"]],
  ["＠ann @ａｎｎ", ["ann"]],
  ["line\n@ann\n\n@bob", ["ann", "bob"]],
  ["> @ann said", ["ann"]],
  ["ask @ann.", ["ann.", "ann"]],
  ["_@ann_ ann_@bob", ["ann_", "ann"]],
  ["*@ann_b*", ["ann_b"]],
  ...[
    "ann@example.org",
    "ann+tag@example.org",
    "@ann@example.org",
    "https://example.org/@ann",
    "@annä",
    "@ann\u0301",
  ].map(none),
  ...["@", "@ ann", "@a", "@@ann", "@müller", `@${"x".repeat(33)}`, `@${"x".repeat(300)}`].map(none),
  ["`@ann` @bob", ["bob"]],
  ["``@ann ` @bob`` @carol", ["carol"]],
  ["`@ann", ["ann"]],
  ["`@ann\n\n@bob`", ["ann", "bob"]],
  ["`a\n@ann` @bob", ["bob"]],
  ["```\n@ann\n```\n@bob", ["bob"]],
  ["```rust\n@ann\n````\n@bob", ["bob"]],
  ["````\n@ann\n```\n@bob\n````", []],
  ["~~~\n@ann\n```\n@bob\n~~~\n@carol", ["carol"]],
  ["   ```\n@ann", []],
  ["    ```\n@ann", ["ann"]],
  ["```@ann``` @bob", ["bob"]],
  ["@ann\n```\nx\n```", ["ann"]],
];

function none(text: string): [string, string[]] {
  return [text, []];
}

test.each(MENTIONS)("%j mentions %j, as on the server", (text, names) => {
  expect(mentioned(text)).toEqual(names);
});

test("a mention is folded as usernames are, and there are 50 in a message at most", () => {
  expect(mentionOf("Ann")("hey @aNN!")).toBe(true);
  expect(mentionOf("ann")("hey @annabel")).toBe(false);
  expect(mentioned(Array.from({ length: 200 }, (_, index) => `@user${index} `).join(""))).toHaveLength(50);
});

test("hostile texts are read in time", () => {
  const runs = Array.from({ length: 280 }, (_, length) => `${"`".repeat(length)} `).join("");
  for (const text of [
    `@ann ${runs}`,
    `@ann ${"` ".repeat(20_000)}`,
    `@ann ${"@".repeat(40_000)}`,
    `@ann ${"_".repeat(40_000)}@`,
  ]) {
    const began = performance.now();
    expect(mentioned(text)).toEqual(["ann"]);
    // Linear takes a few milliseconds, quadratic takes seconds.
    expect(performance.now() - began).toBeLessThan(500);
  }
});

test("typing is told every two seconds at most, and its end only once", async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const typing = new Typing(clock, (event, roomId) => told.push(`${event} ${roomId}`));
  typing.start("r");
  typing.start("r");
  typing.start("s");
  await clock.pass(2000);
  typing.start("r");
  typing.stop("r");
  typing.stop("r");
  expect(told).toEqual(["typing:start r", "typing:start s", "typing:start r", "typing:stop r"]);
});

test("a route becomes a request, and its links pages", async () => {
  const requests: [string, RequestInit][] = [];
  const answer: typeof fetch = async (input, init) => {
    requests.push([String(input), init ?? {}]);
    const link = '</chat/rooms/a%2Fb/messages?limit=2&before=4>; rel="next", </x?after=9>; rel="prev"';
    return new Response("[]", { headers: { link, "x-room-seq": "9", "x-room-epoch": "e" } });
  };
  const rest = new RestClient("https://chat.test", answer, { token: async () => "t", renew: async () => "t2" });
  const page = await rest.page("GET /chat/rooms/{roomId}/messages", {
    path: { roomId: "a/b" },
    query: { limit: 2, before: null },
  });
  expect(requests[0]?.[0]).toBe("https://chat.test/chat/rooms/a%2Fb/messages?limit=2");
  expect(requests[0]?.[1].headers).toEqual({ authorization: "Bearer t" });
  expect(page).toEqual({
    items: [],
    next: { limit: "2", before: "4" },
    prev: { after: "9" },
    head: { seq: 9, epoch: "e" },
  });
});

test("a request ends with the signal of whoever asked", async () => {
  const never: typeof fetch = (_, init) =>
    new Promise((_done, fail) => {
      if (init?.signal?.aborted) fail(init.signal.reason);
      init?.signal?.addEventListener("abort", () => fail(init.signal?.reason));
    });
  const rest = new RestClient("https://chat.test", never, { token: async () => "t", renew: async () => "t" });
  const end = new AbortController();
  const asked = expect(rest.call("GET /chat/rooms", { signal: end.signal })).rejects.toMatchObject({ reason: "aborted" });
  end.abort();
  await asked;
  await expect(rest.call("GET /chat/rooms", { signal: end.signal })).rejects.toMatchObject({ reason: "aborted" });
});

test("a signal that was given for many requests keeps a listener of none", async () => {
  const answer: typeof fetch = async () => new Response("[]");
  const rest = new RestClient("https://chat.test", answer, { token: async () => "t", renew: async () => "t" });
  const { signal } = new AbortController();
  for (let count = 0; count < 3; count += 1) await rest.call("GET /chat/rooms", { signal });
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a page of something on the way to the server is an error, and may be gone the next time", async () => {
  const answer: typeof fetch = async () => new Response("<html>Sign in to this network</html>");
  const rest = new RestClient("https://chat.test", answer, { token: async () => "t", renew: async () => "t" });
  const asked = rest.call("GET /chat/rooms", {});
  await expect(asked).rejects.toMatchObject({ name: "ChatError", reason: "internal", status: 200, retryable: true });
});

test.each([
  ["https://chat.example.org", "https://chat.example.org"],
  ["https://chat.example.org/", "https://chat.example.org"],
  ["http://127.0.0.1:3000", "http://127.0.0.1:3000"],
])("the server of %s is %s", (given, origin) => {
  expect(originOf(given)).toBe(origin);
});

test.each(["", "chat.example.org", "ftp://chat.example.org", "https://chat.example.org/chat", "https://a.example/?b=c"])(
  "%j is no place of a server, and a client is not made",
  (url) => {
    expect(() => createClient({ url })).toThrow(
      expect.objectContaining({ name: "ChatError", reason: "validation", field: "url" }),
    );
  },
);

test("an answer that is no JSON is an error all the same", async () => {
  const answer: typeof fetch = async () => new Response("<html>Bad gateway</html>", { status: 502 });
  const rest = new RestClient("https://chat.test", answer, { token: async () => "t", renew: async () => "t" });
  const error = await rest.call("GET /chat/rooms", {}).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(ChatError);
  expect(error).toMatchObject({ reason: "internal", status: 502, retryable: true });
});

test("a listener ends by its function and by its signal, and one that throws stops no other", () => {
  const cell = new Cell(0);
  const seen: number[] = [];
  const end = new AbortController();
  const off = cell.subscribe((value) => seen.push(value));
  cell.subscribe((value) => seen.push(value * 10), { signal: end.signal });
  cell.set(1);
  off();
  off();
  cell.set(2);
  end.abort();
  cell.set(3);
  expect(seen).toEqual([1, 10, 20]);
});

test("many changes in one turn are told once, and none where the value is the same", async () => {
  const batch = new Batch();
  let source = 1;
  const compute = vi.fn(() => source);
  const value = new Computed(batch, compute);
  const told: number[] = [];
  value.subscribe((next) => told.push(next));
  for (source = 2; source < 50; source += 1) value.invalidate();
  await Promise.resolve();
  expect(told).toEqual([50]);
  value.invalidate();
  await Promise.resolve();
  expect(told).toEqual([50]);
  expect(compute).toHaveBeenCalledTimes(3);
});
