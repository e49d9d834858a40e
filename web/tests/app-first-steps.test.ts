// A new server: what whoever claims it is asked, and what is left to do in its first room.

import type { BrowserContextOptions } from "playwright-core";
import { afterEach, expect, test } from "vitest";

import type { Settings } from "../../clients/typescript/tests/server.js";
import { House, PASSWORD } from "./app/house.js";
import { composer, EVERY_LOOK, isAccessible, LOOKS, sees, type Window } from "./browser.js";

const TIME_MS = 60_000;
/** A server that was started without a word about who may join. */
const UNSAID = { FIRESIDE_SIGNUP: undefined };

let house: House | undefined;

afterEach(() => house?.close(), TIME_MS);

/** The window of whoever follows the link that a new server has printed. */
async function setup(look: BrowserContextOptions, settings: Settings = UNSAID): Promise<Window> {
  house = await House.open(settings);
  const link = /http:\/\/\S*\/setup#token=\w+/u.exec(house.server.output)?.[0] ?? "";
  const window = await house.window(link.slice(house.server.url.length), look);
  await window.page.getByText("Who can join?").waitFor();
  return window;
}

async function fillIn({ page }: Window): Promise<void> {
  await page.getByLabel("Username").fill("root");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
}

/** Whether somebody without an invite gets an account. */
async function canJoin(url: string, username: string): Promise<boolean> {
  const { ok } = await fetch(`${url}/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  return ok;
}

test("by keys alone: two questions, the first room, and a card that goes away for good", { timeout: TIME_MS }, async () => {
  const window = await setup(LOOKS.light);
  const { page, faults, close } = window;
  await fillIn(window);
  await isAccessible(page, "setting up");
  // From the password past its button to the question: the usual answer is given, the next one is an arrow away.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  expect(await page.getByLabel("People with an invite link").isChecked()).toBe(true);
  await page.keyboard.press("ArrowDown");
  expect(await page.getByLabel("Anyone who can reach this server").isChecked()).toBe(true);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "#general" }).waitFor();
  const rooms = page.getByRole("navigation", { name: "Rooms" });
  for (const name of ["General", "Lounge", "Announcements", "Questions"]) await rooms.getByText(name).waitFor();
  expect(await canJoin(house?.server.url ?? "", "mallory")).toBe(false);

  const card = page.getByRole("region", { name: "First steps" });
  await card.waitFor();
  await isAccessible(page, "the first steps");
  const done = card.getByRole("heading", { name: "(done)" });
  expect(await done.count()).toBe(0);
  await card.getByRole("button", { name: "Link and QR code" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Make a link" }).press("Enter");
  await page.getByRole("textbox", { name: "Link" }).waitFor();
  await page.keyboard.press("Escape");
  await card.getByRole("heading", { name: "Invite people (done)" }).waitFor();

  const dismiss = card.getByRole("button", { name: "Do not show this again" });
  await dismiss.focus();
  await page.keyboard.press("Enter");
  await card.waitFor({ state: "detached" });
  expect(await composer(page).evaluate((field) => field === document.activeElement), "the focus is not lost").toBe(true);
  const asked = page.waitForResponse((response) => response.url().endsWith("/auth/first-steps"));
  await page.reload();
  expect(await (await asked).json()).toMatchObject({ steps: null });
  await page.locator(".beginning-title").waitFor();
  expect(await card.count()).toBe(0);
  expect(faults).toEqual([]);
  await close();
});

test("what the card says to type works, and ticks its step", { timeout: TIME_MS }, async () => {
  const window = await setup(LOOKS.light);
  const { page, close } = window;
  await fillIn(window);
  await page.getByRole("button", { name: "Set up" }).click();
  const card = page.getByRole("region", { name: "First steps" });
  await card.waitFor();
  for (const how of await card.locator("summary").all()) await how.press("Enter");
  await card.locator("pre").first().waitFor();
  const typed = await card.locator("pre").allInnerTexts();
  const [make = "", post = ""] = typed;
  expect(make).toMatch(/^fireside token create /u);
  // A SQLite database belongs to one process at a time.
  await house?.server.stop();
  const token = await house?.server.shell(make);
  await house?.server.startAgain();
  await house?.server.shell(post.replace("…", token?.trim() ?? ""));
  await sees(page, "It works.");
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await card.getByRole("heading", { name: "Connect a service (done)" }).waitFor();
  await close();
});

test.each(EVERY_LOOK)("the card stands well: %s", { timeout: TIME_MS }, async (_, look) => {
  const window = await setup(look);
  const { page, close } = window;
  await isAccessible(page, "setting up");
  await fillIn(window);
  await page.getByRole("button", { name: "Set up" }).click();
  const card = page.getByRole("region", { name: "First steps" });
  await card.waitFor();
  await isAccessible(page, "the first steps");
  for (const how of await card.locator("summary").all()) await how.click();
  await isAccessible(page, "the first steps, with what to type");
  const isTooWide = (element: Element) => element.scrollWidth > element.clientWidth;
  expect(await card.evaluate(isTooWide), "long lines scroll by themselves").toBe(false);
  await close();
});

test("who can join is not asked where the server was started with an answer", { timeout: TIME_MS }, async () => {
  const window = await setup(LOOKS.light, { FIRESIDE_SIGNUP: "open" });
  const { page, close } = window;
  await page.getByText("The server was started with that.").waitFor();
  expect(await page.getByRole("radio").count()).toBe(0);
  await isAccessible(page, "setting up with a fixed answer");
  await fillIn(window);
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByRole("heading", { name: "#general" }).waitFor();
  expect(await canJoin(house?.server.url ?? "", "alice")).toBe(true);
  await close();
});
