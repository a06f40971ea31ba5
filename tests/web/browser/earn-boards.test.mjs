// Leaderboards of many, and what can be done with a challenge.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { ADMIN_TOKEN, startServer } from '../server.mjs';
import { call, launch, openPage, Phone, until } from '../support.mjs';

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  await server?.stop();
});

const COUNT = 24;
const EXPECTED = [/status of 400/];

/** As the back end of an admin's does it. */
async function admin(path, fields) {
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers: { Authorization: ADMIN_TOKEN }, body: new URLSearchParams(fields) });
  assert.ok(response.ok, `${path}: ${response.status}`);
}

async function signUp(name) {
  const phone = await Phone.signUp(server.url, name);
  phone.id = (await call(server.url, '/api/users/me', { token: phone.token, method: 'GET' })).id;
  return phone;
}

async function openAs({ id, name, token }, path) {
  const opened = await openPage(browser, `${server.url}/account`, { expected: EXPECTED, reducedMotion: 'reduce' });
  await opened.page.evaluate((own) => localStorage.setItem('runnity.account', JSON.stringify(own)), { id, name, token });
  await opened.page.goto(`${server.url}${path}`);
  return opened;
}

test('a_board_of_many_has_pages_and_leads_to_oneself', async () => {
  const me = await signUp('Aino');
  for (let number = 1; number <= COUNT; number += 1) {
    await admin(`/add_or_update_user/runner-${number}`, {});
    await admin(`/increase_value/xp/runner-${number}`, { value: String(number * 10) });
  }
  await admin(`/increase_value/xp/${me.id}`, { value: '15' });
  const { page, context, faults } = await openAs(me, '/leaderboards#xp');
  const rows = page.locator('.board tbody tr');
  await page.getByText(`You are 24th of ${COUNT + 1}, with 15 points.`).waitFor();
  assert.equal(await rows.count(), 20);
  assert.match(await rows.first().innerText(), /^1st\s+.*240 points/);
  assert.match(await page.locator('.board caption').innerText(), /Points · Everybody · All time · 25 runners/);
  assert.deepEqual(await page.locator('.board thead th').evaluateAll((heads) => heads.map((head) => head.scope)), ['col', 'col', 'col']);

  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('21–25 of 25').waitFor();
  assert.match(await page.locator('.board tr.own').innerText(), /24th\s+.*You\s+15 points/);
  assert.equal(await page.getByRole('button', { name: 'Next' }).isDisabled(), true);
  await page.getByRole('button', { name: 'Previous' }).click();
  await page.getByText('1–20 of 25').waitFor();

  // On another page or around oneself rows move, too.
  await page.getByRole('button', { name: 'Around me' }).click();
  await page.locator('.board tr.own').waitFor();
  await admin(`/increase_value/xp/${me.id}`, { value: '90' });
  await page.getByText(`You are 15th of ${COUNT + 1}, with 105 points.`).waitFor();

  await page.getByLabel('Among').selectOption('city');
  await page.getByText('Your account says no city yet.').waitFor();
  await page.getByLabel('Among').selectOption('group');
  await page.getByText('You are in no group yet.').waitFor();
  await page.getByLabel('Among').selectOption('friends');
  await page.getByText('You are 1st of 1, with 105 points.').waitFor();
  await page.getByLabel('Among').selectOption('global');
  await page.getByLabel('When').selectOption('week:before');
  await page.getByText('Nobody stands here yet.').waitFor();
  await page.getByLabel('Leaderboard', { exact: true }).selectOption({ label: 'A thousand this year' });
  await until(page, () => location.hash !== '#xp' && document.querySelector('[name="period"]').value === '');
  assert.deepEqual(faults, []);
  await context.close();
});

