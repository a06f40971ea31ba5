// Pure: what a device records, what it reckons of it, and in which order the server is told.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { acknowledged, begunAnew, nextStep, skipped, verdictOf, waitMs } from '../../../web-demo/record/queue.js';
import {
  averagePace, createProgress, distanceNow, elapsedNow, fixDocument, fixOf, isNewFix, mayFollow, takeEntry,
} from '../../../web-demo/record/recording.js';
import { createTally, takeFix } from '../../../web-demo/record/tally.js';
import { sayAccuracy, sayHold, sayLine, sayStranger, TROUBLES } from '../../../web-demo/record/words.js';

const BEGUN_MS = Date.parse('2026-11-22T09:00:00Z');
const METRES_PER_DEGREE = 111_195;

/** A fix so many seconds after the beginning, so many metres north of it. */
const fix = (second, north_m, more = {}) => ({
  time_ms: BEGUN_MS + second * 1000, latitude: 60.1688 + north_m / METRES_PER_DEGREE, longitude: 24.95,
  accuracy_m: 5, elevation_m: null, speed_mps: null, heading_deg: null, ...more,
});
/** Entries of a recording: numbers are fixes at 3 m/s, words are what happened in between. */
const entries = (...what) => what.map((each, index) => {
  const [kind, second, north_m] = each;
  return { seq: index + 1, kind, at_ms: BEGUN_MS + second * 1000, key: kind === 'fix' ? '' : `key-${index + 1}`, fix: kind === 'fix' ? fix(second, north_m) : null };
});
const running = (from, to) => Array.from({ length: to - from }, (_, index) => ['fix', from + index, (from + index) * 3]);
const head = (more = {}) => ({
  user: 'aino', visibility: 'public', event: null, begun_ms: BEGUN_MS, run: 'r1', startKey: 'start', acknowledged: 0, told_m: 0, reckoned_m: 0, refused: 0, ...more,
});
const fold = (list) => {
  const progress = createProgress();
  for (const entry of list) takeEntry(progress, entry);
  return progress;
};

test('a_run_is_made_before_anything_is_told_of_it', () => {
  const step = nextStep(head({ run: null, event: 17, visibility: 'friends' }), entries(['fix', 0, 0]));
  assert.deepEqual(step, { kind: 'start', path: '/api/runs', body: { visibility: 'friends', event: 17 }, key: 'start', seq: 0, count: 0 });
  const made = acknowledged(head({ run: null }), step, { id: 'r9' }, 0);
  assert.equal(made.run, 'r9');
  assert.equal(made.acknowledged, 0, 'no entry is told by it');
});

test('fixes_go_in_batches_that_end_where_something_happened', () => {
  const all = entries(...running(0, 5), ['pause', 6], ['resume', 60], ...running(61, 63), ['finish', 70]);
  let now = head();
  const told = [];
  for (let step = nextStep(now, all, 3); step; step = nextStep(now, all.filter((entry) => entry.seq > now.acknowledged), 3)) {
    told.push(step.kind === 'fixes' ? step.body.fixes.length : step.kind);
    if (step.kind !== 'fixes') assert.deepEqual([step.path, step.key], [`/api/runs/r1/${step.kind}`, `key-${step.seq}`]);
    now = acknowledged(now, step, {}, 0);
  }
  assert.deepEqual(told, [3, 2, 'pause', 'resume', 2, 'finish']);
  assert.equal(nextStep(now, []), null);
});

test('what_is_not_acknowledged_is_told_again_and_is_the_same_request', () => {
  const all = entries(...running(0, 4), ['finish', 5]);
  assert.deepEqual(nextStep(head(), all), nextStep(head(), all));
  const last = nextStep(head({ acknowledged: 4 }), all.slice(4));
  assert.deepEqual([last.kind, last.key], ['finish', 'key-5']);
});

test('a_thousand_fixes_are_the_most_in_one_batch', () => {
  const step = nextStep(head(), entries(...running(0, 1500)));
  assert.equal(step.body.fixes.length, 1000);
  assert.equal(step.seq, 1000);
});

test('every_refusal_means_one_thing', () => {
  const fixes = { kind: 'fixes', count: 3 };
  const table = [
    [fixes, 0, 'again'], [fixes, 503, 'again'], [fixes, 429, 'again'], [fixes, 408, 'again'],
    [fixes, 401, 'logged_out'], [fixes, 403, 'not_yours'], [fixes, 404, 'gone'], [fixes, 409, 'over'],
    [fixes, 400, 'halve'], [fixes, 413, 'halve'], [{ kind: 'fixes', count: 1 }, 400, 'skip'],
    [{ kind: 'pause', count: 1 }, 409, 'over'], [{ kind: 'finish', count: 1 }, 400, 'skip'],
    [{ kind: 'start', count: 0 }, 409, 'running'], [{ kind: 'start', count: 0 }, 403, 'refused_start'], [{ kind: 'start', count: 0 }, 500, 'again'],
  ];
  for (const [step, status, verdict] of table) assert.equal(verdictOf(step, status), verdict, `${step.kind} ${status}`);
});

