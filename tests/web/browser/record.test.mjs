// Running with the device's own position: one browser runs, another watches, and nothing is lost on the way.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onEachStore } from '../server.mjs';
import { ARTIFACTS, call, holdEvent, launch, openLine, openPage, Phone, serverUrl, until } from '../support.mjs';

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
/** Lines that a browser writes itself when the server is away or says no. */
const AWAY = [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET|ERR_INTERNET|ERR_NETWORK|ERR_FAILED|WebSocket connection|status of 4|Failed to fetch/];
const START = { latitude: 60.1688, longitude: 24.9508, accuracy: 5 };
/** Two fixes nearer in time are one. */
const APART_MS = 430;
/** What a runner may run between two fixes without looking like a car. */
const STEP_DEGREES = 0.0001;

const read = (url, path, phone) => call(url, path, { token: phone.token, method: 'GET' });

/** Somebody who is logged in on a device of their own, with the page of the own run open. */
async function openRecord(browser, url, phone, { path = '/record', permissions = ['geolocation'], ...more } = {}) {
  const { id } = await read(url, '/api/users/me', phone);
  const account = JSON.stringify({ id, name: phone.name, token: phone.token });
  const { origin } = new URL(url);
  return openPage(browser, `${url}${path}`, {
    permissions, geolocation: START, expected: AWAY, width: 360, height: 740,
    storageState: { cookies: [], origins: [{ origin, localStorage: [{ name: 'runnity.account', value: account }] }] }, ...more,
  });
}

const recorded = (page) => page.evaluate(() => window.runnity.recorded());

/** A device that is carried up the street; knows every place that its page has measured. */
function carry(context) {
  const places = [];
  return {
    places,
    async walk(page, steps) {
      for (let step = 0; step < steps; step += 1) {
        const { seq } = await recorded(page);
        const place = { ...START, latitude: Number((START.latitude + (places.length + 1) * STEP_DEGREES).toFixed(7)) };
        await page.waitForTimeout(APART_MS);
        await context.setGeolocation(place);
        await until(page, (before) => window.runnity.recorded().seq > before, seq);
        places.push(place.latitude);
      }
    },
  };
}

/** A line that is closed whatever becomes of the test. */
async function onALine(url, journey) {
  const line = await openLine(url);
  try {
    await journey(line);
  } finally {
    line.close();
  }
}

async function begin(page) {
  await page.getByText('Your position is known').waitFor();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.locator('.running').waitFor();
}

