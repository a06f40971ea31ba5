// Earning, end to end: two people, each in a browser of their own, whose phones run.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onEachStore } from '../server.mjs';
import { ARTIFACTS, call, openLine, openPage, Phone, until } from '../support.mjs';

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
/** Lines that a browser writes itself: when the server is away, or refuses what was typed. */
const EXPECTED = [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET|WebSocket connection|status of 400/];

const idOf = async (phone) => (await call(phone.url, '/api/users/me', { token: phone.token, method: 'GET' })).id;

async function befriend(one, other) {
  await call(one.url, '/api/friends', { token: one.token, body: { user: other.id } });
  await call(one.url, `/api/friends/${one.id}`, { token: other.token, method: 'PUT', body: { state: 'accepted' } });
}

/** A finished run of so many seconds. */
async function run(phone, before_s) {
  await phone.begin({ before_s });
  await phone.say('finish');
}

/** A browser of somebody's, who has come to a page and logged in on the way. */
async function openAs(browser, url, path, phone) {
  const opened = await openPage(browser, `${url}${path}`, { expected: EXPECTED, reducedMotion: 'reduce' });
  const { page } = opened;
  await page.locator('.ask').getByRole('link', { name: 'Log in' }).click();
  await page.getByLabel('Name').fill(phone.name);
  await page.getByLabel('Password', { exact: true }).fill(phone.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(`${url}${path}`);
  await isLive(page);
  return opened;
}

const isLive = (page) => page.locator('#connection[data-connection="live"]').waitFor();

/** Marks the page, so that a reload would be seen. */
const mark = (page) => page.evaluate(() => { window.notReloaded = true; });
const isUnreloaded = async (page) => assert.equal(await page.evaluate(() => window.notReloaded), true, 'without a reload');

/** Who stands where by a table: ["Aino …", "1.28 km"] in order. */
const standings = (page, table) => page.evaluate((selector) => [...document.querySelectorAll(`${selector} tbody tr`)].map((row) => [
  row.getAttribute('data-user'), row.querySelector('.number')?.textContent,
]), table);
const standsAs = (page, table, ids) => until(page, ([selector, wanted]) => (
  [...document.querySelectorAll(`${selector} tbody tr`)].map((row) => row.getAttribute('data-user')).join() === wanted), [table, ids.join()]);

/** The board shows what the server says of somebody now. */
async function isInStep(page, phone) {
  const { standings: [{ user, value }] } = await call(phone.url, '/api/variables/distance_m/leaderboard?around=me&page_size=1', { token: phone.token, method: 'GET' });
  assert.equal(user.id, phone.id);
  await until(page, ([id, words]) => document.querySelector(`.board tr[data-user="${id}"] .number`)?.textContent === words, [phone.id, `${(value / 1000).toFixed(2)} km`]);
}

async function hasNoFault(page, name, isPictured) {
  // The page itself is looked at here, not the news above it.
  await until(page, () => {
    for (const button of document.querySelectorAll('.toasts-none, .toast-away')) button.click();
    return !document.querySelector('.toast');
  });
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.evaluate(AXE);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [360, 768, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${name} is ${wide} px wide at ${width}`);
      if (isPictured) await page.screenshot({ path: join(ARTIFACTS, `${name}-${width}-${colorScheme}.png`) });
      // The phone by day and the desk by night stand for the rest: colours and widths do not depend on each other.
      if ((width === 360) !== (colorScheme === 'light') || width === 768) continue;
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`), [], `${name} at ${width} in the ${colorScheme}`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** Bad input is told at its field, and what was typed stays; then it is sent. */
async function challenge(page, { title, to }) {
  await page.getByText('Challenge somebody').click();
  await page.getByRole('button', { name: 'Send the challenge' }).click();
  const name = page.getByLabel('Title');
  await until(page, () => document.querySelector('[name="title"]')?.getAttribute('aria-invalid') === 'true');
  assert.match(await page.locator('.field:has([name="title"]) .wrong').innerText(), /title must have/);
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'title', 'the focus leads there');
  await name.fill(title);
  const target = page.getByLabel('Target (km)');
  await target.fill('far');
  await page.getByRole('button', { name: `Add ${to.name}` }).click();
  await page.getByRole('button', { name: 'Send the challenge' }).click();
  await page.locator('.field:has([name="target"]) .wrong', { hasText: 'target must be a number' }).waitFor();
  assert.deepEqual([await name.inputValue(), await target.inputValue()], [title, 'far'], 'what was typed stays');
  await target.fill('50');
  await page.getByRole('button', { name: 'Send the challenge' }).click();
  await page.locator('.challenge', { hasText: title }).waitFor();
}

/** @param {{server: any, browser: any, line: any}} site */
async function journey({ server, browser, line }) {
  const aino = await Phone.signUp(server.url, 'Aino');
  const veikko = await Phone.signUp(server.url, 'Veikko');
  for (const phone of [aino, veikko]) phone.id = await idOf(phone);
  await befriend(aino, veikko);

  // Aino has two pages open, Veikko one.
  const hers = await openAs(browser, line.url, '/leaderboards', aino);
  const board = hers.page;
  const earn = await hers.context.newPage();
  await earn.goto(`${line.url}/earn`);
  await isLive(earn);
  const his = await openAs(browser, server.url, '/challenges', veikko);
  const card = earn.locator('.achievement[data-name="first_run"]');
  await card.getByText('Not yet').waitFor();
  await mark(earn);

  // Her first run: unlocked on both pages, her card and the board have moved.
  await run(aino, 400);
  for (const page of [earn, board]) {
    const toast = page.locator('.toast.unlocked', { hasText: 'First run' });
    for (const words of ['Reached', '+10 points', 'Badge: shoe']) await toast.getByText(words, { exact: true }).waitFor();
  }
  await card.getByText('✓ Reached').waitFor();
  await earn.locator('.achievement[data-name="regular"]').getByText('1 of 10 runs').waitFor();
  await isUnreloaded(earn);
  await standsAs(board, '.board', [aino.id]);
  await mark(board);
  assert.equal(await board.locator('.board tr.own .you').isVisible(), true, 'one\'s own row is marked in words');

  // He runs further: his row comes in above hers.
  await run(veikko, 900);
  await standsAs(board, '.board', [veikko.id, aino.id]);
  await isUnreloaded(board);

  // He challenges her; she is told, follows the link, and takes part.
  await challenge(his.page, { title: 'Fifty kilometres', to: aino });
  await mark(his.page);
  const told = earn.locator('.toast', { hasText: `${veikko.name} challenges you` });
  await until(earn, (words) => {
    const toasts = [...document.querySelectorAll('.toast')];
    if (toasts.some((toast) => toast.textContent.includes(words))) return true;
    // It waits its turn.
    for (const toast of toasts) toast.querySelector('.toast-away').click();
    return false;
  }, `${veikko.name} challenges you`);
  await told.getByRole('link', { name: 'Answer' }).click();
  await earn.waitForURL(/\/challenges#\d+$/);
  const theirs = earn.locator('.challenge', { hasText: 'Fifty kilometres' });
  await theirs.getByRole('button', { name: 'Take part' }).click();
  await standsAs(his.page, '.standings', [veikko.id, aino.id].sort().reverse());
  await isLive(earn);
  await mark(earn);

  // What she runs moves the standings in both windows.
  await run(aino, 500);
  for (const page of [earn, his.page]) {
    await standsAs(page, '.standings', [aino.id, veikko.id]);
    await until(page, () => document.querySelector('.standings .number')?.textContent !== '–');
    await isUnreloaded(page);
  }
  const before = await standings(his.page, '.standings');

  // Her line is cut: what he runs meanwhile is there when it is mended.
  line.cut();
  await earn.locator('#connection[data-connection="reconnecting"], #connection[data-connection="offline"]').waitFor();
  await run(veikko, 1000);
  await standsAs(his.page, '.standings', [veikko.id, aino.id]);
  const orderOf = (all) => all.map(([id]) => id);
  assert.deepEqual(orderOf(await standings(earn, '.standings')), orderOf(before), 'nothing is heard over a cut line');
  line.mend();
  await standsAs(earn, '.standings', [veikko.id, aino.id]);
  await isInStep(board, veikko);

  // The server dies and comes back: both are in step again.
  await server.restart();
  await Promise.all([earn, board, his.page].map(isLive));
  await run(aino, 1500);
  for (const page of [earn, his.page]) {
    await standsAs(page, '.standings', [aino.id, veikko.id]);
    await isUnreloaded(page);
  }
  await isInStep(board, aino);
  await isUnreloaded(board);

  const isPictured = server.store === 'embedded';
  await earn.goto(`${line.url}/earn#first_run`);
  await until(earn, () => document.activeElement?.getAttribute('data-name') === 'first_run');
  for (const [page, name] of isPictured ? [[earn, 'earn'], [board, 'leaderboards'], [his.page, 'challenges']] : []) await hasNoFault(page, name, isPictured);
  assert.deepEqual([...hers.faults, ...his.faults], []);
}

onEachStore('what_is_earned_is_seen_at_once_by_whom_it_concerns', async ({ server, browser }) => {
  const line = await openLine(server.url);
  try {
    await journey({ server, browser, line });
  } finally {
    line.close();
  }
});
