/**
 * Where a runner is drawn between two fixes. Pure: time comes in as an argument, places are on the map's plane.
 *
 * When a fix arrives, the marker begins to walk from where it is drawn to there, along what was measured, so fast that it comes
 * there when the next one is due. It never runs ahead of what was measured, and never waits while it knows more.
 */

import { distanceM, mercatorX, mercatorY } from './geo.js';

/** A longer step than this between two fixes is no running: the marker jumps. */
export const SNAP_M = 200;
/** The marker is never further behind than this, however rare the fixes are. */
const LAG_MAX_MS = 15_000;
/** A marker that has fallen behind catches up at this multiple of the true speed. */
const CATCH_UP = 2;
/** How much of the newest time between two arrivals is believed at once: network jitter must not shake the marker. */
const PERIOD_WEIGHT = 0.3;
/** A time between arrivals that is wrong by more than this (a tunnel, a burst) is replaced instead of approached. */
const PERIOD_JUMP_MS = 5_000;
/** It comes there a little before, so that it is there when the next fix is early. */
const EARLY = 0.92;
/** Between two frames of a page that is looked at. */
const FRAME_MAX_MS = 50;
/** Steps kept for one runner: a batch after a tunnel may hold a thousand. */
const STEPS_MAX = 120;

/**
 * @typedef {{time_ms: number, latitude: number, longitude: number}} TimedPlace
 * @typedef {{time_ms: number, x: number, y: number}} Step
 *
 * @typedef {object} Motion
 * @property {Step[]} steps in order of time; the marker is between the first two
 * @property {TimedPlace | null} newest
 * @property {number} arrived_ms when that came
 * @property {number | null} period_ms how long it usually is from one arrival to the next
 * @property {number} speed of the playhead: fix time for each moment of the clock
 * @property {number} playhead_ms fix time that is drawn; never goes back
 * @property {number} drawn_ms when it was last asked for
 */

/** @returns {Motion} */
export function createMotion() {
  return { steps: [], newest: null, arrived_ms: 0, period_ms: null, speed: 1, playhead_ms: -Infinity, drawn_ms: 0 };
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
  const since_ms = Math.min(LAG_MAX_MS, Math.max(1, now_ms - motion.arrived_ms));
  motion.arrived_ms = now_ms;
  if (snapped || !before) {
    motion.playhead_ms = -Infinity;
    return;
  }
  if (motion.period_ms === null || Math.abs(since_ms - motion.period_ms) > PERIOD_JUMP_MS) motion.period_ms = since_ms;
  else motion.period_ms += PERIOD_WEIGHT * (since_ms - motion.period_ms);
  const { time_ms } = motion.newest;
  motion.playhead_ms = Math.max(motion.playhead_ms, motion.steps[0].time_ms, time_ms - LAG_MAX_MS);
  // From here on: what was drawn last, while it stood, may have been drawn long ago.
  if (now_ms - motion.drawn_ms > FRAME_MAX_MS) motion.drawn_ms = now_ms;
  motion.speed = Math.min(CATCH_UP, (time_ms - motion.playhead_ms) / (motion.period_ms * EARLY));
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
 * The fix time to draw: on from what was drawn, not beyond the newest fix.
 * @param {Motion} motion
 * @param {number} now_ms
 * @returns {number} milliseconds
 */
function nextPlayhead(motion, now_ms) {
  const newest_ms = motion.steps[motion.steps.length - 1].time_ms;
  if (motion.playhead_ms === -Infinity) return newest_ms;
  return Math.min(newest_ms, motion.playhead_ms + motion.speed * Math.max(0, now_ms - motion.drawn_ms));
}

/**
 * Puts the marker on the newest fix at once: after the page was hidden, or when motion is not wanted.
 * @param {Motion} motion
 */
export function settle(motion) {
  if (motion.steps.length > 1) motion.steps.splice(0, motion.steps.length - 1);
  motion.playhead_ms = Math.max(motion.playhead_ms, motion.newest?.time_ms ?? -Infinity);
}
