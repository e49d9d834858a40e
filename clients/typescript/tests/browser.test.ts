// Two tabs of a real browser: its database, its locks, its channels, and a reload with messages on their way.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Chat, ChatOptions } from "../src/index.js";
import { Server } from "./server.js";

const PROGRAM = process.env["FIRESIDE_TEST_CHROMIUM"] ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const root = fileURLToPath(new URL("..", import.meta.url));

declare global {
  /** What the page of these tests offers. */
  var createClient: (options: ChatOptions) => Chat;
  var chat: Chat;
}

/** The page: nothing but the package. */
async function bundle(): Promise<string> {
  const contents = 'import { createClient } from "./src/index.ts"; globalThis.createClient = createClient;';
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

describe.skipIf(!existsSync(PROGRAM))("in a browser", () => {
  let server: Server;
  let browser: Browser;
  let script: string;

  beforeAll(async () => {
    [server, browser, script] = await Promise.all([
      Server.start(),
      chromium.launch({ executablePath: PROGRAM, args: FLAGS }),
      bundle(),
    ]);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await server.remove();
  });

  /** One person's browser; the page is of the server's own origin, as the web client is. */
  async function context(): Promise<BrowserContext> {
    const made = await browser.newContext();
    const body = '<!doctype html><title>test</title><script type="module" src="/test.js"></script>';
    await made.route("**/test.html", (route) => route.fulfill({ contentType: "text/html", body }));
    await made.route("**/test.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
    return made;
  }

  async function tab(own: BrowserContext): Promise<Page> {
    const page = await own.newPage();
    await page.goto(`${server.url}/test.html`);
    await page.evaluate((url) => {
      globalThis.chat = globalThis.createClient({ url });
    }, server.url);
    return page;
  }

  const connect = (page: Page) => page.evaluate(() => chat.connect());
  const history = (page: Page, roomId: string) =>
    page.evaluate(async (id) => {
      const found: string[] = [];
      for await (const { type, content } of chat.room(id).messages.history({ after: 0 }))
        if (type === "text") found.push(content);
      return found;
    }, roomId);

  test("what is unsent at a reload is sent after it, in order, and nobody signs in again", async () => {
    const own = await context();
    const page = await tab(own);
    const roomId = await page.evaluate(async () => {
      await chat.auth.register({ username: "ann", password: "correct horse" });
      await chat.connect();
      const room = await chat.rooms.create({ name: "Harbour" });
      chat.disconnect();
      for (const text of ["one", "two", "three"]) room.send(text);
      return room.roomId;
    });
    // Writing to the database has no event of its own outside the package.
    await page.waitForFunction(async () => {
      const database = await new Promise<IDBDatabase>((done) => {
        const request = indexedDB.open("fireside");
        request.onsuccess = () => done(request.result);
      });
      const keys = await new Promise<IDBValidKey[]>((done) => {
        const request = database.transaction("values").objectStore("values").getAllKeys();
        request.onsuccess = () => done(request.result);
      });
      database.close();
      return keys.filter((key) => String(key).includes("/outbox/")).length === 3;
    });
    await page.close();

    const next = await tab(own);
    expect(await next.evaluate(async () => (await chat.auth.restore())?.username)).toBe("ann");
    await connect(next);
    await next.waitForFunction(() => chat.outbox.counts.get().waiting === 0);
    expect(await history(next, roomId)).toEqual(["one", "two", "three"]);
    await own.close();
  });

  test("two tabs send at the same time: everything once; and sign out together", async () => {
    const own = await context();
    const [one, two] = [await tab(own), await tab(own)];
    const roomId = await one.evaluate(async () => {
      await chat.auth.register({ username: "ben", password: "correct horse" });
      await chat.connect();
      return (await chat.rooms.create({ name: "Quay" })).roomId;
    });
    await connect(two);
    const send = (page: Page, name: string) =>
      page.evaluate(
        ([id, prefix]) =>
          Promise.all(
            Array.from({ length: 15 }, (_, index) =>
              chat
                .room(id ?? "")
                .send(`${prefix}${index}`)
                .delivered(),
            ),
          ).then(() => {}),
        [roomId, name],
      );
    await Promise.all([send(one, "a"), send(two, "b")]);
    const all = await history(one, roomId);
    const texts = (name: string) => Array.from({ length: 15 }, (_, index) => `${name}${index}`);
    expect(all.filter((text) => text.startsWith("a"))).toEqual(texts("a"));
    expect(all.filter((text) => text.startsWith("b"))).toEqual(texts("b"));
    expect(all).toHaveLength(30);

    await one.evaluate(() => chat.auth.logout());
    await two.waitForFunction(() => chat.auth.user.get() === null && chat.connection.get().status === "offline");
    await own.close();
  });

  test("a tab without a connection has another one send for it", async () => {
    const own = await context();
    const [one, two] = [await tab(own), await tab(own)];
    const roomId = await one.evaluate(async () => {
      await chat.auth.register({ username: "cleo", password: "correct horse" });
      await chat.connect();
      return (await chat.rooms.create({ name: "Pier" })).roomId;
    });
    await connect(two);
    const content = await one.evaluate(async (id) => {
      chat.disconnect();
      return (await chat.room(id).send("from the quiet tab").delivered())?.content;
    }, roomId);
    expect(content).toBe("from the quiet tab");
    expect(await history(two, roomId)).toEqual(["from the quiet tab"]);
    await own.close();
  });
});
