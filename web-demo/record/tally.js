/**
 * What a run's fixes add up to, reckoned on the device while the server is not there to say it. Pure. The rules are those of the
 * server (src/domain/run/tally.rs), so that its numbers, when they come, are no surprise.
 */

import { distanceM } from '../geo.js';

/** A leg counts from 5 m on: a phone that lies still shall run no kilometres. */
const GATE_M = 5;
/** A fix that is less sure of its place counts for nothing. */
export const ACCURACY_MAX_M = 50;
/** Faster than any runner. */
const SPEED_MAX_MPS = 12;
/** Slower is standing. */
const MOVING_MIN_MPS = 0.5;
/** Pace now is measured over the last 25 s, and told once it was measured over 5. */
const PACE_WINDOW_MS = 25_000;
const PACE_SPAN_MIN_MS = 5_000;
/** What lies so far apart in time is not one leg. */
const LEG_MAX_MS = 4 * 3_600_000;

/** @typedef {import('./recording.js').DeviceFix} DeviceFix */
/** @typedef {'counted' | 'near' | 'late' | 'poor' | 'suspect'} Standing what a fix does for its run */

/**
 * @typedef {object} Tally
 * @property {number} distance_m
 * @property {number} elapsed_ms from the first good fix to the newest, without pauses
 * @property {number} moving_ms
 * @property {number | null} pace_s_per_km now; null when standing or not yet known
 * @property {DeviceFix | null} position the newest good fix
 * @property {DeviceFix | null} suspect came too fast: the next good fix decides whether it, or what was before it, is wrong
 * @property {{latitude: number, longitude: number} | null} anchor where the next leg is measured from; null after a pause
 * @property {number} rested_ms paused since the newest good fix
 * @property {{time_ms: number, path_m: number}[]} samples of the last 25 s
 */

/** @returns {Tally} */
export function createTally() {
  return {
    distance_m: 0, elapsed_ms: 0, moving_ms: 0, pace_s_per_km: null, position: null, suspect: null, anchor: null, rested_ms: 0, samples: [],
  };
}

/** Takes the next fix. @param {Tally} tally changed in place @param {DeviceFix} fix @returns {Standing} */
export function takeFix(tally, fix) {
  if (fix.accuracy_m !== null && fix.accuracy_m > ACCURACY_MAX_M) return 'poor';
  const newest = tally.suspect ?? tally.position;
  if (newest && fix.time_ms <= newest.time_ms) return 'late';
  decideSuspect(tally, fix);
  if (tally.position && !isPlausible(tally.position, fix)) {
    tally.suspect = fix;
    return 'suspect';
  }
  return moveTo(tally, fix);
}

/** The runner rests: the way goes on from where the next fix is. @param {Tally} tally */
export function rest(tally) {
  tally.anchor = null;
  tally.suspect = null;
  tally.pace_s_per_km = null;
}

/** @param {Tally} tally @param {number} rested_ms how long the pause was that is over */
export function goOn(tally, rested_ms) {
  tally.rested_ms += Math.max(0, rested_ms);
}

/** A place that was reached too fast and gone on from at a runner's speed is true. @param {Tally} tally @param {DeviceFix} fix */
function decideSuspect(tally, fix) {
  const { suspect, position } = tally;
  tally.suspect = null;
  if (!suspect || !position || isPlausible(position, fix) || !isPlausible(suspect, fix)) return;
  if (tally.elapsed_ms > 0) tally.elapsed_ms += unpausedMs(tally, suspect);
  startLeg(tally, suspect);
}

/** @param {Tally} tally @param {DeviceFix} fix @returns {Standing} */
function moveTo(tally, fix) {
  const unpaused_ms = unpausedMs(tally, fix);
  const isApart = tally.position !== null && fix.time_ms - tally.position.time_ms > LEG_MAX_MS;
  tally.elapsed_ms += unpaused_ms;
  if (!tally.anchor || isApart) {
    startLeg(tally, fix);
    return 'counted';
  }
  const leg_m = distanceM(tally.anchor, fix);
  judgeSpeed(tally, { time_ms: fix.time_ms, path_m: tally.distance_m + leg_m }, unpaused_ms);
  tally.position = fix;
  tally.rested_ms = 0;
  if (leg_m < GATE_M) return 'near';
  tally.distance_m += leg_m;
  tally.anchor = fix;
  return 'counted';
}

/** @param {Tally} tally @param {DeviceFix} fix */
function startLeg(tally, fix) {
  tally.samples = [{ time_ms: fix.time_ms, path_m: tally.distance_m }];
  tally.pace_s_per_km = null;
  tally.anchor = tally.position = fix;
  tally.rested_ms = 0;
}

/** @param {Tally} tally @param {{time_ms: number, path_m: number}} sample @param {number} unpaused_ms */
function judgeSpeed(tally, sample, unpaused_ms) {
  const { samples } = tally;
  while (samples.length > 1 && samples[0].time_ms < sample.time_ms - PACE_WINDOW_MS) samples.shift();
  const [oldest] = samples;
  samples.push(sample);
  tally.pace_s_per_km = null;
  if (!oldest) return;
  const span_ms = sample.time_ms - oldest.time_ms;
  const mps = (Math.max(0, sample.path_m - oldest.path_m) / span_ms) * 1000;
  if (mps < MOVING_MIN_MPS) return;
  tally.moving_ms += unpaused_ms;
  if (span_ms >= PACE_SPAN_MIN_MS) tally.pace_s_per_km = 1000 / mps;
}

/** From the newest good fix to a newer one. @param {Tally} tally @param {DeviceFix} fix */
function unpausedMs(tally, fix) {
  if (!tally.position) return 0;
  const apart_ms = fix.time_ms - tally.position.time_ms;
  return apart_ms > LEG_MAX_MS ? 0 : Math.max(0, apart_ms - tally.rested_ms);
}

/** @param {DeviceFix} from @param {DeviceFix} to */
function isPlausible(from, to) {
  const leg_m = distanceM(from, to);
  return leg_m < GATE_M || leg_m / Math.max(1, (to.time_ms - from.time_ms) / 1000) <= SPEED_MAX_MPS;
}
