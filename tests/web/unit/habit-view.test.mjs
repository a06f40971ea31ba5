// Pure: the board as it is shown: what the server says, what waits, and the words for both.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { expToNext, offersOf, PRICES } from '../../../web-demo/habit/hero.js';
import { keyOf } from '../../../web-demo/habit/queue.js';
import { createStore } from '../../../web-demo/habit/store.js';
import { openOutbox } from '../../../web-demo/habit/outbox.js';
import { amountTyped, changesOf, documentOf, emptyForm, formOf, numberTyped } from '../../../web-demo/habit/task-form.js';
import { countOpen, isDue, listsOf, placeIn, viewOf, weekdayOf } from '../../../web-demo/habit/view.js';
import { bandOf, dayOf, formatGold, sayDue, sayEffect, sayForecast, sayGain, sayRefusal, sayRepeat, sayRule } from '../../../web-demo/habit/words.js';
import { parseHabitBoard, parseHabitForecast } from '../../../web-demo/protocol-habits.js';

const read = (path) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const task = (type, id, more = {}) => ({ id, type, text: id, notes: '', value: 0, priority: '!', tags: [], created_at: '2026-11-21T09:00:00.000Z', ...more });
const board = (more = {}) => ({
  v: 7, stats: { gp: 1, exp: 2, lvl: 1, hp: 50 }, user: {}, tags: [],
  habits: [task('habit', 'stairs', { up: true, down: true })],
  dailies: [task('daily', 'a', { completed: false }), task('daily', 'b', { completed: true, completed_by: 'run' }), task('daily', 'c', { completed: false })],
  todos: [task('todo', 'x', { completed: true }), task('todo', 'y', { completed: false, checklist: [{ id: 'i', text: 'i', completed: false }] })],
  rewards: [], ...more,
});
let made = 0;
const waiting = (op, v = null) => ({ key: keyOf(1, (made += 1), 'k'), op: { id: `op${made}`, ...op }, v });
const ids = (tasks) => tasks.map(({ id }) => id);

test('what_waits_is_shown_as_it_will_be_and_gold_is_not_guessed', () => {
  const before = board();
  const { board: shown, waiting: marks, unsent, hero_waits } = viewOf(before, [
    waiting({ op: 'score', task: { id: 'a', type: 'daily' }, dir: 'up' }),
    waiting({ op: 'score', task: { id: 'b', type: 'daily' }, dir: 'down' }),
    waiting({ op: 'score', task: { id: 'stairs', type: 'habit' }, dir: 'up' }),
    waiting({ op: 'score', task: { id: 'stairs', type: 'habit' }, dir: 'up' }),
    waiting({ op: 'sortTask', task: { id: 'c' }, to: 0 }),
    waiting({ op: 'set', path: 'tasks.y.checklist.0.completed', value: true }),
    waiting({ op: 'clear-completed' }),
    waiting({ op: 'addTask', task: { id: 'n', type: 'daily', text: 'new' } }),
    waiting({ op: 'delTask', task: { id: 'gone', type: 'todo' } }),
    waiting({ op: 'buy', type: 'potion' }),
  ]);
  assert.deepEqual(ids(shown.dailies), ['n', 'c', 'a', 'b']);
  const [, , a, b] = shown.dailies;
  assert.deepEqual([a.completed, b.completed, b.completed_by], [true, false, undefined]);
  assert.deepEqual([ids(shown.todos), shown.todos[0].checklist[0].completed], [['y'], true]);
  assert.deepEqual([shown.stats, shown.habits], [before.stats, before.habits]);
  assert.deepEqual([marks.get('stairs'), marks.get('a'), marks.get('y'), unsent, hero_waits], [2, 1, 1, 10, true]);
  assert.deepEqual(before, board());
});

