// The built client stays within its size, and every file of it has a name that never changes.

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const KB = 1000;

const read = (name: string) => readFile(DIST + name);
const gzipped = async (name: string) => gzipSync(await read(name), { level: 9 }).length;

/** Scripts that are loaded before anything is seen: of the page itself, and what it says it will need. */
async function firstScripts(): Promise<string[]> {
  const page = (await read("index.html")).toString();
  return [...page.matchAll(/(?:src|href)="\/assets\/([\w-]+\.js)"/gu)].map(([, name]) => name ?? "");
}

test("scripts before the first sight: 70 kB", async () => {
  const scripts = await firstScripts();
  expect(scripts).toContain("app.js");
  const sizes = await Promise.all(scripts.map(gzipped));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(70 * KB);
});

test("what asks the first question: 5 kB, and it waits for nothing else", async () => {
  expect(await gzipped("start.js")).toBeLessThanOrEqual(5 * KB);
  expect((await read("start.js")).toString()).not.toMatch(/\bimport\b/u);
  const page = (await read("index.html")).toString();
  expect(page).toContain('<script type="module" async src="/assets/start.js"></script>');
});

test("the style sheet: 14 kB", async () => expect(await gzipped("app.css")).toBeLessThanOrEqual(14 * KB));

test("the font: 22 kB", async () => expect((await read("figtree.woff2")).length).toBeLessThanOrEqual(22 * KB));

test("what is loaded later, settings and dialogs: 20 kB", async () =>
  expect(await gzipped("parts.js")).toBeLessThanOrEqual(20 * KB));

test("the way in: 5 kB", async () => expect(await gzipped("enter.js")).toBeLessThanOrEqual(5 * KB));

test("at most twelve files, none with a hash in its name", async () => {
  const names = await readdir(DIST);
  expect(names.length).toBeLessThanOrEqual(12);
  for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z0-9]+$/u);
});

test("nothing of another server, nothing inline", async () => {
  const page = (await read("index.html")).toString();
  expect(page).not.toMatch(/https?:|<script>|style="|<style/u);
});
