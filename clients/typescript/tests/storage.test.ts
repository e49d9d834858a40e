// Both storages keep the same promises; and one that cannot be opened is replaced by memory.

import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { BrowserStorage } from "../src/browser_storage.js";
import { type ChatStorage, defaultStorage, MemoryStorage } from "../src/storage.js";

beforeEach(() => {
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const storages: [string, () => ChatStorage][] = [
  ["in memory", () => new MemoryStorage()],
  ["in the browser", () => new BrowserStorage(new IDBFactory())],
];

describe.each(storages)("%s", (_, make) => {
  test("keeps, replaces and forgets values", async () => {
    const storage = make();
    expect(await storage.get("a")).toBeUndefined();
    await storage.set("a", { n: 1 });
    await storage.set("a", { n: 2 });
    expect(await storage.get("a")).toEqual({ n: 2 });
    await storage.delete("a");
    await storage.delete("a");
    expect(await storage.get("a")).toBeUndefined();
  });

  test("lists what begins with a prefix, in order of keys", async () => {
    const storage = make();
    for (const key of ["p/2", "q/1", "p/1", "p", "p/10"]) await storage.set(key, key);
    expect(await storage.list("p/")).toEqual([
      ["p/1", "p/1"],
      ["p/10", "p/10"],
      ["p/2", "p/2"],
    ]);
  });

  test("a deletion that is asked for after a writing comes after it", async () => {
    const storage = make();
    const writing = storage.set("a", 1);
    const deletion = storage.delete("a");
    await Promise.all([writing, deletion]);
    expect(await storage.get("a")).toBeUndefined();
  });

  test("what was stored is a copy", async () => {
    const storage = make();
    const value = { n: 1 };
    await storage.set("a", value);
    value.n = 2;
    expect(await storage.get("a")).toEqual({ n: 1 });
  });
});

test("two tabs see the same values", async () => {
  const factory = new IDBFactory();
  const [one, two] = [new BrowserStorage(factory), new BrowserStorage(factory)];
  await one.set("a", 1);
  expect(await two.get("a")).toBe(1);
});

test("a database that the browser has closed is opened again", async () => {
  const factory = new IDBFactory();
  const opened: IDBDatabase[] = [];
  const watched = {
    open(name: string, version: number) {
      const request = factory.open(name, version);
      request.addEventListener("success", () => opened.push(request.result));
      return request;
    },
  };
  const storage = new BrowserStorage(watched as IDBFactory);
  await storage.set("a", 1);
  opened[0]?.close();
  expect(await storage.get("a")).toBe(1);
  expect(opened).toHaveLength(2);
});

test("a database that cannot be opened is replaced by memory", async () => {
  const broken = {
    open: () => {
      throw new DOMException("no", "SecurityError");
    },
  };
  vi.stubGlobal("indexedDB", broken);
  const storage = defaultStorage();
  await storage.set("a", 1);
  expect(await storage.get("a")).toBe(1);
});
