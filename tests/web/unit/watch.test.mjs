// Pure: what happens in words, the table's order, whom one follows, names that keep off each other, what is announced.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { wordsFor } from '../../../web-demo/announcer.js';
import { parseEvent, parseRun } from '../../../web-demo/protocol.js';
import { createRunner, Runners } from '../../../web-demo/runners.js';
import { createBoxes } from '../../../web-demo/watch/boxes.js';
import { createFeed, ITEMS_MAX, wordsOf } from '../../../web-demo/watch/feed.js';
import { parseFollowed, toggled } from '../../../web-demo/watch/following.js';
import { ordered, rowsIn, turned } from '../../../web-demo/watch/order.js';

const START_MS = Date.parse('2026-11-21T10:00:00Z');
const iso = (second) => new Date(START_MS + second * 1000).toISOString();
const at = (second) => START_MS + second * 1000;

const run = (id, name, more = {}) => parseRun({
  id, user: { id: `u-${name}`, name }, state: 'live', started_at: iso(0), finished_at: null,
  position: { time: iso(10), latitude: 60.17, longitude: 24.94 }, distance_m: 30, elapsed_s: 10, moving_s: 10, pace_s_per_km: 333, ...more,
});
const event = (id, state, more = {}) => parseEvent({
  id, name: `Event ${id}`, state, creator: { id: 'u-host', name: 'Host' }, starts_at: iso(600), ends_at: iso(4200), created_at: iso(-600), ...more,
});
const say = { distance: (metres) => `${metres} m`, duration: (seconds) => `${seconds} s`, when: () => 'soon' };
const told = (feed) => feed.items().map((item) => wordsOf(item, say).map(({ text }) => text).join(''));

test('a_run_is_told_when_it_starts_rests_goes_on_and_ends_newest_first', () => {
  const feed = createFeed();
  assert.equal(feed.hearRun(run('r1', 'Aino'), at(10)), true);
  assert.equal(feed.hearRun(run('r1', 'Aino'), at(11)), false, 'what is known is no news');
  feed.hearRun(run('r1', 'Aino', { state: 'paused' }), at(20));
  assert.deepEqual(told(feed), ['Aino is taking a break', 'Aino started a run']);
  feed.hearRun(run('r1', 'Aino'), at(30));
  assert.deepEqual(told(feed), ['Aino runs on', 'Aino started a run']);
  feed.hearRun(run('r1', 'Aino', { state: 'finished', finished_at: iso(40), distance_m: 120, moving_s: 35 }), at(41));
  assert.deepEqual(told(feed), ['Aino finished: 120 m in 35 s', 'Aino started a run']);
  assert.equal(feed.items()[0].at_ms, at(40), 'as old as it is, not as its hearing');
});

test('what_a_list_tells_late_stands_where_it_belongs', () => {
  const feed = createFeed();
  feed.hearRun(run('r2', 'Mika', { started_at: iso(100) }), at(200));
  feed.hearRun(run('r1', 'Aino', { started_at: iso(50) }), at(200));
  feed.hearRun(run('r3', 'Sari', { started_at: iso(75) }), at(200));
  assert.deepEqual(feed.items().map(({ name }) => name), ['Mika', 'Sari', 'Aino']);
});

test('a_feed_is_bounded_and_begins_a_day_ago', () => {
  const feed = createFeed();
  for (let index = 0; index < 500; index += 1) feed.hearRun(run(`r${index}`, `N${index}`, { started_at: iso(index) }), at(500));
  assert.equal(feed.items().length, ITEMS_MAX);
  assert.equal(feed.items()[0].name, 'N499');
  assert.equal(feed.hearRun(run('old', 'Old', { started_at: iso(-90_000) }), at(0)), false);
});

test('an_event_is_told_planned_held_joined_and_over', () => {
  const feed = createFeed();
  feed.hearEvent(event(7, 'come_up'), at(0));
  feed.hearJoined({ id: 7, name: 'Event 7' }, { id: 'u-1', name: 'Aino' }, at(5));
  feed.hearJoined({ id: 7, name: 'Event 7' }, { id: 'u-2', name: 'Mika' }, at(6));
  feed.hearLeft(7, 'u-2');
  feed.hearEvent(event(7, 'current', { started_at: iso(600) }), at(601));
  feed.hearEvent(event(7, 'passed', { ended_at: iso(4000), name: 'Renamed' }), at(4001));
  assert.deepEqual(told(feed), ['Renamed is over', 'Renamed has started', 'Aino joins Renamed', 'Host invites to Renamed, soon']);
  feed.hearEvent(event(7, 'cancelled', { cancelled_at: iso(4100) }), at(4101));
  assert.deepEqual(told(feed), ['Event 7 was cancelled']);
});

