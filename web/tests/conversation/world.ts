// A real server, a browser, and people who look at conversations in it.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { expect } from "vitest";

import { closeAll, online, signToken } from "../../../clients/typescript/tests/people.js";
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

/** Sizes and themes in which everything must hold. */
export const LOOKS: Record<string, BrowserContextOptions> = {
  light: { colorScheme: "light", viewport: { width: 1096, height: 860 } },
  dark: { colorScheme: "dark", viewport: { width: 1096, height: 860 } },
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
    const browser = await chromium.launch({ executablePath: PROGRAM, args: FLAGS });
    return new World(server, browser, pages);
  }

  async end(): Promise<void> {
    await closeAll();
    await this.#browser.close();
    await this.#pages.close();
    await this.server.remove();
  }

  /** The window of somebody who makes an account in the client itself, all of it. */
  async wholeClient(username: string): Promise<Window> {
    const context = await this.#browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...LOOKS["light"] });
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(`error: ${error.stack ?? error.message}`));
    await page.goto(this.#root);
    await page.getByRole("button", { name: "Make an account" }).click();
    await page.getByLabel("Username").fill(username);
    await page.getByLabel("Password", { exact: true }).fill("a long password");
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByRole("navigation", { name: "Rooms" }).waitFor();
    return { page, faults, close: () => context.close() };
  }

  /** A client of somebody without a page. */
  person(username: string) {
    return online(this.server, username);
  }

  /** The window of somebody who looks at a room (`room`), or at the conversation with somebody (`with`). */
  async window(
    username: string,
    what: { room?: string; with?: string; message?: string },
    look: BrowserContextOptions = LOOKS["light"] ?? {},
  ): Promise<Window> {
    const context = await this.#browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...look });
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(`error: ${error.stack ?? error.message}`));
    page.on(
      "console",
      (message) => /policy|Trusted/iu.test(message.text()) && faults.push(`${message.type()}: ${message.text()}`),
    );
    const query = new URLSearchParams({ ...what, token: signToken(username) });
    await page.goto(`${this.#root}tests/conversation/page.html?${query}`);
    await page
      .locator(".message, .beginning-title")
      .first()
      .waitFor()
      .catch(async (error: Error) => {
        throw new Error(
          `${error.message}\nThe page shows: ${await page.locator("body").textContent()}\nand complains: ${faults.join("\n") || "of nothing"}`,
        );
      });
    return { page, faults, close: () => context.close() };
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

/** Texts of the messages on the page, from top to bottom. */
export const texts = (page: Page): Promise<string[]> => page.locator(".message .markdown").allInnerTexts();

/** Waits until a message is there. */
export const sees = (page: Page, text: string): Promise<void> =>
  page.locator(".message .markdown", { hasText: text }).first().waitFor();

/** The field one writes in. */
export const composer = (page: Page) => page.locator(".composer textarea");

/** Writes and sends as people do. */
export async function write(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

/** No rule of accessibility is broken by what is on the page. */
export async function isAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(await readFile(AXE, "utf8"));
  const told = await page.evaluate(async (values) => {
    const axe = (
      globalThis as unknown as {
        axe: {
          run(
            root: Document,
            options: object,
          ): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }>;
        };
      }
    ).axe;
    const { violations } = await axe.run(document, { runOnly: { type: "tag", values } });
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 200)).join(" ")}`,
    );
  }, RULES);
  expect(told, what).toEqual([]);
}
