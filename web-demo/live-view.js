/**
 * Runners in a list and on a map that agree with each other: what the live page and an event's page have in common. Knows neither
 * who tells where they are, nor what else stands on the page.
 *
 * The list of runs is asked for now and then, for how far everybody is. All that happens to the one that is selected is told by its
 * own channel. The list works before the map has come, and without it.
 */

import { getRun } from './api.js';
import { createAnnouncer } from './announcer.js';
import { createCamera } from './camera.js';
import { serverNow } from './clock.js';
import { onConnection } from './connection.js';
import { find } from './elements.js';
import { createList } from './list.js';
import { openLive } from './live.js';
import { ApiError } from './rest.js';
import { applyChange, applyPlace, applySnapshot, isStale, Runners } from './runners.js';
import { getUnits, isCalm, isDark, onSettings } from './settings.js';

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

/** @typedef {Awaited<ReturnType<typeof openLive>>} Live */
/** @typedef {{latitude: number, longitude: number, time_ms: number, paused: boolean}} Place */

/**
 * @param {object} options
 * @param {string} options.label what the map is called
 * @param {() => Promise<import('./protocol.js').Run[]>} options.listRuns
 * @param {(all: import('./runners.js').Runner[], known: {answered: boolean, connection: import('./connection.js').Connection}) => void} options.onRender
 * @param {(live: Live) => void} options.onLive there is a connection, or soon will be: what is to be told can be subscribed to
 * @param {(baseMap: import('./base-map.js').BaseMap) => void} options.onLook the map is there, or was moved
 * @param {() => Map<string, number>} [options.counts] see the runner layer
 */
export function createLiveView({ label, listRuns, onRender, onLive, onLook, counts }) {
  const runners = new Runners();
  const announcer = createAnnouncer(find('#announcer'));
  const list = createList(find('#list'), (id) => select(id === selected ? '' : id, true));
  let selected = '';
  /** @type {import('./connection.js').Connection} */
  let connection = 'connecting';
  let answered = false;
  /** @type {Live | null} */
  let live = null;
  /** @type {Awaited<ReturnType<typeof showMap>> | null} */
  let picture = null;
  let listTimer = 0;
  let pollTimer = 0;
  let mapIsComing = true;
  /** Whom the list was asked for already: one that is longer than an answer has not everybody. @type {Set<string>} */
  const asked = new Set();

  /** Shows what has changed, soon, and not for each change. */
  function changed() {
    listTimer ||= window.setTimeout(render, LIST_MIN_MS);
    picture?.layer.wake();
  }

  function render() {
    clearTimeout(listTimer);
    listTimer = 0;
    const now_ms = serverNow();
    const all = runners.all();
    list.render(all, { units: getUnits(), selected, now_ms });
    onRender(all, { answered, connection });
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
    render();
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

  /**
   * Where somebody is.
   * @param {import('./runners.js').Runner | undefined} runner whom the list may not know yet
   * @param {string} name by which such a one is asked for, once
   * @param {Place} place @param {number} at_ms when that was told
   */
  function placed(runner, name, place, at_ms) {
    if (runner) return applyPlace(runner, place, Math.max(serverNow(), at_ms));
    if (asked.has(name)) return;
    asked.add(name);
    pollAgain(POLL_SOON_MS);
  }

  /** Told no more: has finished, or is not to be seen. @param {import('./runners.js').Runner | undefined} runner */
  async function gone(runner) {
    if (!runner || runner.inStep || runner.run.state === 'finished') return;
    const { id } = runner.run;
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
    const baseMap = await createBaseMap(find('#map'), label);
    const trackLayer = createTrackLayer(baseMap, isDark);
    const camera = createCamera(baseMap, runners, { groups: find('#groups') });
    baseMap.map.on('moveend', () => onLook(baseMap));
    const layer = createRunnerLayer({
      map: baseMap.map,
      runners: () => runners.byId.values(),
      now: serverNow,
      isDark,
      isCalm,
      track: trackLayer.shown,
      counts,
      onCrowd: camera.approach,
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

  function noMap() {
    mapIsComing = false;
    pollAgain(POLL_ALONE_MS);
    document.body.classList.add('no-map');
    find('#no-map').hidden = false;
  }

  async function start() {
    onSettings(changed);
    window.setInterval(render, LIST_MS);
    await poll();
    render();
    onConnection((next) => {
      connection = next;
      if (next === 'live') poll();
      else runners.outOfStep();
      changed();
    });
    openLive().then((opened) => {
      live = opened;
      onLive(live);
      if (selected) watch(selected);
    });
    try {
      picture = await showMap();
      picture.camera.runnersChanged();
      onLook(picture.baseMap);
      if (selected) select(selected, true);
    } catch (failure) {
      console.info('map:', failure instanceof Error ? failure.message : failure);
      noMap();
    }
  }

  show(runners, () => picture);
  return { runners, changed, placed, gone, start };
}

/** @param {import('./runners.js').Runner} runner @returns {import('./track-layer.js').Shown} */
function trackOf({ track, colour, motion }) {
  return { points: track, colour, byPace: false, until_ms: motion.playhead_ms };
}

/**
 * What the page shows, for tests and for the curious: `runnity.drawn()` says where on the canvas each runner is drawn,
 * `runnity.runners()` what is known of them. Reading only.
 * @param {Runners} runners
 * @param {() => {baseMap: import('./base-map.js').BaseMap, layer: ReturnType<typeof import('./runner-layer.js').createRunnerLayer>} | null} picture
 */
function show(runners, picture) {
  Object.defineProperty(window, 'runnity', {
    value: Object.freeze({
      drawn: () => picture()?.layer.drawn() ?? [],
      crowds: () => picture()?.layer.crowds() ?? [],
      zoom: () => picture()?.baseMap.map.getZoom() ?? null,
      idle: () => picture()?.baseMap.map.loaded() ?? false,
      runners: () => runners.all().map((runner) => ({
        id: runner.run.id,
        name: runner.run.user.name,
        state: runner.run.state,
        distance_m: runner.run.distance_m,
        stale: isStale(runner, serverNow()),
        inStep: runner.inStep,
        newest_ms: runner.motion.newest?.time_ms ?? null,
      })),
    }),
  });
}
