// The client in a real browser with a real server: from the first visit to a day's work, with the keyboard and without.

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Harbour } from "./app/harbour.js";
import { settle } from "./app/harbour.js";
import { House, PASSWORD } from "./app/house.js";
import { composer, EVERY_LOOK, isAccessible, sees, texts, type Window, write } from "./browser.js";

const TIME_MS = 180_000;

let house: House;
let people: Harbour;

beforeAll(async () => {
  house = await House.open();
  people = await settle(house);
}, TIME_MS);
afterAll(() => house?.close(), TIME_MS);

describe("every screen is accessible, in every size and theme", () => {
  test.each(EVERY_LOOK)(
    "%s",
    async (_, look) => {
      const outside = await house.window("/login", look);
      await outside.page.getByRole("heading", { name: "Sign in" }).waitFor();
      await isAccessible(outside.page, "login");
      await outside.page.goto(`${house.server.url}/join/abc`);
      await outside.page.getByRole("heading", { name: "Make an account" }).waitFor();
      await isAccessible(outside.page, "join");
      await outside.page.goto(`${house.server.url}/setup#token=abc`);
      await outside.page.getByRole("heading", { name: "Set up this server" }).waitFor();
      await isAccessible(outside.page, "setup");
      await outside.close();
      const window = await house.signedIn("ada", "/r/harbour", look);
      await tour(window);
      expect(window.faults).toEqual([]);
      await window.close();
    },
    TIME_MS,
  );
});

async function tour({ page }: Window): Promise<void> {
  await sees(page, "Thanks everybody");
  await isAccessible(page, "a room");
  await page.getByRole("button", { name: /^People/u }).click();
  await page.locator(".person-row").nth(2).waitFor();
  await isAccessible(page, "people");
  await page.locator(".person-button", { hasText: "Björn" }).click();
  await page.locator(".person-card h3").waitFor();
  await isAccessible(page, "a person");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "About this room" }).click();
  await page.getByLabel("Topic").waitFor();
  await isAccessible(page, "about the room");
  await page.keyboard.press("Escape");
  for (const [key, heading] of [
    ["Control+k", "Jump to"],
    ["Control+/", "Keyboard"],
  ] as const) {
    await page.keyboard.press(key);
    await page.getByRole("dialog", { name: heading }).waitFor();
    await isAccessible(page, heading);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  for (const [path, wait] of [
    ["/", ".place-link"],
    ["/r/empty-pier", ".beginning-title"],
    ["/r/tea-and-code", ".notice h1"],
    ["/r/nothing-there", ".notice h1"],
    ["/browse", ".room-card"],
    ["/settings/profile", ".settings-part"],
    ["/settings/appearance", ".settings-part"],
    ["/settings/notifications", ".settings-part"],
    ["/settings/keyboard", ".settings-part"],
    ["/settings/sessions", ".room-card"],
  ] as const) {
    await page.goto(house.server.url + path);
    await page.locator(wait).first().waitFor();
    await isAccessible(page, path);
  }
  await page.goto(`${house.server.url}/`);
  for (const name of ["Create a room", "Message someone"]) {
    await page.getByRole("button", { name }).click();
    await page.getByRole("dialog", { name }).waitFor();
    await isAccessible(page, name);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
}

test("signing up, joining, talking, leaving", { timeout: TIME_MS }, async () => {
  const { page, faults, close } = await house.window("/r/harbour");
  await page.getByRole("button", { name: "Make an account" }).click();
  await page.getByLabel(/^Name/u).fill("Dora Field");
  await page.getByLabel("Username").fill("dora");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign up" }).click();
  // One arrives where one wanted to go.
  await page.getByRole("button", { name: "Join the room" }).click();
  await sees(page, "Thanks everybody");
  await write(page, "Hello, I am new here");
  await sees(page, "Hello, I am new here");
  await page.getByRole("button", { name: "Create a room" }).click();
  await page.getByLabel("Name").fill("Field notes");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("heading", { name: "#field-notes" }).waitFor();
  await expect.poll(() => page.title()).toBe("#field-notes — Fireside");
  await page.getByRole("button", { name: "People: 1 here of 1" }).click();
  await page.getByLabel("Add somebody").fill("bjo");
  await page.getByRole("option", { name: /Björn/u }).click();
  await page.locator(".person-row", { hasText: "Björn" }).waitFor();
  await page.getByRole("button", { name: "About this room" }).click();
  await page.getByRole("button", { name: "Leave the room" }).click();
  await page.getByRole("heading", { name: "#harbour" }).waitFor();
  await page.goto(`${house.server.url}/settings/profile`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(faults).toEqual([]);
  await close();
});

test("what is typed after a jump goes to the room one sees", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("bjorn", "/r/harbour");
  await sees(page, "Thanks everybody");
  for (const name of ["deploys", "harbour", "deploys"]) {
    await composer(page).focus();
    // No waiting: this is what somebody does who knows the keys.
    await page.keyboard.press("ControlOrMeta+k");
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    await page.keyboard.type(`typed for ${name}`);
    await page.keyboard.press("Enter");
    await sees(page, `typed for ${name}`);
    await page.getByRole("heading", { name: `#${name}` }).waitFor();
    const typed = (await texts(page)).filter((text) => text.startsWith("typed for"));
    expect(new Set(typed)).toEqual(new Set([`typed for ${name}`]));
    expect(await composer(page).inputValue()).toBe("");
  }
  await close();
});

test("unread and mentions are told by list, title and badge, until they are read", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("chioma", "/r/harbour");
  await sees(page, "Thanks everybody");
  const deploys = await people.bjorn.rooms.open("deploys");
  await deploys.send("@chioma have a look").delivered();
  const link = page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: /Deploys/u });
  await link.locator(".badge").waitFor();
  await expect.poll(() => page.title()).toMatch(/^\(\d+\) #harbour — Fireside$/u);
  await page.keyboard.press("Alt+a");
  await page.getByRole("heading", { name: "#deploys" }).waitFor();
  await link.locator(".badge").waitFor({ state: "detached" });
  await close();
});

test("a lost connection is told after a while, and messages wait", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("bjorn", "/r/harbour");
  await sees(page, "Thanks everybody");
  // The rest of the client comes a moment after the first messages: whoever writes has it.
  await composer(page).waitFor();
  await house.server.kill();
  await page.getByText("Reconnecting…").waitFor();
  await write(page, "written while it was away");
  await page.getByText("Offline — 1 message will be sent when you are back.").waitFor();
  await page.getByText(/^offline since \d\d:\d\d$/u).waitFor();
  await isAccessible(page, "without a connection");
  await house.server.startAgain();
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByText("Back online").waitFor();
  const harbour = await people.bjorn.rooms.open("harbour");
  await expect
    .poll(async () => (await harbour.messages.page({ limit: 1 })).items[0]?.content, { timeout: 30_000 })
    .toBe("written while it was away");
  await close();
});
