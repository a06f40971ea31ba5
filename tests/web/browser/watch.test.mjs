// Watching without an account: one runs, another looks on, and a third opens what was shared; lines are cut and the server is killed meanwhile.
import assert from 'node:assert/strict';
import { onEachStore } from '../server.mjs';
import { call, holdEvent, openLine, openPage, Phone, until } from '../support.mjs';

/** Lines that a browser writes itself when the server is away. */
const AWAY = [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET|ERR_NETWORK|WebSocket connection|Failed to load resource/];

const rowOf = (page, phone) => page.getByRole('row').filter({ has: page.getByRole('button', { name: phone.name }) });
const drawn = (page, phone) => until(page, (id) => window.runnity.drawn().find((each) => each.id === id), phone.run);
const known = (page, phone) => page.evaluate((id) => window.runnity.runners().find((each) => each.id === id), phone.run);

/** The marker goes on from where it is, with no reload between. */
async function moves(page, phone) {
  const from = await drawn(page, phone);
  await until(page, ([id, latitude, longitude]) => {
    const here = window.runnity.drawn().find((each) => each.id === id);
    return here && Math.abs(here.latitude - latitude) + Math.abs(here.longitude - longitude) > 0.00003;
  }, [phone.run, from.latitude, from.longitude]);
}

/** Back, and with newer positions than were known before. */
async function isInStep(page, phone, before) {
  await page.locator('#connection[data-connection="live"]').waitFor();
  await until(page, ([id, was]) => window.runnity.runners().find((each) => each.id === id)?.newest_ms > was, [phone.run, before.newest_ms]);
  await moves(page, phone);
}

onEachStore('who_watches_sees_a_runner_come_move_and_go_through_a_cut_line_and_a_killed_server', async ({ server, browser }) => {
  const [aino, mika] = await Promise.all([Phone.signUp(server.url, 'Aino'), Phone.signUp(server.url, 'Mika')]);
  const event = await holdEvent(aino, { name: '<b>Shore</b> run' });
  const line = await openLine(server.url);
  const { page, context, faults } = await openPage(browser, line.url, { expected: AWAY });
  await page.getByRole('heading', { name: 'Nobody is running right now' }).waitFor();
  await page.evaluate(() => { window.notReloaded = true; });

  // Comes, and moves.
  (await aino.begin({ event })).keepRunning();
  await rowOf(page, aino).waitFor();
  await page.getByRole('switch', { name: `Follow ${aino.name}` }).click();
  await page.getByRole('button', { name: aino.name }).click();
  await moves(page, aino);
  assert.equal(await page.getByRole('switch', { name: `Follow ${aino.name}` }).getAttribute('aria-checked'), 'true');

  // What happens is told.
  await page.getByRole('button', { name: 'Happening' }).click();
  const feed = page.getByRole('list', { name: 'What happens, newest first' }).getByRole('listitem');
  await feed.filter({ hasText: `${aino.name} started a run` }).waitFor();
  await feed.filter({ hasText: '<b>Shore</b> run has started' }).waitFor();
  await call(server.url, `/api/events/${event}/participants`, { token: mika.token });
  await feed.filter({ hasText: `${mika.name} joins <b>Shore</b> run` }).waitFor();
  assert.equal(await page.locator('#feed b b, #feed a b').count(), 0, 'names are text');

  // The line is cut, and mended.
  let before = await known(page, aino);
  line.cut();
  await page.locator('#connection:not([data-connection="live"])').waitFor();
  assert.equal((await drawn(page, aino)).id, aino.run, 'the last picture stays');
  line.mend();
  await isInStep(page, aino, before);

  // The server dies, and starts again with what it had stored.
  before = await known(page, aino);
  await server.restart();
  await isInStep(page, aino, before);
  assert.equal(await page.evaluate(() => window.notReloaded), true);

  // Goes.
  aino.stop();
  await aino.catchUp();
  await aino.say('finish');
  await feed.filter({ hasText: `${aino.name} finished: ` }).waitFor();
  await page.getByRole('button', { name: /^Runners/ }).click();
  await rowOf(page, aino).filter({ hasText: 'finished' }).waitFor();
  await page.locator('#announcer').filter({ hasText: `${aino.name} has finished` }).waitFor({ state: 'attached' }); // and it is said
  assert.deepEqual(faults, []);
  await context.close();
  line.close();
});

onEachStore('a_run_that_its_runner_shares_opens_for_whoever_has_the_link', async ({ server, browser }) => {
  const aino = (await Phone.start(server.url, { name: 'Aino', visibility: 'private', before_s: 400 })).keepRunning();
  const { id } = await call(server.url, '/api/users/me', { token: aino.token, method: 'GET' });
  const origins = [{ origin: server.url, localStorage: [{ name: 'runnity.account', value: JSON.stringify({ id, name: aino.name, token: aino.token }) }] }];
  const own = await openPage(browser, `${server.url}/runs/${aino.run}`, { storageState: { cookies: [], origins }, expected: AWAY });
  await own.page.getByRole('heading', { name: aino.name }).waitFor();
  await own.page.getByRole('button', { name: 'Share' }).click();
  const link = await until(own.page, () => document.querySelector('#share-link')?.value);
  await own.page.getByText('Whoever has this link sees the run').waitFor();

  const guest = await openPage(browser, link, { width: 390, height: 844, expected: AWAY });
  await guest.page.getByRole('heading', { name: aino.name }).waitFor();
  const points = await until(guest.page, () => window.runnity.run()?.points > 300 && window.runnity.run().points);
  await until(guest.page, (was) => window.runnity.run().points > was, points);

  // Chart, map and splits point at each other.
  await guest.page.locator('#chart canvas').waitFor();
  await until(guest.page, () => window.runnity.idle() && window.runnity.drawn().length === 1);
  await guest.page.locator('#splits button').first().click();
  assert.equal(await guest.page.locator('#splits button').first().getAttribute('aria-pressed'), 'true');
  assert.ok((await guest.page.locator('#chart .u-select').boundingBox()).width > 40, 'the chart shows the stretch');
  await guest.page.locator('#map').scrollIntoViewIfNeeded();
  const at = (await guest.page.evaluate(() => window.runnity.drawn()))[0];
  const box = await guest.page.locator('.runner-canvas').boundingBox();
  await guest.page.mouse.move(box.x + at.left, box.y + at.top);
  await until(guest.page, () => / km · /.test(document.querySelector('#readout').textContent));

  const before = await guest.page.evaluate(() => window.runnity.run().points);
  await server.restart();
  await until(guest.page, (was) => window.runnity.run().points > was + 2, before);
  aino.stop();
  assert.deepEqual([...own.faults, ...guest.faults], []);
  await guest.context.close();
  await own.context.close();
});
