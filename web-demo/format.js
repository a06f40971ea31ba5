/**
 * Numbers as people read them: kilometres or miles, paces, times, ages. Pure. Two forms where it matters: short for the eye,
 * in words for a screen reader.
 */

/** @typedef {'km' | 'mi'} Units */

const MILE_M = 1609.344;
const FOOT_M = 0.3048;

/** @param {Units} units */
export function unitLengthM(units) {
  return units === 'mi' ? MILE_M : 1000;
}

/** @param {number} distance_m @param {Units} units @returns {string} like "4.21 km" */
export function formatDistance(distance_m, units) {
  return `${formatDistanceNumber(distance_m, units)} ${units}`;
}

/** @param {number} distance_m @param {Units} units @returns {string} like "4.21" */
export function formatDistanceNumber(distance_m, units) {
  const value = Math.max(0, distance_m) / unitLengthM(units);
  return value.toFixed(value >= 100 ? 1 : 2);
}

/** @param {number | null} pace_s_per_km @param {Units} units @returns {string} like "5:03" or "–" while standing */
export function formatPaceNumber(pace_s_per_km, units) {
  if (pace_s_per_km === null || !(pace_s_per_km > 0) || pace_s_per_km > 3600) return '–';
  const total_s = Math.round((pace_s_per_km * unitLengthM(units)) / 1000);
  return `${Math.floor(total_s / 60)}:${String(total_s % 60).padStart(2, '0')}`;
}

/** @param {number | null} pace_s_per_km @param {Units} units @returns {string} like "5:03 /km" */
export function formatPace(pace_s_per_km, units) {
  const number = formatPaceNumber(pace_s_per_km, units);
  return number === '–' ? number : `${number} /${units}`;
}

/** @param {number} duration_s @returns {string} like "21:07" or "1:02:33" */
export function formatDuration(duration_s) {
  const total_s = Math.max(0, Math.floor(duration_s));
  const hours = Math.floor(total_s / 3600);
  const minutes = Math.floor((total_s % 3600) / 60);
  const seconds = String(total_s % 60).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** @param {number | null} age_s @returns {string} like "just now", "12 s ago", "3 min ago" */
export function formatAge(age_s) {
  if (age_s === null) return 'no position yet';
  if (age_s < 2) return 'just now';
  if (age_s < 60) return `${Math.floor(age_s)} s ago`;
  if (age_s < 3600) return `${Math.floor(age_s / 60)} min ago`;
  if (age_s < 86_400) return `${Math.floor(age_s / 3600)} h ago`;
  const days = Math.floor(age_s / 86_400);
  return days === 1 ? 'a day ago' : `${days} days ago`;
}

/** @param {number | null} age_s @returns {string} like "now", "12 s", "3 min": where a heading says what it is */
export function formatAgeShort(age_s) {
  if (age_s === null) return '–';
  return age_s < 2 ? 'now' : formatAge(age_s).replace(' ago', '').replace('a day', '1 day');
}

const DAY = /** @type {const} */ ({ weekday: 'short', day: 'numeric', month: 'short' });
const CLOCK = /** @type {const} */ ({ hour: '2-digit', minute: '2-digit' });

/** @param {number} at_ms @returns {string} like "Wed 25 Nov, 18:00 EET", where the reader is: a time without its zone misleads */
export function formatMoment(at_ms) {
  return new Intl.DateTimeFormat(undefined, { ...DAY, ...CLOCK, timeZoneName: 'short' }).format(at_ms);
}

/** @param {number} from_ms @param {number} until_ms @returns {string} like "Wed 25 Nov, 18:00 – 19:30 EET", where the reader is */
export function formatSpan(from_ms, until_ms) {
  return new Intl.DateTimeFormat(undefined, { ...DAY, ...CLOCK, timeZoneName: 'short' }).formatRange(from_ms, Math.max(from_ms, until_ms));
}

/** @param {number} height_m @param {Units} units @returns {string} like "12 m" or "39 ft" */
export function formatHeight(height_m, units) {
  return units === 'mi' ? `${Math.round(height_m / FOOT_M)} ft` : `${Math.round(height_m)} m`;
}

/** @param {number} height_m @param {Units} units */
export function heightIn(height_m, units) {
  return units === 'mi' ? height_m / FOOT_M : height_m;
}

/** @param {number} distance_m @param {Units} units @returns {string} like "4.2 kilometres" */
export function sayDistance(distance_m, units) {
  const value = (distance_m / unitLengthM(units)).toFixed(1);
  const word = units === 'mi' ? 'mile' : 'kilometre';
  return `${value} ${word}${value === '1.0' ? '' : 's'}`;
}

/** @param {number | null} pace_s_per_km @param {Units} units @returns {string} in words, or "" while standing */
export function sayPace(pace_s_per_km, units) {
  const number = formatPaceNumber(pace_s_per_km, units);
  if (number === '–') return '';
  const [minutes, seconds] = number.split(':').map(Number);
  return `${minutes} minutes ${seconds} seconds per ${units === 'mi' ? 'mile' : 'kilometre'}`;
}
