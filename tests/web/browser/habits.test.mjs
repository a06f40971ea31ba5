// The habit board: two windows and another browser in step, a line that is cut, a server that dies, a run that ticks.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onEachStore, startServer } from '../server.mjs';
import { ARTIFACTS, call, launch, openLine, openPage, Phone, until } from '../support.mjs';

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
/** A line that is cut says so in the console. */
const CUT = [/ERR_/, /WebSocket/, /Failed to load resource/];

const boardOf = (phone) => call(phone.url, '/api/tasks/board', { token: phone.token, method: 'GET' });
const add = (phone, task) => call(phone.url, '/api/tasks', { token: phone.token, body: task });
const taskOf = async (phone, list, id) => (await boardOf(phone))[list].find((task) => task.id === id);

/** What a habit of value 0 is worth after so many taps on its plus. */
const worth = (taps) => Array.from({ length: taps }).reduce((value) => value + 0.9747 ** value, 0).toFixed(4);

/** Somebody with a board of known tasks. */
async function hero(url, name) {
  const phone = await Phone.signUp(url, name);
  phone.id = (await call(url, '/api/users/me', { token: phone.token, method: 'GET' })).id;
  for (const { id } of [...(await boardOf(phone)).habits, ...(await boardOf(phone)).dailies]) await call(url, `/api/tasks/${id}`, { token: phone.token, method: 'DELETE' });
  for (const text of ['three', 'two', 'one']) await add(phone, { id: text, type: 'daily', text });
  await add(phone, { id: 'stairs', type: 'habit', text: 'Take the stairs' });
  return phone;
}

/** `/habits`, logged in. */
async function openHabits(browser, phone, { url = phone.url, ...more } = {}) {
  const opened = await openPage(browser, `${url}/docs`, { reducedMotion: 'reduce', ...more });
  await opened.page.evaluate((account) => localStorage.setItem('runnity.account', JSON.stringify(account)), { id: phone.id, name: phone.name, token: phone.token });
  await show(opened.page, url);
  return opened;
}

async function show(page, url) {
  await page.goto(`${url}/habits`);
  await page.locator('.board').waitFor();
  await page.locator('#connection[data-connection="live"]').waitFor();
}

const row = (page, id) => page.locator(`.task[data-id="${id}"]`);
const order = (page) => page.locator('.column[data-type="daily"] .task').evaluateAll((rows) => rows.map(({ dataset }) => dataset.id));
const comesTo = (page, wanted) => until(page, (ids) => {
  const rows = [...document.querySelectorAll('.column[data-type="daily"] .task')];
  return rows.map(({ dataset }) => dataset.id).join() === ids.join();
}, wanted);
const gold = (page) => page.locator('.hero-gold-number').textContent();
const settled = (page) => until(page, () => !document.querySelector('.task.waits') && localStorage.length > 0
  && !Object.keys(localStorage).some((key) => key.startsWith('runnity.habits.')));

/** With a finger, on the grip. */
async function touchBefore(page, id, other) {
  await row(page, other).scrollIntoViewIfNeeded();
  const grip = await row(page, id).locator('.grip').boundingBox();
  const target = await row(page, other).boundingBox();
  const [x, from] = [grip.x + grip.width / 2, grip.y + grip.height / 2];
  const session = await page.context().newCDPSession(page);
  const touch = (type, ...ys) => session.send('Input.dispatchTouchEvent', { type, touchPoints: ys.map((y) => ({ x, y })) });
  await touch('touchStart', from);
  for (const y of [from - 12, (from + target.y) / 2, target.y + 6]) await touch('touchMove', y);
  await touch('touchEnd');
  await session.detach();
}

async function dragBefore(page, id, other) {
  const grip = await row(page, id).locator('.grip').boundingBox();
  const target = await row(page, other).boundingBox();
  await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
  await page.mouse.down();
  await page.mouse.move(grip.x + grip.width / 2, grip.y - 12, { steps: 3 });
  await page.mouse.move(grip.x + grip.width / 2, target.y + 6, { steps: 4 });
  await page.mouse.up();
}

