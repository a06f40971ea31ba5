// Pure: one's own runs by week.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { lastWeeks, parseOwnRun, weekStart, weeksOf, weeksOn } from '../../../web-demo/record/weeks.js';

process.env.TZ = 'Europe/Helsinki';

const run = (started_at, distance_m, more = {}) => parseOwnRun({
  id: started_at, user: { id: 'aino', name: 'Aino' }, state: 'finished', visibility: 'friends', created_at: started_at, started_at, distance_m, elapsed_s: 600, ...more,
});
const local = (text) => new Date(text).getTime();

test('a_week_begins_on_monday_where_the_reader_is', () => {
  assert.equal(weekStart(local('2026-11-22T23:59:59')), local('2026-11-16T00:00:00'));
  assert.equal(weekStart(local('2026-11-16T00:00:00')), local('2026-11-16T00:00:00'));
});

test('weeks_are_counted_over_the_day_when_clocks_are_set_back', () => {
  assert.equal(weeksOn(local('2026-10-19T00:00:00'), 1), local('2026-10-26T00:00:00'));
  assert.equal(local('2026-10-26T00:00:00') - local('2026-10-19T00:00:00'), 7 * 86_400_000 + 3_600_000);
});

test('runs_stand_in_their_weeks_newest_first_with_totals', () => {
  const weeks = weeksOf([run('2026-11-16T10:00:00Z', 1000), run('2026-11-22T18:00:00Z', 2000), run('2026-11-08T10:00:00Z', 500)]);
  assert.deepEqual(weeks.map((week) => [week.runs.map((each) => each.distance_m), week.distance_m, week.elapsed_s]), [[[2000, 1000], 3000, 1200], [[500], 500, 600]]);
});

test('weeks_without_a_run_are_weeks_too', () => {
  const weeks = lastWeeks([run('2026-11-10T10:00:00Z', 700)], local('2026-11-22T12:00:00'), 3);
  assert.deepEqual(weeks.map((week) => week.distance_m), [0, 700, 0]);
  assert.equal(weeks[2].starts_ms, local('2026-11-16T00:00:00'));
});

test('a_run_that_was_not_begun_stands_where_it_was_made_and_no_run_is_none', () => {
  assert.equal(run('2026-11-16T10:00:00Z', 0, { started_at: null, state: 'planned' }).begun_ms, Date.parse('2026-11-16T10:00:00Z'));
  assert.equal(run('2026-11-16T10:00:00Z', 0, { visibility: 'everybody' }).visibility, 'private');
  assert.equal(parseOwnRun({ id: 'x' }), null);
  assert.equal(parseOwnRun(null), null);
});
