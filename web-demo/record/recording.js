/**
 * What a device knows of the run that it records: a head, and entries in the order in which they happened. Pure. Everything that the
 * screen shows of the run is a fold over the entries, so that a page that was reloaded shows what it showed before.
 */

import { createTally, goOn, rest, takeFix } from './tally.js';

/** The server's bounds; a phone that knows more than that knows nothing. */
const ELEVATION_MAX_M = 10_000;
const SPEED_MAX_MPS = 1_000;
const ACCURACY_MAX_M = 1_000_000;
/** Devices measure once a second; two fixes nearer than this are one. */
const APART_MIN_MS = 400;

/**
 * A place as the device measured it.
 * @typedef {object} DeviceFix
 * @property {number} time_ms by the device's clock
 * @property {number} latitude
 * @property {number} longitude
 * @property {number | null} accuracy_m
 * @property {number | null} elevation_m
 * @property {number | null} speed_mps
 * @property {number | null} heading_deg
 *
 * @typedef {'fix' | 'pause' | 'resume' | 'finish'} Kind
 *
 * @typedef {object} Entry
 * @property {number} seq 1, 2, 3…
 * @property {Kind} kind
 * @property {number} at_ms when it happened, by the device's clock
 * @property {string} key names the request that tells the server, so that telling it twice is telling it once; fixes need none
 * @property {DeviceFix | null} fix
 *
 * @typedef {'public' | 'friends' | 'private'} Visibility
 *
 * @typedef {object} Head
 * @property {string} user whose run it is
 * @property {Visibility} visibility
 * @property {number | null} event that it is run in
 * @property {number} begun_ms
 * @property {string | null} run its id; null until the server has made it
 * @property {string} startKey names the request that makes the run
 * @property {number} acknowledged the newest entry that the server has
 * @property {number} told_m the run's distance as the server has told it, and
 * @property {number} reckoned_m what was reckoned here at that entry
 * @property {number} refused fixes that the server would not take
 *
 * @typedef {object} Progress
 * @property {'live' | 'paused' | 'finished'} state
 * @property {import('./tally.js').Tally} tally
 * @property {import('../protocol.js').TrackPoint[]} track
 * @property {Map<number, number>} reckoned distance after each entry that is not acknowledged yet
 * @property {DeviceFix | null} newest the newest fix, good or not
 * @property {number} seq of the newest entry
 * @property {number | null} turned_ms when it was paused or finished last
 */

/** @returns {Progress} */
export function createProgress() {
  return { state: 'live', tally: createTally(), track: [], reckoned: new Map(), newest: null, seq: 0, turned_ms: null };
}

/** Takes the next entry. @param {Progress} progress changed in place @param {Entry} entry */
export function takeEntry(progress, entry) {
  progress.seq = entry.seq;
  const { tally } = progress;
  if (entry.kind === 'fix' && entry.fix) {
    progress.newest = entry.fix;
    const standing = takeFix(tally, entry.fix);
    if (standing === 'counted') {
      const { time_ms, latitude, longitude, elevation_m } = entry.fix;
      progress.track.push({ time_ms, latitude, longitude, elevation_m, distance_m: tally.distance_m });
    }
  } else if (entry.kind === 'pause') {
    rest(tally);
    progress.state = 'paused';
    progress.turned_ms = entry.at_ms;
  } else if (entry.kind === 'resume') {
    if (progress.turned_ms !== null) goOn(tally, entry.at_ms - Math.max(progress.turned_ms, tally.position?.time_ms ?? 0));
    progress.state = 'live';
    progress.turned_ms = null;
  } else if (entry.kind === 'finish') {
    progress.state = 'finished';
    progress.turned_ms ??= entry.at_ms;
  }
  progress.reckoned.set(entry.seq, tally.distance_m);
}

/** What may come next, as people press buttons twice. @param {Progress['state']} state @param {Kind} kind */
export function mayFollow(state, kind) {
  if (kind === 'resume') return state === 'paused';
  if (kind === 'finish') return state !== 'finished';
  return state === 'live';
}

/** Whether a place that was measured is one more fix. @param {Progress} progress @param {DeviceFix} fix */
export function isNewFix(progress, fix) {
  return progress.state === 'live' && (!progress.newest || fix.time_ms - progress.newest.time_ms >= APART_MIN_MS);
}

/** The server's distance, and what was run since. @param {Head} head @param {Progress} progress @returns {number} */
export function distanceNow(head, progress) {
  return head.told_m + Math.max(0, progress.tally.distance_m - head.reckoned_m);
}

/** The run's time, ticking on while it is live. @param {Progress} progress @param {number} now_ms the device's clock @returns {number} seconds */
export function elapsedNow(progress, now_ms) {
  const { tally, turned_ms } = progress;
  if (!tally.position) return 0;
  const until_ms = turned_ms ?? now_ms;
  return (tally.elapsed_ms + Math.max(0, until_ms - tally.position.time_ms - tally.rested_ms)) / 1000;
}

/** @param {number} distance_m @param {number} elapsed_s @returns {number | null} seconds per kilometre, once it says something */
export function averagePace(distance_m, elapsed_s) {
  return distance_m >= 50 ? (elapsed_s / distance_m) * 1000 : null;
}

/** @param {unknown} value @param {number} min @param {number} max @returns {number | null} */
function within(value, min, max) {
  return typeof value === 'number' && value >= min && value <= max ? value : null;
}

/**
 * A place as the browser tells it.
 * @param {{timestamp: number, coords: {latitude: number, longitude: number, accuracy: number, altitude: number | null, speed: number | null, heading: number | null}}} position
 * @returns {DeviceFix | null} null when it is no place
 */
export function fixOf({ timestamp, coords }) {
  const latitude = within(coords.latitude, -90, 90);
  const longitude = within(coords.longitude, -180, 180);
  if (latitude === null || longitude === null || !Number.isFinite(timestamp)) return null;
  return {
    time_ms: Math.round(timestamp),
    latitude,
    longitude,
    accuracy_m: within(coords.accuracy, 0, ACCURACY_MAX_M),
    elevation_m: within(coords.altitude, -ELEVATION_MAX_M, ELEVATION_MAX_M),
    speed_mps: within(coords.speed, 0, SPEED_MAX_MPS),
    heading_deg: within(coords.heading, 0, 360),
  };
}

/** A fix as the server reads it: what is not known is left out. @param {DeviceFix} fix */
export function fixDocument({ time_ms, ...known }) {
  const rest = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null));
  return { time: new Date(time_ms).toISOString(), ...rest };
}
