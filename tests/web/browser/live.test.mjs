// The pages in a real browser against a real server. Start one, name it in RUNNITY_URL, run `node --test`.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ARTIFACTS, holdEvent, launch, openLine, openPage, Phone, serverUrl, until } from '../support.mjs';

const url = serverUrl();
/** Lines that a browser writes itself when the server is away or a run unknown. */
const AWAY = [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET|WebSocket connection/];

let browser;
/** A runner of ours with more than a kilometre behind it, running on through all tests, and the event that it is run in. */
let aino;
let event;

before(async () => {
  browser = await launch();
  aino = await Phone.signUp(url, 'Aino');
  event = await holdEvent(aino, { name: 'Morning laps', description: 'Round the block, and coffee.' });
  (await aino.begin({ event, before_s: 420 })).keepRunning();
}, { timeout: 60_000 });

after(async () => {
  aino?.stop();
  await aino?.say('finish');
  await browser?.close();
});

const rowOf = (page, phone) => page.getByRole('button', { name: phone.name });
/** All that the table tells of a runner. */
const lineOf = (page, phone) => page.getByRole('row').filter({ has: rowOf(page, phone) });

/** The live page with the map drawn and our runner on it. */
async function openLive(options = {}) {
  const opened = await openPage(browser, options.url ?? url, options);
  await rowOf(opened.page, aino).waitFor();
  await until(opened.page, (id) => window.runnity.drawn().some((each) => each.id === id), aino.run);
  return opened;
}

async function openRun(options = {}) {
  const opened = await openPage(browser, `${options.url ?? url}/runs/${aino.run}`, options);
  await until(opened.page, () => window.runnity.run()?.points > 50 && window.runnity.drawn().length === 1);
  await opened.page.locator('#chart canvas').waitFor();
  return opened;
}

/** A live page for all tests that only look at it: what takes long is to draw the map. @type {ReturnType<typeof openLive> | undefined} */
let opened;
async function lookAtLive({ selected }) {
  opened ??= openLive();
  const { page, faults } = await opened;
  const row = rowOf(page, aino);
  if ((await row.getAttribute('aria-pressed') === 'true') !== selected) await row.click();
  if (selected) await until(page, () => window.runnity.zoom() >= 15);
  await until(page, () => window.runnity.idle());
  return { page, faults, row };
}

const drawn = (page, id) => page.evaluate((run) => window.runnity.drawn().find((each) => each.id === run), id);

test('the_list_says_in_words_who_is_running', async () => {
  const { page, faults } = await lookAtLive({ selected: false });
  const cells = await lineOf(page, aino).getByRole('cell').allInnerTexts();
  assert.match(cells[1], /^\d\.\d\d$/);
  assert.match(cells[2], /^5:\d\d$/);
  assert.match(cells[3], /^\d+:\d\d$/);
  assert.match(cells[4], /^now$|^\d+ s$/);
  assert.deepEqual(await page.getByRole('columnheader').evaluateAll((all) => all.map((each) => each.innerText.replace(/[^a-z/]/gi, ''))),
    ['Followed', 'Name', 'km', '/km', 'Time', 'Seen']);
  await page.locator('#connection[data-connection="live"]').waitFor();
  assert.deepEqual(faults, []);
});

test('a_marker_moves_without_a_reload', async () => {
  const { page, faults } = await lookAtLive({ selected: true });
  await page.evaluate(() => { window.notReloaded = true; });
  const from = await drawn(page, aino.run);
  const picture = await page.locator('.runner-canvas').evaluate((canvas) => canvas.toDataURL());
  await until(page, ([run, left, top]) => {
    const here = window.runnity.drawn().find((each) => each.id === run);
    return here && Math.hypot(here.left - left, here.top - top) > 4;
  }, [aino.run, from.left, from.top]);
  assert.notEqual(await page.locator('.runner-canvas').evaluate((canvas) => canvas.toDataURL()), picture);
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  assert.deepEqual(faults, []);
});

/** In how many places a runner is drawn within three seconds. */
const placesOf = (page, id) => page.evaluate((run) => new Promise((resolve) => {
  const seen = new Set();
  const heard = new Set();
  const started_ms = performance.now();
  const look = () => {
    const here = window.runnity.drawn().find((each) => each.id === run);
    if (here) seen.add(`${here.left.toFixed(2)} ${here.top.toFixed(2)}`);
    heard.add(window.runnity.runners().find((each) => each.id === run)?.newest_ms);
    if (performance.now() - started_ms > 3000) resolve({ places: seen.size, fixes: heard.size });
    else requestAnimationFrame(look);
  };
  look();
}), id);