onEachStore('habits_are_in_step_in_two_windows_and_two_browsers', async ({ server, browser }) => {
  const phone = await hero(server.url, 'Aino');
  const one = await openHabits(browser, phone);
  const two = await one.context.newPage();
  await show(two, server.url);
  const far = await openHabits(browser, phone, { width: 360, height: 740, hasTouch: true });
  const pages = [one.page, two, far.page];

  // A tap in one is seen in all, with what it has brought.
  assert.equal(await gold(one.page), '0');
  await row(one.page, 'stairs').getByRole('button', { name: 'Plus for Take the stairs' }).click();
  for (const page of pages) await until(page, () => document.querySelector('.hero-gold-number').textContent === '1');
  assert.equal((await taskOf(phone, 'habits', 'stairs')).value, 1);
  await one.page.locator('.hero-gain', { hasText: '+7.5 experience, +1 gold' }).waitFor();

  // By mouse, by keyboard, and by two taps.
  await dragBefore(one.page, 'three', 'one');
  for (const page of pages) await comesTo(page, ['three', 'one', 'two']);
  assert.deepEqual((await boardOf(phone)).dailies.map(({ id }) => id), ['three', 'one', 'two']);
  const grip = row(two, 'three').locator('.grip');
  await grip.focus();
  await two.keyboard.press('Space');
  await two.locator('#announcer', { hasText: 'three is picked up at place 1 of 3' }).waitFor();
  await two.keyboard.press('ArrowDown');
  await two.locator('#announcer', { hasText: 'Place 2 of 3' }).waitFor();
  await two.keyboard.press('Escape');
  assert.deepEqual(await order(two), ['three', 'one', 'two'], 'put back');
  for (const key of ['Space', 'End', 'Space']) await two.keyboard.press(key);
  for (const page of pages) await comesTo(page, ['one', 'two', 'three']);
  assert.ok(await grip.evaluate((it) => it === document.activeElement), 'the focus stays with what was moved');
  await row(far.page, 'three').locator('.more').tap();
  await row(far.page, 'three').getByRole('button', { name: 'Move up' }).tap();
  for (const page of pages) await comesTo(page, ['one', 'three', 'two']);
  await touchBefore(far.page, 'two', 'one');
  for (const page of pages) await comesTo(page, ['two', 'one', 'three']);

  // Another's words are text, wherever they come from.
  const script = '<img src=x onerror="document.title=\'poor\'">';
  await one.page.getByLabel('Add a to-do', { exact: true }).fill(script);
  await one.page.keyboard.press('Enter');
  for (const page of pages) await page.locator('.task-words', { hasText: script }).waitFor({ state: 'attached' });
  assert.equal(await two.locator('.board img').count(), 0);

  // A run ticks what waited for it, and is to be found there.
  await add(phone, { id: 'run', type: 'daily', text: 'Run a little', rule: { variable: 'distance_m', at_least: 300 } });
  await row(far.page, 'run').getByText('Ticked by a run of at least 0.3 km').waitFor();
  await phone.begin({ before_s: 200 });
  await phone.say('finish');
  for (const page of pages) {
    const link = row(page, 'run').getByRole('link', { name: 'Ticked by a run' });
    await link.waitFor();
    assert.equal(await link.getAttribute('href'), `/runs/${phone.run}`);
    assert.equal(await row(page, 'run').getByRole('checkbox').getAttribute('aria-checked'), 'true');
  }

  // The log-out of one window takes the board from the other.
  await two.evaluate(() => localStorage.removeItem('runnity.account'));
  await one.page.getByRole('link', { name: 'Sign up', exact: true }).waitFor();
  assert.equal(await one.page.locator('.task').count(), 0);
  assert.deepEqual([one.faults, far.faults], [[], []]);
});