test('what_the_board_has_already_is_not_made_twice', () => {
  const sort = (v) => waiting({ op: 'sortTask', task: { id: 'a' }, to: 2 }, v);
  assert.deepEqual(ids(viewOf(board(), [sort(7)]).board.dailies), ['a', 'b', 'c'], 'it is in version 7, with what came after it');
  const ahead = viewOf(board(), [sort(8)]);
  assert.deepEqual([ids(ahead.board.dailies), ahead.unsent, ahead.waiting.get('a')], [['b', 'c', 'a'], 0, 1], 'the server has it, the board not yet');
  const there = viewOf(board(), [waiting({ op: 'addTask', task: { id: 'a', type: 'daily', text: 'a' } })]);
  assert.deepEqual(ids(there.board.dailies), ['a', 'b', 'c']);
});

test('a_place_among_those_that_are_shown_is_one_in_the_whole_list', () => {
  const all = ['h1', 'a', 'h2', 'b', 'c', 'h3'];
  const shown = ['a', 'b', 'c'];
  for (const [id, to, then] of [['c', 0, ['h1', 'c', 'a', 'h2', 'b', 'h3']], ['a', 2, ['h1', 'h2', 'b', 'c', 'a', 'h3']], ['a', 1, ['h1', 'h2', 'b', 'a', 'c', 'h3']], ['b', 1, ['h1', 'a', 'b', 'h2', 'c', 'h3']]]) {
    const rest = all.filter((each) => each !== id);
    assert.deepEqual(rest.toSpliced(placeIn(all, shown, id, to), 0, id), then, `${id} to ${to}`);
  }
  assert.equal(placeIn(['a'], ['a'], 'a', 0), 0);
});

test('lists_show_what_is_to_be_done_today_and_what_has_the_tag', () => {
  const { todos, dailies } = board({ dailies: [task('daily', 'a', { completed: false, tags: ['t'], repeat: { m: true, t: false } }), task('daily', 'b', { completed: true })] });
  assert.deepEqual([ids(listsOf(todos, null).open), ids(listsOf(todos, null).done)], [['y'], ['x']]);
  assert.deepEqual(ids(listsOf(dailies, 't').open), ['a']);
  assert.deepEqual([countOpen(dailies, 'm'), countOpen(dailies, 't'), isDue(dailies[0], 't')], [1, 0, false]);
  const night = new Date(2026, 10, 23, 2, 30); // Monday, half past two
  assert.deepEqual([weekdayOf(night, 0), weekdayOf(night, 4)], ['m', 'su']);
});

test('prices_and_levels_are_those_of_the_server', () => {
  const source = read('src/domain/habit/gear.rs');
  for (const [goods, name] of [['weapon', 'WEAPONS'], ['armor', 'ARMORS'], ['head', 'HEADS'], ['shield', 'SHIELDS']]) {
    const [, pairs] = new RegExp(`const ${name}[^=]*=\\s*\\[([^;]*)\\];`).exec(source);
    assert.deepEqual([...pairs.matchAll(/, ([\d.]+)\)/g)].map(([, price]) => Number(price)), PRICES[goods], goods);
  }
  assert.match(source, /POTION_GP: f64 = 25\.0/);
  assert.deepEqual([1, 2, 3, 4, 5, 10, 20, 50, 99, 100].map(expToNext), [150, 160, 170, 180, 200, 260, 440, 1260, 3580, 0]);
  assert.deepEqual(offersOf({ weapon: 7, armor: 1 }).map(({ goods, piece, price }) => `${goods} ${piece} ${price}`), ['potion 0 25', 'armor 2 45', 'head 1 15', 'shield 1 20']);
});

