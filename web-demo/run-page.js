/**
 * The page of one run: its track, its numbers, its splits and its chart, live. Wires the modules together; the numbers
 * work before map and chart have come, and without them.
 */

import { getFixes, getRun } from './api.js';
import { createAnnouncer } from './announcer.js';
import { serverNow } from './clock.js';
import { formatAge, formatDistanceNumber, formatDuration, formatHeight, formatPace, formatPaceNumber } from './format.js';
import { boundsOf, contains } from './geo.js';
import { find, setText } from './elements.js';
import { held } from './held.js';
import { openLive } from './live.js';
import { palette } from './map-look.js';
import { ApiError } from './rest.js';
import { ageS, applyChange, applySnapshot, createRunner, elapsedS, isStale } from './runners.js';
import { getUnits, isCalm, isDark, onSettings } from './settings.js';
import { openShell } from './shell.js';
import { createSplits } from './splits.js';
import { extend, nearest, paces } from './track.js';
import { createFollowing } from './watch/following.js';
import { createGroundNote } from './watch/ground-note.js';
import { createLoadingSign } from './watch/loading.js';
import { createStar } from './watch/row.js';
import { createSharing } from './watch/sharing.js';

/** Numbers tick by the second; the chart need not. */
const TICK_MS = 1_000;
const CHART_MS = 5_000;
/** While the server does not know the run or does not answer, it is asked again. */
const RETRY_MS = 4_000;

/** @type {Record<string, string>} */
const STATE_WORDS = { planned: 'Planned', live: 'Live', paused: 'Paused', finished: 'Finished' };
/** @type {Record<string, string>} */
const REASON_WORDS = {
  owner: '', inactive: 'no position for a long time', arrived: 'reached the destination', superseded: 'another run was started',
};

const page = find('#run-page');
const id = held.run ?? decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] ?? '');
const announcer = createAnnouncer(find('#announcer'));
const splits = createSplits(find('#splits'), (stretch) => {
  picture?.trackLayer.stretch(stretch);
  chart?.stretch(stretch);
});
const following = createFollowing(() => renderFollow());
const star = createStar(/** @type {HTMLButtonElement} */ (find('#follow')));

/** @type {import('./runners.js').Runner | null} */
let runner = null;
/** @type {Awaited<ReturnType<typeof showMap>> | null} */
let picture = null;
/** @type {Awaited<ReturnType<typeof import('./chart.js').createChart>> | null} */
let chart = null;
/** @type {typeof import('./chart.js').chartWords | null} */
let chartWords = null;
let charted_ms = 0;
let chartedPoints = -1;
let chartedState = '';
let byPace = true;

function renderFollow() {
  if (!runner) return;
  const { user } = runner.run;
  star.setAttribute('aria-checked', String(following.has(user.id)));
  star.setAttribute('aria-label', `Follow ${user.name}`);
  star.title = following.has(user.id) ? 'You follow this runner: they stand first in lists, and how they do is announced' : 'Follow this runner';
}

function render() {
  if (!runner) return;
  const { run } = runner;
  const now_ms = serverNow();
  const units = getUnits();
  const elapsed_s = elapsedS(runner, now_ms);
  page.dataset.shows = 'run';
  page.dataset.state = run.state;
  document.title = `${run.user.name} · Runnity`;
  setText(find('#run-name'), run.user.name);
  setText(find('#state'), STATE_WORDS[run.state]);
  find('#state').dataset.state = run.state;
  setText(find('#age'), standing(now_ms));
  setText(find('#distance'), formatDistanceNumber(run.distance_m, units));
  setText(find('#time'), formatDuration(elapsed_s));
  setText(find('#pace'), formatPaceNumber(run.state === 'live' ? run.pace_s_per_km : null, units));
  const average = run.distance_m > 50 ? (run.moving_s / run.distance_m) * 1000 : null;
  setText(find('#average'), formatPaceNumber(average, units));
  setText(find('#climb'), formatHeight(run.climb_m, units));
  for (const unit of document.querySelectorAll('.unit')) {
    setText(unit, /** @type {HTMLElement} */ (unit).dataset.unit === 'pace' ? `/${units}` : units);
  }
  renderFollow();
  splits.render(runner, units, elapsed_s);
  find('#no-splits').hidden = run.splits.length > 0;
  announcer.follow(runner, units, now_ms);
  renderTrack();
  renderChart(now_ms);
}

