// Pure: what the page knows of who is running, from documents as the server sends them.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parseChange, parseRun, parseSnapshot } from '../../../web-demo/protocol.js';
import {
  ageS, applyChange, applySnapshot, colourOf, COLOURS, createRunner, elapsedS, FINISHED_KEPT_MS, isStale, Runners,
} from '../../../web-demo/runners.js';
import { extend, paces, POINTS_MAX } from '../../../web-demo/track.js';
import { groupsOf } from '../../../web-demo/groups.js';

const START_MS = Date.parse('2026-11-21T10:00:00Z');
const iso = (second) => new Date(START_MS + second * 1000).toISOString();

function runDocument(id, name, more = {}) {
  return {
    id, user: { id: `u-${name}`, name }, state: 'live', visibility: 'public', created_at: iso(0), started_at: iso(0),
    finished_at: null, destination: null, position: { time: iso(10), latitude: 60.17, longitude: 24.94 },
    distance_m: 30, elapsed_s: 10, moving_s: 10, pace_s_per_km: 333, climb_m: 0, descent_m: 0, fixes: 10, ...more,
  };
}

function fixesDocument(second, more = {}) {
  const place = { time: iso(second), latitude: 60.17 + second / 100_000, longitude: 24.94 };
  return {
    type: 'fixes', at: iso(second), fixes: [place], position: place, distance_m: second * 3, elapsed_s: second,
    moving_s: second, pace_s_per_km: 333, climb_m: 1, descent_m: 0, splits: [], ...more,
  };
}

const runner = () => createRunner(parseRun(runDocument('r1', 'Aino')), START_MS + 10_000);

test('a_document_that_is_no_run_is_left_out', () => {
  for (const document of [null, 7, {}, { id: 3, state: 'live' }, { id: 'x', state: 'flying' }]) {
    assert.equal(parseRun(document), null);
  }
});

test('an_unknown_change_is_left_out', () => {
  assert.equal(parseChange({ type: 'changed', at: iso(0), visibility: 'private' }), null);
  assert.equal(parseChange(null), null);
});

test('fixes_move_the_runner_and_its_numbers', () => {
  const aino = runner();
  applyChange(aino, parseChange(fixesDocument(12)), START_MS + 12_300);
  assert.equal(aino.run.distance_m, 36);
  assert.equal(aino.run.position.time_ms, START_MS + 12_000);
  assert.equal(aino.track.length, 1);
});

test('a_late_fix_leaves_the_position_and_counts_in_no_track', () => {
  const aino = runner();
  const late = { time: iso(3), latitude: 60.1, longitude: 24.9, standing: 'late' };
  const position = { time: iso(10), latitude: 60.17, longitude: 24.94 };
  applyChange(aino, parseChange(fixesDocument(12, { fixes: [late], position })), START_MS + 12_000);
  assert.equal(aino.run.position.latitude, 60.17);
  assert.equal(aino.track.length, 0);
});

test('splits_arrive_once_each_and_in_order', () => {
  const aino = runner();
  const split = (kilometre) => ({ kilometre, elapsed_s: 300, moving_s: 300, climb_m: 2 });
  applyChange(aino, parseChange(fixesDocument(12, { splits: [split(2)] })), START_MS);
  applyChange(aino, parseChange(fixesDocument(13, { splits: [split(1), split(2)] })), START_MS);
  assert.deepEqual(aino.run.splits.map((known) => known.kilometre), [1, 2]);
});

test('states_follow_the_changes_and_a_finish_has_its_reason', () => {
  const aino = runner();
  const say = (type, more = {}) => applyChange(aino, parseChange({ type, at: iso(20), run: 'r1', distance_m: 60, ...more }), START_MS + 20_000);
  say('paused');
  assert.equal(aino.run.state, 'paused');
  assert.equal(aino.run.pace_s_per_km, null);
  say('resumed');
  assert.equal(aino.run.state, 'live');
  say('finished', { reason: 'arrived' });
  assert.deepEqual([aino.run.state, aino.run.finish_reason, aino.run.distance_m], ['finished', 'arrived', 60]);
});

