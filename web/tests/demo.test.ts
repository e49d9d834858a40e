// What `fireside demo` promises: one click signs in, once; and a room of 100,000 messages is read like any other.

import { afterAll, beforeAll, expect, test } from "vitest";

import { Demo } from "./app/demo.js";
import { House } from "./app/house.js";
import { sees } from "./browser.js";
import { scrollToBeginning } from "./conversation/scrolling.js";

const LONG_ROOM = 100_000;
const START_MS = 120_000;
/** As much as is on the page above the screen: at 60 frames a second some two hundred screens a second. */
const SPEED_PX = 3000;
const SCROLL_MS = 25_000;
/** More than two thousand messages: ten times as many as the page holds. */
const FAR_PX = 100_000;

let house: House<Demo>;

beforeAll(async () => {
  house = await House.around(await Demo.start(LONG_ROOM));
}, START_MS);
afterAll(() => house?.close(), START_MS);

test("a link signs in, and is not spent again by who is in", async () => {
  const link = new URL(house.server.links.get("ada") ?? "");
  const path = link.pathname + link.hash;
  const ada = await house.window(path);
  await ada.page.locator(".sidebar").waitFor();
  // The token does not stay in the address.
  await ada.page.waitForURL((url) => url.hash === "" && url.pathname !== "/login");
  await ada.page.getByRole("link", { name: /Harbour/u }).click();
  await sees(ada.page, "Thanks everybody");
  // Her own link leads her in again; it is not spent a second time.
  await ada.page.goto(house.server.url + path);
  await ada.page.locator(".sidebar").waitFor();
  expect(ada.faults).toEqual([]);

  await ada.close();
});

test("a link that is spent says so and leads to the password", async () => {
  const { page, faults, close } = await house.window("/login#user=ada&token=spent");
  await page.getByText("This link was used already").waitFor();
  await page.getByRole("link", { name: "Sign in with a password" }).click();
  await page.getByLabel("Username").waitFor();
  expect(faults).toEqual([]);
  await close();
});

test("a link signs somebody else in where somebody is", async () => {
  const { page, faults, close } = await house.signedIn("dana", "/r/harbour", undefined, "fireside-demo");
  const link = new URL(house.server.links.get("bjorn") ?? "");
  await page.goto(house.server.url + link.pathname + link.hash);
  await page.locator(".sidebar").getByText("Björn Lind").first().waitFor();
  expect(faults).toEqual([]);
  await close();
});

test("a room of 100,000 messages is scrolled back without a jump, on a page that stays small", {
  timeout: 60_000,
}, async () => {
  const { page, faults, close } = await house.signedIn("ada", "/r/weather-buoys", undefined, "fireside-demo");
  await page.locator(".message").first().waitFor();
  const told = await scrollToBeginning(page, SPEED_PX, SCROLL_MS);
  console.log(
    `${told.scrolledPx} px in ${told.frames} frames, 95 % of them within ${told.frameMs.toFixed(0)} ms; at most ${told.mostRows} rows`,
  );
  // How far it comes in that time depends on the machine; that it goes on does not.
  expect(told.scrolledPx).toBeGreaterThan(FAR_PX);
  expect(told.jumps).toEqual([]);
  expect(told.mostRows).toBeLessThanOrEqual(300);
  expect(told.mostElements).toBeLessThanOrEqual(2500);
  expect(faults).toEqual([]);
  await close();
});
