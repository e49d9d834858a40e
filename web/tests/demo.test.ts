// What `fireside demo` promises: one click signs in, once; and a room of 100,000 messages is read like any other.

import { afterAll, beforeAll, expect, test } from "vitest";

import { Demo } from "./app/demo.js";
import { House } from "./app/house.js";
import { sees } from "./browser.js";

const LONG_ROOM = 100_000;
const START_MS = 120_000;

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
  expect(ada.page.url(), "the token stays in the address").not.toContain("token");
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
