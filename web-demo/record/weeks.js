/**
 * One's own runs by week: what was run from Monday to Sunday, where the reader is. Pure.
 */

import { parseRun, timeOf } from '../protocol.js';

/**
 * @typedef {import('../protocol.js').Run & {begun_ms: number, visibility: import('./recording.js').Visibility, withheld: string | null}} OwnRun
 * @typedef {{starts_ms: number, runs: OwnRun[], distance_m: number, elapsed_s: number}} Week
 */

/** @param {any} document @returns {OwnRun | null} */
export function parseOwnRun(document) {
  const run = parseRun(document);
  const begun_ms = timeOf(document?.started_at) ?? timeOf(document?.created_at);
  if (!run || begun_ms === null) return null;
  const visibility = ['public', 'friends', 'private'].includes(document.visibility) ? document.visibility : 'private';
  return { ...run, begun_ms, visibility, withheld: typeof document.withheld === 'string' ? document.withheld : null };
}

/** The Monday before, or of, a moment: its first one. @param {number} at_ms @returns {number} */
export function weekStart(at_ms) {
  const day = new Date(at_ms);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7));
  return day.getTime();
}

/** So many weeks later, or earlier, whatever the clocks did meanwhile. @param {number} starts_ms @param {number} weeks */
export function weeksOn(starts_ms, weeks) {
  const day = new Date(starts_ms);
  day.setDate(day.getDate() + 7 * weeks);
  return day.getTime();
}

/** @param {number} starts_ms @param {OwnRun[]} runs @returns {Week} */
function weekOf(starts_ms, runs) {
  const sum = (/** @type {(run: OwnRun) => number} */ part) => runs.reduce((all, run) => all + part(run), 0);
  return { starts_ms, runs, distance_m: sum((run) => run.distance_m), elapsed_s: sum((run) => run.elapsed_s) };
}

/** The weeks that have runs, newest first, and so their runs. @param {OwnRun[]} runs @returns {Week[]} */
export function weeksOf(runs) {
  /** @type {Map<number, OwnRun[]>} */
  const byWeek = new Map();
  for (const run of [...runs].sort((a, b) => b.begun_ms - a.begun_ms)) {
    const starts_ms = weekStart(run.begun_ms);
    byWeek.set(starts_ms, [...(byWeek.get(starts_ms) ?? []), run]);
  }
  return [...byWeek].map(([starts_ms, its]) => weekOf(starts_ms, its));
}

/** So many weeks up to now, oldest first, those without a run among them. @param {OwnRun[]} runs @param {number} now_ms @param {number} count @returns {Week[]} */
export function lastWeeks(runs, now_ms, count) {
  const known = new Map(weeksOf(runs).map((week) => [week.starts_ms, week]));
  const newest_ms = weekStart(now_ms);
  return Array.from({ length: count }, (_, index) => {
    const starts_ms = weeksOn(newest_ms, index - count + 1);
    return known.get(starts_ms) ?? weekOf(starts_ms, []);
  });
}