test('a_marker_moves_in_small_steps_between_two_fixes', async () => {
  const { page } = await lookAtLive({ selected: true });
  const { places } = await placesOf(page, aino.run);
  assert.ok(places > 6, `${places} places in 3 s, of a runner that sends one fix a second`);
});

test('list_and_map_select_the_same_runner', async () => {
  const { page, row, faults } = await lookAtLive({ selected: false });
  await row.click();
  assert.equal(await row.getAttribute('aria-pressed'), 'true');
  await page.getByRole('link', { name: 'Track, splits and chart' }).waitFor();
  await row.click();
  assert.equal(await row.getAttribute('aria-pressed'), 'false');
  await until(page, () => window.runnity.idle());
  const box = await page.locator('.runner-canvas').boundingBox();
  const at = await drawn(page, aino.run);
  await page.mouse.click(box.x + at.left, box.y + at.top);
  await until(page, () => document.querySelectorAll('.runner-row[aria-pressed="true"]').length === 1);
  assert.deepEqual(faults, []);
});

test('the_keyboard_reaches_rows_and_map', async () => {
  const { page } = await lookAtLive({ selected: false });
  await page.locator('.runner-row').first().focus();
  await page.keyboard.press('End');
  assert.equal(await page.evaluate(() => document.activeElement?.closest('tr')?.ariaRowIndex === document.querySelector('#list').ariaRowCount), true);
  await page.keyboard.press('Enter');
  await page.locator('.runner-row[aria-pressed="true"]').waitFor();
  await page.locator('.maplibregl-canvas').focus();
  await until(page, () => window.runnity.idle());
  const zoom = await page.evaluate(() => window.runnity.zoom());
  await page.keyboard.press('-');
  await until(page, (was) => window.runnity.zoom() < was - 0.5, zoom);
});

