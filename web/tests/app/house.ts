// A real server with its own client in a browser, and people who use it.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

import { type Chat, createClient, MemoryStorage } from "../../../clients/typescript/src/index.js";
import { Server } from "../../../clients/typescript/tests/server.js";

const PROGRAM = process.env["FIRESIDE_TEST_CHROMIUM"] ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const WAIT_MS = 15_000;
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const PASSWORD = "a long password";

/** Sizes and themes in which everything must hold. */
export const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: "light", viewport: { width: 1360, height: 860 } },
  dark: { colorScheme: "dark", viewport: { width: 1360, height: 860 } },
  "phone-light": { colorScheme: "light", viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true },
  "phone-dark": { colorScheme: "dark", viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true },
};

/** The window of one person. */
export interface Window {
  readonly page: Page;
  /** Everything that the page complained of. */
  readonly faults: string[];
  close(): Promise<void>;
}

/** A server and a browser. */
export class House {
  readonly server: Server;
  readonly #browser: Browser;
  readonly #chats: Chat[] = [];

  private constructor(server: Server, browser: Browser) {
    this.server = server;
    this.#browser = browser;
  }

  static async open(settings: Record<string, string> = {}): Promise<House> {
    const server = await Server.start({ FIRESIDE_SIGNUP: "open", FIRESIDE_RATE_LIMITS: "off", ...settings });
    return new House(server, await chromium.launch({ executablePath: PROGRAM, args: FLAGS }));
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
  async window(path: string, look: BrowserContextOptions = LOOKS["light"] ?? {}): Promise<Window> {
    const context = await this.#browser.newContext({
      locale: "en-GB",
      timezoneId: "UTC",
      reducedMotion: "reduce",
      ...look,
    });
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(`error: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      // Requests that fail are what some tests are about.
      const isExpected = /Failed to load resource|WebSocket connection/u.test(message.text());
      if (["error", "warning"].includes(message.type()) && !isExpected)
        faults.push(`${message.type()}: ${message.text()}`);
    });
    await page.goto(this.server.url + path);
    return { page, faults, close: () => context.close() };
  }

  /** The window of somebody who signs in, and then sees an address. */
  async signedIn(username: string, path: string, look?: BrowserContextOptions): Promise<Window> {
    const window = await this.window("/login", look);
    const { page } = window;
    await page.getByLabel("Username").fill(username);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator(".sidebar").waitFor({ state: "attached" });
    await page.goto(this.server.url + path);
    await page.locator(".sidebar").waitFor({ state: "attached" });
    return window;
  }
}

/** Waits until a message is there. */
export const sees = (page: Page, text: string): Promise<void> =>
  page.locator(".message .markdown", { hasText: text }).first().waitFor();

/** Writes and sends as people do. */
export async function write(page: Page, text: string): Promise<void> {
  const field = page.locator(".composer textarea");
  await field.fill(text);
  await field.press("Enter");
}

/** No rule of accessibility is broken by what is on the page. */
export async function isAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(await readFile(AXE, "utf8"));
  const told = await page.evaluate(async (values) => {
    type Result = { violations: { id: string; help: string; nodes: { html: string }[] }[] };
    const { axe } = globalThis as unknown as { axe: { run(root: Document, options: object): Promise<Result> } };
    const { violations } = await axe.run(document, { runOnly: { type: "tag", values } });
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 200)).join(" ")}`,
    );
  }, RULES);
  expect(told, what).toEqual([]);
}