test('a_fix_that_is_not_taken_is_counted_and_holds_up_nobody', () => {
  const all = entries(['fix', 0, 0], ['fix', 1, 3]);
  const step = nextStep(head(), all, 1);
  const now = skipped(head(), step);
  assert.deepEqual([now.acknowledged, now.refused], [1, 1]);
  assert.equal(nextStep(now, all.slice(1)).seq, 2);
});

test('the_rest_of_a_run_that_is_over_becomes_a_run_of_its_own', () => {
  const now = begunAnew(head({ acknowledged: 2, event: 5, told_m: 900 }), 'other', 890, null);
  const step = nextStep(now, entries(['fix', 0, 0], ['fix', 1, 3], ['fix', 2, 6]).slice(2));
  assert.deepEqual([step.kind, step.key, step.body], ['start', 'other', { visibility: 'public' }]);
  const progress = fold(entries(...running(0, 10)));
  progress.tally.distance_m = 940;
  assert.equal(distanceNow(now, progress), 50);
});

test('tries_are_rarer_and_rarer_and_come_when_the_server_asks', () => {
  const waits = [1, 2, 3, 4, 5, 6, 20].map((tries) => waitMs(tries, null, 1));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.ok(waitMs(3, null, 0) < waitMs(3, null, 1), 'not all at once');
  assert.equal(waitMs(1, 12, 0.5), 12_000);
});

test('distance_is_reckoned_as_the_server_reckons_it', () => {
  const { tally } = fold(entries(...running(0, 101)));
  assert.ok(Math.abs(tally.distance_m - 300) < 5.1, `${tally.distance_m}`);
  assert.equal(tally.elapsed_ms, 100_000);
  assert.ok(Math.abs(tally.pace_s_per_km - 333.3) < 1, `${tally.pace_s_per_km}`);
});

test('a_phone_that_lies_still_runs_nowhere', () => {
  const tally = createTally();
  for (let second = 0; second < 120; second += 1) takeFix(tally, fix(second, second % 2 ? 2 : -2));
  assert.equal(tally.distance_m, 0);
  assert.equal(tally.pace_s_per_km, null);
});

test('a_vague_fix_counts_for_nothing_and_a_spike_is_left_out', () => {
  const tally = createTally();
  assert.equal(takeFix(tally, fix(0, 0)), 'counted');
  assert.equal(takeFix(tally, fix(1, 400, { accuracy_m: 80 })), 'poor');
  assert.equal(takeFix(tally, fix(2, 6)), 'counted');
  assert.equal(takeFix(tally, fix(3, 500)), 'suspect');
  assert.equal(takeFix(tally, fix(4, 12)), 'counted');
  assert.ok(Math.abs(tally.distance_m - 12) < 0.1, `${tally.distance_m}`);
  assert.equal(takeFix(tally, fix(4, 12)), 'late');
});

test('who_was_carried_goes_on_from_there_without_the_way', () => {
  const tally = createTally();
  takeFix(tally, fix(0, 0));
  takeFix(tally, fix(3, 9));
  takeFix(tally, fix(6, 2000));
  takeFix(tally, fix(9, 2009));
  assert.ok(Math.abs(tally.distance_m - 18) < 0.1, `${tally.distance_m}`);
});

test('a_pause_counts_neither_as_time_nor_as_way', () => {
  const progress = fold(entries(['fix', 0, 0], ['fix', 10, 30], ['pause', 12], ['resume', 312], ['fix', 314, 600], ['fix', 324, 630]));
  assert.ok(Math.abs(progress.tally.distance_m - 60) < 0.1, `${progress.tally.distance_m}`);
  assert.equal(progress.tally.elapsed_ms, 24_000);
  const paused = fold(entries(['fix', 0, 0], ['fix', 10, 30], ['pause', 12]));
  assert.equal(elapsedNow(paused, BEGUN_MS + 500_000), 12, 'the clock stands');
  const live = fold(entries(['fix', 0, 0], ['fix', 10, 30], ['pause', 12], ['resume', 312]));
  assert.equal(elapsedNow(live, BEGUN_MS + 315_000), 15);
});

test('the_screen_is_the_same_after_a_reload', () => {
  const all = entries(...running(0, 60), ['pause', 61], ['resume', 90], ...running(91, 120));
  const before = fold(all);
  assert.deepEqual(fold(structuredClone(all)), before);
});

