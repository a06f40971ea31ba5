// What one unlocks, on the screen of whoever is logged in.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS, call, DEADLINE_MS, launch, openPage, Phone, serverUrl, until } from '../support.mjs';

const url = serverUrl();
const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

let browser;

before(async () => {
  browser = await launch();
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
});

const idOf = async (phone) => (await call(url, '/api/users/me', { token: phone.token, method: 'GET' })).id;

async function befriend(one, other) {
  await call(url, '/api/friends', { token: one.token, body: { user: await idOf(other) } });
  await call(url, `/api/friends/${await idOf(one)}`, { token: other.token, method: 'PUT', body: { state: 'accepted' } });
}

/** From a page that asks for it, and back there. */
async function logIn(page, phone) {
  await page.locator('.ask').getByRole('link', { name: 'Log in' }).click();
  await page.getByLabel('Name').fill(phone.name);
  await page.getByLabel('Password', { exact: true }).fill(phone.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(`${url}/keys`);
  await page.locator('#connection[data-connection="live"]').waitFor();
}

/** Within a phone's width, off the bar at the bottom, and without a fault that axe finds. */
async function looksRight(page, toast, name) {
  await toast.hover(); // what one looks at stays
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} px`);
  const box = await toast.boundingBox();
  const bar = await page.locator('.journeys').boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.y + box.height <= bar.y, JSON.stringify([box, bar]));
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`), []);
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`) });
}

for (const theme of ['light', 'dark']) {
  test(`who_is_logged_in_sees_what_is_unlocked_in_the_${theme}`, async () => {
    const aino = await Phone.start(url, { name: 'Aino', before_s: 150 });
    const eero = await Phone.start(url, { name: '<b>Eero</b>', before_s: 150 });
    await befriend(aino, eero);
    const { page, context, faults } = await openPage(browser, `${url}/keys`, { width: 360, height: 640, theme, reducedMotion: 'reduce' });
    await logIn(page, aino);
    const toasts = page.locator('#toasts .toast');
    assert.equal(await page.locator('#toasts').getAttribute('aria-live'), 'polite');
    await aino.say('finish');
    const first = toasts.filter({ hasText: 'First run' }).first();
    await first.waitFor();
    for (const words of ['Unlocked', 'Reached', '+10 points', 'Badge: shoe']) await first.getByText(words, { exact: true }).waitFor();
    assert.equal(await first.getByRole('link', { name: 'See it' }).getAttribute('href'), '/earn#first_run');
    for (const part of [first, first.locator('.badge')]) assert.equal(await part.evaluate((it) => getComputedStyle(it).animationName), 'none', 'nothing moves');
    await looksRight(page, first, `toasts-360-${theme}`);

    // On a phone the others wait their turn.
    await eero.say('finish');
    await page.locator('.toasts-more').waitFor();
    assert.equal(await toasts.count(), 1);
    const friends = toasts.filter({ hasText: `${eero.name}: First run` });
    while (!await friends.isVisible()) await toasts.first().getByRole('button', { name: /^Dismiss / }).click();
    assert.equal(await page.locator('#toasts b').count(), 0, 'a name is text');
    assert.ok(await friends.evaluate((it) => it.classList.contains('quiet')));
    await looksRight(page, friends, `toasts-friend-360-${theme}`);

    // By keyboard; the next one has the focus then.
    for (const key of ['Enter', 'Escape', ' ', 'Enter', 'Escape', ' ', 'Enter', 'Escape']) {
      if (await toasts.count() === 0) break;
      const told = await toasts.first().elementHandle();
      await toasts.first().getByRole('button', { name: /^Dismiss / }).press(key);
      await until(page, (it) => !it.isConnected, told);
    }
    assert.equal(await toasts.count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'toasts');
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test('no_more_is_shown_at_once_than_fits_and_nothing_is_said_twice', async () => {
  const { page, context } = await openPage(browser, `${url}/keys`, { reducedMotion: 'reduce' });
  await page.evaluate(async () => {
    const { createToasts } = await import('/toasts.js');
    const region = document.body.appendChild(document.createElement('section'));
    region.className = 'toasts mine';
    region.tabIndex = -1;
    window.toasts = createToasts(region);
    window.tell = (title, more = {}) => window.toasts.show({ kind: 'quiet', title, lines: [], link: null, picture: '', about: '', ...more });
  });
  const titles = () => page.evaluate(() => [...document.querySelectorAll('.mine h2')].map((it) => it.textContent));
  const more = page.locator('.mine .toasts-more');
  await page.evaluate(() => ['one', 'two', 'three', 'four', 'five'].forEach((title) => window.tell(title)));
  assert.deepEqual(await titles(), ['one', 'two', 'three']);
  await more.getByText('2 more').waitFor();
  // On a screen that has become narrow fewer fit, and none is lost.
  await page.setViewportSize({ width: 360, height: 740 });
  await more.getByText('4 more').waitFor();
  await page.setViewportSize({ width: 1280, height: 800 });
  await more.getByText('2 more').waitFor();
  assert.deepEqual(await titles(), ['one', 'two', 'three']);

  // What one has achieved oneself comes before what others tell.
  await page.evaluate(() => window.tell('Marathon', { kind: 'unlocked', picture: 'marathon' }));
  await page.getByRole('button', { name: 'Dismiss two' }).press('Enter');
  assert.deepEqual(await titles(), ['one', 'three', 'Marathon']);
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Dismiss one', 'the focus is not lost');
  await more.getByRole('button', { name: 'Dismiss all' }).click();
  assert.deepEqual([await titles(), await more.isVisible()], [[], false]);

  const progress = (line) => page.evaluate((words) => window.tell('Far', { lines: [words], about: 'progress of 1' }), line);
  await progress('Eero is in the lead now');
  await progress('You are in the lead now');
  assert.equal(await page.locator('.mine .toast').innerText().then((text) => text.includes('You are in the lead now')), true);
  assert.equal(await page.locator('.mine .toast').count(), 1, 'newer news take the place of older');
  await page.getByRole('button', { name: 'Dismiss Far' }).click();
  await progress('You are in the lead now');
  assert.equal(await page.locator('.mine .toast').count(), 0, 'the same is not said twice');
  await context.close();
});

test('what_is_told_between_two_pages_is_said_on_the_next', async () => {
  const aino = await Phone.start(url, { name: 'Between', before_s: 150 });
  const { page, context, faults } = await openPage(browser, `${url}/keys`, { as: aino });
  await until(page, () => sessionStorage.getItem('runnity.heard'));
  await page.goto(`${url}/docs/errors/Conflict`);
  await aino.say('finish');
  const deadline_ms = Date.now() + DEADLINE_MS;
  const isReached = async () => (await call(url, '/api/users/me/achievements', { token: aino.token, method: 'GET' }))
    .some(({ achievement }) => achievement.name === 'first_run' && achievement.level > 0);
  while (!await isReached()) {
    assert.ok(Date.now() < deadline_ms, 'it is not reached');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await page.goto(`${url}/account`);
  await page.locator('#toasts .toast', { hasText: 'First run' }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