onEachStore('taps_wait_for_a_line_and_for_a_server_and_count_once', async (site) => {
  const line = await openLine(site.server.url);
  try {
    await tapWithoutALine(site, line);
  } finally {
    line.close();
  }
});

async function tapWithoutALine({ server, browser }, line) {
  const phone = await hero(server.url, 'Eero');
  const { page, context, faults } = await openHabits(browser, phone, { url: line.url, expected: CUT });
  const beside = await context.newPage();
  await show(beside, line.url);
  const still = await openHabits(browser, phone, { expected: CUT });
  const plus = row(page, 'stairs').getByRole('button', { name: 'Plus' });
  const tick = row(page, 'one').getByRole('checkbox');

  line.cut();
  await page.locator('#connection:not([data-connection="live"])').waitFor();
  for (let taps = 0; taps < 3; taps += 1) await plus.click();
  await tick.click();
  assert.equal(await tick.getAttribute('aria-checked'), 'true', 'shown at once');
  assert.ok(await row(page, 'stairs').evaluate((it) => it.classList.contains('waits')), 'and marked as not yet saved');
  await until(beside, () => document.querySelector('.task.waits[data-id="one"] .tick')?.getAttribute('aria-checked') === 'true');
  await beside.close();
  await row(page, 'two').locator('.grip').focus();
  for (const key of ['Space', 'Home', 'Space']) await page.keyboard.press(key);
  await comesTo(page, ['two', 'one', 'three']);
  await page.locator('.board-note', { hasText: '5 changes wait for the server' }).waitFor();
  assert.equal((await taskOf(phone, 'habits', 'stairs')).value, 0);
  // What another device does meanwhile stays.
  await row(still.page, 'three').getByRole('checkbox').click();
  await settled(still.page);
  line.mend();
  await settled(page);
  await page.locator('.board-note').waitFor({ state: 'hidden' });
  const mended = await boardOf(phone);
  assert.equal(mended.habits.find(({ id }) => id === 'stairs').value.toFixed(4), worth(3), 'three taps, each once');
  assert.deepEqual(mended.dailies.map(({ id, completed }) => [id, completed]), [['two', false], ['one', true], ['three', true]]);
  for (const each of [page, still.page]) {
    await comesTo(each, ['two', 'one', 'three']);
    await until(each, (gp) => document.querySelector('.hero-gold-number').textContent === gp, String(Math.floor(mended.stats.gp * 100) / 100));
  }

  // The server dies in the middle of it, and then the window: another one sends what it has left.
  await server.kill();
  await plus.click();
  await row(page, 'two').getByRole('checkbox').click();
  await page.locator('.board-note', { hasText: '2 changes wait' }).waitFor();
  await page.close();
  await server.start();
  const another = await context.newPage();
  await show(another, line.url);
  await settled(another);
  const last = await boardOf(phone);
  assert.equal(last.habits.find(({ id }) => id === 'stairs').value.toFixed(4), worth(4));
  await until(still.page, () => document.querySelector('.task[data-id="two"] .tick').getAttribute('aria-checked') === 'true');
  assert.deepEqual([faults, still.faults], [[], []]);
}

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  await server?.stop();
});