onEachStore('a_run_is_whole_however_often_line_server_and_page_go_away', ({ server, browser }) => onALine(server.url, async (line) => {
  const aino = await Phone.signUp(server.url, 'Aino');
  const { page, context, faults } = await openRecord(browser, line.url, aino);
  const device = carry(context);
  await begin(page);
  await device.walk(page, 2);
  const { run } = await until(page, () => window.runnity.recorded().run && window.runnity.recorded());
  await until(page, async () => (await (await caches.open('runnity-record-1')).keys()).some(({ url }) => url.endsWith('/map-canvas.js')));
  const watching = await openPage(browser, `${server.url}/runs/${run}`, { expected: AWAY });
  await watching.page.locator('#state', { hasText: 'Live' }).waitFor();
  await until(watching.page, () => Number(document.querySelector('#distance').textContent) >= 0.02);

  // The page goes away and comes back.
  const before = await recorded(page);
  await page.reload();
  await until(page, () => window.runnity?.recorded());
  assert.deepEqual({ ...(await recorded(page)), waiting: 0, steps: 0 }, { ...before, waiting: 0, steps: 0, told_m: (await recorded(page)).told_m });
  await device.walk(page, 1);
  await until(watching.page, () => Number(document.querySelector('#distance').textContent) >= 0.03);

  // The line goes away: a rest and the way on are kept on the device.
  line.cut();
  await device.walk(page, 2);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Go on' }).click();
  await device.walk(page, 2);
  // Even the page itself may go away in there.
  await page.reload();
  await until(page, () => window.runnity?.recorded());
  await device.walk(page, 1);
  await page.getByText(/No line: \d+ fixes wait on this device/).waitFor();
  const waiting = await recorded(page);
  assert.ok(waiting.waiting >= 5 && waiting.steps >= waiting.waiting + 2, JSON.stringify(waiting));
  const known = await read(server.url, `/api/runs/${run}/fixes?page_size=200`, aino);
  assert.ok(known.length < device.places.length, 'the server does not know of them');
  line.mend();
  await until(page, () => window.runnity.recorded().steps === 0);
  await page.getByText('Everything is sent').waitFor();

  // The server goes away in the middle of it.
  await Promise.all([server.restart(), device.walk(page, 2)]);
  await until(page, () => window.runnity.recorded().steps === 0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await watching.page.locator('#state', { hasText: 'Paused' }).waitFor();

  await page.getByRole('button', { name: 'Finish' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Keep running');
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.waitForURL(`**/runs/${run}`);
  await page.locator('#state', { hasText: 'Finished' }).waitFor();
  await watching.page.locator('#state', { hasText: 'Finished' }).waitFor();
  await page.locator('#chart canvas').first().waitFor();
  const track = (await read(server.url, `/api/runs/${run}/fixes?page_size=200`, aino)).map((fix) => fix.latitude);
  assert.deepEqual(track, [START.latitude, ...device.places], 'every place once, in order');
  assert.equal((await read(server.url, '/api/runs?user=me', aino)).length, 1, 'one run, however often it was told');
  assert.equal(await page.evaluate(async () => (await indexedDB.databases()).length && new Promise((resolve) => {
    const open = indexedDB.open('runnity-recording');
    open.onsuccess = () => {
      const stores = ['heads', 'entries'];
      const counts = stores.map((name) => open.result.transaction(name).objectStore(name).count());
      counts[1].onsuccess = () => resolve(counts[0].result + counts[1].result);
    };
  })), 0, 'nothing stays on the device');
  assert.deepEqual([...faults, ...watching.faults], []);
}));

let browser;

before(async () => {
  browser = await launch();
}, { timeout: 60_000 });

after(() => browser?.close());

/** Tests of the page alone, on the server that stands for all. */
const onTheSite = (name, body) => test(name, { timeout: 90_000 }, async () => body(serverUrl()));

onTheSite('a_position_that_is_not_allowed_is_said_and_no_run_is_begun', async (site) => {
  const aino = await Phone.signUp(site, 'Aino');
  const { page, faults } = await openRecord(browser, site, aino, { permissions: [] });
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('heading', { name: 'Your position is not allowed here' }).first().waitFor();
  await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
  assert.deepEqual(await read(site, '/api/runs?user=me', aino), []);
  assert.deepEqual(faults, []);
});

onTheSite('a_run_that_is_begun_and_finished_without_a_line_is_there_when_it_is_back', (site) => onALine(site, async (line) => {
  const aino = await Phone.signUp(site, 'Aino');
  const { page, context, faults } = await openRecord(browser, line.url, aino);
  await page.getByText('Your position is known').waitFor();
  await page.locator('#visibility input[value="public"]:checked').waitFor({ state: 'attached' });
  line.cut();
  await begin(page);
  const device = carry(context);
  await device.walk(page, 1);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.waitForTimeout(2_000);
  await page.getByRole('button', { name: 'Go on' }).click();
  await device.walk(page, 1);
  await page.getByText('the run begins on the server when it is back').waitFor();
  const { elapsed_s } = await recorded(page);
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.locator('#done-words', { hasText: 'No line: 3 fixes wait on this device' }).waitFor();
  line.mend();
  await page.waitForURL('**/runs/*');
  const [run, ...others] = await read(site, '/api/runs?user=me', aino);
  assert.deepEqual([run.state, run.fixes, run.visibility, others.length], ['finished', 3, 'public', 0]);
  const [first, , last] = (await read(site, `/api/runs/${run.id}/fixes`, aino)).map((fix) => Date.parse(fix.time) / 1000);
  assert.ok(Math.abs(run.elapsed_s - elapsed_s) < 0.1, `${run.elapsed_s} s on the server, ${elapsed_s} s here`);
  assert.ok(last - first - run.elapsed_s > 1.9, 'the rest is no time of the run, though it was told later');
  assert.deepEqual(faults, []);
}));

onTheSite('one_window_records_and_another_goes_on_when_it_is_closed', async (site) => {
  const aino = await Phone.signUp(site, 'Aino');
  const { page, context, faults } = await openRecord(browser, site, aino);
  await begin(page);
  await carry(context).walk(page, 1);
  const { run } = await until(page, () => window.runnity.recorded().run && window.runnity.recorded());
  const other = await context.newPage();
  await other.goto(`${site}/record`);
  await other.getByRole('heading', { name: 'Your run is recorded in another window' }).waitFor();
  await page.close();
  await until(other, () => window.runnity.recorded());
  assert.equal((await recorded(other)).run, run);
  // And a third one may take it from the second.
  const third = await context.newPage();
  await third.goto(`${site}/record`);
  await third.getByRole('button', { name: 'Record here instead' }).click();
  await until(third, () => window.runnity.recorded());
  await other.getByRole('heading', { name: 'Your run is recorded in another window' }).waitFor();
  assert.deepEqual(faults, []);
});

onTheSite('a_run_that_is_over_elsewhere_is_said_and_the_rest_is_not_lost', async (site) => {
  const aino = await Phone.signUp(site, 'Aino');
  const { page, context } = await openRecord(browser, site, aino);
  const device = carry(context);
  await begin(page);
  await device.walk(page, 1);
  const { run } = await until(page, () => window.runnity.recorded().steps === 0 && window.runnity.recorded());
  await call(site, `/api/runs/${run}/finish`, { token: aino.token });
  await device.walk(page, 2);
  await page.getByRole('heading', { name: 'This run is over' }).waitFor();
  await page.getByText('It was finished in another window or app.').waitFor();
  await device.walk(page, 1);
  await page.getByRole('button', { name: 'Save the rest as a run of its own' }).click();
  await until(page, () => window.runnity.recorded().steps === 0);
  const now = await recorded(page);
  assert.notEqual(now.run, run);
  const fixes = await read(site, `/api/runs/${now.run}/fixes`, aino);
  assert.deepEqual(fixes.map((fix) => fix.latitude), device.places.slice(1));
});

onTheSite('a_second_run_goes_on_with_the_one_that_is_under_way', async (site) => {
  const aino = await Phone.start(site, { name: 'Aino' });
  const { page, context } = await openRecord(browser, site, aino);
  await begin(page);
  await carry(context).walk(page, 1);
  await page.getByRole('heading', { name: 'You are running already' }).waitFor();
  await page.getByRole('button', { name: 'Go on with that run' }).click();
  await until(page, () => window.runnity.recorded().steps === 0);
  assert.equal((await recorded(page)).run, aino.run);
});

onTheSite('who_starts_with_the_others_starts_when_the_event_does', async (site) => {
  const [maker, aino] = [await Phone.signUp(site, 'Maker'), await Phone.signUp(site, 'Aino')];
  const soon = new Date(Date.now() + 1_200_000).toISOString();
  const event = await holdEvent(maker, { name: 'Evening laps', date: soon.slice(0, 10), time: soon.slice(11, 19) });
  const { page, faults } = await openRecord(browser, site, aino, { path: `/record?event=${event}` });
  await page.getByText('You do not take part in it yet').waitFor();
  await call(site, `/api/events/${event}/participants`, { token: aino.token });
  await page.reload();
  await page.getByText('It is to begin in 20 min.').waitFor();
  await page.getByRole('button', { name: 'Start with the others' }).click();
  await page.getByRole('heading', { name: 'Waiting for the start' }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Start with the others' }).click();
  await page.getByRole('heading', { name: 'Waiting for the start' }).waitFor();
  assert.equal(await recorded(page), null, 'nobody runs yet');
  await page.waitForTimeout(300);
  await call(site, `/api/events/${event}/start`, { token: maker.token });
  const { run } = await until(page, () => window.runnity.recorded()?.run && window.runnity.recorded());
  assert.equal((await read(site, `/api/runs/${run}`, aino)).event, event);
  assert.deepEqual(faults, []);
});

onTheSite('the_screen_stays_on_while_one_runs_and_again_after_a_look_elsewhere', async (site) => {
  const { page, faults } = await openRecord(browser, site, await Phone.signUp(site, 'Aino'), { hasTouch: true });
  let released = 0;
  await page.exposeFunction('tellReleased', () => { released += 1; });
  // Headless browsers have no screen: this one says what it is asked for.
  await page.evaluate(() => {
    window.asked = { taken: 0, locks: [] };
    const request = async () => {
      const lock = Object.assign(new EventTarget(), {
        async release() {
          window.tellReleased();
          lock.dispatchEvent(new Event('release'));
        },
      });
      window.asked.taken += 1;
      window.asked.locks.push(lock);
      return lock;
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request }, configurable: true });
  });
  await begin(page);
  await page.getByText('The screen stays on').waitFor();
  await page.evaluate(() => {
    window.asked.locks[0].dispatchEvent(new Event('release'));
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await until(page, () => window.asked.taken === 2);
  await page.getByText('The screen stays on').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Go on' }).waitFor();
  assert.equal(released, 0, 'a rest is no end');
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.waitForURL('**/runs/*');
  assert.equal(released, 1);
  assert.deepEqual(faults, []);
});

onTheSite('who_is_logged_out_on_the_way_loses_nothing', async (site) => {
  const aino = await Phone.signUp(site, 'Aino');
  const { page, context } = await openRecord(browser, site, aino);
  const device = carry(context);
  await begin(page);
  await device.walk(page, 1);
  const { run } = await until(page, () => window.runnity.recorded().steps === 0 && window.runnity.recorded());
  const own = (await read(site, '/api/tokens', aino)).find((token) => token.current);
  await call(site, `/api/tokens/${own.id}`, { token: aino.token, method: 'DELETE' });
  await device.walk(page, 2);
  await page.getByRole('heading', { name: 'You are logged out' }).waitFor();
  await device.walk(page, 1);
  const { waiting } = await recorded(page);
  await page.locator('#line-sign', { hasText: new RegExp(`^Not sent: ${waiting} fix(es)? waits? on this device, as you are logged out`) }).waitFor();
  await page.locator('#notices', { hasText: new RegExp(`${waiting} fix(es)? (is|are) kept on this device`) }).waitFor();
  await page.getByRole('link', { name: 'Log in', exact: true }).click();
  await page.getByLabel('Name', { exact: true }).fill(aino.name);
  await page.getByLabel('Password', { exact: true }).fill(aino.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.waitForURL('**/record');
  await until(page, () => window.runnity?.recorded()?.steps === 0);
  aino.token = await page.evaluate(() => JSON.parse(localStorage.getItem('runnity.account')).token);
  const track = (await read(site, `/api/runs/${run}/fixes`, aino)).map((fix) => fix.latitude);
  assert.deepEqual(track.slice(0, 5), [START.latitude, ...device.places]);
});

/** Ends the run, and says what the server has of it. */
async function finishAndRead(page, site, phone, run) {
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.waitForURL(`**/runs/${run}`);
  assert.equal((await read(site, `/api/runs/${run}`, phone)).state, 'finished');
  return (await read(site, `/api/runs/${run}/fixes`, phone)).map((fix) => fix.latitude);
}

onTheSite('a_run_whose_store_is_cleared_on_the_way_is_kept_anew_and_sent', async (site) => {
  const aino = await Phone.signUp(site, 'Aino');
  const { page, context, faults } = await openRecord(browser, site, aino);
  const device = carry(context);
  await begin(page);
  await device.walk(page, 2);
  const { run } = await until(page, () => window.runnity.recorded().run && window.runnity.recorded());
  const browserItself = await context.newCDPSession(page);
  const clear = () => browserItself.send('Storage.clearDataForOrigin', { origin: new URL(site).origin, storageTypes: 'indexeddb' });
  await clear();
  await device.walk(page, 2);
  await until(page, () => window.runnity.recorded().steps === 0);
  await page.waitForTimeout(2_000); // the page lets the browser finish before it opens anew
  await page.locator('#keep-sign').waitFor({ state: 'hidden', timeout: 5_000 }); // the new database keeps it
  const { reckoned_m } = await recorded(page);
  await page.reload();
  await until(page, () => window.runnity?.recorded());
  assert.deepEqual([(await recorded(page)).run, (await recorded(page)).reckoned_m], [run, reckoned_m], 'the whole run is on the device again');
  // It is tried once; after that the run is the page's alone.
  for (let time = 0; time < 2; time += 1) {
    await clear();
    await device.walk(page, 2);
    await page.waitForTimeout(2_000);
  }
  await page.getByText('This browser keeps nothing').waitFor();
  await until(page, () => window.runnity.recorded().steps === 0);
  const track = await finishAndRead(page, site, aino, run);
  assert.deepEqual(track.filter((latitude) => device.places.includes(latitude)), device.places);
  assert.deepEqual(faults, []);
});

onTheSite('a_device_that_is_full_sends_the_run_all_the_same', async (site) => {
  const aino = await Phone.signUp(site, 'Aino');
  const { page, context, faults } = await openRecord(browser, site, aino);
  const device = carry(context);
  await begin(page);
  await device.walk(page, 1);
  const { run } = await until(page, () => window.runnity.recorded().run && window.runnity.recorded());
  await page.evaluate(() => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function full(...what) {
      const request = put.apply(this, what);
      this.transaction.abort();
      return request;
    };
  });
  await device.walk(page, 2);
  await page.getByText('This browser keeps nothing').waitFor();
  const track = await finishAndRead(page, site, aino, run);
  assert.deepEqual(track, [START.latitude, ...device.places]);
  await page.goto(`${site}/record`);
  await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
  assert.equal(await recorded(page), null, 'what was left on the device does not come back');
  assert.deepEqual(faults, []);
});

onTheSite('a_store_that_never_opens_keeps_nobody_from_running', async (site) => {
  const aino = await Phone.signUp(site, 'Aino');
  const { page, context, faults } = await openRecord(browser, site, aino);
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => ({});
  });
  await page.reload();
  await page.locator('#top a').first().waitFor({ timeout: 3_000 });
  await begin(page);
  const device = carry(context);
  await device.walk(page, 1);
  await page.getByText('This browser keeps nothing').waitFor();
  const { run } = await until(page, () => window.runnity.recorded().run && window.runnity.recorded());
  assert.deepEqual(await finishAndRead(page, site, aino, run), [START.latitude, ...device.places]);
  assert.deepEqual(faults, []);
});

onTheSite('nobody_records_without_an_account', async (site) => {
  const { page, faults } = await openPage(browser, `${site}/record`, { expected: AWAY });
  await page.getByRole('link', { name: 'Sign up', exact: true }).waitFor();
  assert.match(await page.getByRole('link', { name: 'Log in', exact: true }).getAttribute('href'), /next=%2Frecord/);
  assert.deepEqual(faults, []);
});

const violations = (page) => page.evaluate(AXE).then(() => page.evaluate(async () => {
  const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] });
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}));