test('what_is_typed_becomes_what_the_server_counts_in', () => {
  for (const [typed, variable, units, value] of [
    ['5', 'distance_m', 'km', 5000], ['3,1', 'distance_m', 'mi', 4988.966], ['100', 'climb_m', 'mi', 30.48], ['30', 'moving_s', 'km', 1800],
    ['25:00', 'best_5km_s', 'mi', 1500], ['1:02:03', 'best_10km_s', 'km', 3723], ['2', 'runs', 'km', 2],
    ['0', 'distance_m', 'km', null], ['-1', 'runs', 'km', null], ['5 km', 'distance_m', 'km', null], ['25', 'best_5km_s', 'km', null], ['', 'runs', 'km', null],
  ]) assert.equal(amountTyped(typed, variable, units), value, `${typed} ${variable}`);
  assert.deepEqual(['1e9', '٣', ' 0.5 ', '.5', '1.2.3', '9'.repeat(400)].map(numberTyped), [null, null, 0.5, 0.5, null, null]);
  const form = { ...emptyForm('daily'), text: ' Run ', days: ['m'], variable: 'distance_m', amount: '5', checklist: [{ text: ' warm up ', completed: false }, { text: '  ', completed: false }] };
  assert.deepEqual(documentOf(form, 'km'), {
    wrong: {},
    document: {
      text: 'Run', notes: '', tags: [], priority: '!', repeat: { m: true, t: false, w: false, th: false, f: false, s: false, su: false },
      checklist: [{ text: 'warm up', completed: false }], rule: { variable: 'distance_m', at_least: 5000 },
    },
  });
  assert.deepEqual(Object.keys(documentOf({ ...emptyForm('habit'), up: false, variable: 'runs' }, 'km').wrong), ['text', 'up', 'rule']);
  assert.deepEqual(Object.keys(documentOf({ ...emptyForm('reward'), text: 'Tea', price: '-4' }, 'km').wrong), ['value']);
});

test('only_what_was_changed_is_sent', () => {
  const odd = task('daily', 'five', { repeat: { m: true }, rule: { variable: 'distance_m', at_least: 5000 }, checklist: [{ id: 'i', text: 'i', completed: true }], streak: 3 });
  const before = formOf(odd, 'mi');
  assert.deepEqual(changesOf(before, before, 'mi'), { document: {}, wrong: {} }, 'miles are no reason to write');
  assert.deepEqual(changesOf(before, { ...before, notes: 'x' }, 'mi').document, { notes: 'x' });
  assert.deepEqual(changesOf(before, { ...before, variable: '' }, 'mi').document, { rule: null });
  const dated = formOf(task('todo', 'x', { date: 'on St. Lucy’s day', completed: false }), 'km');
  assert.deepEqual(changesOf(dated, { ...dated, text: 'y' }, 'km').document, { text: 'y' }, 'a date that is none of ours stays');
  assert.deepEqual(changesOf(dated, { ...dated, date: '2026-12-13' }, 'km').document, { date: '2026-12-13' });
  // Another app has put it there: no hindrance, until it is touched.
  const empty = formOf(task('habit', 'x', { text: '', up: false, down: false }), 'km');
  assert.deepEqual(changesOf(empty, { ...empty, notes: 'n' }, 'km'), { document: { notes: 'n' }, wrong: {} });
});

test('words_say_what_colours_say', () => {
  assert.deepEqual([-47, -10, -3, 0, 3, 7, 21].map((value) => bandOf(value).word), ['neglected', 'slipping', 'shaky', 'steady', 'going well', 'strong', 'excellent']);
  const now = new Date(2026, 10, 22, 12);
  const due = (date, more = {}) => sayDue(task('todo', 'x', { date, completed: false, ...more }), now);
  assert.deepEqual(due('2026-11-22'), { text: 'Due today', is_late: false });
  assert.deepEqual(due('2026-11-21'), { text: 'Late: was due yesterday', is_late: true });
  assert.match(due('2026-11-21', { completed: true }).text, /^Due Sat,? 21 Nov$/);
  assert.deepEqual(due(new Date(2026, 10, 23, 23).getTime()), { text: 'Due tomorrow', is_late: false });
  assert.deepEqual(due('<i>soon</i>'), { text: 'Due <i>soon</i>', is_late: false });
  assert.equal(due(undefined), null);
  assert.equal(dayOf('2027-01-02').day, '2027-01-02');
  assert.deepEqual([{ m: true, t: true, w: true, th: true, f: true, s: true, su: true }, { s: true, su: true, m: false, t: false, w: false, th: false, f: false }].map(sayRepeat), ['', 'at weekends']);
  const rules = [[{ variable: 'distance_m', at_least: 5000 }, 'km'], [{ variable: 'distance_m', at_least: 1609.344 }, 'mi'], [{ variable: 'distance_m', at_least: 100_000 }, 'km'], [{ variable: 'best_5km_s', at_most: 1500 }, 'km'], [{ variable: 'runs', at_least: 1 }, 'km'], [{ variable: 'tea', at_least: 2 }, 'km']];
  assert.deepEqual(rules.map(([rule, units]) => sayRule(rule, units)), ['a run of at least 5 km', 'a run of at least 1 mi', 'a run of at least 100 km', 'a run with its fastest 5 km in at most 25:00', 'any run', 'a run with tea at least 2']);
  assert.deepEqual([sayGain({ gp: 0.974, exp: 7.5, lvl: 0, hp: -2 }), sayGain({ gp: 0, exp: 0, lvl: 0, hp: 0 })], ['−2 health, +7.5 experience, +0.97 gold', '']);
  assert.equal(formatGold(19.999), '19.99', 'never more than there is');
  assert.equal(sayEffect({ change: 'levelled', from: 1, to: 2 }), 'Level 2 reached.');
  assert.deepEqual(['Not enough GP.', 'there is no such task', 'odd'].map(sayRefusal), ['There is not enough gold for that yet.', 'That task is gone already.', 'Odd.']);
});

