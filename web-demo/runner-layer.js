/**
 * The runners on a canvas of their own above an idle map, at most 30 times a second and not at all while nobody moves or
 * nobody looks. Repainting the map would cost a hundred times as much as the runners.
 */

import { crowdsOf } from './cells.js';
import { latitudeOf, longitudeOf, mercatorX, mercatorY } from './geo.js';
import { createBoxes } from './watch/boxes.js';
import { createMapCanvas } from './map-canvas.js';
import { drawBadge, drawName, drawRunner, dotRadius } from './marker.js';
import { palette } from './map-look.js';
import { placeAt, settle } from './motion.js';
import { isStale } from './runners.js';

/** @typedef {import('./runners.js').Runner} Runner */
/** @typedef {{runner: Runner, x: number, y: number, left: number, top: number, stale: boolean}} Spot a runner, its place on the plane and its pixel */
/** @typedef {{spots: Spot[], left: number, top: number}} Bunch runners whose dots would lie on each other */
/** @typedef {{x: number, y: number, count: number, left: number, top: number}} Crowd more than are known one by one, on the plane */

/** Somewhat more than 30 frames a second. */
const FRAME_MS = 31;
/** Fixes arrive and go stale without a frame loop; this often is enough to show it. */
const IDLE_MS = 1000;
/** A finger is this wide. */
const HIT_PX = 22;
/** Below this zoom, dots nearer than BUNCH_PX become one with a number. */
const BUNCH_ZOOM = 11;
const BUNCH_PX = 20;
/** More names than this at once nobody reads. */
const NAMES_MAX = 80;
/** A frame may take this part of the time: the rest is the page's. */
const BUSY_MAX = 0.5;

/**
 * @param {object} options
 * @param {any} options.map MapLibre map
 * @param {() => Iterable<Runner>} options.runners
 * @param {() => number} options.now the server's clock
 * @param {() => boolean} options.isDark
 * @param {() => boolean} options.isCalm no motion wanted
 * @param {(ids: string[]) => void} options.onPick a runner was clicked, or several in a bunch; none: the open map
 * @param {() => import('./track-layer.js').Shown | null} [options.track] the track that ends at a runner's marker
 * @param {() => Map<string, number>} [options.counts] how many there are in each cell of zoom 6, where so much is in view
 * @param {() => [number, number, number, number][]} [options.signs] boxes of what stands on the map: left, top, right, bottom
 * @param {(place: {latitude: number, longitude: number}) => void} [options.onCrowd] such a number was clicked
 */
