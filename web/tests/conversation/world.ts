// A real server, a browser, and people who look at conversations in it.

import { fileURLToPath } from "node:url";

import type { Browser, BrowserContextOptions } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";

import type { Chat, RoomHandle } from "../../../clients/typescript/src/index.js";
import { closeAll, online, signToken } from "../../../clients/typescript/tests/people.js";
import { Server } from "../../../clients/typescript/tests/server.js";
import { openWindow, startBrowser, type Window } from "../browser.js";

export class World {
  readonly server: Server;
  readonly #browser: Browser;
  readonly #pages: ViteDevServer;
  readonly #root: string;

  private constructor(server: Server, browser: Browser, pages: ViteDevServer) {
    this.server = server;
    this.#browser = browser;
    this.#pages = pages;
    this.#root = pages.resolvedUrls?.local[0] ?? "";
  }

  static async start(): Promise<World> {
    const server = await Server.start();
    const pages = await servePages(server.url);
    const browser = await startBrowser();
    return new World(server, browser, pages);
  }

  async end(): Promise<void> {
    await closeAll();
    await this.#browser.close();
    await this.#pages.close();
    await this.server.remove();
  }

  /** A client of somebody without a page. */
  person(username: string) {
    return online(this.server, username);
  }

  /** The window of somebody who looks at a room (`room`), or at the conversation with somebody (`with`). */
  async window(
    username: string,
    what: { room?: string; with?: string; message?: string },
    look?: BrowserContextOptions,
  ): Promise<Window> {
    const query = new URLSearchParams({ ...what, token: signToken(username) });
    const window = await openWindow(this.#browser, `${this.#root}tests/conversation/page.html?${query}`, look);
    const { page, faults } = window;
    await page
      .locator(".message, .beginning-title")
      .first()
      .waitFor()
      .catch(async (error: Error) => {
        throw new Error(
          `${error.message}\nThe page shows: ${await page.locator("body").textContent()}\nand complains: ${faults.join("\n") || "of nothing"}`,
        );
      });
    await page.waitForFunction(() => globalThis.page.isWhole());
    return window;
  }
}

/** Compiles pages as they are asked for, and hands on what is meant for the server: to the browser both are one. */
async function servePages(target: string): Promise<ViteDevServer> {
  const pages = await createServer({
    root: fileURLToPath(new URL("../..", import.meta.url)),
    // It would tell of each request that finds no server, which some tests are about.
    logLevel: "silent",
    server: {
      host: "127.0.0.1",
      port: 0,
      hmr: false,
      watch: null,
      fs: { strict: false },
      proxy: { "/chat": target, "/auth": target, "/socket.io": { target, ws: true } },
    },
    optimizeDeps: { include: ["preact", "preact/hooks", "preact/jsx-runtime", "@preact/signals", "socket.io-client"] },
  });
  await pages.listen();
  return pages;
}

/** Two people who share rooms. */
export interface Pair {
  readonly world: World;
  readonly ada: Chat;
  readonly bob: Chat;
  /** A room of Ada's with Bob in it. */
  room(name: string): Promise<RoomHandle>;
}

export async function startPair(): Promise<Pair> {
  const world = await World.start();
  const [ada, bob] = await Promise.all([world.person("ada"), world.person("bob")]);
  const room = async (name: string) => {
    const made = await ada.rooms.create({ name });
    await made.setMember("bob", "member");
    return made;
  };
  return { world, ada, bob, room };
}

/** Says many things one after another. */
export async function says(who: Chat, { roomId }: RoomHandle, ...contents: string[]): Promise<void> {
  const sendings = contents.map((content) => who.room(roomId).send(content));
  await Promise.all(sendings.map((sending) => sending.delivered()));
}

/** `message number 1` and so on. */
export const numbers = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `message number ${at + 1}`);

/** How far the list is from its end, in pixels. */
export const distanceToEnd = ({ page }: Window): Promise<number> =>
  page.locator(".log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);

/** How far somebody has read: a position never moves back, so moving it to the beginning asks where it is. */
export async function readSeq(who: Chat, { roomId }: RoomHandle): Promise<number> {
  return (await who.rest.call("PUT /chat/rooms/{roomId}/read", { path: { roomId }, body: { seq: 0 } })).seq;
}
