/**
 * Everything the page knows about who is running. Pure: no DOM, no socket; time comes in as an argument.
 *
 * Three sources feed it. The list of runs says who is there and how far; the map's cells say where they are, once a second; the
 * channel of a run that is looked at closely says all that happens. While that channel is in step, the run's numbers come from
 * there alone: a list that was made a moment earlier must not set them back.
 */

import { arrive, createMotion } from './motion.js';
import { extend, TRAIL_MAX } from './track.js';

/** @typedef {import('./protocol.js').Run} Run */
/** @typedef {import('./protocol.js').Snapshot} Snapshot */
/** @typedef {import('./protocol.js').Change} Change */
/** @typedef {import('./protocol.js').FixesChange} FixesChange */
/** @typedef {import('./protocol.js').TrackPoint} TrackPoint */

/** A position older than this is stale: shown faded. */
export const STALE_S = 30;
/** How long a finished runner stays in the list. */
export const FINISHED_KEPT_MS = 120_000;
/** The page has this many colours of runners; the style sheet and the canvas know them by number. */
export const COLOURS = 12;
const NAMES = new Intl.Collator();

/**
 * @typedef {object} Runner
 * @property {Run} run
 * @property {number} colour 0 to COLOURS - 1
 * @property {boolean} inStep whether its channel feeds it
 * @property {number} updated_ms when its numbers were true, by the server's clock
 * @property {number | null} finishedSeen_ms
 * @property {TrackPoint[]} track
 * @property {import('./motion.js').Motion} motion
 */

/** @param {string} text @returns {number} a small hash, the same in every browser */
export function colourOf(text) {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16777619);
  }
  return (hash >>> 8) % COLOURS;
}

/** @param {Run} run @param {number} now_ms @param {number} [colour] @returns {Runner} */
export function createRunner(run, now_ms, colour = colourOf(run.user.id || run.id)) {
  const runner = {
    run,
    colour,
    inStep: false,
    updated_ms: now_ms,
    finishedSeen_ms: run.state === 'finished' ? now_ms : null,
    track: [],
    motion: createMotion(),
  };
  if (run.position) arrive(runner.motion, [run.position], now_ms);
  return runner;
}

/** @param {Runner} runner @param {number} now_ms @returns {number | null} seconds since the position was measured */
export function ageS(runner, now_ms) {
  return runner.run.position ? Math.max(0, (now_ms - runner.run.position.time_ms) / 1000) : null;
}

/** Whether the position is too old to be called live. @param {Runner} runner @param {number} now_ms */
export function isStale(runner, now_ms) {
  const age_s = ageS(runner, now_ms);
  return age_s === null || (age_s > STALE_S && runner.run.state !== 'finished');
}

/** The run's time, ticking on while it is live. @param {Runner} runner @param {number} now_ms @returns {number} seconds */
export function elapsedS(runner, now_ms) {
  const { run } = runner;
  if (run.state !== 'live') return run.elapsed_s;
  return run.elapsed_s + Math.max(0, (now_ms - (run.position?.time_ms ?? runner.updated_ms)) / 1000);
}

/** @param {Runner} runner @param {Snapshot} snapshot @param {number} now_ms */
export function applySnapshot(runner, snapshot, now_ms) {
  runner.inStep = true;
  runner.run = snapshot.run;
  runner.track = snapshot.track.slice();
  runner.updated_ms = now_ms;
  if (snapshot.run.state !== 'finished') runner.finishedSeen_ms = null;
  else runner.finishedSeen_ms ??= now_ms;
  if (snapshot.run.position) arrive(runner.motion, [snapshot.run.position], now_ms);
}

/**
 * Where the runner is now, as a cell of the map tells it.
 * @param {Runner} runner
 * @param {{latitude: number, longitude: number, time_ms: number, paused: boolean}} place
 * @param {number} now_ms
 */
export function applyPlace(runner, place, now_ms) {
  const { run } = runner;
  if (runner.inStep || run.state === 'finished') return;
  run.state = place.paused ? 'paused' : 'live';
  if (run.position && place.time_ms <= run.position.time_ms) return;
  const { latitude, longitude, time_ms } = place;
  const position = { time_ms, latitude, longitude, elevation_m: null, accuracy_m: null };
  // Told to the tenth of a second: what the list has told may be the same fix, a moment apart.
  if (run.position && run.position.latitude.toFixed(5) === latitude.toFixed(5) && run.position.longitude.toFixed(5) === longitude.toFixed(5)) {
    run.position = { ...run.position, time_ms };
    return;
  }
  extend(runner.track, [{ ...position, standing: null }], run.distance_m, TRAIL_MAX);
  arrive(runner.motion, [position], now_ms);
  run.position = position;
}

/** @param {Runner} runner @param {Change} change @param {number} now_ms */
export function applyChange(runner, change, now_ms) {
  runner.inStep = true;
  runner.updated_ms = now_ms;
  if (change.type === 'fixes') applyFixes(runner, change, now_ms);
  else applyState(runner, change, now_ms);
}

