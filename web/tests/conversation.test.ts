// The conversation in a real browser with a real server: people talk, lose the connection, change their minds.

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Chat, RoomHandle } from "../../clients/typescript/src/index.js";
import { composer, isAccessible, LOOKS, sees, texts, type Window, World, write } from "./conversation/world.js";

const TIME_MS = 60_000;

let world: World;
let ada: Chat;
let bob: Chat;

beforeAll(async () => {
  world = await World.start();
  [ada, bob] = await Promise.all([world.person("ada"), world.person("bob")]);
}, TIME_MS);
afterAll(() => world?.end(), TIME_MS);

/** A room of Ada's with Bob in it. */
async function room(name: string, { withBob = true } = {}): Promise<RoomHandle> {
  const made = await ada.rooms.create({ name });
  if (withBob) await made.setMember("bob", "member");
  return made;
}

/** Says many things one after another. */
async function says(who: Chat, { roomId }: RoomHandle, ...contents: string[]): Promise<void> {
  const sendings = contents.map((content) => who.room(roomId).send(content));
  await Promise.all(sendings.map((sending) => sending.delivered()));
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => `message number ${at + 1}`);
const distanceToEnd = ({ page }: Window) =>
  page.locator(".log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
/** How far somebody has read: a position never moves back, so moving it to the beginning asks where it is. */
const readSeq = async (who: Chat, { roomId }: RoomHandle) =>
  (await who.rest.call("PUT /chat/rooms/{roomId}/read", { path: { roomId }, body: { seq: 0 } })).seq;

describe("two people", () => {
  test("talk, and see each other writing", { timeout: TIME_MS }, async () => {
    await room("Talk");
    const [a, b] = await Promise.all([world.window("ada", { room: "talk" }), world.window("bob", { room: "talk" })]);
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
    const made = await room("Hostile");
    const { page, faults, close } = await world.window("ada", { room: "hostile" });
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await says(bob, made, ...hostile, "the end");
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
});

describe("the connection", () => {
  test("goes, and what is written meanwhile is sent in order when it is back", { timeout: TIME_MS }, async () => {
    await room("Tunnel");
    const [a, b] = await Promise.all([
      world.window("ada", { room: "tunnel" }),
      world.window("bob", { room: "tunnel" }),
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
    await room("Crash");
    const [a, b] = await Promise.all([world.window("ada", { room: "crash" }), world.window("bob", { room: "crash" })]);
    const sent = numbers(30);
    for (const [at, text] of sent.entries()) {
      await write(a.page, text);
      if (at === 14) await world.server.kill();
    }
    await world.server.startAgain();
    for (const { page } of [a, b]) await page.evaluate(() => globalThis.page.chat.wake());
    await sees(b.page, "message number 30");
    await a.page.locator(".message-state").first().waitFor({ state: "detached" });
    expect(await texts(a.page)).toEqual(sent);
    expect(await texts(b.page)).toEqual(sent);
    await Promise.all([a.close(), b.close()]);
  });

  test("refuses: the row says why, and its words are not lost", { timeout: TIME_MS }, async () => {
    const made = await room("Refused");
    const { page, close } = await world.window("bob", { room: "refused" });
    await page.context().setOffline(true);
    await write(page, "too late");
    await page.locator(".message-state", { hasText: "Waiting for connection" }).waitFor();
    await made.removeMember((await bob.auth.me()).id);
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

describe("the field", () => {
  test("does not send the Enter that ends a word", { timeout: TIME_MS }, async () => {
    await room("Kana");
    const { page, close } = await world.window("ada", { room: "kana" });
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
    await room("First");
    await room("Second");
    const { page, close } = await world.window("ada", { room: "first" });
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
    await room("Marks");
    const { page, close } = await world.window("ada", { room: "marks" });
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
    await room("Second thoughts");
    const [a, b] = await Promise.all([
      world.window("ada", { room: "second-thoughts" }),
      world.window("bob", { room: "second-thoughts" }),
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

describe("the list", () => {
  test("opens where one stopped, with the line a third down, and the line stays", { timeout: TIME_MS }, async () => {
    const made = await room("Unread");
    await says(ada, made, ...numbers(60));
    await bob.room(made.roomId).markRead({ seq: 22 });
    const window = await world.window("bob", { room: "unread" });
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
    await says(ada, made, "one more");
    await page.locator(".jump-pill").click();
    await sees(page, "one more");
    await expect.poll(() => distanceToEnd(window)).toBeLessThanOrEqual(1);
    await composer(page).press("Escape");
    await page.locator(".new-line").waitFor({ state: "detached" });
    await close();
  });

  test("counts as read only what somebody sees", { timeout: TIME_MS }, async () => {
    const made = await room("Seen");
    await says(ada, made, ...numbers(60));
    const { page, close } = await world.window("bob", { room: "seen" });
    const head = (await made.messages.page({ limit: 1 })).items[0]?.seq ?? 0;
    await page.locator(".new-line").waitFor();
    await expect.poll(() => readSeq(bob, made), { timeout: 10_000 }).toBeGreaterThan(5);
    expect(await readSeq(bob, made)).toBeLessThan(head);
    await page.locator(".jump-pill").click();
    await expect.poll(() => readSeq(bob, made), { timeout: 10_000 }).toBe(head);
    await close();
  });

  test("goes to a message by its address, and back to the present", { timeout: TIME_MS }, async () => {
    const made = await room("Permalink");
    await says(ada, made, ...numbers(150));
    const all = await made.messages.page({ limit: 200 });
    const wanted = all.items.find((message) => message.content === "message number 20");
    const window = await world.window("ada", { room: "permalink", message: wanted?.id ?? "" });
    const { page, close } = window;
    await page.locator(".message.is-target", { hasText: "message number 20" }).waitFor();
    await page.locator(".jump-pill").click();
    await sees(page, "message number 150");
    await expect.poll(() => distanceToEnd(window)).toBeLessThanOrEqual(1);
    await close();
  });

  test("says so when an address leads to nothing, and shows the present", { timeout: TIME_MS }, async () => {
    const made = await room("Gone");
    await says(ada, made, "still here");
    const nowhere = "01a00000-0000-7000-8000-000000000000";
    const { page, close } = await world.window("ada", { room: "gone", message: nowhere });
    await sees(page, "still here");
    await page.locator(".toast", { hasText: "That message is not here any more." }).waitFor();
    await close();
  });

  test("follows the end, and only from there", { timeout: TIME_MS }, async () => {
    const made = await room("Follow");
    await says(ada, made, ...numbers(60));
    const window = await world.window("ada", { room: "follow" });
    const { page, close } = window;
    await sees(page, "message number 60");
    await says(bob, made, "followed");
    await sees(page, "followed");
    await expect.poll(() => distanceToEnd(window)).toBeLessThanOrEqual(1);
    const head = (await made.messages.page({ limit: 1 })).items[0]?.seq;
    await expect.poll(() => readSeq(ada, made), { timeout: 10_000 }).toBe(head);
    await page.locator(".log").hover();
    await page.mouse.wheel(0, -600);
    await page.locator(".jump-pill").waitFor();
    const top = await page.locator(".log").evaluate((log) => log.scrollTop);
    await says(bob, made, "not followed");
    await page.locator(".jump-pill", { hasText: "1 new message" }).waitFor();
    await page.locator(".jump-pill", { hasText: "1 new message" }).waitFor();
    expect(await page.locator(".log").evaluate((log) => log.scrollTop)).toBe(top);
    await write(page, "my own words");
    await expect.poll(() => distanceToEnd(window)).toBeLessThanOrEqual(1);
    await close();
  });

  test("is moved through by keys, and the focus is never lost", { timeout: TIME_MS }, async () => {
    const made = await room("Keys");
    await says(ada, made, ...numbers(30));
    const { page, close } = await world.window("ada", { room: "keys" });
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
    const made = await room("Copy");
    await says(ada, made, "first of Ada", "second of Ada");
    await says(bob, made, "first of Bob");
    const { page, close } = await world.window("ada", { room: "copy" });
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
    expect(copied).toMatch(/^\[\d\d:\d\d\] ada: of Ada\n\[\d\d:\d\d\] ada: second of Ada\n\[\d\d:\d\d\] bob: first$/u);
    await close();
  });

  test("has unread messages again from where somebody says so", { timeout: TIME_MS }, async () => {
    const made = await room("Again");
    await says(ada, made, ...numbers(5));
    const { page, close } = await world.window("bob", { room: "again" });
    await sees(page, "message number 5");
    const head = (await made.messages.page({ limit: 1 })).items[0]?.seq ?? 0;
    await expect.poll(() => readSeq(bob, made), { timeout: 10_000 }).toBe(head);
    await page.locator(".message", { hasText: "message number 3" }).hover();
    await page.getByRole("button", { name: "Mark unread from here" }).click();
    const first = page.locator(".row-slot:has(.new-line) + .row-slot .markdown");
    await expect.poll(() => first.textContent(), { timeout: 10_000 }).toBe("message number 3");
    await close();
  });

  test("offers by a long press what the pointer offers", { timeout: TIME_MS }, async () => {
    const made = await room("Touch");
    await says(ada, made, "press me");
    const { page, close } = await world.window("ada", { room: "touch" }, LOOKS["phone-light"]);
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

  test("begins with whom one talks to", { timeout: TIME_MS }, async () => {
    const bobs = await bob.auth.me();
    const { page, close } = await world.window("ada", { with: bobs.id });
    await write(page, "hello you");
    await sees(page, "hello you");
    await page.locator(".beginning-title", { hasText: "conversation with bob" }).waitFor();
    const other = await world.window("bob", { with: (await ada.auth.me()).id });
    await sees(other.page, "hello you");
    await write(other.page, "hello back");
    await sees(page, "hello back");
    await Promise.all([close(), other.close()]);
  });

  test("reads out what others say, and nothing of one's own", { timeout: TIME_MS }, async () => {
    const made = await room("Voice");
    const { page, close } = await world.window("ada", { room: "voice" });
    await write(page, "my own words");
    await sees(page, "my own words");
    await says(bob, made, "listen");
    await page.getByRole("status").filter({ hasText: "bob: listen" }).waitFor({ state: "attached" });
    await close();
  });
});

describe.each(Object.entries(LOOKS))("on %s", (name, look) => {
  test("no rule of accessibility is broken", { timeout: TIME_MS }, async () => {
    const slug = `look-${name}`;
    const made = await room(slug);
    await says(
      ada,
      made,
      "Good **morning** with `code` and https://example.org",
      "```rust\nlet a = 1;\n```",
      "> quoted\n\n- one\n- two",
      "||hidden||",
    );
    await says(bob, made, "@ada look at #general", "🎉", "مرحبا");
    const { page, faults, close } = await world.window("ada", { room: slug }, look);
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
