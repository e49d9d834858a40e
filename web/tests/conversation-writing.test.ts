// The field one writes in, in a real browser: what it sends, keeps, offers and changes.

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { composer, sees, texts, write } from "./browser.js";
import { type Pair, startPair } from "./conversation/world.js";

const TIME_MS = 60_000;

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
}, TIME_MS);
afterAll(() => pair?.world.end(), TIME_MS);

describe("the field", () => {
  test("does not send the Enter that ends a word", { timeout: TIME_MS }, async () => {
    await pair.room("Kana");
    const { page, close } = await pair.world.window("ada", { room: "kana" });
    await composer(page).fill("こんにちは");
    await composer(page).evaluate((field) => {
      const press = (more: object) =>
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...more }));
      press({ isComposing: true });
      press({ keyCode: 229 });
    });
    expect(await composer(page).inputValue()).toBe("こんにちは");
    await composer(page).press("Shift+Enter");
    expect(await composer(page).inputValue()).toBe("こんにちは\n");
    await composer(page).press("Enter");
    await sees(page, "こんにちは");
    expect(await composer(page).inputValue()).toBe("");
    await close();
  });

  test("keeps what was begun in each room, and sends to the room one sees", { timeout: TIME_MS }, async () => {
    await pair.room("First");
    await pair.room("Second");
    const { page, close } = await pair.world.window("ada", { room: "first" });
    const go = (slug: string) =>
      page.evaluate((to) => {
        const place = globalThis.page.place(to);
        if (place) globalThis.page.open(place);
      }, slug);
    await composer(page).fill("begun in the first");
    await go("second");
    await page.locator(".beginning-title", { hasText: "#second" }).waitFor();
    expect(await composer(page).inputValue()).toBe("");
    await write(page, "sent in the second");
    await go("first");
    await page.locator(".beginning-title", { hasText: "#first" }).waitFor();
    expect(await composer(page).inputValue()).toBe("begun in the first");
    await composer(page).press("Enter");
    await sees(page, "begun in the first");
    expect(await texts(page)).toEqual(["begun in the first"]);
    await page.reload();
    await sees(page, "begun in the first");
    expect(await composer(page).inputValue()).toBe("");
    await close();
  });

  test("offers names, and takes marks by key", { timeout: TIME_MS }, async () => {
    await pair.room("Marks");
    const { page, close } = await pair.world.window("ada", { room: "marks" });
    await composer(page).pressSequentially("hi @bo");
    await page.getByRole("option", { name: "bob" }).waitFor();
    await composer(page).press("Tab");
    expect(await composer(page).inputValue()).toBe("hi @bob ");
    await composer(page).fill("word");
    await composer(page).press("ControlOrMeta+a");
    await composer(page).press("ControlOrMeta+b");
    expect(await composer(page).inputValue()).toBe("**word**");
    await composer(page).press("ControlOrMeta+b");
    expect(await composer(page).inputValue()).toBe("word");
    await close();
  });

  test("lets one change the last message, or take a deletion back", { timeout: TIME_MS }, async () => {
    await pair.room("Second thoughts");
    const [a, b] = await Promise.all([
      pair.world.window("ada", { room: "second-thoughts" }),
      pair.world.window("bob", { room: "second-thoughts" }),
    ]);
    await write(a.page, "first words");
    await sees(b.page, "first words");
    await a.page.locator(".message time.rail").first().waitFor();
    await composer(a.page).press("ArrowUp");
    const editor = a.page.getByRole("textbox", { name: "Edit message" });
    await editor.fill("better words");
    await editor.press("Enter");
    await sees(b.page, "better words (edited)");
    expect(await composer(a.page).evaluate((field) => field === document.activeElement)).toBe(true);
    await a.page.locator(".message").hover();
    await a.page.getByRole("button", { name: "Delete message" }).click();
    await a.page.locator(".message-gone").waitFor();
    await a.page.getByRole("button", { name: "Undo" }).click();
    await sees(a.page, "better words");
    await a.page.locator(".message").hover();
    await a.page.getByRole("button", { name: "Delete message" }).click();
    expect(await texts(b.page)).toEqual(["better words (edited)"]);
    await b.page.locator(".message-gone").waitFor();
    await Promise.all([a.close(), b.close()]);
  });
});
