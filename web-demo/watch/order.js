/**
 * In which order a table of runners stands: those who are followed first, then by a column. Pure; knows no screen.
 */

import { ageS, elapsedS } from '../runners.js';

/** @typedef {import('../runners.js').Runner} Runner */
/** @typedef {'name' | 'distance' | 'pace' | 'time' | 'age'} Column */
/** @typedef {{column: Column, descending: boolean}} Order */

/** The columns from left to right, and which way each is looked at first: the farthest, the fastest, the freshest. */
export const COLUMNS = /** @type {const} */ ([
  { column: 'name', descending: false },
  { column: 'distance', descending: true },
  { column: 'pace', descending: false },
  { column: 'time', descending: true },
  { column: 'age', descending: false },
]);

/** @param {Order} order @param {Column} column that was chosen @returns {Order} the same column again turns it round */
export function turned(order, column) {
  if (order.column === column) return { column, descending: !order.descending };
  return { column, descending: COLUMNS.find((each) => each.column === column)?.descending ?? false };
}

/** What a column sorts by; null stands last whichever way. @param {Runner} runner @param {Column} column @param {number} now_ms */
function valueOf(runner, column, now_ms) {
  switch (column) {
    case 'distance':
      return runner.run.distance_m;
    case 'pace':
      return runner.run.state === 'live' ? runner.run.pace_s_per_km : null;
    case 'time':
      return elapsedS(runner, now_ms);
    case 'age':
      return runner.run.state === 'finished' ? null : ageS(runner, now_ms);
    default:
      return null;
  }
}

/**
 * @param {Runner[]} byName all, by their names: what is equal stays in this order
 * @param {Order} order
 * @param {(user: string) => boolean} isFollowed
 * @param {number} now_ms
 * @returns {Runner[]}
 */
export function ordered(byName, order, isFollowed, now_ms) {
  const keys = byName.map((runner, index) => ({ runner, index, value: valueOf(runner, order.column, now_ms), first: isFollowed(runner.run.user.id) }));
  const turn = order.descending ? -1 : 1;
  keys.sort((a, b) => {
    if (a.first !== b.first) return a.first ? -1 : 1;
    if (order.column === 'name') return turn * (a.index - b.index);
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null) || a.index - b.index;
    return turn * (a.value - b.value) || a.index - b.index;
  });
  return keys.map((each) => each.runner);
}

/**
 * Which rows are in sight, and some around them.
 * @param {{top: number, height: number}} view pixels of the rows' own height that are in sight
 * @param {number} count of rows
 * @param {number} row_px the height of one
 * @param {number} around rows above and below
 * @returns {{from: number, until: number}} `until` is not among them
 */
export function rowsIn({ top, height }, count, row_px, around) {
  const from = Math.max(0, Math.floor(top / row_px) - around);
  const until = Math.min(count, Math.ceil((top + height) / row_px) + around);
  return { from: Math.min(from, count), until: Math.max(until, Math.min(from, count)) };
}