test('what_is_hidden_is_told_no_more', () => {
  const feed = createFeed();
  feed.hearRun(run('r1', 'Aino'), at(10));
  feed.forget('r1');
  assert.deepEqual(feed.items(), []);
});

/** Three runners as the page knows them. */
function three() {
  const runners = new Runners();
  runners.applyList([
    run('r1', 'Mika', { distance_m: 900, pace_s_per_km: 300 }),
    run('r2', 'Aino', { distance_m: 1500, pace_s_per_km: null, state: 'paused' }),
    run('r3', 'Sari', { distance_m: 1200, pace_s_per_km: 280 }),
  ], at(10));
  return runners.all();
}
const names = (all) => all.map(({ run: { user } }) => user.name).join(' ');
const nobody = () => false;

test('a_table_is_sorted_by_name_and_by_what_is_chosen', () => {
  const all = three();
  const first = { column: 'name', descending: false };
  assert.equal(names(ordered(all, first, nobody, at(10))), 'Aino Mika Sari');
  assert.equal(names(ordered(all, turned(first, 'name'), nobody, at(10))), 'Sari Mika Aino');
  const far = turned(first, 'distance');
  assert.equal(names(ordered(all, far, nobody, at(10))), 'Aino Sari Mika', 'the farthest first');
  assert.equal(names(ordered(all, turned(far, 'distance'), nobody, at(10))), 'Mika Sari Aino');
  assert.equal(names(ordered(all, turned(first, 'pace'), nobody, at(10))), 'Sari Mika Aino', 'who stands has no pace');
});

test('who_is_followed_stands_first_whatever_the_order', () => {
  const all = three();
  const isFollowed = (user) => user === 'u-Mika';
  for (const column of ['name', 'distance', 'pace', 'time', 'age']) {
    assert.equal(names(ordered(all, { column, descending: true }, isFollowed, at(10))).split(' ')[0], 'Mika');
  }
});

test('only_rows_in_sight_are_wanted', () => {
  assert.deepEqual(rowsIn({ top: 440, height: 440 }, 1000, 44, 2), { from: 8, until: 22 });
  assert.deepEqual(rowsIn({ top: -300, height: 200 }, 1000, 44, 2), { from: 0, until: 0 });
  assert.deepEqual(rowsIn({ top: 44_000, height: 400 }, 1000, 44, 2), { from: 998, until: 1000 });
});

test('whom_one_follows_is_kept_whole_and_bounded', () => {
  const aino = { id: 'u1', name: 'Aino' };
  const followed = toggled(new Map(), aino);
  assert.deepEqual([...followed], [['u1', 'Aino']]);
  assert.equal(toggled(followed, aino).size, 0);
  assert.equal(parseFollowed('{"no": "list"}').size + parseFollowed('[1, ["u1"]]').size + parseFollowed('nonsense').size, 0);
  let many = new Map();
  for (let index = 0; index < 150; index += 1) many = toggled(many, { id: `u${index}`, name: 'N' });
  assert.equal(many.size, 100);
  assert.ok(many.has('u149'));
});

test('boxes_that_lie_on_each_other_are_found_across_the_grid', () => {
  const boxes = createBoxes();
  boxes.add(60, 60, 130, 76);
  assert.equal(boxes.isFree(120, 70, 180, 86), false);
  assert.equal(boxes.isFree(131, 60, 180, 76), true);
  assert.equal(boxes.isFree(-200, -50, -100, -30), true);
});

test('a_followed_runner_is_announced_at_starts_kilometres_breaks_and_ends_only', () => {
  const runner = createRunner(run('r1', 'Aino', { distance_m: 990 }), at(10));
  const said = { id: 'r1', unit: 0, state: 'live', said_ms: at(10) };
  assert.equal(wordsFor(said, runner, 'km', at(100), false), '', 'nothing new');
  assert.match(wordsFor(said, runner, 'km', at(100), true), /is running/, 'but of one who is looked at closely');
  runner.run.distance_m = 1010;
  assert.match(wordsFor(said, runner, 'km', at(11), false), /Aino is running: 1.0 kilometre,/);
  assert.equal(wordsFor(said, runner, 'mi', at(11), false), '', 'a mile is farther');
  runner.run.state = 'finished';
  assert.match(wordsFor({ ...said, unit: 1 }, runner, 'km', at(12), false), /has finished/);
});
