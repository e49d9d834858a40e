// Going somewhere else and writing at once, in the whole client: what is sent goes to the room that one sees.

import { afterAll, beforeAll, expect, test } from "vitest";

import { composer, sees, texts, type Window, World, write } from "./conversation/world.js";

const TIME_MS = 60_000;
const ROOMS = ["alpha", "beta", "gamma"];

let world: World;
let eve: Window;

beforeAll(async () => {
  world = await World.start();
  const ada = await world.person("ada");
  eve = await world.wholeClient("eve");
  for (const name of ROOMS) await (await ada.rooms.create({ name })).setMember("eve", "member");
}, TIME_MS);
afterAll(() => world?.end(), TIME_MS);

test("Ctrl+K, a name, Enter, and words typed at once reach the room that was switched to", {
  timeout: TIME_MS,
}, async () => {
  const { page, faults } = eve;
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "alpha" }).click();
  await page.locator(".beginning-title", { hasText: "#alpha" }).waitFor();
  await write(page, "this is alpha");
  await sees(page, "this is alpha");
  for (const name of ["beta", "gamma", "alpha", "beta"]) {
    await page.keyboard.press("ControlOrMeta+k");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    // No waiting: this is what somebody does who knows the keys.
    await page.keyboard.type(`typed for ${name}`);
    await page.keyboard.press("Enter");
    await sees(page, `typed for ${name}`);
    await page.locator(".beginning-title", { hasText: `#${name}` }).waitFor();
    expect((await texts(page)).filter((text) => text.startsWith("typed for") && text !== `typed for ${name}`)).toEqual(
      [],
    );
    expect(await composer(page).inputValue()).toBe("");
  }
  expect(faults).toEqual([]);
});
