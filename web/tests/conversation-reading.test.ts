// The list of messages in a real browser: where it opens, what counts as read, what it follows and says.

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { composer, sees, write } from "./browser.js";
import { distanceToEnd, numbers, type Pair, readSeq, says, startPair } from "./conversation/world.js";

const TIME_MS = 60_000;

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
}, TIME_MS);
afterAll(() => pair?.world.end(), TIME_MS);

describe("the list", () => {
  test("opens where one stopped, with the line a third down, and the line stays", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Unread");
    await says(pair.ada, made, ...numbers(60));
    await pair.bob.room(made.roomId).markRead({ seq: 22 });
    const window = await pair.world.window("bob", { room: "unread" });
    const { page, close } = window;
    await page.locator(".new-line").waitFor();
    const after = await page.locator(".row-slot:has(.new-line) + .row-slot .markdown").textContent();
    const share = await page.locator(".new-line").evaluate((line) => {
      const log = line.closest(".log")?.getBoundingClientRect();
      return log ? (line.getBoundingClientRect().top - log.top) / log.height : 0;
    });
    expect(after).toMatch(/^message number \d+$/u);
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.37);
    await page.locator(".jump-pill", { hasText: "new messages" }).waitFor();
    await says(pair.ada, made, "one more");
    await page.locator(".jump-pill").click();
    await sees(page, "one more");
    await expect.poll(() => distanceToEnd(window)).toBeLessThanOrEqual(1);
    await composer(page).press("Escape");
    await page.locator(".new-line").waitFor({ state: "detached" });
    await close();
  });

  test("counts as read only what somebody sees", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Seen");
    await says(pair.ada, made, ...numbers(60));
    const { page, close } = await pair.world.window("bob", { room: "seen" });
    const head = (await made.messages.page({ limit: 1 })).items[0]?.seq ?? 0;
    await page.locator(".new-line").waitFor();
    await expect.poll(() => readSeq(pair.bob, made), { timeout: 10_000 }).toBeGreaterThan(5);
    expect(await readSeq(pair.bob, made)).toBeLessThan(head);
    await page.locator(".jump-pill").click();
    await expect.poll(() => readSeq(pair.bob, made), { timeout: 10_000 }).toBe(head);
    await close();
  });

  test("goes to a message by its address, and back to the present", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Permalink");
    await says(pair.ada, made, ...numbers(150));
    const all = await made.messages.page({ limit: 200 });
    const wanted = all.items.find((message) => message.content === "message number 20");
    const window = await pair.world.window("ada", { room: "permalink", message: wanted?.id ?? "" });
    const { page, close } = window;
    await page.locator(".message.is-target", { hasText: "message number 20" }).waitFor();
    await page.locator(".jump-pill").click();
    await sees(page, "message number 150");
    await expect.poll(() => distanceToEnd(window)).toBeLessThanOrEqual(1);
    await close();
  });

  test("says so when an address leads to nothing, and shows the present", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Gone");
    await says(pair.ada, made, "still here");
    const nowhere = "01a00000-0000-7000-8000-000000000000";
    const { page, close } = await pair.world.window("ada", { room: "gone", message: nowhere });
    await sees(page, "still here");
    await page.locator(".toast", { hasText: "That message is not here any more." }).waitFor();
    await close();
  });

  test("follows the end, and only from there", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Follow");
    await says(pair.ada, made, ...numbers(60));
    const window = await pair.world.window("ada", { room: "follow" });
    const { page, close } = window;
    await sees(page, "message number 60");
    await says(pair.bob, made, "followed");
    await sees(page, "followed");
    await expect.poll(() => distanceToEnd(window)).toBeLessThanOrEqual(1);
    const head = (await made.messages.page({ limit: 1 })).items[0]?.seq;
    await expect.poll(() => readSeq(pair.ada, made), { timeout: 10_000 }).toBe(head);
    await page.locator(".log").hover();
    await page.mouse.wheel(0, -600);
    await page.locator(".jump-pill").waitFor();
    const top = await page.locator(".log").evaluate((log) => log.scrollTop);
    await says(pair.bob, made, "not followed");
    await page.locator(".jump-pill", { hasText: "1 new message" }).waitFor();
    await page.locator(".jump-pill", { hasText: "1 new message" }).waitFor();
    expect(await page.locator(".log").evaluate((log) => log.scrollTop)).toBe(top);
    await write(page, "my own words");
    await expect.poll(() => distanceToEnd(window)).toBeLessThanOrEqual(1);
    await close();
  });

  test("has unread messages again from where somebody says so", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Again");
    await says(pair.ada, made, ...numbers(5));
    const { page, close } = await pair.world.window("bob", { room: "again" });
    await sees(page, "message number 5");
    const head = (await made.messages.page({ limit: 1 })).items[0]?.seq ?? 0;
    await expect.poll(() => readSeq(pair.bob, made), { timeout: 10_000 }).toBe(head);
    await page.locator(".message", { hasText: "message number 3" }).hover();
    await page.getByRole("button", { name: "Mark unread from here" }).click();
    const first = page.locator(".row-slot:has(.new-line) + .row-slot .markdown");
    await expect.poll(() => first.textContent(), { timeout: 10_000 }).toBe("message number 3");
    await close();
  });

  test("reads out what others say, and nothing of one's own", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Voice");
    const { page, close } = await pair.world.window("ada", { room: "voice" });
    await write(page, "my own words");
    await sees(page, "my own words");
    await says(pair.bob, made, "listen");
    await page.getByRole("status").filter({ hasText: "bob: listen" }).waitFor({ state: "attached" });
    await close();
  });
});
