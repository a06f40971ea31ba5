/**
 * The track of one run as far as the page knows it. Pure. Starts from a snapshot and grows by counted fixes.
 */

import { distanceM } from './geo.js';

/** @typedef {import('./protocol.js').TrackPoint} TrackPoint */
/** @typedef {import('./protocol.js').Fix} Fix */

/** A page that stays open all day keeps the whole track, thinned where it is old. */
export const POINTS_MAX = 6000;
/** Of a runner among many, whom nobody looks at closely, the way of the last minutes is enough: a thousand are watched for hours. */
export const TRAIL_MAX = 60;

/**
 * Appends the fixes that count and are newer than the track's end. The server tells the distance at the last fix only:
 * between, it is shared out by the straight distances.
 * @param {TrackPoint[]} points changed in place
 * @param {Fix[]} fixes
 * @param {number} distance_m the run's distance after these fixes
 * @param {number} [points_max]
 * @returns {number} how many were appended
 */
export function extend(points, fixes, distance_m, points_max = POINTS_MAX) {
  const end_ms = points.length ? points[points.length - 1].time_ms : -Infinity;
  const counted = fixes.filter((fix) => fix.standing === null && fix.time_ms > end_ms);
  counted.sort((a, b) => a.time_ms - b.time_ms);
  if (counted.length === 0) return 0;
  const last = points[points.length - 1];
  const start_m = last ? last.distance_m : 0;
  /** @type {number[]} */
  const along = [];
  let straight_m = 0;
  /** @type {{latitude: number, longitude: number}} */
  let before = last ?? counted[0];
  for (const fix of counted) {
    straight_m += distanceM(before, fix);
    along.push(straight_m);
    before = fix;
  }
  const gained_m = Math.max(0, distance_m - start_m);
  counted.forEach((fix, index) => {
    const share = straight_m > 0 ? along[index] / straight_m : 1;
    const { time_ms, latitude, longitude, elevation_m } = fix;
    points.push({ time_ms, latitude, longitude, elevation_m, distance_m: start_m + gained_m * share });
  });
  while (points.length > points_max) thin(points);
  return counted.length;
}

/** Leaves out every second point of the older half. @param {TrackPoint[]} points */
function thin(points) {
  const half = points.length >> 1;
  const kept = points.filter((_, index) => index >= half || index % 2 === 0);
  points.splice(0, points.length, ...kept);
}

/**
 * Pace around each point, over a window long enough that a metre of noise does not show.
 * @param {TrackPoint[]} points
 * @param {number} window_m
 * @returns {(number | null)[]} seconds per kilometre; null where the runner stood
 */
export function paces(points, window_m = 120) {
  const result = [];
  let from = 0;
  let to = 0;
  for (const point of points) {
    while (from < points.length - 1 && points[from + 1].distance_m <= point.distance_m - window_m / 2) from += 1;
    while (to < points.length - 1 && points[to].distance_m < point.distance_m + window_m / 2) to += 1;
    const run_m = points[to].distance_m - points[from].distance_m;
    const run_s = (points[to].time_ms - points[from].time_ms) / 1000;
    const pace = run_m > window_m / 4 ? (run_s / run_m) * 1000 : null;
    result.push(pace !== null && pace < 1800 ? pace : null);
  }
  return result;
}

/**
 * The index of the point nearest to a place, or -1.
 * @param {TrackPoint[]} points
 * @param {{latitude: number, longitude: number}} place
 * @param {number} within_m
 */
export function nearest(points, place, within_m) {
  let best = -1;
  let best_m = within_m;
  points.forEach((point, index) => {
    const distance_m = distanceM(point, place);
    if (distance_m < best_m) {
      best = index;
      best_m = distance_m;
    }
  });
  return best;
}