test('the_turn_of_the_day_is_told_quietly', () => {
  const example = JSON.parse(read('src/http/openapi/tasks.json')).paths['/api/tasks/cron-preview'].get.responses[200].example;
  const forecast = parseHabitForecast(example);
  const now = new Date(forecast.at_ms - 3_600_000);
  assert.match(sayForecast(forecast, now), /^Your day ends (today|tomorrow) at \d\d:\d\d .*\. One daily is left, which would cost 3 health\.$/);
  assert.match(sayForecast({ ...forecast, tasks: [] }, now), /nothing is lost\.$/);
  assert.match(sayForecast({ ...forecast, rested: true }, now), /inn/);
  assert.match(sayForecast({ ...forecast, died: true }, now), /all health/);
  assert.equal(parseHabitForecast({}), null);
});

test('the_documents_board_is_read_and_what_is_none_is_refused', () => {
  const example = JSON.parse(read('src/http/openapi/task_board.json')).paths['/api/tasks/board'].get.responses[200].example;
  assert.deepEqual(parseHabitBoard(example), example);
  for (const data of [null, {}, { ...example, todos: null }, { ...example, stats: { gp: 1 } }, { ...example, v: 'x' }]) assert.equal(parseHabitBoard(data), null);
  assert.deepEqual(parseHabitBoard({ ...example, habits: [{ id: 'x' }, null, ...example.habits] }).habits, example.habits);
});

/** A store with its server in hand. */
function onServer({ live = true } = {}) {
  const told = { views: [], effects: [], refused: [], applied: [], reads: 0 };
  const server = { board: board(), live, replies: [], reading: Promise.resolve() };
  const outbox = openOutbox('ann', null, () => {});
  const store = createStore(outbox, {
    read: async () => {
      told.reads += 1;
      const now = structuredClone(server.board);
      await server.reading;
      return now;
    },
    apply: async (operations) => {
      told.applied.push(operations.map(({ op }) => op));
      const reply = server.replies.shift();
      if (!reply) throw new Error('closed');
      return { changes: [], errors: [], was_modified: false, reload: false, ...reply };
    },
    call: async ({ op }) => {
      if (!server.rest) throw Object.assign(new Error('no answer'), { status: 0 });
      server.rest.push(op.op);
    },
    isLive: () => server.live,
    changed: (view) => told.views.push(view),
    told: (effects) => told.effects.push(...effects.map(({ change }) => change)),
    refused: (message) => told.refused.push(message),
    failed: () => {},
  });
  const soon = () => new Promise((resolve) => setTimeout(resolve, 5));
  return { store, told, server, outbox, soon, shown: () => told.views.at(-1) };
}
const tick = { op: 'score', task: { id: 'a', type: 'daily' }, dir: 'up' };
const ticked = [{ change: 'task_changed', id: 'a', now: { completed: true, value: 1 } }, { change: 'stats', by: {}, now: { gp: 2, exp: 9, lvl: 1, hp: 50 } }];
const change = (v, changes) => ({ type: 'habits', at: '2026-11-22T09:30:00.000Z', v, changes });

