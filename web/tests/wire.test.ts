// What a visit costs in bytes on the wire: the first one, and the next one, for which everything is here already.

import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { settle } from "./app/harbour.js";
import { House, PASSWORD } from "./app/house.js";
import { sees } from "./browser.js";

const TIME_MS = 60_000;
const KB = 1000;

let house: House;

beforeAll(async () => {
  house = await House.open();
  await settle(house);
}, TIME_MS);
afterAll(() => house?.close(), TIME_MS);

/** One file that a page asked for. */
interface Loaded {
  readonly url: URL;
  readonly status: number;
  readonly encoding: string;
  /** Bytes that came over the wire, headers included; 0 from the browser's own memory. */
  readonly bytes: number;
}

/** Notes what a page loads, as the browser itself counts it. */
async function watchWire(page: Page): Promise<Loaded[]> {
  const session: CDPSession = await page.context().newCDPSession(page);
  const loaded: Loaded[] = [];
  const begun = new Map<string, Omit<Loaded, "bytes">>();
  const fromMemory = new Set<string>();
  session.on("Network.requestServedFromCache", ({ requestId }) => fromMemory.add(requestId));
  session.on("Network.responseReceived", ({ requestId, response }) => {
    const { url, status, headers, fromDiskCache } = response;
    const encoding = headers["content-encoding"] ?? headers["Content-Encoding"] ?? "";
    if (fromDiskCache) fromMemory.add(requestId);
    begun.set(requestId, { url: new URL(url), status, encoding });
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const one = begun.get(requestId);
    if (one) loaded.push({ ...one, bytes: fromMemory.has(requestId) ? 0 : encodedDataLength });
  });
  await session.send("Network.enable");
  return loaded;
}

const assets = (loaded: readonly Loaded[]) => loaded.filter(({ url }) => url.pathname.startsWith("/assets/"));
const bytesOf = (loaded: readonly Loaded[]) => loaded.reduce((sum, { bytes }) => sum + bytes, 0);

/** A phone's line and processor, as the budget names them: 1.44 Mbit/s, 562 ms for an answer, a quarter of the speed. */
async function slowDown(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  const bytesPerSecond = (1.44e6 / 8) | 0;
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 562,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  });
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  return session;
}

test("on a slow line the first message comes with the client itself", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.window("/login");
  await page.getByLabel("Username").fill("ada");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".place-head").waitFor();
  const session = await slowDown(page);
  const times = new Map<string, number>();
  const names = new Map<string, string>();
  session.on("Network.requestWillBeSent", ({ requestId, request, timestamp }) => {
    const { pathname } = new URL(request.url);
    names.set(requestId, pathname);
    times.set(`asked ${pathname}`, timestamp);
  });
  session.on("Network.loadingFinished", ({ requestId, timestamp }) =>
    times.set(`here ${names.get(requestId)}`, timestamp),
  );
  const begun = performance.now();
  await page.goto(`${house.server.url}/r/harbour`, { waitUntil: "commit" });
  await sees(page, "Thanks everybody");
  const tookMs = performance.now() - begun;
  console.log(`first message, cold, slow 4G, processor at a quarter: ${Math.round(tookMs)} ms`);
  const asked = times.get("asked /chat/bootstrap") ?? Infinity;
  expect(asked, "the question waits for no more than its own script").toBeLessThan(times.get("here /assets/app.js") ?? 0);
  // The budget is 2.2 s on a quiet machine.
  expect(tookMs).toBeLessThan(6_000);
  await close();
});

test("the first visit, and the next one", { timeout: TIME_MS }, async () => {
  // Something small first, so that nothing of the client is loaded before somebody counts.
  const { page, close } = await house.window("/readyz");
  const loaded = await watchWire(page);
  await page.goto(`${house.server.url}/login`);
  await page.getByLabel("Username").fill("ada");
  const first = assets(loaded);
  console.log(`first visit: ${first.map(({ url, bytes }) => `${url.pathname} ${bytes}`).join(", ")}`);
  expect(bytesOf(first), "the way in, with its font and style sheet").toBeLessThanOrEqual(110 * KB);
  for (const { url, encoding } of first)
    if (/\.(?:js|css)$/u.test(url.pathname)) expect(encoding, url.pathname).toBe("gzip");

  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".place-head").waitFor();
  await expect.poll(() => assets(loaded).some(({ url }) => url.pathname.endsWith("/parts.js"))).toBe(true);

  loaded.length = 0;
  await page.goto(`${house.server.url}/r/harbour`);
  await sees(page, "Thanks everybody");
  await expect.poll(() => assets(loaded).some(({ url }) => url.pathname.endsWith("/parts.js"))).toBe(true);
  expect(bytesOf(assets(loaded)), "everything is here already").toBe(0);
  expect(new Set(loaded.map(({ url }) => url.host)), "nothing leaves the host").toEqual(
    new Set([new URL(house.server.url).host]),
  );

  loaded.length = 0;
  await page.reload();
  await sees(page, "Thanks everybody");
  const asked = loaded.filter(({ url }) => url.pathname.startsWith("/chat/") && !url.pathname.endsWith("/members"));
  expect(asked.map(({ url }) => url.pathname + url.search), "one question, whoever else is in the room").toEqual([
    "/chat/bootstrap?roomId=harbour",
  ]);
  expect(asked[0]?.encoding).toBe("gzip");
  expect(bytesOf(asked)).toBeLessThanOrEqual(12 * KB);
  const document = loaded.find(({ url }) => url.pathname === "/r/harbour");
  expect(document?.bytes, "the page itself is only asked whether it is still the same").toBeLessThan(1 * KB);
  await close();
});
