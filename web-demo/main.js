/**
 * The live page: who is running now, in a list and on a map that agree with each other. Wires the modules together; the
 * list works before the map has come, and without it.
 *
 * The list of runs is asked for now and then; where they are is told by the cells of the map that are in view; all that happens to
 * the one that is selected is told by its own channel.
 */

import { ApiError, getRun, listRuns } from './api.js';
import { createAnnouncer } from './announcer.js';
import { createCamera } from './camera.js';
import { cellsOf } from './cells.js';
import { held } from './held.js';
import { serverNow } from './clock.js';
import { find, initHeader, setText } from './header.js';
import { createList } from './list.js';
import { openLive } from './live.js';
import { applyChange, applyPlace, applySnapshot, isStale, Runners } from './runners.js';
import { getUnits, isCalm, isDark, onSettings } from './settings.js';
import { createView } from './view.js';

/** How often the list of runs is asked for: how far everybody is. Where they are is told meanwhile. */
const POLL_MS = 15_000;
/** The same without a map, where nobody tells. */
const POLL_ALONE_MS = 5_000;
/** Somebody whom the list does not know: it is asked for this soon. */
const POLL_SOON_MS = 500;
/** Ages tick by the second; changes are shown no more often than this. */
const LIST_MS = 1_000;
const LIST_MIN_MS = 250;
/** Tracks drawn besides the selected one, where the map has no streets. */
const FAINT_MAX = 30;

const runners = new Runners();
const header = initHeader();
const announcer = createAnnouncer(find('#announcer'));
const list = createList(find('#list'), (id) => select(id === selected ? '' : id, true));

let selected = '';
/** @type {import('./live.js').Connection} */
let connection = 'connecting';
let answered = false;
/** @type {Awaited<ReturnType<typeof openLive>> | null} */
let live = null;
/** @type {Awaited<ReturnType<typeof showMap>> | null} */
let picture = null;
let listTimer = 0;
let pollTimer = 0;
let mapIsComing = true;
/** @type {ReturnType<typeof createView> | null} */
let view = null;

/** Shows what has changed, soon, and not for each change. */
function changed() {
  listTimer ||= window.setTimeout(renderList, LIST_MIN_MS);
  picture?.layer.wake();
}

function renderList() {
  clearTimeout(listTimer);
  listTimer = 0;
  const now_ms = serverNow();
  const all = runners.all();
  list.render(all, { units: getUnits(), selected, now_ms });
  const out = all.filter((runner) => runner.run.state !== 'finished').length;
  setText(find('#count'), answered && out ? String(out) : '');
  find('#loading').hidden = answered || connection === 'offline';
  find('#empty').hidden = !answered || all.length > 0;
  find('#unreachable').hidden = answered || connection !== 'offline';
  const runner = runners.get(selected);
  if (runner) announcer.follow(runner, getUnits(), now_ms);
  picture?.update(runner && runner.run.position ? runner : null);
}

/** @param {string} id of a run, or "" for none @param {boolean} byList chosen in the list: the map goes there */
function select(id, byList) {
  if (selected && selected !== id) {
    live?.unwatch(selected);
    const former = runners.get(selected);
    if (former) former.inStep = false;
  }
  selected = id;
  if (id) watch(id);
  if (!id) announcer.quiet();
  picture?.layer.select(id);
  picture?.camera.follow(id, byList);
  renderList();
  if (id && !byList) list.reveal(id);
}

/** @param {number} after_ms */
function pollAgain(after_ms) {
  clearTimeout(pollTimer);
  pollTimer = window.setTimeout(poll, after_ms);
}

async function poll() {
  pollAgain(mapIsComing ? POLL_MS : POLL_ALONE_MS);
  try {
    const runs = await listRuns();
    const { gone } = runners.applyList(runs, serverNow());
    answered = true;
    for (const id of gone) {
      if (id === selected) select('', false);
    }
    picture?.camera.runnersChanged();
    changed();
  } catch (failure) {
    console.info('runs:', failure instanceof Error ? failure.message : failure);
  }
}

/** @param {import('./view.js').Seen[]} seen @param {number} at_ms */
function seenInView(seen, at_ms) {
  const now_ms = Math.max(serverNow(), at_ms);
  let isStrange = false;
  for (const { id, ...place } of seen) {
    const runner = runners.get(id);
    if (runner) applyPlace(runner, place, now_ms);
    else isStrange = true;
  }
  if (isStrange) pollAgain(POLL_SOON_MS);
  changed();
}

/** One who was in view and is no more: has finished, or is not to be seen. @param {string} id */
async function goneFromView(id) {
  const runner = runners.get(id);
  if (!runner || runner.inStep || runner.run.state === 'finished') return;
  try {
    const run = await getRun(id);
    if (run.state !== 'finished') return;
    runner.run = run;
    runner.finishedSeen_ms ??= serverNow();
  } catch (failure) {
    if (failure instanceof ApiError && failure.status === 404) runners.byId.delete(id);
  }
  changed();
}