test('a_snapshot_replaces_numbers_and_track', () => {
  const aino = runner();
  const snapshot = parseSnapshot({
    type: 'snapshot', at: iso(30), run: runDocument('r1', 'Aino', { distance_m: 90 }),
    track: { simplified: false, fixes: [[START_MS, 60.17, 24.94, null, 0], [START_MS + 30_000, 60.171, 24.94, 12, 90], 'x'] },
  });
  applySnapshot(aino, snapshot, START_MS + 30_000);
  assert.equal(aino.run.distance_m, 90);
  assert.equal(aino.track.length, 2);
  assert.equal(aino.inStep, true);
});

test('age_and_staleness_are_by_the_fix_not_by_the_message', () => {
  const aino = runner();
  assert.equal(ageS(aino, START_MS + 25_000), 15);
  assert.equal(isStale(aino, START_MS + 39_000), false);
  assert.equal(isStale(aino, START_MS + 41_000), true);
});

test('the_time_ticks_while_live_and_stands_while_paused', () => {
  const aino = runner();
  assert.equal(elapsedS(aino, START_MS + 15_000), 15);
  aino.run.state = 'paused';
  assert.equal(elapsedS(aino, START_MS + 60_000), 10);
});

test('a_list_adds_and_removes_but_keeps_who_has_just_finished', () => {
  const runners = new Runners();
  const lists = (documents, second) => runners.applyList(documents.map(parseRun), START_MS + second * 1000);
  assert.deepEqual(lists([runDocument('r1', 'Aino'), runDocument('r2', 'Mika')], 0).added, ['r1', 'r2']);
  applyChange(runners.get('r1'), parseChange({ type: 'finished', at: iso(5), run: 'r1', reason: 'owner' }), START_MS + 5000);
  assert.deepEqual(lists([], 6).gone, ['r2']);
  assert.deepEqual(lists([], 6 + FINISHED_KEPT_MS / 1000).gone, ['r1']);
});

test('an_older_list_does_not_set_back_a_runner_whose_channel_is_in_step', () => {
  const runners = new Runners();
  runners.applyList([parseRun(runDocument('r1', 'Aino'))], START_MS);
  applyChange(runners.get('r1'), parseChange(fixesDocument(40)), START_MS + 40_000);
  runners.applyList([parseRun(runDocument('r1', 'Aino'))], START_MS + 41_000);
  assert.equal(runners.get('r1').run.distance_m, 120);
  runners.outOfStep();
  runners.applyList([parseRun(runDocument('r1', 'Aino', { distance_m: 150, position: { time: iso(50), latitude: 60.17, longitude: 24.94 } }))], START_MS);
  assert.equal(runners.get('r1').run.distance_m, 150);
});

test('runners_get_different_colours_while_there_are_enough', () => {
  const runners = new Runners();
  const documents = Array.from({ length: COLOURS }, (_, index) => parseRun(runDocument(`r${index}`, `Runner ${index}`)));
  runners.applyList(documents, START_MS);
  assert.equal(new Set(runners.all().map((each) => each.colour)).size, COLOURS);
  assert.equal(colourOf('u-Aino'), colourOf('u-Aino'));
});

test('a_track_grows_to_the_servers_distance_and_stays_bounded', () => {
  const points = [];
  for (let second = 1; second <= POINTS_MAX + 10; second += 1) {
    const { fixes, distance_m } = parseChange(fixesDocument(second));
    extend(points, fixes, distance_m);
  }
  assert.ok(points.length <= POINTS_MAX);
  assert.equal(points[points.length - 1].distance_m, (POINTS_MAX + 10) * 3);
});

test('pace_is_even_on_an_even_run', () => {
  const points = Array.from({ length: 400 }, (_, second) => (
    { time_ms: START_MS + second * 1000, latitude: 60, longitude: 25, elevation_m: null, distance_m: second * 3 }));
  for (const pace of paces(points)) assert.ok(Math.abs(pace - 1000 / 3) < 1);
});

test('groups_are_by_nearness_and_the_largest_is_first', () => {
  const at = (id, latitude, longitude) => ({ id, latitude, longitude });
  const groups = groupsOf([
    at('florida', 28.3, -80.6), at('a', 60.17, 24.94), at('b', 60.175, 24.95), at('c', 60.2, 25.05), at('kent', 51.2, 0.5),
  ]);
  assert.deepEqual(groups.map((group) => group.ids), [['a', 'b', 'c'], ['kent'], ['florida']]);
  assert.deepEqual(groupsOf([]), []);
});