test('units_and_theme_change_and_stay', async () => {
  const { page, context, faults } = await openLive();
  await page.locator('#units').click();
  await page.getByRole('columnheader', { name: 'Distance in miles' }).waitFor();
  await page.locator('#theme').click();
  await page.locator('#theme').click();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await page.getByRole('columnheader', { name: 'Distance in miles' }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test('a_runs_page_grows_without_a_reload', async () => {
  const { page, context, faults } = await openRun();
  await page.evaluate(() => { window.notReloaded = true; });
  assert.equal(await page.locator('h1:visible').innerText(), aino.name);
  const was = await page.evaluate(() => ({ ...window.runnity.run(), shown: document.querySelector('#distance').textContent }));
  await until(page, (before) => {
    const run = window.runnity.run();
    return run.distance_m > before.distance_m + 5 && run.points > before.points
      && document.querySelector('#distance').textContent !== before.shown;
  }, was);
  assert.equal(await page.locator('#splits tr').first().locator('th').innerText(), '1');
  assert.match(await page.locator('#splits tr').first().innerText(), /5:1\d/);
  assert.match(await page.locator('#pace').innerText(), /^5:\d\d$/);
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  assert.deepEqual(faults, []);
  await context.close();
});

test('the_chart_can_be_read_by_keyboard_and_in_words', async () => {
  const { page, context, faults } = await openRun();
  assert.match(await page.locator('#chart-words').innerText(), /pace was mostly between/);
  const chart = page.getByRole('slider', { name: 'Pace and elevation along the way' });
  await chart.focus();
  await page.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelector('#readout').textContent !== '');
  const first = await page.locator('#readout').innerText();
  await page.keyboard.press('PageUp');
  await page.waitForFunction((was) => document.querySelector('#readout').textContent !== was, first);
  assert.match(await chart.getAttribute('aria-valuetext'), /kilometres?/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('a_run_is_paused_resumed_and_finished_before_ones_eyes', async () => {
  const mika = (await Phone.start(url, { name: 'Mika', before_s: 60 })).keepRunning();
  const { page, context, faults } = await openPage(browser, `${url}/runs/${mika.run}`);
  const state = (word) => page.waitForFunction((text) => document.querySelector('#state').textContent === text, word);
  await state('Live');
  mika.stop();
  await mika.say('pause');
  await state('Paused');
  await mika.say('resume');
  await state('Live');
  await mika.say('finish');
  await state('Finished');
  await page.reload();
  await state('Finished');
  await until(page, () => window.runnity.run()?.points > 10);
  assert.deepEqual(faults, []);
  await context.close();
});

test('an_unknown_run_says_so_kindly', async () => {
  for (const id of ['01920000-0000-7000-8000-00000000dead', 'no-such-run']) {
    const { page, context, faults } = await openPage(browser, `${url}/runs/${id}`, { expected: [/status of 40[04]/] });
    await page.getByRole('heading', { name: 'This run is not here' }).waitFor();
    await page.getByRole('link', { name: 'See who is running now' }).waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  }
});

test('nobody_running_is_said_with_a_hint_how_to_start', async () => {
  const { page, context, faults } = await openPage(browser, 'about:blank');
  await context.route(/\/api\/runs\?/, (route) => route.fulfill({ json: { meta: { status: 200 }, data: [] } }));
  await page.goto(url);
  await page.getByRole('heading', { name: 'Nobody is running right now' }).waitFor();
  assert.match(await page.locator('#empty').innerText(), /Start a run[\s\S]*runnity demo[\s\S]*documented API/);
  await until(page, () => window.runnity.idle());
  await page.screenshot({ path: join(ARTIFACTS, 'empty-1280-light.png') });
  assert.deepEqual(faults.filter((fault) => !fault.startsWith('other origin')), []);
  await context.close();
});

test('a_name_is_text_and_never_markup', async () => {
  const { page, context } = await openPage(browser, 'about:blank');
  const name = '<img src=x onerror="window.hacked=1">';
  const time = new Date().toISOString();
  const run = {
    id: '01920000-0000-7000-8000-00000000beef', user: { id: 'u1', name }, state: 'live', started_at: time,
    position: { time, latitude: 60.17, longitude: 24.94 }, distance_m: 5, elapsed_s: 5, moving_s: 5, pace_s_per_km: null,
  };
  await context.route(/\/api\/runs\?state=live/, (route) => route.fulfill({ json: { meta: { status: 200 }, data: [run] } }));
  await page.goto(url);
  await page.waitForFunction((text) => document.querySelector('.runner-name')?.textContent === text, name);
  assert.equal(await page.evaluate(() => document.querySelectorAll('#list img').length), 0);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  await context.close();
});

test('a_cut_line_is_shown_the_picture_stays_and_comes_back', { timeout: 90_000 }, async () => {
  const line = await openLine(url);
  const { page, context, faults } = await openLive({ url: line.url, expected: AWAY });
  await page.locator('#connection[data-connection="live"]').waitFor();
  await page.evaluate(() => { window.notReloaded = true; });
  line.cut();
  await page.locator('#connection[data-connection="reconnecting"]').waitFor();
  await page.locator('#connection[data-connection="offline"]').waitFor();
  assert.ok(await rowOf(page, aino).isVisible(), 'the last picture stays');
  await until(page, (name) => {
    const row = [...document.querySelectorAll('.runner')].find((each) => each.textContent.includes(name));
    return Number(/^(\d+) s$/.exec(row.querySelector('.runner-age').textContent)?.[1]) >= 8;
  }, aino.name);
  assert.ok(await drawn(page, aino.run), 'and the marker with it');
  const distance_m = await page.evaluate((id) => window.runnity.runners().find((each) => each.id === id).distance_m, aino.run);
  line.mend();
  await page.locator('#connection[data-connection="live"]').waitFor();
  await until(page, ([id, was]) => window.runnity.runners().find((each) => each.id === id).distance_m > was + 20, [aino.run, distance_m]);
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  assert.deepEqual(faults, []);
  await context.close();
  line.close();
});

test('without_webgl_the_list_stands_alone', async () => {
  const poor = await launch(['--disable-software-rasterizer', '--disable-3d-apis']);
  const { page, faults } = await openPage(poor, url, { expected: [/WebGL/i] });
  await rowOf(page, aino).waitFor();
  await page.getByText('The map needs WebGL').waitFor();
  await page.screenshot({ path: join(ARTIFACTS, 'no-webgl-1280-light.png') });
  assert.deepEqual(faults, []);
  await poor.close();
});

test('with_reduced_motion_markers_stand_at_the_newest_fix', async () => {
  const { page, context, faults } = await openLive({ reducedMotion: 'reduce' });
  await until(page, () => window.runnity.idle());
  const { places, fixes } = await placesOf(page, aino.run);
  assert.ok(places <= fixes + 1, `${places} places in 3 s, in which there were ${fixes} newest fixes`);
  assert.deepEqual(faults, []);
  await context.close();
});