test('a_task_is_written_and_what_is_wrong_stands_at_its_field', { timeout: 60_000 }, async () => {
  const phone = await hero(server.url, 'Olli');
  const { page, faults } = await openHabits(browser, phone, { expected: [/status of 400/] });
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Add a daily with details' }).click();
  await dialog.getByLabel('Notes').fill('kept');
  await dialog.getByRole('combobox', { name: 'A run', exact: true }).selectOption('distance_m');
  await dialog.getByLabel('Amount').fill('far');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const what = dialog.getByLabel('What');
  assert.equal(await what.getAttribute('aria-invalid'), 'true');
  assert.ok(await what.evaluate((it) => it === document.activeElement));
  await what.fill('Run five');
  await what.press('Enter');
  await dialog.locator('#rule-amount[aria-invalid="true"]').waitFor();
  await dialog.getByLabel('Amount').fill('5');
  await dialog.getByText('Sat', { exact: true }).click();
  await dialog.getByText('Hard', { exact: true }).click();
  await dialog.getByRole('button', { name: 'Add a step' }).click();
  await page.keyboard.type('Shoes');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Water');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  const { dailies: [made] } = await boardOf(phone);
  assert.deepEqual([made.text, made.notes, made.priority, made.rule, made.repeat.s, made.repeat.su, made.checklist.map(({ text }) => text)],
    ['Run five', 'kept', '!!!', { variable: 'distance_m', at_least: 5000 }, false, true, ['Shoes', 'Water']]);
  await row(page, made.id).getByLabel('Water').check();
  await until(page, () => !document.querySelector('.task.waits'));
  assert.deepEqual((await taskOf(phone, 'dailies', made.id)).checklist.map(({ completed }) => completed), [false, true]);

  // What only the server finds wrong, it says itself, and what was typed stays.
  await page.getByRole('button', { name: 'Add a reward with details' }).click();
  await what.fill('The moon');
  await dialog.getByLabel('Price in gold').fill('9'.repeat(30));
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const wrong = dialog.locator('[name="value"][aria-invalid="true"] ~ .wrong');
  await wrong.waitFor();
  assert.match(await wrong.textContent(), /value/);
  assert.equal(await what.inputValue(), 'The moon');
  await dialog.getByLabel('Price in gold').fill('3,5');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const moon = page.locator('.column[data-type="reward"] .task', { hasText: 'The moon' });
  await moon.getByRole('button', { name: 'Buy The moon for 3.5 gold' }).click();
  await page.getByRole('alert').filter({ hasText: 'not enough gold' }).waitFor();

  // Deleted only when one is sure; the focus goes on.
  await moon.getByRole('button', { name: 'More for The moon' }).click();
  await moon.getByRole('button', { name: 'Delete' }).click();
  await moon.getByRole('button', { name: 'Keep' }).press('Enter');
  await moon.getByRole('button', { name: 'Delete' }).press('Enter');
  await moon.getByRole('button', { name: 'Delete' }).click();
  await moon.waitFor({ state: 'detached' });
  assert.ok(await page.evaluate(() => document.activeElement?.classList.contains('task-words')));

  // What is ticked goes to what is done, and the focus to the next.
  await page.getByLabel('Add a to-do', { exact: true }).fill('First of all');
  await page.keyboard.press('Enter');
  await page.getByRole('checkbox', { name: 'First of all' }).press('Space');
  await page.locator('.done-fold').getByText('First of all').waitFor({ state: 'attached' });
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Call home');
  assert.deepEqual(faults, []);
});

test('who_has_no_health_left_comes_back_and_gold_buys_gear', { timeout: 60_000 }, async () => {
  const phone = await hero(server.url, 'Sari');
  await call(phone.url, '/api/tasks/hero', { token: phone.token, method: 'PATCH', body: { stats: { gp: 60, hp: 1 } } });
  const { page, faults } = await openHabits(browser, phone);
  const weapon = () => boardOf(phone).then(({ user }) => user.items.weapon);
  await page.getByRole('button', { name: 'Buy Weapon 1 for 20 gold' }).click();
  await page.getByRole('button', { name: 'Buy Weapon 2 for 30 gold' }).waitFor();
  assert.equal(await weapon(), 1);
  await row(page, 'stairs').getByRole('button', { name: 'Minus' }).click();
  const dead = page.locator('.hero-dead');
  await dead.getByText('You have no health left').waitFor();
  await dead.getByRole('button', { name: 'Come back' }).click();
  await dead.waitFor({ state: 'hidden' });
  assert.deepEqual((await boardOf(phone)).stats, { gp: 0, exp: 0, lvl: 1, hp: 50 });
  assert.deepEqual(faults, []);
});

