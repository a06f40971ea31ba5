// Keys, share links and events in a real browser against a real server.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { call, holdEvent, launch, openPage, Phone, serverUrl, until } from '../support.mjs';

const url = serverUrl();
/** What a browser writes itself when a link is over. */
const OVER = [/status of 40[14]/];

let browser;

before(async () => {
  browser = await launch();
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
});

const isDrawn = (page, phone) => until(page, (id) => window.runnity.drawn().some((each) => each.id === id), phone.run);
const place = (page, phone) => page.evaluate((id) => window.runnity.drawn().find((each) => each.id === id), phone.run);
const moved = (page, phone, from) => until(page, ([id, left, top]) => {
  const here = window.runnity.drawn().find((each) => each.id === id);
  return here && Math.hypot(here.left - left, here.top - top) > 1;
}, [phone.run, from.left, from.top]);

test('a_key_is_made_seen_once_listed_and_revoked', async () => {
  const phone = await Phone.signUp(url, 'Key Maker');
  const { page, context, faults } = await openPage(browser, `${url}/keys`, { as: phone });
  const status = async (token) => (await fetch(`${url}/api/users/me`, { headers: { Authorization: `Bearer ${token}` } })).status;
  const label = '<b>My watch</b>';
  await page.getByLabel('What is it for?').fill(label);
  await page.getByRole('button', { name: 'Make a key' }).click();
  const row = page.getByRole('row').filter({ hasText: label });
  await row.waitFor();
  const key = await page.locator('#secret').innerText();
  assert.equal(await status(key), 200, 'it lets a program in');

  await page.reload();
  await row.waitFor();
  assert.ok(!(await page.content()).includes(key), 'and it is not shown again');
  await page.getByRole('button', { name: `Revoke ${label}` }).click();
  await row.waitFor({ state: 'detached' });
  assert.equal(await status(key), 401);

  assert.deepEqual(faults, []);
  await context.close();
});

test('who_has_a_link_sees_a_private_run_until_it_is_taken_back', async () => {
  const phone = (await Phone.start(url, { name: 'Shared', visibility: 'private', before_s: 90 })).keepRunning();
  const link = await call(url, '/api/share-links', { token: phone.token, body: { run: phone.run } });
  const { page, context, faults } = await openPage(browser, url + link.path, { expected: OVER });
  await page.getByRole('heading', { name: phone.name }).waitFor();
  await until(page, () => document.querySelector('#state').textContent === 'Live' && window.runnity.run()?.points > 80);
  const distance_m = await page.evaluate(() => window.runnity.run().distance_m);
  await until(page, (was) => window.runnity.run().distance_m > was, distance_m);
  await call(url, `/api/share-links/${link.id}`, { token: phone.token, method: 'DELETE' });
  await page.getByRole('heading', { name: 'This link is over' }).waitFor();
  assert.equal(await page.getByText(phone.name).count(), 0);
  phone.stop();
  await phone.say('finish');
  assert.deepEqual(faults, []);
  await context.close();
});

test('who_has_a_link_sees_a_private_event_and_its_runners_until_it_is_taken_back', async () => {
  const phone = await Phone.signUp(url, 'Host');
  const event = await holdEvent(phone, { name: 'Family run', private: true });
  (await phone.begin({ event, before_s: 60 })).keepRunning();
  const link = await call(url, '/api/share-links', { token: phone.token, body: { event } });
  const { page, context, faults } = await openPage(browser, url + link.path, { expected: OVER });
  await page.getByRole('heading', { name: 'Family run' }).waitFor();
  await page.getByRole('button', { name: phone.name }).waitFor();
  await isDrawn(page, phone);
  await moved(page, phone, await place(page, phone));
  await call(url, `/api/share-links/${link.id}`, { token: phone.token, method: 'DELETE' });
  await page.getByRole('heading', { name: 'This link is over' }).waitFor();
  phone.stop();
  await phone.say('finish');
  assert.deepEqual(faults, []);
  await context.close();

  const stranger = await openPage(browser, `${url}/events/${event}`, { expected: OVER });
  await stranger.page.getByRole('heading', { name: 'This event is not here' }).waitFor();
  assert.deepEqual(stranger.faults, []);
  await stranger.context.close();
});

test('an_event_is_found_and_its_roster_and_runners_come_and_go_without_a_reload', async () => {
  const aino = await Phone.signUp(url, 'Aino');
  const mika = await Phone.signUp(url, 'Mika');
  const name = `<i>Laps</i> ${aino.name}`;
  const event = await holdEvent(aino, { name, capacity: 20 });
  const { page, context, faults } = await openPage(browser, url);
  await page.getByRole('button', { name: 'Happening' }).click();
  await page.getByRole('link', { name }).first().click();
  await page.getByRole('heading', { name }).waitFor();
  await page.getByText('Nobody is running right now').waitFor();
  await page.getByText('1 of 20 people').waitFor();
  await page.evaluate(() => { window.notReloaded = true; });

  await call(url, `/api/events/${event}/participants`, { token: mika.token });
  await page.locator('#roster').getByText(mika.name).waitFor();
  await page.getByText('2 of 20 people').waitFor();
  (await mika.begin({ event, before_s: 30 })).keepRunning();
  await page.getByRole('button', { name: mika.name }).waitFor();
  assert.equal(await page.locator('#roster').getByText(mika.name).count(), 0, 'named once');
  await isDrawn(page, mika);
  await moved(page, mika, await place(page, mika));
  mika.stop();
  await mika.say('finish');
  await page.getByRole('row').filter({ hasText: mika.name }).filter({ hasText: 'finished' }).waitFor();
  await call(url, `/api/events/${event}/end`, { token: aino.token });
  await page.getByText('Passed').waitFor();
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  assert.deepEqual(faults, []);
  await context.close();
});

test('far_out_the_map_says_how_many_there_are', async () => {
  const phone = await Phone.start(url, { name: 'Counted' });
  const { page, context } = await openPage(browser, 'about:blank');
  // A list that has not everybody.
  await context.route(/\/api\/runs\?/, (route) => route.fulfill({ json: { meta: { status: 200 }, data: [] } }));
  await page.goto(url);
  await page.locator('.runner-canvas').waitFor();
  const box = await page.locator('.runner-canvas').boundingBox();
  const crowd = await until(page, ({ width, height }) => {
    const isInView = ({ left, top }) => left > 0 && left < width && top > 0 && top < height;
    return window.runnity.crowds().find(isInView);
  }, box);
  assert.ok(crowd.count >= 1, JSON.stringify(crowd));
  const zoom = await page.evaluate(() => window.runnity.zoom());
  await page.mouse.click(box.x + crowd.left, box.y + crowd.top);
  await until(page, (was) => window.runnity.zoom() > was + 2, zoom);
  await phone.say('finish');
  await context.close();
});