/** What stands beside the state: how old the position is, or why it is over. @param {number} now_ms */
function standing(now_ms) {
  if (!runner) return '';
  const { run } = runner;
  if (run.state !== 'finished') return `position ${formatAge(ageS(runner, now_ms))}`.replace('position no', 'no');
  const when = run.finished_at_ms ? formatAge((now_ms - run.finished_at_ms) / 1000) : '';
  return [when, REASON_WORDS[run.finish_reason ?? ''] ?? ''].filter(Boolean).join(' · ');
}

function renderTrack() {
  if (!runner || !picture) return;
  const until_ms = runner.run.state === 'finished' ? Infinity : runner.motion.playhead_ms;
  picture.trackLayer.show({ points: runner.track, colour: runner.colour, byPace, until_ms });
  picture.layer.wake();
  picture.keepInView();
}

/** @param {number} now_ms */
function renderChart(now_ms) {
  if (!runner || !chart || !chartWords) return;
  const grown = runner.track.length !== chartedPoints && now_ms - charted_ms > CHART_MS;
  if (!grown && chartedState === runner.run.state) return;
  charted_ms = now_ms;
  chartedPoints = runner.track.length;
  chartedState = runner.run.state;
  chart.setTrack(runner.track);
  setText(find('#chart-words'), chartWords(runner.track, getUnits()));
  if (!picture) return;
  const { slow, fast } = picture.paceRange(paces(runner.track));
  setText(find('#slow'), formatPaceNumber(slow, getUnits()));
  setText(find('#fast'), formatPace(fast, getUnits()));
}

function legend() {
  const canvas = /** @type {HTMLCanvasElement} */ (find('#legend-ramp'));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const { paces: colours } = palette(isDark());
  colours.forEach((colour, index) => {
    context.fillStyle = colour;
    context.fillRect((index * canvas.width) / colours.length, 0, canvas.width / colours.length + 1, canvas.height);
  });
  find('#legend').hidden = !byPace;
}

async function showMap() {
  const { createBaseMap } = await import('./base-map.js');
  const { createTrackLayer, paceRange } = await import('./track-layer.js');
  const { createRunnerLayer } = await import('./runner-layer.js');
  const baseMap = await createBaseMap(find('#map'), 'Map of the track');
  const trackLayer = createTrackLayer(baseMap, isDark);
  const layer = createRunnerLayer({
    map: baseMap.map, runners: () => (runner ? [runner] : []), now: serverNow, isDark, isCalm, onPick: () => {}, track: trackLayer.shown,
  });
  layer.select(id);
  let touched = false;
  let fitted = false;
  baseMap.map.on('movestart', (/** @type {any} */ input) => {
    if (input.originalEvent) touched = true;
  });
  createGroundNote(find('.map-panel'), baseMap);
  // By mouse, and by a tap: what of the track is pointed at is marked in the chart.
  for (const gesture of ['mousemove', 'click']) baseMap.map.on(gesture, lookAlong);
  baseMap.map.on('mouseout', () => pointAt(null, true));

  /** @param {any} input */
  function lookAlong(input) {
    if (!runner) return;
    const metres = (30 * 40_075_017 * Math.cos((input.lngLat.lat * Math.PI) / 180)) / (512 * 2 ** baseMap.map.getZoom());
    const index = nearest(runner.track, { latitude: input.lngLat.lat, longitude: input.lngLat.lng }, metres);
    pointAt(index < 0 ? null : runner.track[index], true);
  }

  function fit() {
    const bounds = boundsOf(runner?.track.length ? runner.track : runner?.run.position ? [runner.run.position] : []);
    if (bounds) baseMap.fit(bounds, { animate: fitted, zoomMax: 16.5 });
    fitted = fitted || bounds !== null;
    touched = false;
  }

  /** Until somebody moves the map, the whole track stays in it. */
  function keepInView() {
    const position = runner?.run.position;
    if (!touched && position && (!fitted || !contains(baseMap.bounds(), position))) fit();
  }

  return { baseMap, trackLayer, layer, fit, keepInView, paceRange };
}