test('a_thousand_tasks_stay_usable', { timeout: 60_000 }, async () => {
  const phone = await hero(server.url, 'Tuhat');
  const operations = Array.from({ length: 950 }, (_, index) => ({ op: 'addTask', task: { id: `t${index}`, type: 'todo', text: `To-do number ${index}` } }));
  await fetch(`${phone.url}/api/v2`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'x-api-user': phone.id, 'x-api-key': phone.token }, body: JSON.stringify(operations) });
  const { page, faults } = await openHabits(browser, phone);
  await row(page, 't0').scrollIntoViewIfNeeded();
  await row(page, 't0').locator('.task-words').focus();
  // Rows that come into sight take their real height first.
  const rest = () => until(page, () => {
    const { top } = document.querySelector('.task[data-id="t0"]').getBoundingClientRect();
    const rests = window.was === top;
    window.was = top;
    return rests && { top };
  });
  const { top } = await rest();
  const drawn = await page.evaluate(() => {
    window.touched = new Set();
    new MutationObserver((changes) => changes.forEach(({ target }) => {
      const row = (target instanceof Element ? target : target.parentElement).closest('.task');
      if (row) window.touched.add(row.dataset.id);
    })).observe(document.querySelector('.columns'), { subtree: true, childList: true, attributes: true, characterData: true });
    return document.querySelectorAll('.column[data-type="todo"] .task').length;
  });
  assert.ok(drawn > 900, `${drawn}`);
  await call(phone.url, '/api/tasks/stairs/score', { token: phone.token, body: { direction: 'up' } });
  await until(page, () => document.querySelector('.hero-gold-number').textContent === '1');
  const touched = await page.evaluate(() => [...window.touched]);
  assert.deepEqual(touched.filter((id) => /^t\d/.test(id)), [], 'what has not changed is not drawn');
  assert.ok(touched.includes('stairs'));
  assert.equal(await page.evaluate(() => document.activeElement.closest('.task')?.dataset.id), 't0');
  assert.equal((await rest()).top, top, 'the page stays where it is');
  assert.deepEqual(faults, []);
});

test('the_board_is_for_everybody_at_any_width_in_both_themes', { timeout: 120_000 }, async () => {
  const phone = await hero(server.url, 'Värit');
  const [{ id: tag }] = (await boardOf(phone)).tags;
  for (const [index, value] of [-30, -12, -3, 0, 3, 8, 20].entries()) {
    await add(phone, { type: 'habit', text: `Habit ${index}`, notes: index % 2 ? 'A note.' : '', value, tags: index % 3 ? [] : [tag] });
    await add(phone, { type: 'todo', text: index === 3 ? 'W'.repeat(300) : `To-do ${index}`, value, date: index % 2 ? '2026-01-01' : undefined, checklist: index === 2 ? [{ text: 'Step' }] : [] });
  }
  for (const theme of ['light', 'dark']) {
    const { page, context, faults } = await openHabits(browser, phone, { theme, width: 360, height: 740 });
    await page.getByText('Your day ends').waitFor();
    for (const [width, height] of [[360, 740], [768, 1024], [1440, 900]]) {
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: join(ARTIFACTS, `habits-${width}-${theme}.png`), fullPage: true });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${wide} px in ${width}`);
    }
    await page.evaluate(AXE);
    for (const open of theme === 'light' ? [null, 'Add a habit with details', 'Edit tags'] : [null, 'Add a habit with details']) {
      if (open) await page.getByRole('button', { name: open }).click();
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`)}`), [], `${theme} ${open}`);
      if (open) await page.keyboard.press('Escape');
    }
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole('button', { name: 'To-dos' }).click();
    const small = await page.evaluate(() => [...document.querySelectorAll('.column.chosen button, .column.chosen input')].filter((it) => it.checkVisibility())
      .map((it) => ({ box: (it.closest('label') ?? it).getBoundingClientRect(), it })).filter(({ box }) => Math.min(box.width, box.height) < 24).map(({ it }) => it.outerHTML));
    assert.deepEqual(small, [], 'large enough for a finger');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 360);
    assert.deepEqual(faults, []);
    await context.close();
  }
});