for (const theme of ['light', 'dark']) {
  onTheSite(`the_page_of_the_own_run_is_usable_by_everybody_in_the_${theme}`, async (site) => {
    const aino = await Phone.signUp(site, 'Aino');
    const { page, context, faults } = await openRecord(browser, site, aino, { theme, hasTouch: true });
    await page.getByText('Your position is known').waitFor();
    const look = async (name) => {
      for (const [width, height] of [[360, 740], [768, 1024], [1440, 900]]) {
        await page.setViewportSize({ width, height });
        if (name !== 'ready') await until(page, () => window.runnity.idle());
        await page.screenshot({ path: join(ARTIFACTS, `record-${name}-${width}-${theme}.png`) });
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${name} at ${width}`);
      }
      await page.setViewportSize({ width: 360, height: 740 });
      assert.deepEqual(await violations(page), [], name);
    };
    await look('ready');
    // By keyboard alone: whom to show it, and the start.
    await page.getByRole('radio', { name: 'Public' }).focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.getByRole('radio', { name: 'Friends' }).isChecked(), true);
    await page.getByRole('button', { name: 'Start', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.running').waitFor();
    await carry(context).walk(page, 3);
    await look('running');
    for (const button of await page.locator('.controls button').all()) {
      const { width, height } = await button.boundingBox();
      assert.ok(width >= 100 && height >= 60, `${width} × ${height}`);
    }
    await page.getByRole('button', { name: 'Finish' }).press('Enter');
    await look('finish');
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Finish', 'the focus is where it was');
    await page.getByRole('button', { name: 'Finish' }).press('Enter');
    await page.getByRole('button', { name: 'Finish' }).press('Enter');
    await page.waitForURL('**/runs/*');
    assert.equal((await read(site, '/api/runs?user=me', aino))[0].visibility, 'friends');
    assert.deepEqual(faults, []);
  });
}
