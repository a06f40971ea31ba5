// Pure: where a row that is dragged comes to lie.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { placeAt } from '../../../web-demo/habit/lift.js';

/** Rows of these heights, 8 px apart. */
const lifted = (from, heights) => {
  const tops = heights.map((_, index) => heights.slice(0, index).reduce((sum, height) => sum + height + 8, 0));
  return { tops, heights, from, to: from, row: null, rows: [] };
};

test('a_row_takes_the_place_of_another_when_it_covers_half_of_it', () => {
  const lift = lifted(1, [60, 60, 60, 60]); // it begins at 68; the middle of the next is at 166, of the one before at 30
  for (const [top_px, to] of [[68, 1], [105, 1], [107, 2], [300, 3], [10_000, 3], [31, 1], [29, 0], [-500, 0]]) assert.equal(placeAt(lift, top_px), to, `${top_px}`);
});

test('large_and_small_rows_change_places_without_trembling', () => {
  const lift = lifted(0, [300, 40, 40]);
  assert.deepEqual([0, 25, 100].map((top_px) => placeAt(lift, top_px)), [0, 0, 2]);
  const small = lifted(2, [300, 40, 40]);
  assert.deepEqual([356, 330, 327, 151, 149].map((top_px) => placeAt(small, top_px)), [2, 2, 1, 1, 0]);
  assert.equal(placeAt(lifted(0, [50]), 500), 0, 'alone');
});
