/**
 * How far one is: parts of the way, what is to go, places in words, time left. Pure.
 */

import { formatQuantity } from './quantity.js';

/** @typedef {import('../format.js').Units} Units */
/** @typedef {import('./quantity.js').Quantity} Quantity */

/** @typedef {{value: number | null, goal: number | null, operator: 'geq' | 'leq', achieved: boolean}} Reach */

/** @param {Reach} reach @returns {number} 0 to 1; less than 1 until it is reached */
export function fractionOf({ value, goal, operator, achieved }) {
  if (achieved) return 1;
  if (value === null || goal === null) return 0;
  const part = operator === 'geq' ? value / goal : goal / value;
  return Number.isFinite(part) ? Math.min(0.99, Math.max(0, part)) : 0;
}

/** All goals have to be reached: how far one is with them together. @param {Reach[]} goals */
export function fractionOfAll(goals) {
  return goals.length ? goals.reduce((sum, goal) => sum + fractionOf(goal), 0) / goals.length : 0;
}

/** @param {number} fraction @returns {string} like "83 %"; 100 % is said of what is reached only */
export function formatPercent(fraction) {
  return `${Math.floor(fraction * 100)} %`;
}

/** @param {Reach} reach @param {Quantity} quantity @param {Units} units @returns {string} like "4.18 of 5 km" */
export function wayWords({ value, goal, operator }, quantity, units) {
  const has = value === null ? null : formatQuantity(value, quantity, units, operator === 'geq' ? 'down' : 'up');
  if (goal === null) return has ?? 'nothing yet';
  const aim = formatQuantity(goal, quantity, units);
  if (operator === 'leq') return has === null ? `${aim} or less` : `${has}, to be ${aim} or less`;
  const part = has ?? formatQuantity(0, quantity, units);
  // The unit is said once, where both have the same.
  return `${quantity.kind === 'duration' ? part : part.split(' ')[0]} of ${aim}`;
}

/** @param {Reach} reach @param {Quantity} quantity @param {Units} units @returns {string} like "820 m to go"; empty when there is nothing */
export function toGoWords({ value, goal, operator, achieved }, quantity, units) {
  if (achieved || goal === null) return '';
  if (operator === 'geq') return `${formatQuantity(goal - (value ?? 0), quantity, units, 'up')} to go`;
  if (value === null) return `${formatQuantity(goal, quantity, units)} or less`;
  const less = formatQuantity(value - goal, quantity, units, 'up');
  return quantity.kind === 'time' ? `${less} faster` : `${less} less`;
}

/** @param {number} position from 1 @returns {string} like "1st", "12th" */
export function ordinal(position) {
  const last = position % 10;
  const teen = Math.floor(position / 10) % 10 === 1;
  const ending = teen ? 'th' : last === 1 ? 'st' : last === 2 ? 'nd' : last === 3 ? 'rd' : 'th';
  return `${position.toLocaleString('en')}${ending}`;
}

/** @param {number} count @param {string} one @param {string} many */
function some(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}

/** @param {number} span_ms @returns {string} like "3 days", "5 h" or "12 min" */
export function spanWords(span_ms) {
  const minutes = Math.max(1, Math.floor(span_ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return some(Math.floor(hours / 24), 'day', 'days');
}

/**
 * When something begins, ends, or is over.
 * @param {number} starts_at_ms @param {number} ends_at_ms @param {number} now_ms @returns {string} like "3 days left"
 */
export function leftWords(starts_at_ms, ends_at_ms, now_ms) {
  if (now_ms < starts_at_ms) return `starts in ${spanWords(starts_at_ms - now_ms)}`;
  if (now_ms < ends_at_ms) return `${spanWords(ends_at_ms - now_ms)} left`;
  return 'over';
}

/** @param {number} at_ms @returns {string} a moment where the reader is, like "Sat, 28 Nov, 18:00" */
export function momentWords(at_ms) {
  return new Date(at_ms).toLocaleString([], { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

/** @param {number} at_ms @returns {string} like "28 Nov 2026" */
export function dayWords(at_ms) {
  return new Date(at_ms).toLocaleDateString([], { day: 'numeric', month: 'short', year: 'numeric' });
}

/** Where the reader's clock is. @returns {string} like "Europe/Helsinki" */
export function zoneName() {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'local time';
}

/** For an input of type datetime-local. @param {number} at_ms @returns {string} like "2026-11-28T18:00" */
export function localInput(at_ms) {
  const date = new Date(at_ms);
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
