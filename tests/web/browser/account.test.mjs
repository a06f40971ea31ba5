// Signing up, logging in and out, in two windows of one browser.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { call, launch, openPage, Phone, serverUrl } from '../support.mjs';

const url = serverUrl();
/** What a browser writes itself when something is refused. */
const REFUSED = [/status of 40[019]/];

let browser;

before(async () => {
  browser = await launch();
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
});

const field = (page, label) => page.getByLabel(label, { exact: true });
/** What is said to be wrong with a field. */
async function wrongWith(page, label) {
  const input = field(page, label);
  await page.waitForFunction((it) => it.getAttribute('aria-invalid') === 'true', await input.elementHandle());
  const ids = (await input.getAttribute('aria-describedby')).split(' ');
  return page.locator(`#${ids.at(-1)}`).innerText();
}

test('who_signs_up_comes_back_to_where_they_were_going_and_is_logged_in_everywhere', async () => {
  const { page, context, faults } = await openPage(browser, `${url}/keys`, { width: 360, height: 740, expected: REFUSED });
  const other = await context.newPage();
  await other.goto(`${url}/habits`);
  await page.getByRole('link', { name: 'Sign up', exact: true }).click();
  await page.waitForURL(/\/account\?next=%2Fkeys/);
  const taken = await Phone.signUp(url, 'Taken');
  const password = randomBytes(12).toString('hex');
  await page.getByRole('button', { name: 'Sign up' }).click();
  assert.notEqual(await wrongWith(page, 'Name'), '', 'an empty name');
  await field(page, 'Name').fill(taken.name);
  await field(page, 'Password').fill('short');
  await page.getByRole('button', { name: 'Sign up' }).click();
  assert.notEqual(await wrongWith(page, 'Password'), '');
  await field(page, 'Password').fill(password);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.locator('.wrong').filter({ hasText: /taken/ }).waitFor();
  assert.equal(await field(page, 'Password').inputValue(), password, 'what was typed stays');

  const name = `New ${randomBytes(4).toString('hex')}`;
  await field(page, 'Name').fill(name);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.waitForURL(`${url}/keys`);
  await page.getByLabel('What is it for?').waitFor();
  await other.getByRole('link', { name: `Your account, ${name}` }).waitFor();

  await page.goto(`${url}/account`);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Sign up' }).waitFor();
  await other.getByRole('link', { name: 'Log in or sign up' }).waitFor();
  const token = await page.evaluate(() => localStorage.getItem('runnity.account'));
  assert.equal(token, null);

  await page.getByRole('main').getByRole('link', { name: 'Log in' }).click();
  await field(page, 'Name').fill(name);
  await field(page, 'Password').fill('a wrong one');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.locator('.wrong').filter({ hasText: /\w/ }).first().waitFor();
  await field(page, 'Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test('what_others_see_is_changed_and_a_revoked_log_in_leaves_a_spectator', async () => {
  const phone = await Phone.signUp(url, 'Seen');
  const { page, context, faults } = await openPage(browser, `${url}/account`, { as: phone, expected: REFUSED });
  await page.getByLabel('Only you').check();
  await field(page, 'Shown as').fill('<b>Bold</b>');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  const own = await call(url, '/api/users/me', { token: phone.token, method: 'GET' });
  assert.deepEqual([own.visibility, own.display_name], ['private', '<b>Bold</b>']);

  await call(url, '/api/users/me', { token: phone.token, method: 'PATCH', body: { current_password: phone.password, password: `${phone.password}!` } });
  await page.getByRole('link', { name: 'Log in or sign up' }).waitFor();
  await page.locator('#connection[data-connection="live"]').waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test('nobody_is_led_elsewhere_after_a_log_in', async () => {
  const phone = await Phone.signUp(url, 'Led');
  for (const next of ['https://example.com/', '//example.com/', '/\\example.com', 'javascript:alert(1)']) {
    const { page, context } = await openPage(browser, `${url}/account?next=${encodeURIComponent(next)}#log-in`);
    await field(page, 'Name').fill(phone.name);
    await field(page, 'Password').fill(phone.password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    assert.equal(new URL(page.url()).origin, url);
    await context.close();
  }
});
