// The list of rooms and what one has done in them, in the whole client: drafts, widths, marks, what others have seen.

import { afterAll, beforeAll, expect, test } from "vitest";

import { type Harbour, settle } from "./app/harbour.js";
import { House, PASSWORD } from "./app/house.js";
import { composer, isAccessible, sees, write } from "./browser.js";

const TIME_MS = 60_000;

let house: House;
let people: Harbour;

beforeAll(async () => {
  house = await House.open();
  people = await settle(house);
}, TIME_MS);
afterAll(() => house?.close(), TIME_MS);

test("the list says where one has begun to write, in every tab", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("bjorn", "/r/harbour");
  await sees(page, "Thanks everybody");
  const second = await page.context().newPage();
  await second.goto(`${house.server.url}/r/deploys`);
  await sees(second, "2.4 is ready");
  await composer(page).fill("to be continued");
  const marked = (where: typeof page) => where.locator(".place-link", { hasText: "Draft" });
  await marked(second).waitFor();
  expect(await marked(second).textContent()).toContain("Harbour");
  expect(await marked(page).count(), "where one writes, one sees it").toBe(0);
  await page.locator(".place-link", { hasText: "Deploys" }).click();
  await marked(page).waitFor();
  await page.goBack();
  expect(await composer(page).inputValue()).toBe("to be continued");
  await composer(page).fill("");
  await marked(second).waitFor({ state: "detached" });
  await close();
});

test("the list is made wider by pointer and keys, is folded away, and stays so", { timeout: TIME_MS }, async () => {
  const { page, faults, close } = await house.signedIn("bjorn", "/r/harbour");
  await sees(page, "Thanks everybody");
  const widthPx = () => page.locator(".sidebar").evaluate((list) => Math.round(list.getBoundingClientRect().width));
  const edge = page.getByRole("separator", { name: "Width of the list of rooms" });
  expect(await widthPx()).toBe(264);
  const box = await edge.boundingBox();
  if (!box) throw new Error("there is no edge");
  await page.mouse.move(box.x + box.width / 2, 300);
  await page.mouse.down();
  await page.mouse.move(340, 320, { steps: 4 });
  await page.mouse.up();
  expect(await widthPx()).toBe(340);
  await edge.focus();
  await page.keyboard.press("ArrowLeft");
  expect(await widthPx()).toBe(324);
  expect(await edge.getAttribute("aria-valuenow")).toBe("324");
  await page.keyboard.press("End");
  expect(await widthPx()).toBe(420);
  await page.keyboard.press("Enter");
  const show = page.getByRole("button", { name: "Show the list of rooms" });
  await show.waitFor();
  await expect.poll(() => show.evaluate((button) => button === document.activeElement)).toBe(true);
  await isAccessible(page, "with the list folded away");
  await page.reload();
  await sees(page, "Thanks everybody");
  await page.setViewportSize({ width: 390, height: 780 });
  await page.getByRole("link", { name: "Back to the list of rooms" }).click();
  await page.locator(".place-link", { hasText: "Harbour" }).click();
  await page.setViewportSize({ width: 1360, height: 860 });
  await show.click();
  await edge.waitFor();
  expect(await widthPx()).toBe(420);
  await edge.dblclick();
  expect(await widthPx()).toBe(264);
  expect(faults).toEqual([]);
  await close();
});

test("Shift+Esc marks everything as read, and that can be taken back", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("ada", "/r/empty-pier");
  await page.locator(".beginning-title").waitFor();
  const unread = page.locator(".place-link.is-unread");
  await expect.poll(() => unread.count()).toBe(3);
  await page.keyboard.press("Shift+Escape");
  await expect.poll(() => unread.count()).toBe(0);
  await page.locator(".toast", { hasText: "3 conversations marked as read" }).waitFor();
  await isAccessible(page, "a toast");
  const counts = async () => (await people.ada.unread()).filter(({ unreadCount }) => unreadCount > 0).length;
  await expect.poll(counts).toBe(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => unread.count()).toBe(3);
  await expect.poll(counts).toBe(3);
  await close();
});

test("a conversation says what the other person has seen", { timeout: TIME_MS }, async () => {
  const chioma = people.chioma.auth.user.get()?.id ?? "";
  const bjorn = people.bjorn.auth.user.get()?.id ?? "";
  const { page, close } = await house.signedIn("bjorn", `/d/${chioma}`);
  await page.locator(".beginning-title").waitFor();
  await write(page, "have you seen this?");
  await page.locator(".message time.rail").waitFor();
  expect(await page.locator(".message-seen").count()).toBe(0);
  const other = await house.signedIn("chioma", `/d/${bjorn}`);
  await sees(other.page, "have you seen this?");
  await other.page.bringToFront();
  await page.locator(".message-seen").waitFor();
  await write(page, "and this?");
  await page.locator(".message", { hasText: "and this?" }).locator(".message-seen").waitFor();
  expect(await page.locator(".message-seen").count()).toBe(1);
  expect(await other.page.locator(".message-seen").count(), "one's own reading is nothing to tell").toBe(0);
  await Promise.all([close(), other.close()]);
});