/** @param {string} id */
function watch(id) {
  live?.watch(id, {
    snapshot(snapshot, now_ms) {
      const runner = runners.get(id);
      if (runner) applySnapshot(runner, snapshot, now_ms);
      picture?.camera.runnersChanged();
      changed();
    },
    change(change, now_ms) {
      const runner = runners.get(id);
      if (runner) applyChange(runner, change, now_ms);
      changed();
    },
    recovered: changed,
    gone() {
      const runner = runners.get(id);
      if (!runner) return;
      runner.inStep = false;
      // No longer visible: the next list decides, unless it is already known to have finished.
      if (runner.run.state !== 'finished') runners.byId.delete(id);
      changed();
    },
  });
}

async function showMap() {
  const { createBaseMap } = await import('./base-map.js');
  const { createTrackLayer } = await import('./track-layer.js');
  const { createRunnerLayer } = await import('./runner-layer.js');
  const baseMap = await createBaseMap(find('#map'), 'Map of everybody who is running');
  const trackLayer = createTrackLayer(baseMap, isDark);
  const camera = createCamera(baseMap, runners, { groups: find('#groups') });
  baseMap.map.on('moveend', look);
  const layer = createRunnerLayer({
    map: baseMap.map,
    runners: () => runners.byId.values(),
    now: serverNow,
    isDark,
    isCalm,
    track: trackLayer.shown,
    onPick(ids) {
      if (ids.length === 1) select(ids[0], false);
      else if (ids.length > 1) camera.showRunners(ids);
      else select('', false);
    },
  });
  /** @param {import('./runners.js').Runner | null} runner whose track is shown */
  function update(runner) {
    const others = [];
    for (const each of runners.byId.values()) {
      const { position } = each.run;
      if (each !== runner && position && !baseMap.hasStreets(position) && others.length < FAINT_MAX) others.push(trackOf(each));
    }
    trackLayer.show(runner && trackOf(runner), others);
    camera.keepInView();
  }
  return { baseMap, camera, layer, update };
}

/** @param {import('./runners.js').Runner} runner @returns {import('./track-layer.js').Shown} */
function trackOf({ track, colour, motion }) {
  return { points: track, colour, byPace: false, until_ms: motion.playhead_ms };
}

/** The cells in view are watched. */
function look() {
  // Who came by a link to an event sees that event.
  if (picture && held.event === null) view?.show(cellsOf(picture.baseMap.bounds()));
}

function noMap() {
  mapIsComing = false;
  pollAgain(POLL_ALONE_MS);
  document.body.classList.add('no-map');
  find('#no-map').hidden = false;
}

/** The calls that start a run, for this server, ready to be copied. */
function hint() {
  setText(find('#curl'), [
    `curl --json '{"name":"Aino","password":"a long one"}' ${location.origin}/api/users`,
    `curl --json '{"visibility":"public"}' -H 'Authorization: Bearer TOKEN' ${location.origin}/api/runs`,
    `curl --json '{"fixes":[{"time":"${new Date().toISOString().slice(0, 19)}Z","latitude":60.17,"longitude":24.94}]}' -H 'Authorization: Bearer TOKEN' ${location.origin}/api/runs/RUN/fixes`,
  ].join('\n\n'));
}

async function start() {
  hint();
  onSettings(changed);
  window.setInterval(renderList, LIST_MS);
  await poll();
  renderList();
  openLive((next) => {
    connection = next;
    header.setConnection(next);
    if (next === 'live') poll();
    else runners.outOfStep();
    changed();
  }).then((opened) => {
    live = opened;
    view = createView({ enter: opened.enter, leave: opened.leave, onSeen: seenInView, onGone: goneFromView });
    if (selected) watch(selected);
    look();
  });
  try {
    picture = await showMap();
    picture.camera.runnersChanged();
    look();
    if (selected) select(selected, true);
  } catch (failure) {
    console.info('map:', failure instanceof Error ? failure.message : failure);
    noMap();
  }
}

/**
 * What the page shows, for tests and for the curious: `runnity.drawn()` says where on the canvas each runner is drawn,
 * `runnity.runners()` what is known of them. Reading only.
 */
Object.defineProperty(window, 'runnity', {
  value: Object.freeze({
    drawn: () => picture?.layer.drawn() ?? [],
    zoom: () => picture?.baseMap.map.getZoom() ?? null,
    idle: () => picture?.baseMap.map.loaded() ?? false,
    runners: () => runners.all().map((runner) => ({
      id: runner.run.id,
      name: runner.run.user.name,
      state: runner.run.state,
      distance_m: runner.run.distance_m,
      stale: isStale(runner, serverNow()),
      inStep: runner.inStep,
    })),
  }),
});

start();
