// Pictures of the conversation for people to look at, in the folder that FIRESIDE_TEST_PICTURES names.

import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Chat, RoomHandle } from "../../clients/typescript/src/index.js";
import { composer, EVERY_LOOK, sees } from "./browser.js";
import { World } from "./conversation/world.js";

const FOLDER = process.env["FIRESIDE_TEST_PICTURES"];
const TIME_MS = 120_000;

let world: World;
let people: Record<"ada" | "bob" | "chioma", Chat>;
let harbour: RoomHandle;

const SAID: ["ada" | "bob" | "chioma", string][] = [
  ["chioma", "Tide feed is 40 s late since the switch. I have a fix in `tide/poll.rs`, can someone look?"],
  ["chioma", "```rust\nlet next = now + interval.min(MAX_WAIT);\nqueue.push(Reverse(next));\n```"],
  [
    "bob",
    "Looks right to me. Does it need a backfill for last night?\n\n1. pull the *quay-2* logs\n2. `backfill --since 22:00`\n\n> Never on a Friday.\n\n||It was the cable.||",
  ],
  [
    "ada",
    "On it. Merging now, see https://example.org/tide?from=today and [the runbook](https://example.org/runbook).",
  ],
  ["ada", "🎉🚢"],
  ["bob", "مرحبا بالعالم! هذا نص من اليمين إلى اليسار."],
  ["bob", "### Plan\nplain, ~~struck~~, **bold**, #harbour and @chioma"],
];
const UNREAD: ["ada" | "bob" | "chioma", string][] = [
  ["chioma", "@ada **Firing:** tide_lag_seconds > 30 on `quay-2` — [open the panel](https://example.org/panel)"],
  [
    "bob",
    "Thanks everybody. The feed is back to two seconds, and I have written down what we did so that the next person on call does not need to guess.",
  ],
  ["chioma", "👍"],
];

describe.skipIf(FOLDER === undefined)("pictures", () => {
  beforeAll(async () => {
    world = await World.start();
    const [ada, bob, chioma] = await Promise.all(["ada", "bob", "chioma"].map((name) => world.person(name)));
    if (!ada || !bob || !chioma) throw new Error("somebody is missing");
    people = { ada, bob, chioma };
    const names = { ada: "Ada Lovelace", bob: "Björn Lind", chioma: "Chioma Eze" };
    for (const [name, chat] of Object.entries(people)) {
      await chat.rest.call("PATCH /chat/users/me", { body: { displayName: names[name as keyof typeof names] } });
    }
    harbour = await ada.rooms.create({ name: "Harbour", description: "Boats, berths and the tide API." });
    for (const name of ["bob", "chioma"]) await harbour.setMember(name, "member");
    await ada.rooms.create({ name: "Empty", description: "Nothing yet." });
    await say(SAID);
  }, TIME_MS);
  afterAll(() => world?.end(), TIME_MS);

  async function say(what: typeof SAID): Promise<void> {
    for (const [who, text] of what) await people[who].room(harbour.roomId).send(text).delivered();
  }

  for (const [name, look] of EVERY_LOOK) {
    const take = (page: Page, what: string) => page.screenshot({ path: join(FOLDER ?? "", `${name}-${what}.png`) });

    test(`on ${name}`, { timeout: TIME_MS }, async () => {
      const head = (await harbour.messages.page({ limit: 1 })).items[0]?.seq ?? 0;
      await harbour.markRead({ seq: head });
      await say(UNREAD);
      const { page, faults, close } = await world.window("ada", { room: "harbour" }, look);
      await page.locator(".new-line").waitFor();
      await take(page, "unread");
      await people.bob.room(harbour.roomId).typing();
      await page.locator(".typing-line", { hasText: "typing" }).waitFor();
      const lastRow = page.locator(".message").last();
      if (look.hasTouch) {
        await lastRow.dispatchEvent("pointerdown", { pointerType: "touch", clientX: 100, clientY: 100, bubbles: true });
        await page.getByRole("dialog").waitFor();
        await take(page, "sheet");
        await page.keyboard.press("Escape");
      } else {
        await lastRow.hover();
        await take(page, "toolbar");
      }
      await composer(page).pressSequentially("Thanks @");
      await page.getByRole("listbox").waitFor();
      await take(page, "suggestions");
      await composer(page).press("Escape");
      await composer(page).fill("");
      const mine = `Written on ${name}`;
      await composer(page).fill(mine);
      await page.getByRole("button", { name: "Send message" }).click();
      await page.locator(".message:not(.is-waiting)", { hasText: mine }).waitFor();
      await composer(page).press("ArrowUp");
      await page.getByRole("textbox", { name: "Edit message" }).waitFor();
      await take(page, "edit");
      await page.keyboard.press("Escape");
      await page.context().setOffline(true);
      await composer(page).fill("Written while there is no connection");
      await page.getByRole("button", { name: "Send message" }).click();
      await page.locator(".message-state").waitFor();
      await take(page, "offline");
      await page.context().setOffline(false);
      expect(faults).toEqual([]);
      await close();
    });

    test(`an empty room on ${name}`, { timeout: TIME_MS }, async () => {
      const { page, close } = await world.window("ada", { room: "empty" }, look);
      await take(page, "empty");
      await page.evaluate(() => {
        document.documentElement.dir = "rtl";
      });
      await page.evaluate((id) => globalThis.page.open({ kind: "room", roomId: id }), harbour.roomId);
      await sees(page, "Never on");
      await take(page, "rtl");
      await close();
    });
  }
});
