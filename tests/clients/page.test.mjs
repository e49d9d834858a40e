// The page in a real browser: two people meet, talk, lose the connection, and come back.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { describePage, isAccessible, isFaultless, launch, LOOKS, missing, openWindow, takePicture } from './browser.mjs';
import { startRelay } from './relay.mjs';
import { call, expectStatus } from './rest.mjs';
import { startServer } from './server.mjs';

const PASSWORD = 'a long password';
const HOSTILE = [
  '<script>globalThis.stolen = 1</script>',
  '<img src=x onerror="globalThis.stolen = 1">',
  '<svg/onload=globalThis.stolen=1>',
  '[x](javascript:globalThis.stolen=1) ![y](http://127.0.0.1:9/pixel.png)',
];

describe('the page', { skip: missing }, () => {
  let server;
  let relay;
  let browser;
  let ada;
  let bob;
  let lost = null;

  before(async () => {
    server = await startServer({ FIRESIDE_SIGNUP: 'invite' });
    relay = await startRelay(server.url);
    browser = await launch();
    ada = await openWindow(browser);
    bob = await openWindow(browser);
  });
  after(async () => {
    await browser?.close();
    await relay?.stop();
    await server?.stop();
  });

  const rows = (page) => page.locator('.row .text').allInnerTexts();
  const write = async (page, text) => {
    await page.locator('#composer').fill(text);
    await page.locator('#composer').press('Enter');
  };
  const sees = (page, text) => page.locator('.row .text', { hasText: text }).first().waitFor();
  /** A REST call as the person of this window. */
  const as = async ({ page }, method, path, body) => {
    const token = await page.evaluate(() => JSON.parse(localStorage.getItem('fireside.session')).accessToken);
    return call(server, method, path, { token, body });
  };
  /** Waits until the person of this window has read all of a room, as the server has it. */
  const hasRead = async (window, slug) => {
    const [newest] = await expectStatus(200, as(window, 'GET', `/chat/rooms/${slug}/messages?limit=1`));
    for (let tries = 0; tries < 100; tries += 1) {
      const read = await expectStatus(200, as(window, 'PUT', `/chat/rooms/${slug}/read`, { seq: 0 }));
      if (read.seq >= newest.seq) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    assert.fail(`never read up to ${newest.seq}`);
  };
  const open = (page, name) => page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name }).click();

  /** One step of the story. When one fails, those after it fail at once instead of waiting for what cannot come. */
  const step = (name, run) => test(name, async () => {
    assert.equal(lost, null, `the story ended at: ${lost}`);
    lost = name;
    try {
      await run();
    } catch (error) {
      throw new Error(`${error.message}\nAda: ${await describePage(ada)}\nBjörn: ${await describePage(bob)}`, { cause: error });
    }
    lost = null;
  });

  step('a new server is claimed by its setup link', async () => {
    const { page } = ada;
    await page.goto(`${relay.url}/setup#token=${await server.setupToken()}`);
    await page.getByRole('heading', { name: 'Set up this server' }).waitFor();
    await isAccessible(page, 'the setup page');
    await takePicture(page, 'setup');
    await page.getByLabel('Name (as others').fill('Ada Lovelace');
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByRole('heading', { name: '# General' }).waitFor();
    assert.ok(!page.url().includes('token'), 'the token is still in the address');
    assert.equal(new URL(page.url()).pathname, '/');
  });

  step('somebody else signs up with an invite, and joins', async () => {
    const { page } = bob;
    await page.goto(`${server.url}/`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await takePicture(page, 'sign-in');
    await isAccessible(page, 'the sign-in page');
    await ada.page.getByRole('button', { name: 'Invite people' }).click();
    const link = new URL(await ada.page.getByLabel('Link').inputValue());
    await isAccessible(ada.page, 'the invite');
    await takePicture(ada.page, 'invite');
    await ada.page.keyboard.press('Escape');
    await page.goto(server.url + link.pathname);
    await page.getByRole('heading', { name: 'Make an account' }).waitFor();
    await isAccessible(page, 'the sign-up page');
    await takePicture(page, 'sign-up');
    await page.getByLabel('Name (as others').fill('Björn Lind');
    await page.getByLabel('Username').fill('bjorn');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign up' }).click();
    await page.getByRole('heading', { name: 'Browse rooms' }).waitFor();
    await page.locator('.card-row').first().waitFor();
    await isAccessible(page, 'browsing');
    await takePicture(page, 'browse');
    await page.getByRole('button', { name: 'Join General' }).click();
    await page.getByRole('heading', { name: '# General' }).waitFor();
    await ada.page.getByRole('button', { name: '2 of 2 here' }).waitFor();
  });

  step('they talk, and see each other typing', async () => {
    await write(ada.page, 'Good morning!');
    await sees(bob.page, 'Good morning!');
    await bob.page.locator('#composer').pressSequentially('Good m');
    await ada.page.getByText('Björn Lind is typing…').waitFor();
    await bob.page.locator('#composer').fill('Good morning, Ada.');
    await bob.page.locator('#composer').press('Shift+Enter');
    await bob.page.locator('#composer').pressSequentially('How are you?');
    await bob.page.locator('#composer').press('Enter');
    await sees(ada.page, 'How are you?');
    for (const { page } of [ada, bob]) {
      assert.deepEqual(await rows(page), ['Good morning!', 'Good morning, Ada.\nHow are you?']);
      assert.equal(await page.locator('.row .state').count(), 0);
    }
    await ada.page.locator('.typing', { hasNotText: 'typing' }).waitFor({ state: 'attached' });
  });

  step('a new message is read out, one’s own is not', async () => {
    await write(bob.page, 'Read this out');
    const polite = ada.page.locator('[aria-live="polite"]');
    await polite.getByText('Björn Lind: Read this out').waitFor({ state: 'attached' });
    assert.ok(!(await bob.page.locator('[aria-live="polite"]').innerText()).includes('Read this out'));
  });

  step('hostile text is only text', async () => {
    for (const text of HOSTILE) await write(bob.page, text);
    for (const { page } of [ada, bob]) {
      for (const text of HOSTILE) await sees(page, text);
      assert.equal(await page.evaluate(() => globalThis.stolen), undefined);
      assert.equal(await page.locator('.log img, .log script, .log iframe, .log a[href^="javascript"]').count(), 0);
    }
    await write(bob.page, 'See https://example.org/a(b)?q=1. Or not.');
    const link = ada.page.locator('.log a[href="https://example.org/a(b)?q=1"]');
    assert.equal(await link.getAttribute('rel'), 'noopener noreferrer nofollow');
  });

  step('one’s own messages can be changed and deleted', async () => {
    const { page } = ada;
    await write(page, 'Wirte');
    await page.locator('.row', { hasText: 'Wirte' }).getByRole('button', { name: 'Edit message' }).waitFor({ state: 'attached' });
    await page.locator('#composer').press('ArrowUp');
    await page.getByLabel('Message text').press('Escape');
    await page.locator('.row:focus').press('e');
    await page.getByLabel('Message text').fill('Write');
    await isAccessible(page, 'changing a message');
    await takePicture(page, 'edit');
    await page.getByLabel('Message text').press('Enter');
    await bob.page.locator('.row .text', { hasText: 'Write (edited)' }).waitFor();
    assert.equal(await bob.page.getByRole('button', { name: 'Edit message' }).count() > 0, true);
    const row = page.locator('.row', { hasText: 'Write (edited)' });
    await row.hover();
    await takePicture(page, 'tools');
    await row.getByRole('button', { name: 'Delete message' }).click();
    await isAccessible(page, 'the question before a deletion');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await bob.page.locator('.row', { hasText: 'Write (edited)' }).waitFor({ state: 'detached' });
    assert.equal(await bob.page.locator('.row', { hasText: 'Good morning!' }).getByRole('button').count(), 0, 'Ada’s message offers tools to Björn');
  });

  step('everything is there after a reload', async () => {
    const before = await rows(ada.page);
    assert.ok(before.length >= 8);
    await ada.page.reload();
    await sees(ada.page, 'Good morning!');
    assert.deepEqual(await rows(ada.page), before);
    await ada.page.getByRole('heading', { name: '# General' }).waitFor();
    await hasRead(ada, 'general');
  });

  step('a direct message by username, with its badge', async () => {
    await bob.page.getByRole('button', { name: 'Message someone' }).click();
    await bob.page.getByLabel('Username').fill('ada');
    await bob.page.locator('.dialog .row-button').waitFor();
    await isAccessible(bob.page, 'the question whom to write to');
    await takePicture(bob.page, 'dialog');
    await bob.page.getByRole('button', { name: 'Open', exact: true }).click();
    await bob.page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor();
    await write(bob.page, 'Just for you');
    await ada.page.getByRole('link', { name: /Björn Lind.*online.*1 unread/u }).waitFor();
    assert.match(await ada.page.title(), /^\(1\) /u);
    await takePicture(ada.page, 'unread');
    await open(ada.page, /Björn Lind/u);
    await sees(ada.page, 'Just for you');
    await write(ada.page, 'Thank you');
    await sees(bob.page, 'Thank you');
    await ada.page.getByRole('link', { name: /Björn Lind\W+online$/u }).waitFor();
  });

  step('what is unread begins at a line, also after a reload', async () => {
    await open(bob.page, /General/u);
    await write(bob.page, 'Did you see this?');
    await write(bob.page, 'And this?');
    await ada.page.getByRole('link', { name: /General.*2 unread/u }).waitFor();
    await ada.page.reload();
    await ada.page.getByRole('link', { name: /General.*2 unread/u }).waitFor();
    await open(ada.page, /General/u);
    await sees(ada.page, 'And this?');
    const line = ada.page.locator('.new');
    await line.waitFor();
    const next = await line.evaluate((element) => element.nextElementSibling.querySelector('.text').innerText);
    assert.equal(next, 'Did you see this?');
    await takePicture(ada.page, 'new');
    await ada.page.getByRole('link', { name: '# General', exact: true }).waitFor();
  });

  step('what the server refuses says so, and can be tried again or given up', async () => {
    const { page } = ada;
    await write(page, '\u200b');
    const failed = page.locator('.row.is-failed');
    await failed.getByText('Not sent.').waitFor();
    await page.locator('[aria-live="assertive"]').getByText('Message not sent.').waitFor({ state: 'attached' });
    await isAccessible(page, 'a message that was not sent');
    await takePicture(page, 'failed');
    await failed.getByRole('button', { name: 'Retry' }).click();
    await failed.getByText('Not sent.').waitFor();
    await failed.getByRole('button', { name: 'Delete' }).click();
    await failed.waitFor({ state: 'detached' });
  });

  step('tokens that end are renewed, by two tabs at once without harm', async () => {
    const twin = await ada.context.newPage();
    await twin.goto(ada.page.url());
    await sees(twin, 'And this?');
    const expire = () => {
      const session = JSON.parse(localStorage.getItem('fireside.session'));
      localStorage.setItem('fireside.session', JSON.stringify({ ...session, endsAt: 0 }));
      return session.refreshToken;
    };
    const before = await ada.page.evaluate(expire);
    await Promise.all([ada.page.reload(), twin.reload()]);
    for (const page of [ada.page, twin]) await sees(page, 'And this?');
    const after = await ada.page.evaluate(() => JSON.parse(localStorage.getItem('fireside.session')));
    assert.notEqual(after.refreshToken, before);
    assert.ok(after.endsAt > Date.now());
    await write(twin, 'From the other tab');
    await sees(ada.page, 'From the other tab');
    await twin.close();
  });

  step('a room of one’s own, and somebody added to it', async () => {
    const { page } = ada;
    await page.getByRole('button', { name: 'Create a room' }).click();
    await isAccessible(page, 'the question for a new room');
    await page.getByLabel('Name', { exact: true }).fill('Quiet <b>corner</b>');
    await page.getByLabel(/Private/u).check();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'Quiet <b>corner</b>' }).waitFor();
    await page.getByRole('button', { name: '1 of 1 here' }).click();
    await page.getByLabel('Add someone by username').fill('bjorn');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('dialog').getByText('@bjorn').waitFor();
    await isAccessible(page, 'the people of a room');
    await takePicture(page, 'people');
    await page.keyboard.press('Escape');
    await bob.page.getByRole('link', { name: /Quiet <b>corner<\/b>/u }).waitFor();
  });

  step('older messages are read when one goes back, and what one looks at stays', async () => {
    const room = (await expectStatus(200, as(ada, 'GET', '/chat/rooms'))).find((one) => one.slug !== 'general');
    for (let n = 1; n <= 130; n += 1) await expectStatus(201, as(ada, 'POST', `/chat/rooms/${room.id}/messages`, { content: `line ${n}` }));
    await ada.page.reload();
    await sees(ada.page, 'line 130');
    const log = ada.page.locator('.log');
    assert.ok((await rows(ada.page)).length < 100, 'the whole room was read at once');
    await log.evaluate((element) => { element.scrollTop = 0; });
    await ada.page.waitForFunction(() => document.querySelectorAll('.row').length > 90);
    assert.ok(await log.evaluate((element) => element.scrollTop > 500), 'the view jumped to the new beginning');
    await ada.page.getByRole('button', { name: /Latest messages/u }).waitFor();
    for (let tries = 0; tries < 20 && (await rows(ada.page)).length < 130; tries += 1) {
      await log.evaluate((element) => { element.scrollTop = 0; });
      await ada.page.waitForTimeout(100);
    }
    assert.deepEqual(await rows(ada.page), Array.from({ length: 130 }, (_, n) => `line ${n + 1}`));
    await log.evaluate((element) => { element.scrollTop = 0; });
    await expectStatus(201, as(bob, 'POST', `/chat/rooms/${room.id}/messages`, { content: 'down below' }));
    await ada.page.getByRole('button', { name: '↓ 1 new message' }).click();
    await sees(ada.page, 'down below');
    await ada.page.getByRole('button', { name: /new message/u }).waitFor({ state: 'hidden' });
  });

  step('a lost connection loses nothing: what was missed comes, what was written goes', async () => {
    await open(ada.page, /General/u);
    await open(bob.page, /General/u);
    await sees(ada.page, 'And this?');
    const before = (await rows(ada.page)).length;
    relay.cut();
    ada.faults.length = 0;
    await write(bob.page, 'You are away');
    await ada.page.getByText('Reconnecting…').waitFor();
    await write(ada.page, 'I am away');
    await ada.page.getByText('Waiting for connection').waitFor();
    await takePicture(ada.page, 'offline');
    relay.mend();
    await sees(ada.page, 'You are away');
    await sees(bob.page, 'I am away');
    await ada.page.locator('.row .state').waitFor({ state: 'detached' });
    assert.deepEqual((await rows(ada.page)).slice(before), ['You are away', 'I am away']);
    // The browser itself reports the connections that could not be made.
    ada.faults.splice(0, ada.faults.length, ...ada.faults.filter((fault) => !/ERR_|WebSocket/u.test(fault)));
  });

  step('no policy was broken, and nothing went wrong unseen', async () => {
    await isFaultless(ada);
    await isFaultless(bob);
  });

  step('it holds in light and dark, on a desk and on a phone of 360 px', async () => {
    const { context } = ada;
    const state = await context.storageState();
    for (const [name, look] of Object.entries(LOOKS)) {
      const window = await openWindow(browser, { ...look, storageState: state, hasTouch: name.startsWith('phone') });
      const { page } = window;
      await page.goto(`${relay.url}/#/r/general`);
      await sees(page, 'I am away');
      await isAccessible(page, `a room, ${name}`);
      await takePicture(page, `room-${name}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'wider than the screen');
      if (name.startsWith('phone')) {
        await page.getByRole('button', { name: 'Back to the list' }).click();
        await page.getByRole('button', { name: 'Browse rooms' }).waitFor();
        await isAccessible(page, `the list of rooms, ${name}`);
        await takePicture(page, `list-${name}`);
        await page.getByRole('button', { name: 'Browse rooms' }).click();
        await page.locator('.card-row').first().waitFor();
        await isAccessible(page, `browsing, ${name}`);
        await takePicture(page, `browse-${name}`);
      }
      await isFaultless(window);
      await window.context.close();
    }
  });

  step('signing out forgets everything; signing in brings it back', async () => {
    const { page } = bob;
    const twin = await bob.context.newPage();
    await twin.goto(page.url());
    await sees(twin, 'You are away');
    await page.getByRole('button', { name: 'Sign out' }).click();
    for (const tab of [page, twin]) await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
    await twin.close();
    assert.equal(await page.evaluate(() => localStorage.getItem('fireside.session')), null);
    assert.equal(await page.locator('.row').count(), 0);
    await page.getByLabel('Username').fill('bjorn');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await open(page, /General/u);
    await sees(page, 'You are away');
    await isFaultless(bob);
  });

  step('a wrong password is told, and the form stays', async () => {
    const { page, context } = await openWindow(browser);
    await page.goto(`${server.url}/`);
    await page.getByLabel('Username').fill('bjorn');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: /\w/u }).waitFor();
    assert.equal(await page.getByLabel('Username').inputValue(), 'bjorn');
    await context.close();
  });
});
