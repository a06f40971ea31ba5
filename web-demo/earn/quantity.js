/**
 * What a variable counts, and how much of it as people read it: metres are kilometres or miles, seconds are hours or a time on
 * the watch, the rest are things with a name. Also back, from what somebody types. Pure.
 */

import { formatDistance, formatDuration, heightIn, unitLengthM } from '../format.js';

/** @typedef {import('../format.js').Units} Units */

/**
 * @typedef {object} Quantity
 * @property {'distance' | 'height' | 'duration' | 'time' | 'count'} kind `time` is one on the watch: less of it is better
 * @property {string} title what is counted, like "Distance"
 * @property {string} one of a count: "run"
 * @property {string} many "runs"
 */

/** @param {Quantity['kind']} kind @param {string} title @param {string} [one] @param {string} [many] @returns {Quantity} */
function quantity(kind, title, one = '', many = '') {
  return { kind, title, one, many };
}

/** Variables that the product moves by itself, and the points of the starter catalogue. @type {Record<string, Quantity>} */
const KNOWN = {
  distance_m: quantity('distance', 'Distance'),
  longest_run_m: quantity('distance', 'Longest run'),
  climb_m: quantity('height', 'Climb'),
  moving_s: quantity('duration', 'Time in motion'),
  best_1km_s: quantity('time', 'Fastest kilometre'),
  best_5km_s: quantity('time', 'Fastest 5 km'),
  best_10km_s: quantity('time', 'Fastest 10 km'),
  runs: quantity('count', 'Runs', 'run', 'runs'),
  early_runs: quantity('count', 'Runs early in the morning', 'run', 'runs'),
  late_runs: quantity('count', 'Runs late in the evening', 'run', 'runs'),
  weekend_runs: quantity('count', 'Runs at weekends', 'run', 'runs'),
  group_runs: quantity('count', 'Runs with a group', 'run', 'runs'),
  streak_days: quantity('count', 'Days in a row', 'day', 'days'),
  events_joined: quantity('count', 'Events joined', 'event', 'events'),
  events_finished: quantity('count', 'Events finished', 'event', 'events'),
  invite_users: quantity('count', 'Friends invited', 'friend', 'friends'),
  places_visited: quantity('count', 'Places', 'place', 'places'),
  habit_level: quantity('count', 'Level of habits', 'level', 'levels'),
  habit_streak: quantity('count', 'Days of a daily in a row', 'day', 'days'),
  habits_scored: quantity('count', 'Habits scored', 'habit', 'habits'),
  dailies_done: quantity('count', 'Dailies done', 'daily', 'dailies'),
  todos_done: quantity('count', 'To-dos done', 'to-do', 'to-dos'),
  xp: quantity('count', 'Points', 'point', 'points'),
};

/** What nobody has told the unit of. */
export const PLAIN = quantity('count', '');

/** @param {string | null} variable its name @returns {Quantity} */
export function quantityOf(variable) {
  if (!variable) return PLAIN;
  const known = Object.hasOwn(KNOWN, variable) ? KNOWN[variable] : null;
  if (known) return known;
  const words = variable.replace(/_/g, ' ');
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  if (variable.endsWith('_m')) return quantity('distance', title.slice(0, -2));
  if (variable.endsWith('_s')) return quantity('duration', title.slice(0, -2));
  return quantity('count', title, words, words);
}

/** @typedef {'down' | 'near' | 'up'} Rounding what one has is rounded down, what is to go is rounded up */

/** @param {number} value @param {number} digits @param {Rounding} rounding */
function rounded(value, digits, rounding) {
  const scale = 10 ** digits;
  // What floating point has added is not rounded up.
  const scaled = Number((value * scale).toPrecision(12));
  const whole = rounding === 'down' ? Math.floor(scaled) : rounding === 'up' ? Math.ceil(scaled) : Math.round(scaled);
  return (whole / scale).toLocaleString('en', { maximumFractionDigits: digits });
}

/** @param {number} seconds @returns {string} like "7 h 20 min", "20 min" or "40 s" */
function formatHours(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  const hours = `${Math.floor(minutes / 60).toLocaleString('en')} h`;
  return rest ? `${hours} ${rest} min` : hours;
}

/**
 * @param {number} value @param {Quantity} quantity @param {Units} units @param {Rounding} [rounding]
 * @returns {string} like "4.18 km", "328 ft", "7 h 20 min", "5:42" or "3 runs"
 */
export function formatQuantity(value, { kind, one, many }, units, rounding = 'near') {
  switch (kind) {
    case 'distance': {
      const length = value / unitLengthM(units);
      return `${rounded(length, Math.abs(length) >= 100 ? 1 : 2, rounding)} ${units}`;
    }
    case 'height':
      return `${rounded(heightIn(value, units), 0, rounding)} ${units === 'mi' ? 'ft' : 'm'}`;
    case 'duration':
      return formatHours(rounding === 'up' ? Math.ceil(value) : Math.floor(value));
    case 'time':
      return formatDuration(rounding === 'up' ? Math.ceil(value) : Math.round(value));
    default: {
      const number = rounded(value, 2, rounding);
      return one ? `${number} ${number === '1' ? one : many}` : number;
    }
  }
}

/** The same below one another: all with as many digits. @param {number} value @param {Quantity} quantity @param {Units} units @returns {string} like "7.90 km" */
export function formatInColumn(value, quantity, units) {
  return quantity.kind === 'distance' ? formatDistance(value, units) : formatQuantity(value, quantity, units, 'down');
}

/** In which unit it is typed. @param {Quantity} quantity @param {Units} units @returns {string} like "km" or "runs" */
export function unitWord({ kind, many }, units) {
  if (kind === 'distance') return units;
  if (kind === 'height') return units === 'mi' ? 'ft' : 'm';
  if (kind === 'duration') return 'hours';
  return kind === 'time' ? 'minutes:seconds' : many;
}

/**
 * What somebody has typed.
 * @param {string} text @param {Quantity} quantity @param {Units} units
 * @returns {number | null} as the server counts it; null when it is no number
 */
export function readQuantity(text, { kind }, units) {
  // 1,000 is a thousand, as this page writes it itself; 1,5 is one and a half.
  const trimmed = text.trim();
  const typed = /^\d{1,3}(,\d{3})+(\.\d+)?$/.test(trimmed) ? trimmed.replaceAll(',', '') : trimmed.replace(',', '.');
  if (kind === 'time' || kind === 'duration') {
    const watch = /^(?:(\d+):)?(\d{1,3}):(\d{2})$/.exec(typed);
    if (watch) return Number(watch[1] ?? 0) * 3600 + Number(watch[2]) * 60 + Number(watch[3]);
  }
  const number = /^-?\d{1,15}(\.\d+)?$/.test(typed) ? Number(typed) : NaN;
  if (!Number.isFinite(number)) return null;
  switch (kind) {
    case 'distance': return Math.round(number * unitLengthM(units) * 1000) / 1000;
    case 'height': return Math.round((number / heightIn(1, units)) * 1000) / 1000;
    case 'duration': return Math.round(number * 3600);
    case 'time': return Math.round(number * 60);
    default: return number;
  }
}
