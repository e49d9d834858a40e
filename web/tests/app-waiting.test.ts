// The page while it waits for the server: what stands where, and what it says of a line that is slow or breaks.

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { Server } from "../../clients/typescript/tests/server.js";
import { type Harbour, settle } from "./app/harbour.js";
import { House } from "./app/house.js";
import { SlowLine } from "./app/slow-line.js";
import { isAccessible, LOOKS, sees, texts, write } from "./browser.js";

const TIME_MS = 90_000;

let line: SlowLine;
let house: House<{ url: string; remove(): Promise<void> }>;
let people: Harbour;

beforeAll(async () => {
  const server = await Server.start({ FIRESIDE_SIGNUP: "open", FIRESIDE_RATE_LIMITS: "off" });
  line = await SlowLine.to(server.url);
  house = await House.around({ url: line.url, remove: () => server.remove() });
  people = await settle(house as House);
}, TIME_MS);
afterAll(async () => {
  await house?.close();
  line?.close();
}, TIME_MS);

/** Keeps all answers of the API back; what it returns lets them go. */
async function holdAnswers(page: Page): Promise<() => void> {
  let letGo = () => {};
  const gone = new Promise<void>((done) => {
    letGo = done;
  });
  await page.route(/\/(chat|auth|socket\.io)\//u, async (route) => {
    await gone;
    await route.continue().catch(() => {
      // The page has left in the meantime.
    });
  });
  return letGo;
}

const boxesOf = (page: Page) =>
  page.locator(".place-head, .place-head h1, .composer-box").evaluateAll((parts) =>
    parts.map((part) => {
      const { x, y, height } = part.getBoundingClientRect();
      return { x, y, height };
    }),
  );

test.each([
  ["a desktop", LOOKS.light],
  ["a phone", LOOKS["phone-dark"]],
])("on %s the room's parts stand where they will be before anything is known", async (_, look) => {
  const { page, faults, close } = await house.signedIn("bjorn", "/r/harbour", look);
  await sees(page, "Thanks everybody");
  const letGo = await holdAnswers(page);
  await page.reload();
  await page.getByRole("heading", { name: "#harbour" }).waitFor();
  await page.locator(".skeleton").waitFor();
  await isAccessible(page, "a room that is not there yet");
  const before = await boxesOf(page);
  letGo();
  await sees(page, "Thanks everybody");
  expect(before).toHaveLength(3);
  expect(await boxesOf(page)).toEqual(before);
  expect(faults).toEqual([]);
  await close();
});

test("nobody is asked to join a room before it is known who is in it", async () => {
  const { page, close } = await house.signedIn("bjorn", "/browse");
  await page.locator(".room-card", { hasText: "you are in" }).first().waitFor();
  // Only what one's own rooms are is late.
  const letGo = await holdAnswers(page);
  const found = page.waitForRequest(/\/chat\//u);
  await page.reload();
  await found;
  await page.locator(".cards-skeleton").waitFor();
  expect(await page.getByRole("button", { name: /^Join/u }).count()).toBe(0);
  letGo();
  await page.locator(".room-card", { hasText: "Boats" }).getByText("you are in").waitFor();
  await close();
});

test("a mention that comes while the counts of before it are on their way is counted", async () => {
  const { page, close } = await house.signedIn("chioma", "/r/tea-and-code");
  await page.locator(".beginning-title").waitFor();
  let letGo = () => {};
  const gone = new Promise<void>((done) => {
    letGo = done;
  });
  let counted = 0;
  await page.route(/\/chat\/bootstrap/u, async (route) => {
    const response = await route.fetch();
    counted += 1;
    await gone;
    await route.fulfill({ response });
  });
  const heard = new Promise<void>((done) => {
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => String(payload).includes("@chioma just now") && done()),
    );
  });
  await page.reload();
  // The first is asked before there is a connection, which does not wait for it for ever; the second over it.
  await expect.poll(() => counted, { timeout: 10_000 }).toBe(2);
  const deploys = await people.bjorn.rooms.open("deploys");
  await deploys.send("@chioma just now").delivered();
  await heard;
  letGo();
  await page.locator(".place-link", { hasText: "Deploys" }).locator(".badge", { hasText: "1" }).waitFor();
  await close();
});

