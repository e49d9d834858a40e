// The conversation in a real browser with a real server: people talk, lose the connection, and are sent what they missed.

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { composer, sees, texts, write } from "./browser.js";
import { numbers, type Pair, says, startPair } from "./conversation/world.js";

const TIME_MS = 60_000;

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
}, TIME_MS);
afterAll(() => pair?.world.end(), TIME_MS);

describe("two people", () => {
  test("talk, and see each other writing", { timeout: TIME_MS }, async () => {
    await pair.room("Talk");
    const [a, b] = await Promise.all([pair.world.window("ada", { room: "talk" }), pair.world.window("bob", { room: "talk" })]);
    await composer(a.page).pressSequentially("Good morn");
    await b.page.locator(".typing-line", { hasText: "ada is typing…" }).waitFor();
    await composer(a.page).pressSequentially("ing, **Bob**!");
    await composer(a.page).press("Enter");
    await sees(b.page, "Good morning, Bob!");
    await write(b.page, "Morning @ada");
    await sees(a.page, "Morning @ada");
    expect(await texts(a.page)).toEqual(await texts(b.page));
    expect(await a.page.locator(".message.is-mention").count()).toBe(1);
    expect(await a.page.locator(".typing-line").textContent()).toBe("");
    expect([...a.faults, ...b.faults]).toEqual([]);
    await Promise.all([a.close(), b.close()]);
  });

  test("write what looks like a program, and it is text", { timeout: TIME_MS }, async () => {
    const hostile = [
      "<script>globalThis.stolen = 1</script>",
      '<img src=x onerror="globalThis.stolen = 1">',
      "[x](javascript:globalThis.stolen=1) ![y](http://127.0.0.1:9/pixel.png)",
      '"><svg/onload=globalThis.stolen=1>',
      `${"_a*".repeat(3000)}`,
      `${"[a](".repeat(2000)}`,
      `${">".repeat(500)} deep`,
      "left \u202eto right\u202c <b>bold</b>",
      '||<iframe srcdoc="<script>top.stolen=1</script>">||',
    ];
    const made = await pair.room("Hostile");
    const { page, faults, close } = await pair.world.window("ada", { room: "hostile" });
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await says(pair.bob, made, ...hostile, "the end");
    await sees(page, "the end");
    expect(await page.evaluate(() => (globalThis as { stolen?: number }).stolen)).toBeUndefined();
    expect(await page.locator(".message").locator("script, img, iframe, svg[onload], b").count()).toBe(0);
    expect(
      await page
        .locator(".message a")
        .evaluateAll((links) =>
          links.map((link) => [(link as HTMLAnchorElement).protocol, (link as HTMLAnchorElement).rel]),
        ),
    ).toEqual([["http:", "noopener noreferrer nofollow"]]);
    expect(requests.filter((url) => url.includes("pixel"))).toEqual([]);
    expect(faults).toEqual([]);
    await close();
  });

  test("begins with whom one talks to", { timeout: TIME_MS }, async () => {
    const bobs = await pair.bob.auth.me();
    const { page, close } = await pair.world.window("ada", { with: bobs.id });
    await write(page, "hello you");
    await sees(page, "hello you");
    await page.locator(".beginning-title", { hasText: "conversation with bob" }).waitFor();
    const other = await pair.world.window("bob", { with: (await pair.ada.auth.me()).id });
    await sees(other.page, "hello you");
    await write(other.page, "hello back");
    await sees(page, "hello back");
    await Promise.all([close(), other.close()]);
  });
});

describe("the connection", () => {
  test("goes, and what is written meanwhile is sent in order when it is back", { timeout: TIME_MS }, async () => {
    await pair.room("Tunnel");
    const [a, b] = await Promise.all([
      pair.world.window("ada", { room: "tunnel" }),
      pair.world.window("bob", { room: "tunnel" }),
    ]);
    await write(a.page, "before");
    await sees(b.page, "before");
    await a.page.context().setOffline(true);
    for (const text of ["one", "two", "three"]) await write(a.page, text);
    await a.page.locator(".message-state", { hasText: "Waiting for connection" }).nth(2).waitFor();
    expect(await composer(a.page).isEnabled()).toBe(true);
    expect(await texts(b.page)).toEqual(["before"]);
    await a.page.context().setOffline(false);
    await a.page.evaluate(() => globalThis.page.chat.wake());
    await sees(b.page, "three");
    await a.page.locator(".message-state").first().waitFor({ state: "detached" });
    expect(await texts(b.page)).toEqual(["before", "one", "two", "three"]);
    expect(await texts(a.page)).toEqual(["before", "one", "two", "three"]);
    await Promise.all([a.close(), b.close()]);
  });

  test("is lost with the server in the middle of sending: nothing is lost, nothing comes twice", {
    timeout: TIME_MS,
  }, async () => {
    await pair.room("Crash");
    const [a, b] = await Promise.all([pair.world.window("ada", { room: "crash" }), pair.world.window("bob", { room: "crash" })]);
    const sent = numbers(30);
    for (const [at, text] of sent.entries()) {
      await write(a.page, text);
      if (at === 14) await pair.world.server.kill();
    }
    await pair.world.server.startAgain();
    for (const { page } of [a, b]) await page.evaluate(() => globalThis.page.chat.wake());
    await sees(b.page, "message number 30");
    await a.page.locator(".message-state").first().waitFor({ state: "detached" });
    expect(await texts(a.page)).toEqual(sent);
    expect(await texts(b.page)).toEqual(sent);
    await Promise.all([a.close(), b.close()]);
  });

  test("refuses: the row says why, and its words are not lost", { timeout: TIME_MS }, async () => {
    const made = await pair.room("Refused");
    const { page, close } = await pair.world.window("bob", { room: "refused" });
    await page.context().setOffline(true);
    await write(page, "too late");
    await page.locator(".message-state", { hasText: "Waiting for connection" }).waitFor();
    await made.removeMember((await pair.bob.auth.me()).id);
    await page.context().setOffline(false);
    await page.evaluate(() => globalThis.page.chat.wake());
    const state = page.locator(".message-state.has-failed");
    await state.waitFor();
    expect(await state.textContent()).toMatch(/^Not sent\. .+\. Retry Copy Delete$/u);
    expect(await page.locator(".composer-closed").textContent()).toBe("You can read but not post here");
    await state.getByRole("button", { name: "Delete" }).click();
    await state.waitFor({ state: "detached" });
    await close();
  });
});
