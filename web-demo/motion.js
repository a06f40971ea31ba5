/**
 * Where a runner is drawn between two fixes. Pure: time comes in as an argument, places are on the map's plane.
 *
 * A marker is played back one arrival behind: when a fix arrives, the marker stands at the one before it, and walks to the
 * new one by fix time until the next is due. It never runs ahead of what was measured.
 */

import { distanceM, mercatorX, mercatorY } from './geo.js';

/** A longer step than this between two fixes is no running: the marker jumps. */
export const SNAP_M = 200;
/** The marker is never further behind than this, however rare the fixes are. */
const LAG_MAX_MS = 15_000;
/** A marker that has fallen behind catches up at this multiple of the true speed. */
const CATCH_UP = 2;
/** How much of a new estimate of the lag is believed at once: network jitter must not shake the marker. */
const LAG_WEIGHT = 0.2;
/** A lag that is wrong by more than this (a tunnel, a burst) is replaced instead of approached. */
const LAG_JUMP_MS = 5_000;
/** Steps kept for one runner: a batch after a tunnel may hold a thousand. */
const STEPS_MAX = 120;

/**
 * @typedef {{time_ms: number, latitude: number, longitude: number}} TimedPlace
 * @typedef {{time_ms: number, x: number, y: number}} Step
 *
 * @typedef {object} Motion
 * @property {Step[]} steps in order of time; the marker is between the first two
 * @property {TimedPlace | null} newest
 * @property {number | null} lag_ms how far the marker is behind the clock
 * @property {number} playhead_ms fix time that is drawn; never goes back
 * @property {number} drawn_ms when it was last asked for
 */

/** @returns {Motion} */
export function createMotion() {
  return { steps: [], newest: null, lag_ms: null, playhead_ms: -Infinity, drawn_ms: 0 };
}

/**
 * Takes fixes that have just arrived, in order of time. Older ones than the newest are left out.
 * @param {Motion} motion
 * @param {TimedPlace[]} places
 * @param {number} now_ms the server's clock
 */
export function arrive(motion, places, now_ms) {
  const before = motion.newest;
  let snapped = false;
  for (const place of places) {
    if (motion.newest && place.time_ms <= motion.newest.time_ms) continue;
    if (!motion.newest || distanceM(motion.newest, place) > SNAP_M) {
      motion.steps = [];
      snapped = true;
    }
    motion.steps.push({ time_ms: place.time_ms, x: mercatorX(place.longitude), y: mercatorY(place.latitude) });
    motion.newest = { time_ms: place.time_ms, latitude: place.latitude, longitude: place.longitude };
  }
  if (!motion.newest || motion.newest === before) return;
  if (motion.steps.length > STEPS_MAX) motion.steps.splice(0, motion.steps.length - STEPS_MAX);
  if (snapped || !before) {
    motion.playhead_ms = -Infinity;
    return;
  }
  const target_ms = Math.min(LAG_MAX_MS, Math.max(0, now_ms - before.time_ms));
  if (motion.lag_ms === null || Math.abs(target_ms - motion.lag_ms) > LAG_JUMP_MS) motion.lag_ms = target_ms;
  else motion.lag_ms += LAG_WEIGHT * (target_ms - motion.lag_ms);
}

/**
 * Where the marker is drawn now, and whether it is still on its way.
 * @param {Motion} motion
 * @param {number} now_ms the server's clock
 * @returns {{x: number, y: number, moving: boolean} | null} null before the first fix
 */
export function placeAt(motion, now_ms) {
  const { steps } = motion;
  if (steps.length === 0) return null;
  motion.playhead_ms = nextPlayhead(motion, now_ms);
  motion.drawn_ms = now_ms;
  while (steps.length > 1 && steps[1].time_ms <= motion.playhead_ms) steps.shift();
  const [from, to] = steps;
  if (!to || motion.playhead_ms <= from.time_ms) return { x: from.x, y: from.y, moving: to !== undefined };
  const part = (motion.playhead_ms - from.time_ms) / (to.time_ms - from.time_ms);
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part, moving: true };
}

/**
 * The fix time to draw: the clock less the lag, not beyond the newest fix. What was missed is made up for at no more than
 * twice the speed, unless it is so much that the marker would be wrong for long.
 * @param {Motion} motion
 * @param {number} now_ms
 * @returns {number} milliseconds
 */
function nextPlayhead(motion, now_ms) {
  const newest_ms = motion.steps[motion.steps.length - 1].time_ms;
  const wanted_ms = Math.min(newest_ms, now_ms - (motion.lag_ms ?? 0));
  const before_ms = motion.playhead_ms;
  if (wanted_ms - before_ms > LAG_MAX_MS) return wanted_ms;
  const reach_ms = before_ms + CATCH_UP * Math.max(0, now_ms - motion.drawn_ms);
  return Math.max(before_ms, Math.min(wanted_ms, reach_ms));
}

/**
 * Puts the marker on the newest fix at once: after the page was hidden, or when motion is not wanted.
 * @param {Motion} motion
 */
export function settle(motion) {
  if (motion.steps.length > 1) motion.steps.splice(0, motion.steps.length - 1);
  motion.playhead_ms = Math.max(motion.playhead_ms, motion.newest?.time_ms ?? -Infinity);
}
