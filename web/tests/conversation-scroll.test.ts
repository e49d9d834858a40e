// A long room, scrolled back to its beginning: nothing jumps, and the page stays small.

import { afterAll, beforeAll, expect, test } from "vitest";

import type { Chat } from "../../clients/typescript/src/index.js";
import { sees } from "./browser.js";
import { scrollToBeginning } from "./conversation/scrolling.js";
import { World } from "./conversation/world.js";

const MESSAGES = 20_000;
const AT_ONCE = 128;
const WORDS = "tide feed late since the switch quay backfill logs harbour crew morning berth panel".split(" ");
const SETUP_MS = 120_000;
const SCROLL_MS = 240_000;
/** Far more than anybody scrolls: at 60 frames a second 36,000 pixels a second. */
const SPEED_PX = 600;

let world: World;

beforeAll(async () => {
  world = await World.start();
}, SETUP_MS);
afterAll(() => world?.end(), SETUP_MS);

/** Messages of all heights: words, lists, code. */
function content(at: number): string {
  if (at % 17 === 0) return `\`\`\`\nlet a = ${at};\nlet b = 2;\n\`\`\``;
  if (at % 11 === 0) return `- one ${at}\n- two\n- three`;
  const words = Array.from({ length: 3 + ((at * 7) % 60) }, (_, word) => WORDS[(at + word * word) % WORDS.length]);
  return `${words.join(" ")} ${at}`;
}

async function fill(people: Chat[], roomId: string): Promise<void> {
  let next = 0;
  const sendMany = async () => {
    while (next < MESSAGES) {
      const at = next;
      next += 1;
      const who = people[(at >> 2) % people.length];
      const reply = await who?.raw.timeout(30_000).emitWithAck("message:send", { roomId, content: content(at) });
      expect(reply?.ok).toBe(true);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendMany));
}

test(`${MESSAGES} messages are scrolled back without a jump, on a page of few rows`, {
  timeout: SETUP_MS + SCROLL_MS,
}, async () => {
  const [ada, bob] = await Promise.all([world.person("ada"), world.person("bob")]);
  const room = await ada.rooms.create({ name: "Long" });
  await room.setMember("bob", "member");
  await fill([ada, bob], room.roomId);
  // All of it is read: the list opens at its end.
  const [newest] = (await room.messages.page({ limit: 1 })).items;
  await room.markRead({ seq: newest?.seq ?? 0 });

  const { page, faults, close } = await world.window("ada", { room: "long" });
  const told = await scrollToBeginning(page, SPEED_PX);
  console.log(
    `${told.scrolledPx} px in ${told.frames} frames, 95 % of them within ${told.frameMs.toFixed(0)} ms; at most ${told.mostRows} rows and ${told.mostElements} elements`,
  );
  await page.locator(".beginning-title", { hasText: "This is the start of #long" }).waitFor();
  expect(told.scrolledPx).toBeGreaterThan(MESSAGES * 40);
  expect(told.jumps).toEqual([]);
  expect(told.mostRows).toBeLessThanOrEqual(300);
  expect(told.mostElements).toBeLessThanOrEqual(2500);

  await page.locator(".jump-pill").click();
  await sees(page, String(MESSAGES - 1));
  await expect
    .poll(() => page.locator(".log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight))
    .toBeLessThanOrEqual(1);
  expect(faults).toEqual([]);
  await close();
});
