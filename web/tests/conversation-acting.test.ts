// What one does with messages in a real browser: by keys, by touch, by copying; and that everybody can.

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { composer, EVERY_LOOK, isAccessible, LOOKS, sees } from "./browser.js";
import { numbers, type Pair, says, startPair } from "./conversation/world.js";

const TIME_MS = 60_000;

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
}, TIME_MS);
afterAll(() => pair?.world.end(), TIME_MS);

describe("the list", () => {
  test("is moved through by keys, and the focus is never lost", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Keys");
    await says(pair.ada, made, ...numbers(30));
    const { page, close } = await pair.world.window("ada", { room: "keys" });
    const focused = () =>
      page.evaluate(
        () => document.activeElement?.querySelector(".markdown")?.textContent ?? document.activeElement?.className,
      );
    await sees(page, "message number 30");
    await composer(page).focus();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("ArrowUp");
    expect(await focused()).toBe("message number 30");
    await page.keyboard.press("k");
    expect(await focused()).toBe("message number 29");
    await page.keyboard.press("Home");
    expect(await focused()).toBe("message number 1");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Edit message");
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Quote");
    await page.keyboard.press("Escape");
    expect(await focused()).toBe("message number 1");
    await page.keyboard.press("e");
    await page.keyboard.press("Escape");
    expect(await focused()).toBe("message number 1");
    await page.keyboard.press("Delete");
    await page.locator(".message-gone").waitFor();
    expect(await page.evaluate(() => document.activeElement?.matches("article"))).toBe(true);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("q");
    expect(await composer(page).inputValue()).toBe("> message number 2\n\n");
    await composer(page).fill("");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("/");
    expect(await page.evaluate(() => document.activeElement?.matches("textarea"))).toBe(true);
    await close();
  });

  test("gives lines of who said what to whoever copies several", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Copy");
    await says(pair.ada, made, "first of Ada", "second of Ada");
    await says(pair.bob, made, "first of Bob");
    const { page, close } = await pair.world.window("ada", { room: "copy" });
    await sees(page, "first of Bob");
    const copied = await page.evaluate(() => {
      const [first, , last] = document.querySelectorAll(".message .markdown p");
      const start = first?.firstChild;
      const end = last?.firstChild;
      if (!start || !end) return "nothing";
      getSelection()?.setBaseAndExtent(start, 6, end, 5);
      const clipboardData = new DataTransfer();
      document
        .querySelector(".message")
        ?.dispatchEvent(new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true }));
      return clipboardData.getData("text/plain");
    });
    expect(copied).toMatch(/^\[\d?\d:\d\d\] ada: of Ada\n\[\d?\d:\d\d\] ada: second of Ada\n\[\d?\d:\d\d\] bob: first$/u);
    await close();
  });

  test("offers by a long press what the pointer offers", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Touch");
    await says(pair.ada, made, "press me");
    const { page, close } = await pair.world.window("ada", { room: "touch" }, LOOKS["phone-light"]);
    await sees(page, "press me");
    await page.locator(".message").dispatchEvent("pointerdown", { pointerType: "touch", clientX: 50, clientY: 50 });
    const sheet = page.getByRole("dialog", { name: "Message actions" });
    await sheet.waitFor();
    await isAccessible(page, "the sheet of actions");
    await sheet.getByRole("button", { name: "Edit message" }).click();
    await page.getByRole("textbox", { name: "Edit message" }).fill("pressed");
    await page.getByRole("button", { name: "Save" }).click();
    await sees(page, "pressed");
    await close();
  });
});

describe.each(EVERY_LOOK)("on %s", (name, look) => {
  test("no rule of accessibility is broken", { timeout: TIME_MS }, async () => {
    const slug = `look-${name}`;
    const made = await pair.room(slug);
    await says(
      pair.ada,
      made,
      "Good **morning** with `code` and https://example.org",
      "```rust\nlet a = 1;\n```",
      "> quoted\n\n- one\n- two",
      "||hidden||",
    );
    await says(pair.bob, made, "@ada look at #general", "🎉", "مرحبا");
    const { page, faults, close } = await pair.world.window("ada", { room: slug }, look);
    await sees(page, "مرحبا");
    await isAccessible(page, `the conversation on ${name}`);
    await composer(page).pressSequentially("@b");
    await page.getByRole("listbox").waitFor();
    await isAccessible(page, `suggestions on ${name}`);
    await composer(page).press("Escape");
    await composer(page).fill("");
    await composer(page).press("ArrowUp");
    await page
      .getByRole("textbox", { name: "Edit message" })
      .waitFor({ timeout: 2000 })
      .catch(() => {});
    await isAccessible(page, `an edit on ${name}`);
    expect(faults).toEqual([]);
    await close();
  });
});