test('a_challenge_is_rejected_accepted_left_and_cancelled', async () => {
  const [aino, veikko] = [await signUp('Aino'), await signUp('Veikko')];
  const expires_at = new Date(Date.now() + 7_200_000).toISOString();
  const plan = { title: 'The most runs', kind: 'most', variable: 'runs', users: [aino.id], expires_at };
  const { id } = await call(server.url, '/api/challenges', { token: veikko.token, body: plan });
  const hers = await openAs(aino, `/challenges#${id}`);
  const his = await openAs(veikko, '/challenges');
  const card = hers.page.locator('.challenge');
  const section = (page, name) => page.getByRole('region', { name });
  await section(hers.page, 'Waiting for your answer').locator('.challenge').waitFor();
  await until(hers.page, (id) => document.activeElement?.id === id, String(id));
  await his.page.getByText(`Asked: ${aino.name}`).waitFor();

  await card.getByRole('button', { name: 'No, thanks' }).press('Enter');
  await section(hers.page, 'Not in it').locator('.challenge').waitFor();
  assert.equal(await hers.page.evaluate(() => document.activeElement?.classList.contains('challenge')), true, 'the focus stays on the card');
  await his.page.getByText(`Not in it: ${aino.name}`).waitFor();
  await card.getByRole('button', { name: 'Take part' }).press('Enter');
  await section(hers.page, 'Under way').locator('.challenge').waitFor();
  await his.page.locator(`.standings tr[data-user="${aino.id}"]`).waitFor();
  await card.getByRole('button', { name: 'Leave' }).press('Enter');
  await section(hers.page, 'Not in it').locator('.challenge').waitFor();
  await his.page.locator(`.standings tr[data-user="${aino.id}"]`).waitFor({ state: 'detached' });
  await card.getByRole('button', { name: 'Take part' }).click();
  await section(hers.page, 'Under way').locator('.challenge').waitFor();

  // What cannot be taken back is asked once more.
  const cancel = his.page.locator('.challenge').getByRole('button', { name: 'Cancel it' });
  await cancel.click();
  await his.page.getByText('Really cancel it?').waitFor();
  await cancel.click();
  for (const { page } of [his, hers]) await section(page, 'Over').locator('.challenge', { hasText: 'cancelled' }).waitFor();
  assert.deepEqual([...hers.faults, ...his.faults], []);
  await hers.context.close();
  await his.context.close();
});

test('what_has_the_focus_is_not_hidden_by_the_bar_of_a_phone', async () => {
  const { page, context, faults } = await openAs(await signUp('Aino'), '/earn');
  await page.setViewportSize({ width: 360, height: 640 });
  await page.locator('.achievement').first().waitFor();
  let count = 0;
  for (let pressed = 0; pressed < 40; pressed += 1) {
    await page.keyboard.press('Tab');
    const [isOnPage, top, bar] = await page.evaluate(() => [
      Boolean(document.activeElement?.closest('main')), document.activeElement?.getBoundingClientRect().top, document.querySelector('.journeys').getBoundingClientRect().top,
    ]);
    if (!isOnPage) continue;
    count += 1;
    assert.ok(top < bar - 8, `${top} px, where the bar begins at ${bar} px`);
  }
  assert.ok(count > 15, `${count} came by`);
  assert.deepEqual(faults, []);
  await context.close();
});

test('what_can_be_achieved_is_shown_to_everybody', async () => {
  const { page, context, faults } = await openPage(browser, `${server.url}/earn#ultra`, { reducedMotion: 'reduce', locale: 'fi-FI' });
  await page.locator('.ask').getByRole('link', { name: 'Sign up' }).waitFor();
  const ultra = page.locator('.achievement[data-name="ultra"]');
  await ultra.getByRole('heading', { name: 'Vielä pidemmälle' }).waitFor();
  await ultra.getByText('Opens with').getByRole('link', { name: 'Maraton' }).waitFor();
  await ultra.getByText('+400 points').waitFor();
  await until(page, () => document.activeElement?.getAttribute('data-name') === 'ultra');
  assert.equal(await page.locator('[data-name="dawn_and_dusk"]').count(), 0, 'what is hidden is not told of');
  assert.equal(await page.locator('main progress').count(), 0, 'nobody is anywhere with them yet');
  assert.deepEqual(faults, []);
  await context.close();
});
