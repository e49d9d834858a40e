// More than one window: tabs and a phone that agree, the desktop that tells, the link of a new server, files that fall.

import type { Page } from "playwright-core";
import decode from "qr/decode.js";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createClient, MemoryStorage } from "../../clients/typescript/src/index.js";
import { type Harbour, settle } from "./app/harbour.js";
import { House, PASSWORD } from "./app/house.js";
import { composer, isAccessible, LOOKS, sees } from "./browser.js";

const TIME_MS = 60_000;

let house: House;
let people: Harbour;

beforeAll(async () => {
  house = await House.open();
  people = await settle(house);
}, TIME_MS);
afterAll(() => house?.close(), TIME_MS);

/** Writes on a screen that is touched, where Enter begins a new line. */
async function tap(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await page.getByRole("button", { name: "Send message" }).tap();
}

/** What is on a picture, red, green, blue and alpha of each pixel. */
async function pixels(page: Page, png: Buffer) {
  const { width, height, data } = await page.evaluate(async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context?.drawImage(image, 0, 0);
    const painted = context?.getImageData(0, 0, image.width, image.height);
    return { width: image.width, height: image.height, data: [...(painted?.data ?? [])] };
  }, `data:image/png;base64,${png.toString("base64")}`);
  return { width, height, data: Uint8Array.from(data) };
}

test("two tabs and a phone agree on what is said, read and unread", { timeout: TIME_MS }, async () => {
  const first = await house.signedIn("chioma", "/r/harbour");
  await sees(first.page, "Thanks everybody");
  const second = await first.page.context().newPage();
  await second.goto(`${house.server.url}/r/tea-and-code`);
  await second.locator(".beginning-title").waitFor();
  const phone = await house.signedIn("chioma", "/", LOOKS["phone-light"]);
  const pages = [first.page, second, phone.page];
  const badge = (page: typeof second) => page.locator(".place-link", { hasText: "Deploys" }).locator(".badge");
  const deploys = await people.bjorn.rooms.open("deploys");
  await deploys.send("@chioma one").delivered();
  await deploys.send("@chioma two").delivered();
  for (const page of pages) await badge(page).filter({ hasText: "2" }).waitFor();
  await phone.page.locator(".place-link", { hasText: "Deploys" }).click();
  await sees(phone.page, "@chioma two");
  // Read on the phone, it is read everywhere.
  for (const page of [first.page, second]) await badge(page).waitFor({ state: "detached" });
  await tap(phone.page, "answered from the phone");
  await second.locator(".place-link", { hasText: "Deploys" }).click();
  await sees(second, "answered from the phone");
  // Signing out is for this browser: its other tab goes with it, the phone stays.
  await second.goto(`${house.server.url}/settings/profile`);
  await second.getByRole("button", { name: "Sign out" }).click();
  for (const page of [first.page, second]) await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await tap(phone.page, "still here");
  await sees(phone.page, "still here");
  expect([...first.faults, ...phone.faults]).toEqual([]);
  await Promise.all([first.close(), phone.close()]);
});

test("the desktop tells of a mention, and a click on it leads there", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("ada", "/settings/notifications");
  // The browser of a test shows none: what it is given is kept instead.
  await page.addInitScript(() => {
    const told: object[] = [];
    class Kept {
      static readonly permission = "granted";
      static requestPermission = () => Promise.resolve("granted");
      onclick: (() => void) | null = null;
      constructor(
        readonly title: string,
        readonly options: object,
      ) {
        told.push(this);
      }
      close() {}
    }
    Object.assign(globalThis, { Notification: Kept, told });
    document.hasFocus = () => false;
  });
  await page.reload();
  await page.getByRole("checkbox", { name: /Tell me of mentions/u }).check();
  await page.goto(`${house.server.url}/r/empty-pier`);
  await page.locator(".beginning-title").waitFor();
  await expect.poll(() => page.title()).toContain("#empty-pier");
  const harbour = await people.bjorn.rooms.open("harbour");
  await harbour.send("nothing for anybody").delivered();
  await harbour.send("@ada come and see").delivered();
  type Told = { title: string; options: { body: string }; onclick: () => void };
  const told = () =>
    page.evaluate(() =>
      (globalThis as unknown as { told: Told[] }).told.map(({ title, options }) => [title, options.body]),
    );
  await expect.poll(told).toEqual([["Björn Lind in #harbour", "@ada come and see"]]);
  await page.evaluate(() => (globalThis as unknown as { told: Told[] }).told[0]?.onclick());
  await page.getByRole("heading", { name: "#harbour" }).waitFor();
  await sees(page, "@ada come and see");
  await close();
});