test("at the door of a room there is a way back on a phone", async () => {
  const { page, close } = await house.signedIn("bjorn", "/r/tea-and-code", LOOKS["phone-light"]);
  await page.getByRole("button", { name: "Join the room" }).waitFor();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Rooms" }).tap();
  await page.locator(".place-link", { hasText: "Harbour" }).waitFor();
  await close();
});

test("every page of the settings shows the way to the others", async () => {
  const { page, close } = await house.signedIn("bjorn", "/settings/keyboard");
  await page.locator(".settings-part").waitFor();
  const heightPx = await page.locator(".settings-nav").evaluate((nav) => nav.getBoundingClientRect().height);
  expect(heightPx).toBeGreaterThanOrEqual(40);
  await close();
});

test("times of twelve hours have room on the rail, in every size of text", async () => {
  const { page, close } = await house.signedIn("bjorn", "/r/harbour", { locale: "en-US" });
  await sees(page, "Thanks everybody");
  for (const size of ["13", "20"]) {
    await page.evaluate((textSizePx) => {
      localStorage.setItem("fireside.preferences", JSON.stringify({ textSizePx: Number(textSizePx) }));
    }, size);
    await page.reload();
    await sees(page, "Thanks everybody");
    const leftPx = await page.locator(".message.is-start time.rail").evaluateAll((rails) =>
      rails.map((rail) => {
        // As long as a time of twelve hours gets.
        if (rail.firstChild) rail.firstChild.nodeValue = "12:44 PM";
        const words = document.createRange();
        words.selectNodeContents(rail);
        return words.getBoundingClientRect().x - rail.getBoundingClientRect().x;
      }),
    );
    expect(Math.min(...leftPx), `at ${size} px`).toBeGreaterThanOrEqual(8);
  }
  await close();
});

test("a line of five seconds: what one sends says that it is on its way, and arrives once", { timeout: TIME_MS }, async () => {
  const { page, faults, close } = await house.signedIn("ada", "/r/deploys");
  // What is there to read comes before the connection, what one writes goes over it.
  await write(page, "from nearby");
  await page.locator(".message", { hasText: "from nearby" }).locator("time.rail").waitFor();
  line.delayMs = 2500;
  await write(page, "from far away");
  await sees(page, "from far away");
  const mine = page.locator(".message", { hasText: "from far away" });
  await mine.getByText("Sending…").waitFor();
  // A slow line is not a broken one.
  expect(await page.locator(".banner").textContent()).toBe("");
  await mine.locator("time.rail").waitFor({ timeout: 30_000 });
  line.delayMs = 0;
  expect(await page.locator(".banner").textContent()).toBe("");
  expect((await texts(page)).filter((text) => text === "from far away")).toHaveLength(1);
  expect(faults).toEqual([]);
  await close();
});

test("a line that breaks again and again: everything arrives once, in its order", { timeout: TIME_MS }, async () => {
  const { page, faults, close } = await house.signedIn("ada", "/r/deploys");
  await sees(page, "2.4 is ready");
  const sent = ["first", "second", "third", "fourth"].map((word) => `${word} over a bad line`);
  for (const text of sent) {
    await write(page, text);
    line.cut();
    await sees(page, text);
  }
  for (const text of sent)
    await page.locator(".message", { hasText: text }).locator("time.rail").waitFor({ timeout: 30_000 });
  await page.locator(".banner[data-shows='nothing']").waitFor({ state: "attached", timeout: 30_000 });
  expect((await texts(page)).filter((text) => text.includes("bad line"))).toEqual(sent);
  const deploys = await people.ada.rooms.open("deploys");
  const kept = (await deploys.messages.page({ limit: 20 })).items.map(({ content }) => content);
  expect(kept.filter((text) => text.includes("bad line")).sort()).toEqual([...sent].sort());
  expect(faults).toEqual([]);
  await close();
});
