/**
 * What part of the world the live map shows. Until somebody touches the map it keeps the largest group of runners in view;
 * then it stays where it was put, unless it follows a selected runner.
 */

import { boundsOf, contains } from './geo.js';
import { groupsOf } from './groups.js';
import { setText } from './elements.js';
import { isCalm } from './settings.js';

/** A followed runner may be this part of the way from the middle to the edge before the map moves after it. */
const FOLLOW_PART = 0.6;
/** A group is shown no nearer than this: a neighbourhood, not a doorway. */
const GROUP_ZOOM_MAX = 16;
/** From here on a view has few enough cells to be told who is where. */
const APPROACH_ZOOM = 6;

/**
 * @param {import('./base-map.js').BaseMap} baseMap
 * @param {import('./runners.js').Runners} runners
 * @param {{groups: HTMLElement}} elements the bar with the buttons for groups
 */
export function createCamera(baseMap, runners, { groups: bar }) {
  const { map } = baseMap;
  const next = /** @type {HTMLButtonElement} */ (bar.querySelector('#next-group'));
  const everyone = /** @type {HTMLButtonElement} */ (bar.querySelector('#everyone'));
  /** @type {'auto' | 'user' | 'follow'} */
  let mode = 'auto';
  let following = '';
  let fitted = false;
  let moving = false;
  /** @type {import('./groups.js').Group[]} */
  let groups = [];
  let shown = 0;

  map.on('movestart', (/** @type {any} */ input) => {
    moving = true;
    if (input.originalEvent) mode = 'user';
  });
  map.on('moveend', () => {
    moving = false;
  });

  function findGroups() {
    const members = [];
    for (const [id, { run }] of runners.byId) {
      if (run.position) members.push({ id, latitude: run.position.latitude, longitude: run.position.longitude });
    }
    groups = groupsOf(members);
    bar.hidden = groups.length < 2;
    setText(next, `Next group (${Math.min(shown + 1, groups.length)} of ${groups.length})`);
  }

  /** The bounds of a group with the tracks of its members: where they will be, as far as one can know. */
  function boundsWithTracks(/** @type {string[]} */ ids) {
    const places = [];
    for (const id of ids) {
      const runner = runners.get(id);
      if (!runner) continue;
      if (runner.run.position) places.push(runner.run.position);
      // Every tenth point tells the extent well enough.
      for (let index = 0; index < runner.track.length; index += 10) places.push(runner.track[index]);
    }
    return boundsOf(places);
  }

  /** @param {string[]} ids @param {boolean} animate */
  function fit(ids, animate) {
    const bounds = boundsWithTracks(ids);
    if (bounds) baseMap.fit(bounds, { animate, zoomMax: GROUP_ZOOM_MAX });
  }

  /** Somebody came, went, or was placed. */
  function runnersChanged() {
    findGroups();
    if (groups.length === 0) return;
    if ([...runners.byId.values()].some(({ run }) => run.position && baseMap.hasStreets(run.position))) baseMap.showCourse();
    if (mode !== 'auto' || moving) return;
    const group = groups[Math.min(shown, groups.length - 1)];
    const bounds = boundsWithTracks(group.ids);
    const inView = bounds !== null && contains(baseMap.bounds(), { latitude: bounds.north, longitude: bounds.west })
      && contains(baseMap.bounds(), { latitude: bounds.south, longitude: bounds.east });
    if (fitted && inView) return;
    fit(group.ids, fitted);
    fitted = true;
  }

  /** @param {string} id of a run, or "" @param {boolean} goThere also when it is in view */
  function follow(id, goThere) {
    following = id;
    if (!id) {
      if (mode === 'follow') mode = 'user';
      return;
    }
    mode = 'follow';
    const position = runners.get(id)?.run.position;
    if (!position) return;
    if (goThere || !contains(baseMap.bounds(), position)) baseMap.goTo(position);
  }

  /** Moves the map after the followed runner when it nears the edge: rarely, for each move repaints the map. */
  function keepInView() {
    if (mode !== 'follow' || moving) return;
    const position = runners.get(following)?.run.position;
    if (!position) return;
    const { west, east, south, north } = baseMap.bounds();
    const across = Math.abs(position.longitude - (west + east) / 2) / ((east - west) / 2);
    const along = Math.abs(position.latitude - (south + north) / 2) / ((north - south) / 2);
    if (Math.max(across, along) < FOLLOW_PART) return;
    // At the rim of the streets the map has moved as far as it does, until somebody would leave it.
    const [longitude, latitude] = baseMap.onStreets(position, map.getZoom());
    const isThere = Math.abs(longitude - (west + east) / 2) < (east - west) / 50 && Math.abs(latitude - (south + north) / 2) < (north - south) / 50;
    if (isThere && contains(baseMap.bounds(), position)) return;
    map.easeTo({ center: baseMap.onStreets(position, map.getZoom()), duration: isCalm() ? 0 : 900 });
  }

  /** @param {string[]} ids */
  function showRunners(ids) {
    mode = 'user';
    fit(ids, true);
  }

  /** Nearer to a place where many are, so far that they are told one by one. @param {{latitude: number, longitude: number}} place */
  function approach({ latitude, longitude }) {
    mode = 'user';
    map.easeTo({ center: [longitude, latitude], zoom: Math.max(map.getZoom() + 2, APPROACH_ZOOM), duration: isCalm() ? 0 : 900 });
  }

  next.addEventListener('click', () => {
    findGroups();
    if (groups.length === 0) return;
    shown = (shown + 1) % groups.length;
    mode = 'auto';
    fit(groups[shown].ids, true);
    findGroups();
  });
  everyone.addEventListener('click', () => showRunners([...runners.byId.keys()]));

  return { runnersChanged, follow, keepInView, showRunners, approach };
}