test("code is shown in colours, in every theme with enough contrast", { timeout: TIME_MS }, async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, faults, close } = await house.signedIn("bjorn", "/r/deploys", { colorScheme });
    const code = '// why\nlet n = 1;\nsay("hello");';
    if (colorScheme === "light") await write(page, `\`\`\`rust\n${code}\n\`\`\``);
    await page.locator(".markdown pre .code-keyword", { hasText: "let" }).waitFor();
    expect(await page.locator(".markdown pre").textContent()).toBe(code);
    expect(await page.locator(".markdown pre span").allTextContents()).toEqual(["// why", "let", "1", '"hello"']);
    await isAccessible(page, `code on ${colorScheme}`);
    expect(faults).toEqual([]);
    await close();
  }
});

test("a new version of the server's page is offered, and never in the middle of a word", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("bjorn", "/r/harbour");
  await sees(page, "Thanks everybody");
  const bar = page.getByText("A new version is ready.");
  // The same page, as a server of another version has it.
  await page.route(`${house.server.url}/`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replaceAll("?v=", "?v=another-") });
  });
  await composer(page).fill("in the middle of");
  await house.server.kill();
  await page.getByText("Reconnecting…").waitFor();
  const asked = page.waitForResponse(`${house.server.url}/`);
  await house.server.startAgain();
  await page.getByText("Back online").waitFor({ timeout: 30_000 });
  await asked;
  await page.getByText("Back online").waitFor({ state: "detached" });
  expect(await bar.count()).toBe(0);
  await composer(page).fill("");
  await bar.waitFor();
  await isAccessible(page, "the bar of a new version");
  await page.unroute(`${house.server.url}/`);
  await page.getByRole("button", { name: "Reload" }).click();
  await sees(page, "Thanks everybody");
  expect(await bar.count()).toBe(0);
  await close();
});

test("a part of the client that cannot be loaded says so, and is there after all", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.window("/login");
  const parts = "**/assets/parts.js*";
  await page.context().route(parts, (route) => route.abort());
  await page.getByLabel("Username").fill("bjorn");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Browse rooms" }).first().click();
  await page.getByText("This part could not be loaded.").waitFor();
  await isAccessible(page, "a part that is missing");
  await page.context().unroute(parts);
  await page.getByRole("button", { name: "Reload" }).click();
  await page.locator(".room-card").first().waitFor();
  await close();
});

test("what is typed for a dialog that is being loaded is never a message", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("bjorn", "/browse");
  let open = () => {};
  const opened = new Promise<void>((done) => {
    open = done;
  });
  await page.route("**/assets/parts.js*", async (route) => {
    await opened;
    await route.continue();
  });
  await page.goto(`${house.server.url}/r/harbour`);
  await sees(page, "Thanks everybody");
  await composer(page).focus();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("dep");
  await page.keyboard.press("Enter");
  expect(await composer(page).inputValue()).toBe("");
  open();
  const field = page.getByRole("combobox", { name: /Jump/u });
  await field.waitFor();
  expect(await field.inputValue()).toBe("dep");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "#deploys" }).waitFor();
  await close();
});

test("a dialog that was closed is opened again at once", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("bjorn", "/r/harbour");
  await sees(page, "Thanks everybody");
  const field = page.getByRole("combobox", { name: /Jump/u });
  await page.keyboard.press("Control+k");
  await field.waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type(">");
  expect(await field.inputValue()).toBe(">");
  await close();
});

test("the people of a room do not stay beside a conversation of two, nor an open menu", { timeout: TIME_MS }, async () => {
  const { page, close } = await house.signedIn("ada", "/r/harbour");
  await sees(page, "Thanks everybody");
  await page.getByRole("button", { name: /^People/u }).click();
  const menu = page.locator("details.menu[open]");
  await page.getByLabel("Manage Chioma Eze").click();
  await menu.waitFor();
  await page.locator(".pane h2").click();
  await menu.waitFor({ state: "detached" });
  await page.locator(".place-link", { hasText: "Björn" }).click();
  await page.getByRole("heading", { name: "Björn Lind" }).waitFor();
  await page.getByRole("complementary").waitFor({ state: "detached" });
  await close();
});