test("who has an account follows an invite into its room", { timeout: TIME_MS }, async () => {
  const fresh = await House.open();
  const token = /\/setup#token=(\w+)/u.exec(fresh.server.output)?.[1] ?? "";
  const root = createClient({ url: fresh.server.url, storage: new MemoryStorage() });
  await root.auth.setup({ username: "root", displayName: "Root of the tree", password: PASSWORD, token });
  const den = await root.rooms.create({ name: "Den", isPrivate: true });
  const { code } = await root.auth.createInvite({ roomId: den.roomId, uses: 2 });
  await fresh.person("gwen", "Gwen");
  // Not signed in: the link says what it leads to, also to who has an account.
  const guest = await fresh.window(`/join/${code}`);
  const { page } = guest;
  const card = (text: string) => page.locator(".card", { hasText: text }).waitFor();
  await card("Root of the tree invites you to Den");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("Username").fill("gwen");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Your invitation" }).waitFor();
  await card("You are signed in as Gwen");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await isAccessible(page, `an invitation, ${colorScheme}`);
  }
  await page.getByRole("button", { name: "Join the room" }).click();
  await page.getByRole("heading", { name: "#den" }).waitFor();
  await composer(page).fill("Here I am");
  await page.keyboard.press("Enter");
  await sees(page, "Here I am");
  // Once more: one is in already, and uses nothing up.
  await page.goto(`${fresh.server.url}/join/${code}`);
  await page.getByRole("button", { name: "Join the room" }).click();
  await sees(page, "Here I am");
  expect((await root.auth.checkInvite(code)).usesLeft).toBe(1);
  expect(guest.faults).toEqual([]);
  // A link that is none says so, and leads back.
  await page.goto(`${fresh.server.url}/join/nothing`);
  await page.locator(".problem", { hasText: "Invite not found." }).waitFor();
  await page.getByRole("link", { name: "To your rooms" }).click();
  await page.getByRole("navigation", { name: "Rooms" }).getByText("Den").waitFor();
  await Promise.all([guest.close(), root.close()]);
  await fresh.close();
});

test("a file that is dropped changes nothing: there is nothing that takes it", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("bjorn", "/r/harbour");
  await sees(page, "Thanks everybody");
  await composer(page).fill("half a sentence");
  const isTaken = await composer(page).evaluate((field) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["a"], "a.txt", { type: "text/plain" }));
    const drop = (name: string) => {
      const event = new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true });
      field.dispatchEvent(event);
      return event.defaultPrevented;
    };
    return [drop("dragenter"), drop("dragover"), drop("drop")];
  });
  expect(isTaken, "dragging over and dropping are refused").toEqual([false, true, true]);
  expect(await composer(page).inputValue()).toBe("half a sentence");
  expect(await page.getByText(/drop|upload/iu).count()).toBe(0);
  await close();
});

test("the link that a new server prints makes its first administrator, once", { timeout: TIME_MS }, async () => {
  const fresh = await House.open({ FIRESIDE_SIGNUP: "invite" });
  const link = /http:\/\/\S*\/setup#token=\w+/u.exec(fresh.server.output)?.[0] ?? "";
  const path = link.slice(fresh.server.url.length);
  const { page, faults, close } = await fresh.window(path);
  await page.getByLabel(/^Name/u).fill("Root of the tree");
  await page.getByLabel("Username").fill("root");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByRole("navigation", { name: "Rooms" }).waitFor();
  expect(page.url(), "the token is not left in the address").not.toContain("token");
  await page.getByRole("button", { name: "Invite people" }).click();
  await isAccessible(page, "inviting");
  expect(await page.getByLabel("They begin in").locator("option:checked").innerText()).toBe("General");
  await page.getByRole("button", { name: "Make a link" }).click();
  const invite = await page.getByRole("textbox", { name: "Link" }).inputValue();
  const code = page.getByRole("img", { name: "QR code of the link" });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await isAccessible(page, `an invite, ${colorScheme}`);
    expect(decode(await pixels(page, await code.screenshot())), `what a camera reads, ${colorScheme}`).toBe(invite);
  }
  const guest = await fresh.window(invite.slice(fresh.server.url.length), LOOKS["phone-light"]);
  await guest.page.getByLabel("Username").fill("gwen");
  await guest.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await guest.page.getByRole("button", { name: "Sign up" }).click();
  // A phone, too, shows the conversation at once: what is left is one tap, and to write.
  await guest.page.getByRole("heading", { name: "#general" }).waitFor();
  await composer(guest.page).tap();
  await guest.page.keyboard.type("Here I am");
  await guest.page.getByRole("button", { name: "Send message" }).tap();
  await sees(guest.page, "Here I am");
  await guest.page.goBack();
  await guest.page.getByRole("navigation", { name: "Rooms" }).getByText("General").waitFor();
  expect(new URL(guest.page.url()).pathname, "the way back leads to the list").toBe("/");
  await page.keyboard.press("Escape");
  await sees(page, "Here I am");
  const late = await fresh.window(path);
  await late.page.getByLabel("Username").fill("mallory");
  await late.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await late.page.getByRole("button", { name: "Set up" }).click();
  await late.page.locator(".problem", { hasText: /\w/u }).waitFor();
  expect(faults).toEqual([]);
  await Promise.all([close(), guest.close(), late.close()]);
  await fresh.close();
});