export function createRunnerLayer({ map, runners, now, isDark, isCalm, onPick, track = () => null, counts = () => new Map(), signs = () => [], onCrowd }) {
  const { canvas, context, clear, projection } = createMapCanvas(map, 'runner-canvas');
  let selected = '';
  let frame = 0;
  /** When the next frame is wanted. */
  let due_ms = 0;
  /** @type {Bunch[]} */
  let drawn = [];
  /** @type {Crowd[]} */
  let crowds = [];

  function draw() {
    const now_ms = now();
    const at = projection();
    const calm = isCalm();
    /** @type {Spot[]} */
    const spots = [];
    let moving = false;
    const places = [];
    for (const runner of runners()) {
      if (calm) settle(runner.motion);
      const place = placeAt(runner.motion, now_ms);
      if (place) places.push({ x: place.x, y: place.y, moving: place.moving, runner });
    }
    const counted = counts();
    const found = counted.size > 0 ? crowdsOf(counted, places) : { crowds: [], rest: places };
    crowds = found.crowds.map((crowd) => ({ ...crowd, left: at.left(crowd.x), top: at.top(crowd.y) }));
    for (const { runner, x, y, moving: isMoving } of found.rest) {
      const left = at.left(x);
      const top = at.top(y);
      if (left < -60 || top < -30 || left > at.width + 60 || top > at.height + 30) continue;
      moving ||= isMoving; // who moves out of sight needs no frames
      spots.push({ runner, x, y, left, top, stale: isStale(runner, now_ms) });
    }
    spots.sort((a, b) => rank(a) - rank(b));
    drawn = at.zoom < BUNCH_ZOOM ? bunches(spots) : spots.map((spot) => ({ spots: [spot], left: spot.left, top: spot.top }));
    clear();
    paint(at);
    return moving;
  }

  /** Later is on top. @param {Spot} spot */
  function rank(spot) {
    return spot.runner.run.id === selected ? 2 : spot.stale ? 0 : 1;
  }

  /** @param {import('./map-canvas.js').Projection} at */
  function paint(at) {
    const colours = palette(isDark());
    const radius = dotRadius(at.zoom);
    drawTail(at);
    for (const { left, top, count } of crowds) drawBadge(context, left, top, count, colours);
    for (const { spots, left, top } of drawn) {
      if (spots.length > 1) drawBadge(context, left, top, spots.length, colours);
      else {
        const chosen = spots[0].runner.run.id === selected;
        drawRunner(context, spots[0], { radius, colours, ratio: at.ratio, selected: chosen, metrePx: chosen ? metrePx(at, spots[0]) : 0 });
      }
    }
    const taken = createBoxes();
    for (const { left, top } of drawn) taken.add(left - radius, top - radius, left + radius, top + radius);
    for (const sign of signs()) taken.add(...sign);
    let names = 0;
    for (let index = drawn.length - 1; index >= 0 && names < NAMES_MAX; index -= 1) {
      const { spots } = drawn[index];
      if (spots.length === 1 && drawName(context, spots[0], { radius, colours, taken, must: spots[0].runner.run.id === selected })) names += 1;
    }
  }

  /** The last steps of the shown track, from where the track layer left off to the marker. */
  function drawTail(/** @type {import('./map-canvas.js').Projection} */ at) {
    const shown = track();
    if (!shown) return;
    const spot = drawn.flatMap((bunch) => bunch.spots).find(({ runner }) => runner.track === shown.points);
    if (!spot) return;
    const { points, until_ms, colour, byPace } = shown;
    let index = points.length - 1;
    while (index >= 0 && points[index].time_ms > until_ms) index -= 1;
    if (index < 0) return;
    context.beginPath();
    const from = points[index];
    context.moveTo(at.left(mercatorX(from.longitude)), at.top(mercatorY(from.latitude)));
    for (index += 1; index < points.length && points[index].time_ms <= spot.runner.motion.playhead_ms; index += 1) {
      context.lineTo(at.left(mercatorX(points[index].longitude)), at.top(mercatorY(points[index].latitude)));
    }
    context.lineTo(spot.left, spot.top);
    const colours = palette(isDark());
    context.strokeStyle = byPace ? colours.paces[Math.floor(colours.paces.length / 2)] : colours.runners[colour];
    context.lineWidth = at.zoom < 12 ? 2.5 : 4;
    context.lineCap = 'round';
    context.stroke();
  }

  function tick() {
    frame = 0;
    const time_ms = performance.now();
    if (time_ms < due_ms) {
      wake();
      return;
    }
    const isMoving = draw();
    // One that was late is made up for by the next; and half of the time is the page's.
    due_ms = Math.max(Math.max(due_ms, time_ms - FRAME_MS) + FRAME_MS, time_ms + (performance.now() - time_ms) / BUSY_MAX);
    if (isMoving && !isCalm()) wake();
  }

  function wake() {
    if (frame === 0 && !document.hidden) frame = requestAnimationFrame(tick);
  }

  map.on('render', draw);
  window.setInterval(wake, IDLE_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    for (const runner of runners()) settle(runner.motion);
    wake();
  });

  /**
   * @template {{left: number, top: number}} Drawn
   * @param {{x: number, y: number}} point @param {Drawn[]} all @returns {Drawn | null} the nearest, if a finger would touch it
   */
  function hit(point, all) {
    let best = null;
    let best_px = HIT_PX;
    for (const each of all) {
      const distance_px = Math.hypot(each.left - point.x, each.top - point.y);
      if (distance_px <= best_px) {
        best = each;
        best_px = distance_px;
      }
    }
    return best;
  }

  map.on('click', (/** @type {any} */ input) => {
    const crowd = hit(input.point, crowds);
    if (crowd && onCrowd) onCrowd({ latitude: latitudeOf(crowd.y), longitude: longitudeOf(crowd.x) });
    else onPick(hit(input.point, drawn)?.spots.map((spot) => spot.runner.run.id) ?? []);
  });
  map.on('mousemove', (/** @type {any} */ input) => {
    map.getCanvas().style.cursor = hit(input.point, drawn) || (onCrowd && hit(input.point, crowds)) ? 'pointer' : '';
  });

  return {
    canvas,
    wake,
    /** @param {string} id of a run, or "" */
    select(id) {
      selected = id;
      wake();
    },
    /** How many are drawn in one number each, where nobody is seen to move. */
    crowds: () => crowds.map(({ count, left, top }) => ({ count, left, top })),
    /** Where everybody is drawn, in pixels of the canvas. */
    drawn() {
      return drawn.flatMap(({ spots }) => spots.map(({ runner, x, y, left, top, stale }) => ({
        id: runner.run.id, name: runner.run.user.name, left, top, stale, latitude: latitudeOf(y), longitude: longitudeOf(x),
      })));
    },
  };
}

/** Pixels for a metre where the spot is. @param {import('./map-canvas.js').Projection} at @param {Spot} spot */
function metrePx(at, { runner }) {
  const latitude = runner.run.position?.latitude ?? 0;
  return at.scale / (40_075_017 * Math.cos((latitude * Math.PI) / 180));
}

/** @param {Spot[]} spots @returns {Bunch[]} */
function bunches(spots) {
  /** @type {Bunch[]} */
  const found = [];
  /** In squares as wide as a bunch: one that is near lies in the same, or in one beside it. @type {Map<number, Bunch[]>} */
  const squares = new Map();
  const keyOf = (/** @type {number} */ x, /** @type {number} */ y) => (x + 1000) * 100_000 + y + 1000;
  for (const spot of spots) {
    const x = Math.floor(spot.left / BUNCH_PX);
    const y = Math.floor(spot.top / BUNCH_PX);
    let near;
    for (let dx = -1; dx <= 1 && !near; dx += 1) {
      for (let dy = -1; dy <= 1 && !near; dy += 1) {
        near = squares.get(keyOf(x + dx, y + dy))?.find((bunch) => Math.hypot(bunch.left - spot.left, bunch.top - spot.top) < BUNCH_PX);
      }
    }
    if (near) {
      near.spots.push(spot);
      continue;
    }
    const bunch = { spots: [spot], left: spot.left, top: spot.top };
    found.push(bunch);
    squares.set(keyOf(x, y), [...(squares.get(keyOf(x, y)) ?? []), bunch]);
  }
  return found;
}
