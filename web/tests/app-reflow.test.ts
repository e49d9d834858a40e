// Every screen on the narrowest page, enlarged, from right to left, in the colours of the system, with looser text.

import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { settle } from "./app/harbour.js";
import { House } from "./app/house.js";
import { composer, isAccessible, LOOKS, sees } from "./browser.js";

const TIME_MS = 90_000;

/** Screens, and what is on them when they are there. */
const SCREENS = [
  ["/", ".place-link"],
  ["/r/harbour", ".message"],
  ["/r/empty-pier", ".beginning-title"],
  ["/r/tea-and-code", ".notice h1"],
  ["/browse", ".room-card"],
  ["/settings/profile", ".settings-part"],
  ["/settings/appearance", ".settings-part"],
  ["/settings/keyboard", ".settings-part"],
  ["/settings/sessions", ".room-card"],
] as const;

/** What WCAG 1.4.12 lets anybody set. */
const LOOSE_TEXT =
  "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }";

let house: House;

beforeAll(async () => {
  house = await House.open();
  await settle(house);
}, TIME_MS);
afterAll(() => house?.close(), TIME_MS);

/** What reaches over the edge of the page, or is cut off where nothing scrolls. */
function overEdge(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const root = document.documentElement;
    const told: string[] = [];
    if (root.scrollWidth > root.clientWidth) told.push(`the page is ${root.scrollWidth} px wide`);
    for (const element of document.querySelectorAll("button, a, input, textarea, h1, h2, summary")) {
      const box = element.getBoundingClientRect();
      const isShown = box.width > 1 && element.checkVisibility({ visibilityProperty: true });
      // What lies in a part that scrolls sideways, as tabs do, can be reached.
      const scroller = element.closest(".settings-nav, pre, .skip");
      if (isShown && !scroller && (box.left < -1 || box.right > root.clientWidth + 1))
        told.push(`${element.outerHTML.slice(0, 120)} from ${box.left} to ${box.right}`);
    }
    return told;
  });
}

/** As if the page had been asked for so. */
const asRoot = (attribute: "dir" | "style", value: string) => (page: Page) =>
  page.addInitScript(
    ([name, text]) =>
      addEventListener("DOMContentLoaded", () => {
        if (name === "dir") document.documentElement.dir = text;
        else document.documentElement.style.fontSize = text;
      }),
    [attribute, value] as const,
  );

const WAYS: Record<string, { look: BrowserContextOptions; prepare?: (page: Page) => Promise<unknown> }> = {
  "320 px wide": { look: { ...LOOKS["phone-light"], viewport: { width: 320, height: 640 } } },
  // A page of 1280 px at 400 %, and one of 1360 px with text of twice the size.
  "enlarged four times": { look: { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 } },
  "text of 200 %": {
    look: LOOKS.light,
    prepare: asRoot("style", "200%"),
  },
  "right to left": {
    look: LOOKS["phone-dark"],
    prepare: asRoot("dir", "rtl"),
  },
  "right to left on a desktop": {
    look: LOOKS.light,
    prepare: asRoot("dir", "rtl"),
  },
  "looser text": { look: LOOKS["phone-light"] },
};

test.each(Object.entries(WAYS))("%s", { timeout: TIME_MS }, async (name, { look, prepare }) => {
  const { page, faults, close } = await house.signedIn("ada", "/", look);
  await prepare?.(page);
  for (const [path, wait] of SCREENS) {
    await page.goto(house.server.url + path);
    await page.locator(wait).first().waitFor();
    if (name === "looser text") await loosen(page);
    expect(await overEdge(page), `${path}: ${name}`).toEqual([]);
  }
  await page.goto(`${house.server.url}/r/harbour`);
  await sees(page, "Thanks everybody");
  expect(await composer(page).isVisible(), "there is room to write").toBe(true);
  await isAccessible(page, name);
  expect(faults).toEqual([]);
  await close();
});

/** The policy of the page lets nobody add a style sheet; a sheet that is built by a script is no exception to it. */
function loosen(page: Page): Promise<void> {
  return page.evaluate((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets.push(sheet);
  }, LOOSE_TEXT);
}

test("colours of the system: what is chosen, unread or online still differs", { timeout: TIME_MS }, async () => {
  const { page, faults, close } = await house.signedIn("ada", "/r/harbour", {
    ...LOOKS.light,
    forcedColors: "active",
  });
  await sees(page, "Thanks everybody");
  const outline = (selector: string) =>
    page.locator(selector).first().evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(await outline('.place-link[aria-current="page"]')).toBe("solid");
  expect(await outline(".place-link:not([aria-current])")).toBe("none");
  const border = (selector: string) =>
    page.locator(selector).first().evaluate((element) => getComputedStyle(element).borderTopStyle);
  expect(await border(".badge")).toBe("solid");
  await page.keyboard.press("Control+k");
  await page.getByRole("option").first().waitFor();
  expect(await outline('[role="option"][aria-selected="true"]')).toBe("solid");
  await isAccessible(page, "forced colours");
  expect(faults).toEqual([]);
  await close();
});
