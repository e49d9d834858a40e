// A browser for the tests, the windows of people in it, and what they see there.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";

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

const DESKTOP = { viewport: { width: 1360, height: 860 } } as const;
const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true } as const;

/** Sizes and themes in which everything must hold. */
export const LOOKS = {
  light: { ...DESKTOP, colorScheme: "light" },
  dark: { ...DESKTOP, colorScheme: "dark" },
  "phone-light": { ...PHONE, colorScheme: "light" },
  "phone-dark": { ...PHONE, colorScheme: "dark" },
} as const satisfies Record<string, BrowserContextOptions>;

/** Names and options of all looks. */
export const EVERY_LOOK = Object.entries(LOOKS) as readonly [name: string, look: BrowserContextOptions][];

/** The window of one person. */
export interface Window {
  readonly page: Page;
  /** Everything that the page complained of. */
  readonly faults: string[];
  close(): Promise<void>;
}

export const startBrowser = (): Promise<Browser> => chromium.launch({ executablePath: PROGRAM, args: FLAGS });

/** A window with a memory of its own that shows an address. */
export async function openWindow(
  browser: Browser,
  url: string,
  look: BrowserContextOptions = LOOKS.light,
): Promise<Window> {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce", ...look });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const faults = complaintsOf(page);
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

/** Everything that a page complains of from now on. */
export function complaintsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    // Requests that fail are what some tests are about.
    const isExpected = /Failed to load resource|WebSocket connection/u.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isExpected)
      faults.push(`${message.type()}: ${message.text()}`);
  });
  return faults;
}

/** The field one writes in. */
export const composer = (page: Page): Locator => page.locator(".composer textarea");

/** Texts of the messages on the page, from top to bottom. */
export const texts = (page: Page): Promise<string[]> => page.locator(".message .markdown").allInnerTexts();

/** Waits until a message is there. */
export const sees = (page: Page, text: string): Promise<void> =>
  page.locator(".message .markdown", { hasText: text }).first().waitFor();

/** Writes and sends as people do. */
export async function write(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
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