test('the_servers_distance_wins_and_what_came_since_is_added', () => {
  const progress = fold(entries(...running(0, 101)));
  const now = acknowledged(head(), { kind: 'fixes', seq: 51 }, { distance_m: 160 }, progress.reckoned.get(51));
  assert.ok(Math.abs(distanceNow(now, progress) - 310) < 5.1, `${distanceNow(now, progress)}`);
});

test('buttons_that_are_pressed_twice_do_one_thing', () => {
  assert.deepEqual(['pause', 'resume', 'finish', 'fix'].map((kind) => mayFollow('live', kind)), [true, false, true, true]);
  assert.deepEqual(['pause', 'resume', 'finish', 'fix'].map((kind) => mayFollow('paused', kind)), [false, true, true, false]);
  assert.deepEqual(['pause', 'resume', 'finish', 'fix'].map((kind) => mayFollow('finished', kind)), [false, false, false, false]);
  const progress = fold(entries(['fix', 0, 0]));
  assert.equal(isNewFix(progress, fix(0.2, 1)), false, 'two fixes at once are one');
  assert.equal(isNewFix(progress, fix(1, 3)), true);
});

test('what_a_browser_tells_becomes_what_the_server_reads', () => {
  const coords = { latitude: 60.1, longitude: 24.9, accuracy: 4.5, altitude: null, speed: null, heading: NaN };
  const known = fixOf({ timestamp: BEGUN_MS + 0.6, coords });
  assert.deepEqual(fixDocument(known), { time: '2026-11-22T09:00:00.001Z', latitude: 60.1, longitude: 24.9, accuracy_m: 4.5 });
  assert.deepEqual(fixDocument(fixOf({ timestamp: BEGUN_MS, coords: { ...coords, altitude: 12, speed: 3, heading: 360 } })),
    { time: '2026-11-22T09:00:00.000Z', latitude: 60.1, longitude: 24.9, accuracy_m: 4.5, elevation_m: 12, speed_mps: 3, heading_deg: 360 });
  for (const wrong of [{ latitude: NaN }, { latitude: 91 }, { longitude: -181 }]) {
    assert.equal(fixOf({ timestamp: BEGUN_MS, coords: { ...coords, ...wrong } }), null);
  }
  assert.equal(fixOf({ timestamp: BEGUN_MS, coords: { ...coords, altitude: 1e6 } }).elevation_m, null);
});

test('a_pace_says_nothing_over_a_few_steps', () => {
  assert.equal(averagePace(10, 5), null);
  assert.equal(averagePace(1000, 300), 300);
});

test('what_waits_on_the_device_is_said', () => {
  const known = { held: null, waiting: 0, steps: 0, failing: false, hasRun: true, isOnline: true };
  assert.deepEqual(sayLine(known), { word: 'Everything is sent', tone: 'good' });
  assert.match(sayLine({ ...known, waiting: 42, failing: true }).word, /No line: 42 fixes wait on this device/);
  assert.match(sayLine({ ...known, waiting: 1, isOnline: false, hasRun: false }).word, /1 fix waits .* the run begins on the server/);
  assert.equal(sayLine({ ...known, isOnline: false }).tone, 'warn');
  assert.match(sayLine({ ...known, waiting: 900 }).word, /Sending 900 fixes/);
  for (const held of ['stranger', 'logged_out', 'not_yours', 'gone', 'over', 'running', 'refused_start']) {
    for (const isOnline of [true, false]) {
      const line = sayLine({ ...known, held, isOnline, waiting: 3, steps: 3 });
      assert.match(line.word, /^Not sent: 3 fixes wait on this device, as (you|the|it) /, held);
      assert.equal(line.tone, 'warn');
    }
    assert.doesNotMatch(sayLine({ ...known, held }).word, /Everything is sent|undefined/, held);
  }
  assert.match(sayStranger(1).help, /1 fix is kept on this device/);
});

test('every_trouble_says_what_to_do', () => {
  for (const [name, { title, help }] of Object.entries(TROUBLES)) assert.ok(title && help.length > 30, name);
  for (const why of ['logged_out', 'not_yours', 'gone', 'over', 'running', 'refused_start']) {
    const { title, help } = sayHold({ why, message: 'No.', other: null, reason: null }, 3);
    assert.ok(title.length > 8);
    assert.match(help, /3 fixes are kept on this device/);
  }
  assert.match(sayHold({ why: 'over', message: '', other: null, reason: 'inactive' }, 0).help, /half an hour/);
  assert.equal(sayAccuracy(4.4, 50), '±4 m');
  assert.match(sayAccuracy(120, 50), /too vague/);
});
