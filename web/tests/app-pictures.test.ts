// Pictures of every screen for people to look at, in the folder that FIRESIDE_TEST_PICTURES names.

import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, test } from "vitest";

import { settle } from "./app/harbour.js";
import { House } from "./app/house.js";
import { EVERY_LOOK, sees, type Window } from "./browser.js";

const FOLDER = process.env["FIRESIDE_TEST_PICTURES"];
const TIME_MS = 240_000;

let house: House;

describe.skipIf(FOLDER === undefined)("pictures", () => {
  beforeAll(async () => {
    house = await House.open();
    await settle(house);
  }, TIME_MS);
  afterAll(() => house?.close(), TIME_MS);

  test.each(EVERY_LOOK)(
    "%s",
    async (name, look) => {
      const keep = (page: Page, what: string) =>
        page.screenshot({ path: join(FOLDER ?? "", `app-${what}-${name}.png`), animations: "disabled" });
      const outside = await house.window("/login", look);
      await outside.page.getByRole("heading", { name: "Sign in" }).waitFor();
      await keep(outside.page, "login");
      await outside.page.goto(`${house.server.url}/join/abc`);
      await outside.page.getByRole("heading", { name: "Make an account" }).waitFor();
      await keep(outside.page, "join");
      await outside.close();
      const window = await house.signedIn("ada", "/r/harbour", look);
      await tour(window, keep);
      await window.close();
    },
    TIME_MS,
  );
});

async function tour({ page }: Window, keep: (page: Page, name: string) => Promise<unknown>): Promise<void> {
  await sees(page, "Thanks everybody");
  await keep(page, "room");
  await page.getByRole("button", { name: /People/u }).click();
  await page.locator(".person-row").first().waitFor();
  await keep(page, "people");
  await page.locator(".person-button", { hasText: "Björn" }).click();
  await page.locator(".person-card h3").waitFor();
  await keep(page, "person");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "About this room" }).click();
  await page.getByLabel("Topic").waitFor();
  await keep(page, "room-settings");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /Jump/u }).waitFor();
  await keep(page, "switcher");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+/");
  await page.getByRole("heading", { name: "Keyboard" }).waitFor();
  await keep(page, "keys");
  await page.keyboard.press("Escape");
  for (const [path, name, wait] of [
    ["/r/empty-pier", "empty", ".beginning-title"],
    ["/r/tea-and-code", "door", ".notice h1"],
    ["/r/nothing-there", "missing", ".notice h1"],
    ["/browse", "browse", ".room-card"],
    ["/settings/profile", "profile", ".settings-part"],
    ["/settings/appearance", "appearance", ".settings-part"],
    ["/settings/notifications", "notifications", ".settings-part"],
    ["/settings/keyboard", "keyboard", ".settings-part"],
    ["/settings/sessions", "sessions", ".room-card"],
  ] as const) {
    await page.goto(house.server.url + path);
    await page.locator(wait).first().waitFor();
    await keep(page, name);
  }
  await page.goto(`${house.server.url}/settings/appearance`);
  await page.getByLabel("Compact").check();
  await page.goto(`${house.server.url}/r/harbour`);
  await sees(page, "Thanks everybody");
  await keep(page, "compact");
  await page.goto(`${house.server.url}/`);
  await page.locator(".place-link").first().waitFor();
  await page.waitForTimeout(300);
  await keep(page, "home");
  await page.goto(`${house.server.url}/r/deploys`);
  await sees(page, "2.4 is ready");
  await page.context().setOffline(true);
  await page.locator('.banner[data-shows="offline"]').waitFor({ timeout: 60_000 });
  await keep(page, "offline");
}