/**
 * Marks one point of the track in map and chart alike.
 * @param {import('./protocol.js').TrackPoint | null} point
 * @param {boolean} byMap
 */
function pointAt(point, byMap) {
  picture?.trackLayer.point(point);
  if (byMap) chart?.mark(point ? point.distance_m : null);
  setText(find('#readout'), point && chart ? chart.readout() : '');
}

/** The track when there is no channel to bring it. */
async function loadTrack() {
  if (!runner || runner.track.length > 0) return;
  try {
    const fixes = await getFixes(id);
    if (runner.track.length === 0) extend(runner.track, fixes, runner.run.distance_m);
    render();
    picture?.fit();
  } catch (failure) {
    console.info('fixes:', failure instanceof Error ? failure.message : failure);
  }
}

function watch(/** @type {Awaited<ReturnType<typeof openLive>>} */ live) {
  live.watch(id, {
    snapshot(snapshot, now_ms) {
      runner ??= createRunner(snapshot.run, now_ms);
      applySnapshot(runner, snapshot, now_ms);
      chartedPoints = -1;
      charted_ms = 0;
      render();
      if (runner.track.length === 0 && snapshot.run.fixes > 0) loadTrack();
    },
    change(change, now_ms) {
      if (!runner) return;
      applyChange(runner, change, now_ms);
      render();
    },
    recovered: render,
    gone: loadTrack,
  });
}

async function load() {
  try {
    const run = await getRun(id);
    runner = createRunner(run, serverNow());
    render();
    return true;
  } catch (failure) {
    const status = failure instanceof ApiError ? failure.status : 0;
    if (status === 404 || status === 400) {
      page.dataset.shows = 'unknown';
      document.title = 'Unknown run · Runnity';
      return true;
    }
    setText(find('#state'), 'The server does not answer. Trying again…');
    return false;
  }
}

function buttons() {
  const colour = find('#colour');
  colour.addEventListener('click', () => {
    byPace = !byPace;
    colour.setAttribute('aria-pressed', String(byPace));
    legend();
    renderTrack();
  });
  find('#whole').addEventListener('click', () => picture?.fit());
  star.addEventListener('click', () => runner && following.toggle(runner.run.user));
  createSharing(() => runner?.run ?? null);
  // Who came by a link sees this run alone.
  find('#back').parentElement?.toggleAttribute('hidden', held.secret !== '');
}

async function start() {
  openShell();
  buttons();
  legend();
  while (!(await load())) await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
  const live = await openLive();
  if (!runner) return;
  watch(live);
  window.setInterval(render, TICK_MS);
  onSettings(() => {
    legend();
    chartedState = '';
    chart?.rebuild();
    render();
  });
  import('./chart.js').then(async (module) => {
    chartWords = module.chartWords;
    chart = await module.createChart(find('#chart'), { units: getUnits, onPoint: (point) => pointAt(point, false) });
    render();
  });
  const loading = createLoadingSign(find('.map-panel'));
  try {
    picture = await showMap();
    loading.endWith(picture.baseMap.map);
    chartedState = '';
    render();
  } catch (failure) {
    console.info('map:', failure instanceof Error ? failure.message : failure);
    document.body.classList.add('no-map');
    find('#no-map').hidden = false;
    loading.end();
  }
}

/** What the page shows, for tests and for the curious. Reading only. */
Object.defineProperty(window, 'runnity', {
  value: Object.freeze({
    drawn: () => picture?.layer.drawn() ?? [],
    idle: () => picture?.baseMap.map.loaded() ?? false,
    run: () => runner && {
      id: runner.run.id,
      state: runner.run.state,
      distance_m: runner.run.distance_m,
      splits: runner.run.splits.length,
      points: runner.track.length,
      paces: paces(runner.track).filter((pace) => pace !== null).length,
      stale: isStale(runner, serverNow()),
    },
  }),
});

start();
