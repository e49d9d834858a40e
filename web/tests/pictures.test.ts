// Pictures of every screen of the demo, in every look, for people to look at: `cargo xtask pictures`.
// Some of them stand in the README.

import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Page } from "playwright-core";
import { afterEach, beforeAll, beforeEach, describe, test } from "vitest";

import { Demo, NOW } from "./app/demo.js";
import { House } from "./app/house.js";
import { EVERY_LOOK, sees, type Window } from "./browser.js";

const FOLDER = process.env["FIRESIDE_TEST_PICTURES"];
const README = fileURLToPath(new URL("../../docs/pictures", import.meta.url));
const IN_README = ["unread-light", "unread-dark", "languages-phone-light", "home-phone-dark"];
const PASSWORD = "fireside-demo";
const TIME_MS = 240_000;

let house: House<Demo>;

type Keep = (name: string) => Promise<void>;

describe.skipIf(FOLDER === undefined)("pictures", () => {
  beforeAll(() => mkdir(FOLDER ?? "", { recursive: true }));
  // One for each look: to look at a room is to read it.
  beforeEach(async () => {
    house = await House.around(await Demo.start());
  }, TIME_MS);
  afterEach(() => house?.close(), TIME_MS);

  test.each(EVERY_LOOK)(
    "%s",
    async (look, options) => {
      const keeper =
        (page: Page): Keep =>
        async (name) => {
          const file = `${name}-${look}.png`;
          const path = join(FOLDER ?? "", file);
          await page.screenshot({ path, animations: "disabled", caret: "hide" });
          if (IN_README.includes(`${name}-${look}`)) await copyFile(path, join(README, file));
        };
      const outside = await house.window("/login", options);
      await outsideOf(outside, keeper(outside.page));
      await outside.close();
      const window = await house.signedIn("ada", "/r/new-berths", options, PASSWORD);
      const keep = keeper(window.page);
      // What is said in the demo is said before this moment.
      await window.page.clock.setFixedTime(new Date(NOW));
      await talk(window, keep);
      await panes(window, keep);
      await screens(window, keep);
      await trouble(window, keep);
      await window.close();
    },
    TIME_MS,
  );
});

async function outsideOf({ page }: Window, keep: Keep): Promise<void> {
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await keep("login");
  for (const [path, heading, name] of [
    ["/join/abc", "Make an account", "join"],
    ["/setup#token=abc", "Set up this server", "setup"],
    ["/login#user=ada&token=spent", "Sign in", "spent-link"],
  ] as const) {
    await page.goto("about:blank");
    await page.goto(house.server.url + path);
    await page.getByRole("heading", { name: heading }).waitFor();
    await keep(name);
  }
}

/** Rooms and conversations. */
async function talk({ page }: Window, keep: Keep): Promise<void> {
  await page.goto(`${house.server.url}/`);
  await page.locator(".place-link").first().waitFor();
  await page.waitForTimeout(300);
  await keep("home");
  for (const [path, text, name] of [
    ["/r/languages", "نص مختلط", "languages"],
    ["/r/deploys", "tide 2.5", "deploys"],
    ["/r/harbour", "Firing", "unread"],
  ] as const) {
    await page.goto(house.server.url + path);
    await sees(page, text);
    await page.waitForTimeout(300);
    await keep(name);
  }
  await page.goto(`${house.server.url}/r/tea-and-code`);
  await sees(page, "load-bearing");
  await page.goto(`${house.server.url}/r/harbour`);
  await sees(page, "お疲れさまでした");
  await page.waitForTimeout(300);
  await keep("room");
  await page.goto(`${house.server.url}/r/new-berths`);
  await page.locator(".beginning-title").waitFor();
  await keep("empty");
}

async function panes({ page }: Window, keep: Keep): Promise<void> {
  await page.goto(`${house.server.url}/r/harbour`);
  await sees(page, "Thanks everybody");
  await page.getByRole("button", { name: /People/u }).click();
  await page.locator(".person-row").first().waitFor();
  await keep("people");
  await page.locator(".person-button", { hasText: "Björn" }).click();
  await page.locator(".person-card h3").waitFor();
  await keep("person");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "About this room" }).click();
  await page.locator(".pane h2").first().waitFor();
  await keep("about");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /Jump/u }).waitFor();
  await keep("switcher");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+/");
  await page.getByRole("heading", { name: "Keyboard" }).waitFor();
  await keep("keys");
  await page.keyboard.press("Escape");
}

async function screens({ page }: Window, keep: Keep): Promise<void> {
  for (const [path, name, wait] of [
    ["/r/books", "door", ".notice h1"],
    ["/browse", "browse", ".room-card"],
    ["/settings/profile", "profile", ".settings-part"],
    ["/settings/appearance", "appearance", ".settings-part"],
    ["/settings/notifications", "notifications", ".settings-part"],
    ["/settings/keyboard", "keyboard", ".settings-part"],
    ["/settings/sessions", "sessions", ".room-card"],
  ] as const) {
    await page.goto(house.server.url + path);
    await page.locator(wait).first().waitFor();
    await keep(name);
  }
  await page.goto(`${house.server.url}/settings/appearance`);
  await page.getByLabel("Compact").check();
  await page.goto(`${house.server.url}/r/harbour`);
  await sees(page, "Thanks everybody");
  await keep("compact");
  await page.goto(`${house.server.url}/settings/appearance`);
  await page.getByLabel("Comfortable").check();
}

/** Nothing there, nothing yet, and nothing any more. */
async function trouble({ page }: Window, keep: Keep): Promise<void> {
  await page.goto(`${house.server.url}/r/nothing-there`);
  await page.locator(".notice h1").waitFor();
  await keep("missing");
  // Answers that never come: the page as it is while it waits.
  await page.route(/\/(chat|auth)\//u, () => {});
  await page.goto(`${house.server.url}/r/tea-and-code`);
  await page.waitForTimeout(1500);
  await keep("loading");
  await page.unrouteAll();
  await page.goto(`${house.server.url}/r/deploys`);
  await sees(page, "2.5");
  await page.context().setOffline(true);
  await page.locator('.banner[data-shows="offline"]').waitFor({ timeout: 60_000 });
  await page.locator(".composer textarea").fill("Yes, press it. I watch from the boat.");
  await page.locator(".composer").getByRole("button", { name: /Send/u }).click();
  await page.locator(".message", { hasText: "I watch from the boat" }).waitFor();
  await page.waitForTimeout(800);
  await keep("offline");
}
