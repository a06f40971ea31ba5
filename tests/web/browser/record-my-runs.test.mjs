// One's own runs: by week, shown to whom one likes, deleted for good.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS, call, launch, openPage, Phone, serverUrl, until } from '../support.mjs';

const url = serverUrl();
const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

let browser;

before(async () => {
  browser = await launch();
}, { timeout: 60_000 });

after(() => browser?.close());

const read = (path, phone) => call(url, path, { token: phone.token, method: 'GET' });

async function openMyRuns(phone, more = {}) {
  const { id } = await read('/api/users/me', phone);
  const account = JSON.stringify({ id, name: phone.name, token: phone.token });
  return openPage(browser, `${url}/my-runs`, {
    width: 360, height: 740, timezoneId: 'Europe/Helsinki', locale: 'en-GB',
    storageState: { cookies: [], origins: [{ origin: url, localStorage: [{ name: 'runnity.account', value: account }] }] }, ...more,
  });
}

test('own_runs_are_shown_to_whom_one_likes_and_deleted_for_good', { timeout: 60_000 }, async () => {
  const aino = await Phone.start(url, { name: 'Aino', before_s: 400 });
  await aino.say('finish');
  await aino.begin({ before_s: 100 });
  const { page, faults } = await openMyRuns(aino);
  const rows = page.locator('.run-row');
  await rows.first().waitFor();
  assert.equal(await rows.count(), 2);
  await page.getByText(/^2 runs · 1\.\d\d km · \d+:\d\d$/).waitFor();
  await rows.first().getByText('Live', { exact: true }).waitFor();
  const finished = rows.filter({ hasNotText: 'Live' });
  await finished.getByRole('combobox').selectOption('Private');
  await page.getByText('Nobody but you sees it.').waitFor({ state: 'attached' });
  const [, run] = await read('/api/runs?user=me', aino);
  assert.equal(run.visibility, 'private');

  await finished.getByRole('button', { name: /^Delete the run of/ }).click();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Keep it');
  await page.keyboard.press('Escape');
  await finished.getByRole('button', { name: /^Delete the run of/ }).click();
  await finished.getByRole('button', { name: 'Delete', exact: true }).click();
  await until(page, () => document.querySelectorAll('.run-row').length === 1);
  assert.equal((await read('/api/runs?user=me', aino)).length, 1);
  assert.match(await rows.first().getByRole('link').first().getAttribute('href'), new RegExp(`/runs/${aino.run}$`));
  assert.deepEqual(faults, []);
});

test('who_has_not_run_yet_is_told_where_to_begin', { timeout: 60_000 }, async () => {
  const { page, faults } = await openMyRuns(await Phone.signUp(url, 'Aino'));
  await page.getByText('You have not run yet').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Start a run' }).getAttribute('href'), '/record');
  assert.deepEqual(faults, []);
});

/** Runs of a year, as the server would tell them: nobody can make one in the past. */
function yearOfRuns() {
  return Array.from({ length: 90 }, (_, index) => {
    const at = new Date(Date.now() - index * 4.1 * 86_400_000).toISOString();
    return {
      id: `01a2${String(index).padStart(4, '0')}-0000-7000-8000-000000000000`, user: { id: 'a', name: 'Aino' }, state: 'finished', visibility: ['public', 'friends', 'private'][index % 3],
      created_at: at, started_at: at, finished_at: at, distance_m: 3000 + ((index * 7919) % 9000), elapsed_s: 2400, moving_s: 2300, event: index % 7 === 0 ? 17 : null,
      position: null, pace_s_per_km: null, climb_m: 0, descent_m: 0, fixes: 9, withheld: index === 4 ? 'it is faster than anybody runs' : null,
    };
  });
}

for (const theme of ['light', 'dark']) {
  test(`a_year_of_runs_is_read_week_by_week_in_the_${theme}`, { timeout: 60_000 }, async () => {
    const all = yearOfRuns();
    const { page, context, faults } = await openMyRuns(await Phone.signUp(url, 'Aino'), { theme });
    await context.route('**/api/runs?user=me*', (route) => {
      const query = new URL(route.request().url()).searchParams;
      const [from, until] = [query.get('from') ?? '', query.get('until')];
      const found = all.filter((run) => run.created_at >= from && run.created_at < until);
      const size = Number(query.get('page_size'));
      const page = Number(query.get('page'));
      return route.fulfill({ json: { data: found.slice((page - 1) * size, page * size) } });
    });
    await page.reload();
    await page.locator('.weeks li').nth(11).waitFor();
    const before = await page.locator('.run-row').count();
    assert.ok(before > 15 && before < 30, `${before}`);
    for (const [width, height] of [[360, 740], [768, 1024], [1440, 900]]) {
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: join(ARTIFACTS, `my-runs-${width}-${theme}.png`) });
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${width}`);
    }
    await page.getByRole('button', { name: 'Older runs' }).click();
    await until(page, (count) => document.querySelectorAll('.run-row').length > count, before);
    for (let more = page.getByRole('button', { name: 'Older runs' }); await more.isVisible(); await page.waitForTimeout(50)) await more.click();
    assert.equal(await page.locator('.run-row').count(), all.length, 'every run once');
    await page.evaluate(AXE);
    const serious = await page.evaluate(async () => (await window.axe.run()).violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${id} ${nodes[0].html}`));
    assert.deepEqual(serious, []);
    assert.deepEqual(faults, []);
  });
}
