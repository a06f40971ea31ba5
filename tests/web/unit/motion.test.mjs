// Pure: where a marker is drawn between two fixes.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { arrive, createMotion, placeAt, settle } from '../../../web-demo/motion.js';
import { distanceM, latitudeOf, longitudeOf, mercatorX, mercatorY } from '../../../web-demo/geo.js';

const START_MS = Date.parse('2026-11-21T10:00:00Z');

/** A fix `second` seconds after the start, 3 m further north for each. */
function fix(second, latitude = 60.17 + (second * 3) / 111_195) {
  return { time_ms: START_MS + second * 1000, latitude, longitude: 24.94 };
}

/** Metres north of the first fix at which the marker is drawn. */
function drawnM(motion, second) {
  const place = placeAt(motion, START_MS + second * 1000);
  const at = { latitude: latitudeOf(place.y), longitude: longitudeOf(place.x) };
  return distanceM(fix(0), at);
}

test('a_marker_is_nowhere_before_the_first_fix', () => {
  assert.equal(placeAt(createMotion(), START_MS), null);
});

test('a_marker_walks_from_one_fix_to_the_next_by_fix_time', () => {
  const motion = createMotion();
  arrive(motion, [fix(0)], START_MS + 200);
  arrive(motion, [fix(4)], START_MS + 4200);
  // A little faster than the runner was, so that it stands there when the next fix comes.
  for (const [second, metres] of [[4.2, 0], [5.2, 3.2], [6.2, 6.5], [8.2, 12]]) {
    assert.ok(Math.abs(drawnM(motion, second) - metres) < 0.2, `${second} s: ${drawnM(motion, second)}`);
  }
});

test('a_marker_never_runs_ahead_of_what_was_measured', () => {
  const motion = createMotion();
  arrive(motion, [fix(0)], START_MS);
  arrive(motion, [fix(1)], START_MS + 1000);
  assert.ok(drawnM(motion, 60) < 3.1);
  assert.equal(placeAt(motion, START_MS + 61_000).moving, false);
});

test('a_marker_follows_the_corners_of_a_batch', () => {
  const motion = createMotion();
  const corner = { time_ms: START_MS + 5000, latitude: 60.1705, longitude: 24.94 };
  const end = { time_ms: START_MS + 10_000, latitude: 60.1705, longitude: 24.941 };
  arrive(motion, [{ time_ms: START_MS, latitude: 60.17, longitude: 24.94 }], START_MS);
  arrive(motion, [corner, end], START_MS + 10_000);
  placeAt(motion, START_MS + 10_000);
  // Half of the way by time, which is walked in somewhat less.
  const place = placeAt(motion, START_MS + 10_000 + 5_000 * 0.92);
  assert.ok(Math.abs(place.y - mercatorY(60.1705)) < 1e-9 && Math.abs(place.x - mercatorX(24.94)) < 1e-9);
});

test('a_late_fix_does_not_move_the_marker_back', () => {
  const motion = createMotion();
  arrive(motion, [fix(10)], START_MS + 10_000);
  arrive(motion, [fix(3)], START_MS + 11_000);
  assert.equal(motion.newest.time_ms, START_MS + 10_000);
  assert.ok(Math.abs(drawnM(motion, 12) - 30) < 0.2);
});

test('a_jump_of_more_than_200_m_is_not_animated', () => {
  const motion = createMotion();
  arrive(motion, [fix(0)], START_MS);
  arrive(motion, [fix(5, 60.18)], START_MS + 5000);
  const place = placeAt(motion, START_MS + 5000);
  assert.ok(Math.abs(latitudeOf(place.y) - 60.18) < 1e-9);
  assert.equal(place.moving, false);
});

test('after_the_page_was_hidden_the_marker_is_at_the_newest_fix', () => {
  const motion = createMotion();
  arrive(motion, [fix(0)], START_MS);
  arrive(motion, [fix(5)], START_MS + 5000);
  settle(motion);
  assert.ok(Math.abs(drawnM(motion, 5) - 15) < 0.2);
});

test('jitter_of_the_network_does_not_make_the_marker_leap', () => {
  const motion = createMotion();
  let worst_m = 0;
  let before_m = 0;
  for (let tick = 0; tick < 600; tick += 1) {
    const second = tick / 10;
    // Fixes each second; every fifth is delivered 0.8 s late, together with nothing else.
    const whole = Math.floor(second);
    if (tick % 10 === (whole % 5 === 4 ? 8 : 1)) arrive(motion, [fix(whole)], START_MS + second * 1000);
    if (motion.newest === null) continue;
    const here_m = drawnM(motion, second);
    worst_m = Math.max(worst_m, here_m - before_m);
    assert.ok(here_m >= before_m - 0.01, 'never backwards');
    before_m = here_m;
  }
  assert.ok(worst_m < 0.7, `the largest step in 0.1 s is ${worst_m} m, twice a run of 3 m/s at most`);
  assert.ok(before_m > 170, `it keeps up: ${before_m}`);
});

test('a_marker_sets_out_for_a_fix_as_soon_as_it_is_heard_of', () => {
  const motion = createMotion();
  const waits = [];
  // A fix a second, heard of 0.1 to 0.5 s later, each time another.
  for (let frame = 0, heard = -1; frame < 30 * 60; frame += 1) {
    const second = frame / 30;
    const next = heard + 1;
    if (second >= next + 0.1 + 0.1 * ((next * 3) % 5)) {
      heard = next;
      arrive(motion, [fix(next)], START_MS + second * 1000);
      waits.push({ from_m: (next - 1) * 3, at: second });
    }
    if (motion.newest === null) continue;
    const here_m = drawnM(motion, second);
    for (const wait of waits) if (wait.until === undefined && here_m > wait.from_m + 0.1) wait.until = second;
  }
  const late_s = waits.slice(5, -2).map((wait) => wait.until - wait.at).sort((a, b) => a - b);
  assert.ok(late_s[Math.floor(late_s.length / 2)] <= 0.16, `half of them within ${late_s[Math.floor(late_s.length / 2)]} s`);
  assert.ok(late_s.at(-1) <= 0.5, `the last after ${late_s.at(-1)} s`);
});
