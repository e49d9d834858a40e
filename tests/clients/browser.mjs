// A browser for the tests: one that reports every error, and looks at the page as people with a screen reader do.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const PROGRAM = process.env.FIRESIDE_TEST_CHROMIUM ?? '/usr/bin/chromium';
const WAIT_MS = 10_000;
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const AXE = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Sizes and themes in which the page must hold. */
export const LOOKS = {
  light: { colorScheme: 'light', viewport: { width: 1360, height: 860 } },
  dark: { colorScheme: 'dark', viewport: { width: 1360, height: 860 } },
  'phone-light': { colorScheme: 'light', viewport: { width: 360, height: 740 } },
  'phone-dark': { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
};

/** Why there can be no browser tests here; false when there can. */
export const missing = existsSync(PROGRAM) ? false : `${PROGRAM} is not installed (set FIRESIDE_TEST_CHROMIUM)`;

export const launch = () => chromium.launch({ executablePath: PROGRAM, args: FLAGS });

/** A window of its own for one person; `faults` collects whatever the page complains of. */
export async function openWindow(browser, options = {}) {
  const context = await browser.newContext({ ...LOOKS.light, locale: 'en-GB', timezoneId: 'UTC', ...options });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(`${message.type()}: ${message.text()}`));
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return { context, page, faults };
}

/** Nothing was blocked by the page's policy, nothing thrown, nothing complained of. */
export async function isFaultless({ page, faults }) {
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  assert.deepEqual(faults, []);
}

/** No rule of accessibility is broken by what is on the screen. */
export async function isAccessible(page, what) {
  await page.evaluate(await readFile(AXE, 'utf8'));
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), RULES);
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html.slice(0, 200)).join('\n  ')}`);
  assert.deepEqual(told, [], `on ${what}`);
}

/** Keeps a picture where FIRESIDE_TEST_PICTURES says, for people to look at. */
export async function takePicture(page, name) {
  const folder = process.env.FIRESIDE_TEST_PICTURES;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** What a page shows and complains of, for the message of a test that failed. */
export async function describePage({ page, faults }) {
  const text = await page.locator('body').innerText().catch(() => 'nothing');
  return `${page.url()} shows\n${text.replaceAll('\n', ' | ')}\nand complains: ${faults.join('; ') || 'of nothing'}`;
}