/** @param {Runner} runner @param {FixesChange} change @param {number} now_ms */
function applyFixes(runner, change, now_ms) {
  const { run } = runner;
  run.distance_m = change.distance_m;
  run.elapsed_s = change.elapsed_s;
  run.moving_s = change.moving_s;
  run.pace_s_per_km = change.pace_s_per_km;
  run.climb_m = change.climb_m;
  run.descent_m = change.descent_m;
  run.fixes += change.fixes.length;
  for (const split of change.splits) {
    run.splits = run.splits.filter((known) => known.kilometre !== split.kilometre);
    run.splits.push(split);
  }
  run.splits.sort((a, b) => a.kilometre - b.kilometre);
  extend(runner.track, change.fixes, change.distance_m);
  const { position } = change;
  if (!position || (run.position && position.time_ms < run.position.time_ms)) return;
  // The counted fixes of a batch are corners on the way; only `position` says where the way ends.
  const way = change.fixes.filter((fix) => fix.standing === null && fix.time_ms < position.time_ms);
  way.sort((a, b) => a.time_ms - b.time_ms);
  arrive(runner.motion, [...way, position], now_ms);
  run.position = position;
}

/** @param {Runner} runner @param {import('./protocol.js').StateChange} change @param {number} now_ms */
function applyState(runner, change, now_ms) {
  const { run } = runner;
  run.distance_m = change.distance_m ?? run.distance_m;
  run.elapsed_s = change.elapsed_s ?? run.elapsed_s;
  run.moving_s = change.moving_s ?? run.moving_s;
  run.climb_m = change.climb_m ?? run.climb_m;
  run.descent_m = change.descent_m ?? run.descent_m;
  switch (change.type) {
    case 'started':
      run.state = 'live';
      run.started_at_ms ??= change.at_ms;
      break;
    case 'resumed':
      run.state = 'live';
      break;
    case 'paused':
      run.state = 'paused';
      run.pace_s_per_km = null;
      break;
    case 'finished':
      run.state = 'finished';
      run.pace_s_per_km = null;
      run.finish_reason = change.reason;
      run.finished_at_ms = change.at_ms;
      runner.finishedSeen_ms = now_ms;
      break;
  }
}

/** All runners of the live page, by run id. */
export class Runners {
  constructor() {
    /** @type {Map<string, Runner>} */
    this.byId = new Map();
    /** Sorting by name costs most of all: it is done when somebody comes or goes. @type {Runner[] | null} */
    this.byName = null;
  }

  /** @param {string} id */
  get(id) {
    return this.byId.get(id);
  }

  /** @param {string} id */
  remove(id) {
    if (this.byId.delete(id)) this.byName = null;
  }

  /** By name; the order does not change while they run, so that a finger or a screen reader does not lose its row. */
  all() {
    if (!this.byName) {
      this.byName = [...this.byId.values()].sort(
        (a, b) => NAMES.compare(a.run.user.name, b.run.user.name) || (a.run.id < b.run.id ? -1 : 1),
      );
    }
    return this.byName;
  }

  /**
   * The newest list of who is there. Runners missing from it go, unless they have just finished.
   * @param {Run[]} runs
   * @param {number} now_ms
   * @returns {{added: string[], gone: string[]}}
   */
  applyList(runs, now_ms) {
    const listed = new Set(runs.map((run) => run.id));
    const added = [];
    for (const run of runs) {
      const known = this.byId.get(run.id);
      if (!known) {
        this.byId.set(run.id, createRunner(run, now_ms, this.freeColour(run)));
        this.byName = null;
        added.push(run.id);
      } else if (!known.inStep) {
        applyListed(known, run, now_ms);
      }
    }
    const gone = [];
    for (const [id, runner] of this.byId) {
      if (listed.has(id)) continue;
      const justFinished = runner.finishedSeen_ms !== null && now_ms - runner.finishedSeen_ms < FINISHED_KEPT_MS;
      if (justFinished) continue;
      this.remove(id);
      gone.push(id);
    }
    return { added, gone };
  }

  /** The channels are gone: until they are back the list may feed the numbers. */
  outOfStep() {
    for (const runner of this.byId.values()) runner.inStep = false;
  }

  /** The run's own colour, or the least used one after it. @param {Run} run */
  freeColour(run) {
    const used = new Array(COLOURS).fill(0);
    for (const runner of this.byId.values()) used[runner.colour] += 1;
    const own = colourOf(run.user.id || run.id);
    let best = own;
    for (let step = 0; step < COLOURS; step += 1) {
      const colour = (own + step) % COLOURS;
      if (used[colour] < used[best]) best = colour;
    }
    return best;
  }
}

/** @param {Runner} runner @param {Run} run @param {number} now_ms */
function applyListed(runner, run, now_ms) {
  // A cell may have told of a newer place; how far and how long is in the list alone.
  const newer = (run.position?.time_ms ?? 0) >= (runner.run.position?.time_ms ?? 0);
  if (!newer && run.elapsed_s < runner.run.elapsed_s) return;
  const { splits, position } = runner.run;
  runner.run = { ...run, position: newer ? run.position : position, splits: run.splits.length ? run.splits : splits };
  runner.updated_ms = now_ms;
  if (run.position && newer) arrive(runner.motion, [run.position], now_ms);
}
