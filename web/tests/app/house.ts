// A real server with its own client in a browser, and people who use it.

import type { Browser, BrowserContextOptions } from "playwright-core";

import { type Chat, createClient, MemoryStorage } from "../../../clients/typescript/src/index.js";
import { Server, type Settings } from "../../../clients/typescript/tests/server.js";
import { openWindow, startBrowser, type Window } from "../browser.js";

export const PASSWORD = "a long password";

/** What windows need of a server. */
interface Served {
  readonly url: string;
  remove(): Promise<void>;
}

/** A server and a browser. */
export class House<S extends Served = Server> {
  readonly server: S;
  readonly #browser: Browser;
  readonly #chats: Chat[] = [];

  private constructor(server: S, browser: Browser) {
    this.server = server;
    this.#browser = browser;
  }

  static async open(settings: Settings = {}): Promise<House> {
    return House.around(await Server.start({ FIRESIDE_SIGNUP: "open", FIRESIDE_RATE_LIMITS: "off", ...settings }));
  }

  /** A browser for a server that runs. */
  static async around<S extends Served>(server: S): Promise<House<S>> {
    return new House(server, await startBrowser());
  }

  async close(): Promise<void> {
    for (const chat of this.#chats) await chat.close();
    await this.#browser.close();
    await this.server.remove();
  }

  /** A new account, connected without a page. */
  async person(username: string, displayName: string): Promise<Chat> {
    const chat = createClient({ url: this.server.url, storage: new MemoryStorage() });
    this.#chats.push(chat);
    await chat.auth.register({ username, password: PASSWORD, displayName });
    await chat.connect();
    return chat;
  }

  /** A window that shows an address. */
  window(path: string, look?: BrowserContextOptions): Promise<Window> {
    return openWindow(this.#browser, this.server.url + path, look);
  }

  /** The window of somebody who signs in, and then sees an address. */
  async signedIn(username: string, path: string, look?: BrowserContextOptions, password = PASSWORD): Promise<Window> {
    const window = await this.window("/login", look);
    const { page } = window;
    await page.getByLabel("Username").fill(username);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator(".sidebar").waitFor({ state: "attached" });
    await page.goto(this.server.url + path);
    await page.locator(".sidebar").waitFor({ state: "attached" });
    return window;
  }
}
