// The documentation in a real browser against a real server, with and without scripts.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ARTIFACTS, grave, launch, openPage, serverUrl } from '../support.mjs';

const url = serverUrl();

let browser;

before(async () => {
  browser = await launch();
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
});

/** The languages in which an example of this call is to be seen. */
const shown = (page) => page.locator('#createRun .sample:visible code').evaluateAll((all) => all.map((code) => code.dataset.language));

test('the_language_of_all_examples_is_chosen_by_keyboard_and_kept', async () => {
  const { page, context, faults } = await openPage(browser, `${url}/docs`);
  assert.deepEqual(await shown(page), ['shell']);
  await page.locator('#language-shell').focus();
  await page.keyboard.press('ArrowRight');
  assert.deepEqual(await shown(page), ['javascript']);
  await page.keyboard.press('ArrowRight');
  assert.deepEqual(await shown(page), ['python']);
  await page.reload();
  assert.deepEqual(await shown(page), ['python']);
  const code = await page.locator('#createRun .sample:visible code').textContent();
  assert.ok(code.includes(`${url}/api/runs`), 'the example asks this server');
  assert.deepEqual(faults, []);
  await context.close();
});

test('without_scripts_everything_is_there', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${url}/docs#createRun`);
  assert.deepEqual(await page.locator('#createRun .sample:visible').count(), 1);
  await page.locator('#language-python').check({ force: true });
  assert.ok(await page.locator('#createRun .sample[data-language=python]').isVisible());
  await page.locator('.index a[href="#recordFixes"]').click();
  assert.ok(await page.locator('#recordFixes-title').isVisible());
  await context.close();
});

test('every_link_in_the_documentation_leads_somewhere', async () => {
  const { page, context } = await openPage(browser, `${url}/docs`);
  const links = await page.locator('a').evaluateAll((all) => [...new Set(all.map((link) => link.getAttribute('href')))]);
  assert.ok(links.length > 60, `${links.length} links`);
  for (const link of links) {
    if (link.startsWith('#')) assert.equal(await page.locator(`[id="${link.slice(1)}"]`).count(), 1, link);
    // A connection that rested meanwhile may be closed while it is used again, as HTTP has it.
    else assert.equal((await page.request.get(new URL(link, url).href, { maxRetries: 2 })).status(), 200, link);
  }
  await context.close();
});

/** All calls together are as long as a book, and take as long to judge: whatever differs by theme or width differs in these too. */
const SOME = ['createRun', 'recordFixes', 'logIn'];

for (const theme of ['light', 'dark']) {
  test(`the_documentation_is_readable_in_${theme}`, { timeout: 90_000 }, async () => {
    for (const [name, path] of [['call', '/docs#createRun'], ['error', '/docs/errors/Conflict']]) {
      const { page, context, faults } = await openPage(browser, url + path, { theme });
      const widths = [[360, 740], [1440, 900]];
      for (const [width, height] of widths) {
        await page.setViewportSize({ width, height });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing is wider than the page');
        await page.screenshot({ path: join(ARTIFACTS, `${name}-${width}-${theme}.png`) });
      }
      await page.evaluate((kept) => {
        for (const call of document.querySelectorAll('.call')) if (!kept.includes(call.id)) call.remove();
      }, SOME);
      assert.equal(await page.locator('.call').count(), name === 'call' ? SOME.length : 0);
      for (const [width, height] of widths) {
        await page.setViewportSize({ width, height });
        assert.deepEqual(await grave(page), []);
      }
      assert.deepEqual(faults, []);
      await context.close();
    }
  });
}

test('all_of_the_documentation_is_readable', { timeout: 90_000 }, async () => {
  const { page, context, faults } = await openPage(browser, `${url}/docs`);
  assert.deepEqual(await grave(page), []);
  await page.screenshot({ path: join(ARTIFACTS, 'docs-1280-light.png') });
  assert.deepEqual(faults, []);
  await context.close();
});
