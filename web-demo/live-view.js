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
import { createFollowing } from './watch/following.js';
import { createGroundNote } from './watch/ground-note.js';
import { createLoadingSign } from './watch/loading.js';

/** How often the list of runs is asked for: how far everybody is. Where they are is told meanwhile. */
const POLL_MS = 15_000;
/** The same of a crowd: its list is long. */
const POLL_CROWD_MS = 30_000;
const CROWD_MIN = 400;
/** The same without a map, where nobody tells. */
const POLL_ALONE_MS = 5_000;
/** Somebody whom the list does not know: it is asked for this soon. */
const POLL_SOON_MS = 500;
/** Ages tick by the second; changes are shown no more often than this. */
const LIST_MS = 1_000;
const LIST_MIN_MS = 250;
/** Of so many who are followed the channel tells all. */
const WATCHED_MAX = 20;
/** Tracks drawn besides the selected one, where the map has no streets. */
const FAINT_MAX = 30;

/** @typedef {Awaited<ReturnType<typeof openLive>>} Live */
/** @typedef {{latitude: number, longitude: number, time_ms: number, paused: boolean}} Place */

/**
 * What else is heard of runs, for those who tell it.
 * @typedef {object} Listener
 * @property {(runs: import('./protocol.js').Run[]) => void} runs the newest list
 * @property {(run: import('./protocol.js').Run) => void} run one of them has changed
 * @property {(id: string) => void} hidden one is not to be seen any more
 */

/**
 * @param {object} options
 * @param {string} options.label what the map is called
 * @param {() => Promise<import('./protocol.js').Run[]>} options.listRuns
 * @param {(all: import('./runners.js').Runner[], known: {answered: boolean, connection: import('./connection.js').Connection}) => void} options.onRender
 * @param {(live: Live) => void} options.onLive there is a connection, or soon will be: what is to be told can be subscribed to
 * @param {(baseMap: import('./base-map.js').BaseMap) => void} options.onLook the map is there, or was moved
 * @param {() => Map<string, number>} [options.counts] see the runner layer
 * @param {Listener} [options.listener]
 */
export function createLiveView({ label, listRuns, onRender, onLive, onLook, counts, listener }) {
  const runners = new Runners();
  const announcer = createAnnouncer(find('#announcer'));
  const following = createFollowing(() => {
    list.reorder();
    render();
  });
  const list = createList(find('#list'), {
    onSelect: (id) => select(id === selected ? '' : id, true),
    onFollow: ({ run }) => following.toggle(run.user),
    isFollowed: following.has,
  });
  /** Runs whose channel tells all: the selected one and those who are followed. @type {Set<string>} */
  const watched = new Set();
  let selected = '';
  /** @type {import('./connection.js').Connection} */
  let connection = 'connecting';
  let answered = false;
  /** Whether it is known how those stand who are followed. */
  let toldFollowed = false;
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
    const followed = all.filter(({ run }) => following.has(run.user.id)).slice(0, WATCHED_MAX);
    announcer.followAll(followed, getUnits(), now_ms, !toldFollowed);
    toldFollowed ||= answered;
    watchThese(new Set([...(runner ? [selected] : []), ...followed.filter(({ run }) => run.state !== 'finished').map(({ run }) => run.id)]));
    picture?.update(runner && runner.run.position ? runner : null);
  }

  /** @param {string} id of a run, or "" for none @param {boolean} byList chosen in the list: the map goes there */
  function select(id, byList) {
    selected = id;
    if (!id) announcer.quiet();
    picture?.layer.select(id);
    picture?.camera.follow(id, byList);
    render();
    if (id && !byList) list.reveal(id);
  }

  /** @param {Set<string>} wanted */
  function watchThese(wanted) {
    if (!live) return;
    for (const id of watched) {
      if (wanted.has(id)) continue;
      watched.delete(id);
      live.unwatch(id);
      const former = runners.get(id);
      if (former) former.inStep = false;
    }
    for (const id of wanted) {
      if (watched.has(id)) continue;
      watched.add(id);
      watch(id);
    }
  }

  /** @param {number} after_ms */
  function pollAgain(after_ms) {
    clearTimeout(pollTimer);
    pollTimer = window.setTimeout(poll, after_ms);
  }

  async function poll() {
    pollAgain(mapIsComing ? (runners.byId.size > CROWD_MIN ? POLL_CROWD_MS : POLL_MS) : POLL_ALONE_MS);
    try {
      const runs = await listRuns();
      const { gone } = runners.applyList(runs, serverNow());
      answered = true;
      listener?.runs(runs);
      for (const id of gone) {
        watched.delete(id);
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
    if (runner) {
      const { state } = runner.run;
      applyPlace(runner, place, Math.max(serverNow(), at_ms));
      if (runner.run.state !== state) listener?.run(runner.run);
      return;
    }
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
      listener?.run(run);
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 404) forget(id);
    }
    changed();
  }

  /** Not to be seen any more. @param {string} id */
  function forget(id) {
    runners.remove(id);
    listener?.hidden(id);
    if (id === selected) select('', false);
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
        if (runner && change.type !== 'fixes') listener?.run(runner.run);
        changed();
      },
      recovered: changed,
      gone() {
        watched.delete(id);
        const runner = runners.get(id);
        if (!runner) return;
        runner.inStep = false;
        // No longer visible: the next list decides, unless it is already known to have finished.
        if (runner.run.state !== 'finished') forget(id);
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
    createGroundNote(find('.map-panel'), baseMap);
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
      signs: () => baseMap.signBoxes(),
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
      render();
    });
    const loading = createLoadingSign(find('.map-panel'));
    try {
      picture = await showMap();
      loading.endWith(picture.baseMap.map);
      picture.camera.runnersChanged();
      onLook(picture.baseMap);
      if (selected) select(selected, true);
    } catch (failure) {
      console.info('map:', failure instanceof Error ? failure.message : failure);
      noMap();
      loading.end();
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
