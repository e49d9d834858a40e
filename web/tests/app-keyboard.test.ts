// A day's work without a pointer: ten things that everybody does, by keys alone, from the first page on.

import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Harbour, settle } from "./app/harbour.js";
import { House, PASSWORD } from "./app/house.js";
import { composer, sees } from "./browser.js";

const TIME_MS = 60_000;
const TABS_MAX = 60;

let house: House;
let people: Harbour;
let page: Page;

beforeAll(async () => {
  house = await House.open();
  people = await settle(house);
  ({ page } = await house.window("/login"));
  // Whoever uses a pointer after all is found out.
  await page.addInitScript(() =>
    addEventListener("pointerdown", () => document.documentElement.setAttribute("data-pointed", ""), true),
  );
  await page.reload();
}, TIME_MS);
afterAll(() => house?.close(), TIME_MS);

/** Presses Tab until something has the focus, and sees to it that one can see where it is on the way. */
async function tabTo(wanted: Locator, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  await wanted.first().waitFor();
  for (let presses = 0; presses < TABS_MAX; presses += 1) {
    if (await wanted.first().evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
    const isHidden = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return false;
      const box = element.getBoundingClientRect();
      return box.bottom <= 0 || box.top >= innerHeight || box.width === 0;
    });
    expect(isHidden, await page.evaluate(() => `focus on ${document.activeElement?.outerHTML.slice(0, 100)}`)).toBe(
      false,
    );
  }
  throw new Error(`${TABS_MAX} presses of ${key} do not lead to ${String(wanted)}`);
}

const hasFocus = (wanted: Locator) => wanted.first().evaluate((element) => element === document.activeElement);
const button = (name: string | RegExp) => page.getByRole("button", { name });

test("1: signs in", { timeout: TIME_MS }, async () => {
  await tabTo(page.getByLabel("Username"));
  await page.keyboard.type("ada");
  await tabTo(page.getByLabel("Password", { exact: true }));
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Rooms" }).waitFor();
});

test("2: goes to a room by its name", { timeout: TIME_MS }, async () => {
  await page.locator(".place-head").waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /Jump/u }).waitFor();
  await page.keyboard.type("harb");
  await page.keyboard.press("Enter");
  await sees(page, "Thanks everybody");
});

test("the first stop leads past everything to where one writes", { timeout: TIME_MS }, async () => {
  await page.reload();
  await composer(page).waitFor();
  await page.keyboard.press("Tab");
  expect(await hasFocus(button("Skip to message box"))).toBe(true);
  await page.keyboard.press("Enter");
  expect(await hasFocus(composer(page))).toBe(true);
});

test("3: writes to somebody by name", { timeout: TIME_MS }, async () => {
  await expect.poll(() => hasFocus(composer(page))).toBe(true);
  await page.keyboard.type("Thank you @chi");
  await page.getByRole("option", { name: /Chioma/u }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type("for the fx");
  await page.keyboard.press("Enter");
  await sees(page, "Thank you @chioma for the fx");
  await page.locator(".message:not(.is-waiting)", { hasText: "for the fx" }).waitFor();
});

test("4: mends it", { timeout: TIME_MS }, async () => {
  await page.keyboard.press("ArrowUp");
  const editor = page.getByRole("textbox", { name: "Edit message" });
  await editor.waitFor();
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("fix");
  await page.keyboard.press("Enter");
  await sees(page, "for the fix (edited)");
  expect(await hasFocus(composer(page))).toBe(true);
});

test("5: reads back, quotes, deletes and takes that back", { timeout: TIME_MS }, async () => {
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("q");
  expect(await composer(page).inputValue()).toMatch(/^> /u);
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("End");
  await page.keyboard.press("Delete");
  await page.locator(".message-gone").waitFor();
  await tabTo(button("Undo"));
  await page.keyboard.press("Enter");
  await sees(page, "for the fix");
  const focused = await page.evaluate(() => document.activeElement?.textContent);
  expect(focused, "the focus is where it was").toContain("for the fix");
});

test("6: looks who is here, and writes to one of them", { timeout: TIME_MS }, async () => {
  await tabTo(button(/^People/u), "Shift+Tab");
  await page.keyboard.press("Enter");
  await tabTo(page.locator(".person-button", { hasText: "Björn" }));
  await page.keyboard.press("Enter");
  await tabTo(page.getByRole("link", { name: "Message" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Björn Lind" }).waitFor();
  await tabTo(composer(page));
  await page.keyboard.type("Four it is");
  await page.keyboard.press("Enter");
  await sees(page, "Four it is");
});

test("7: makes a room and takes somebody in", { timeout: TIME_MS }, async () => {
  await tabTo(button("Create a room"), "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => hasFocus(page.getByLabel("Name"))).toBe(true);
  await page.keyboard.type("Night watch");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "#night-watch" }).waitFor();
  await page.waitForURL(/\/r\/night-watch$/u);
  // One may write at once.
  await expect.poll(() => hasFocus(composer(page))).toBe(true);
  await page.keyboard.press("Control+.");
  await tabTo(page.getByLabel("Add somebody"));
  await page.keyboard.type("chio");
  await page.getByRole("option", { name: /Chioma/u }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".person-row", { hasText: "Chioma" }).waitFor();
  await tabTo(page.getByLabel("Manage Chioma Eze"));
  await page.keyboard.press("Enter");
  await button("Make an admin").waitFor();
  await page.keyboard.press("Escape");
  await button("Make an admin").waitFor({ state: "hidden" });
  expect(await hasFocus(page.getByLabel("Manage Chioma Eze"))).toBe(true);
  await page.keyboard.press("Escape");
  await page.getByRole("complementary").waitFor({ state: "detached" });
});

test("8: finds a public room and joins it", { timeout: TIME_MS }, async () => {
  await tabTo(page.getByRole("link", { name: "Browse rooms" }), "Shift+Tab");
  await page.keyboard.press("Enter");
  await tabTo(button("Join Tea and code"));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "#tea-and-code" }).waitFor();
});

test("9: walks through the list, from unread to unread, and marks all as read", { timeout: TIME_MS }, async () => {
  const deploys = await people.bjorn.rooms.open("deploys");
  await deploys.send("@ada once more").delivered();
  await page.locator(".place-link.is-unread", { hasText: "Deploys" }).waitFor();
  await page.keyboard.press("Alt+Shift+ArrowDown");
  await page.getByRole("heading", { name: "#deploys" }).waitFor();
  await page.keyboard.press("Alt+ArrowDown");
  await page.getByRole("heading", { name: "#empty-pier" }).waitFor();
  await page.keyboard.press("Shift+Escape");
  await expect.poll(() => page.locator(".place-link.is-unread").count()).toBe(0);
});

test("10: changes how it looks, finds the keys, and signs out", { timeout: TIME_MS }, async () => {
  await tabTo(page.getByRole("link", { name: "Settings" }));
  await page.keyboard.press("Enter");
  await tabTo(page.getByRole("radio", { name: "As the device" }));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await tabTo(button("Sign out"), "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.hasAttribute("data-pointed"))).toBe(false);
});
