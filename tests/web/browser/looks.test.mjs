// Every page with something on it, for a person to look at: three widths, both themes; and what axe finds that keeps people out.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ARTIFACTS, call, grave, launch, openPage, Phone, serverUrl } from '../support.mjs';
import { livedPerson } from '../person.mjs';

const url = serverUrl();
const WIDTHS = [[360, 740], [768, 1024], [1440, 900]];
const THEMES = /** @type {const} */ (['light', 'dark']);

let browser;
/** @type {Awaited<ReturnType<typeof livedPerson>>} */
let person;
/** Somebody who runs meanwhile, in that person's event. @type {Phone} */
let runner;

before(async () => {
  [browser, person] = await Promise.all([launch(), livedPerson(url)]);
  runner = await Phone.signUp(url, 'Jonas');
  await call(url, `/api/events/${person.event}/participants`, { token: runner.token });
  (await runner.begin({ event: person.event, before_s: 500 })).keepRunning();
}, { timeout: 60_000 });

after(async () => {
  runner?.stop();
  await runner?.say('finish');
  await browser?.close();
});

/** What must have come before a page is looked at. A page without an account is marked `out`. */
const PAGES = [
  { name: 'watch', path: () => '/', sign: '.runner-row, [data-run]', map: true },
  { name: 'run-live', path: () => `/runs/${runner.run}`, sign: '#chart canvas', map: true, out: true },
  { name: 'run-finished', path: () => `/runs/${person.run}`, sign: '#chart canvas', map: true },
  { name: 'event-own', path: () => `/events/${person.event}`, sign: '#event-actions *', map: true },
  { name: 'shared', path: () => person.link, sign: '#event-name', map: true },
  { name: 'events', path: () => '/events', sign: 'main a[href^="/events/"]' },
  { name: 'event-new', path: () => '/events/new', sign: 'form' },
  { name: 'friends', path: () => '/friends', sign: 'main li' },
  { name: 'record', path: () => '/record', sign: 'main button' },
  { name: 'my-runs', path: () => '/my-runs', sign: 'main a[href^="/runs/"]' },
  { name: 'earn', path: () => '/earn', sign: 'main progress' },
  { name: 'leaderboards', path: () => '/leaderboards', sign: 'main tbody tr' },
  { name: 'challenges', path: () => '/challenges', sign: 'main article, main li' },
  { name: 'habits', path: () => '/habits', sign: 'main li' },
  { name: 'account', path: () => '/account', sign: 'main form' },
  { name: 'keys', path: () => '/keys', sign: '#list tr' },
  { name: 'sign-up', path: () => '/account', sign: 'main form', out: true },
  { name: 'earn-out', path: () => '/earn', sign: 'main .ask, main progress, main li', out: true },
  { name: 'habits-out', path: () => '/habits', sign: 'main .ask', out: true },
  { name: 'record-out', path: () => '/record', sign: 'main .ask', out: true },
  { name: 'not-found', path: () => '/nothing-here', sign: 'main h1', out: true, expected: [/status of 404/] },
];

/** A phone as tall as what is on the page: the bar at its bottom stays at the bottom. */
const wholeHeight = (page, height) => page.evaluate((min) => Math.min(3_000, Math.max(min, document.documentElement.scrollHeight)), height);

for (const { name, path, sign, map = false, out = false, expected = [] } of PAGES) {
  test(`${name}_is_fit_to_be_looked_at`, { timeout: 90_000 }, async () => {
    const { page, context, faults } = await openPage(browser, url + path(), { expected, as: out ? undefined : person.phone });
    await page.locator(sign).filter({ visible: true }).first().waitFor();
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      for (const [width, height] of WIDTHS) {
        await page.setViewportSize({ width, height });
        if (width === WIDTHS[0][0]) await page.setViewportSize({ width, height: await wholeHeight(page, height) });
        const at = `${name} at ${width} px, ${theme}`;
        assert.deepEqual(await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]), [width, width], at);
        if (map) await page.waitForFunction(() => window.runnity.idle());
        await page.screenshot({ path: join(ARTIFACTS, `${name}-${width}-${theme}.png`) });
        if (width !== 768) assert.deepEqual(await grave(page), [], at);
      }
    }
    assert.deepEqual(faults, []);
    await context.close();
  });
}