test('a_tap_is_shown_at_once_and_then_what_the_server_says', async () => {
  const { store, told, server, outbox, soon, shown } = onServer();
  store.read();
  await soon();
  server.replies.push({ v: 8, from: 7, changes: ticked });
  store.act(tick);
  assert.deepEqual([shown().board.dailies[0].completed, shown().waiting.get('a'), shown().board.stats.gp], [true, 1, 1]);
  await soon();
  assert.deepEqual([shown().board.v, shown().waiting.size, shown().board.stats.gp, outbox.entries()], [8, 0, 2, []]);
  store.hear(change(8, ticked));
  assert.deepEqual(told.effects, ['task_changed', 'stats'], 'its echo is not told again');
  store.close();
});

test('a_reply_that_is_ahead_keeps_the_tap_in_view_until_the_board_has_it', async () => {
  const { store, server, outbox, soon, shown } = onServer();
  store.read();
  await soon();
  server.replies.push({ v: 9, from: 8, changes: ticked });
  store.act(tick);
  await soon();
  assert.deepEqual([shown().board.v, shown().board.dailies[0].completed, shown().unsent], [7, true, 0]);
  store.hear(change(8, []));
  assert.equal(shown().board.dailies[0].completed, true);
  store.hear(change(9, ticked));
  assert.deepEqual([shown().board.v, shown().waiting.size, outbox.entries()], [9, 0, []]);
  store.close();
});

test('what_is_refused_goes_back_and_is_said', async () => {
  const { store, told, server, soon, shown } = onServer();
  store.read();
  await soon();
  server.replies.push({ v: 7, from: null, errors: [{ index: 0, message: 'there is no such task' }] });
  store.act(tick);
  await soon();
  assert.deepEqual([told.refused, shown().board.dailies[0].completed, shown().unsent], [['there is no such task'], false, 0]);
  store.close();
});

test('a_change_that_comes_while_the_board_is_read_is_not_lost', async () => {
  const { store, told, server, soon, shown } = onServer();
  let done;
  server.reading = new Promise((resolve) => { done = resolve; });
  store.read();
  store.hear(change(8, ticked));
  done();
  await soon();
  assert.deepEqual([shown().board.v, shown().board.stats.gp, told.reads], [8, 2, 1]);
  store.hear(change(10, ticked));
  await soon();
  assert.equal(told.reads, 2, 'a version was missed: the board is read anew');
  store.subscribed(true);
  await soon();
  assert.equal(told.reads, 2);
  store.subscribed(false);
  await soon();
  assert.equal(told.reads, 3);
  store.close();
});

test('what_is_tapped_without_a_line_waits_and_goes_when_it_is_back', async () => {
  const { store, told, server, outbox, soon, shown } = onServer({ live: false });
  store.read();
  await soon();
  store.act(tick);
  store.act({ op: 'score', task: { id: 'stairs', type: 'habit' }, dir: 'up' });
  await soon();
  assert.deepEqual([shown().unsent, shown().board.dailies[0].completed, outbox.entries().length], [2, true, 2]);
  server.live = true;
  server.replies.push({ v: 9, from: 7, changes: ticked });
  store.subscribed(true);
  await soon();
  assert.deepEqual([told.applied, outbox.entries(), shown().unsent], [[['score', 'score']], [], 0]);
  store.close();
});

test('what_went_by_rest_stays_in_view_until_a_board_is_read_even_if_nothing_has_changed', async () => {
  const { store, told, server, outbox, soon, shown } = onServer({ live: false });
  store.read();
  await soon();
  let done;
  server.reading = new Promise((resolve) => { done = resolve; });
  server.rest = [];
  // It had come before, and counted then: the version stays as it is.
  store.act(tick);
  await soon();
  assert.deepEqual([server.rest, shown().board.dailies[0].completed, shown().unsent, told.reads], [['score'], true, 0, 2]);
  done();
  await soon();
  assert.deepEqual([outbox.entries(), shown().waiting.size, server.rest], [[], 0, ['score']]);
  store.close();
});
