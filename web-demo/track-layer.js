/**
 * Tracks on a canvas above the map, beneath the runners: the shown one in full, faint ones where the map has no streets and
 * the way itself is all there is to see; and there a net of degrees.
 * Drawn when the map moves or the track grows, not with each frame: the runner layer draws the last steps up to the marker.
 */

import { mercatorX, mercatorY } from './geo.js';
import { drawGraticule } from './graticule.js';
import { createMapCanvas } from './map-canvas.js';
import { palette } from './map-look.js';
import { paces } from './track.js';

/** @typedef {import('./protocol.js').TrackPoint} TrackPoint */
/** @typedef {import('./map-canvas.js').Projection} Projection */

/**
 * @typedef {object} Shown
 * @property {TrackPoint[]} points
 * @property {number} colour of the runner
 * @property {boolean} byPace coloured by pace instead of by runner
 * @property {number} until_ms fix time up to which it is drawn: the marker is one fix behind, and its track with it
 */

/**
 * @param {import('./base-map.js').BaseMap} baseMap
 * @param {() => boolean} isDark
 */
export function createTrackLayer(baseMap, isDark) {
  const { map } = baseMap;
  const { context, clear, projection } = createMapCanvas(map, 'track-canvas');
  /** @type {Shown | null} */
  let shown = null;
  /** @type {Shown[]} */
  let faint = [];
  /** @type {{latitude: number, longitude: number} | null} */
  let pointer = null;
  /** @type {{from_m: number, until_m: number} | null} */
  let stretch = null;

  function draw() {
    const colours = palette(isDark());
    const at = projection();
    clear();
    const streets = baseMap.streetBounds();
    if (streets) drawGraticule(context, at, colours, at.zoom >= 11 ? streets : null);
    for (const track of faint) drawFaint(at, track);
    if (shown && shown.points.length > 1) {
      if (stretch) drawStretch(at, shown, stretch);
      drawTrack(at, shown);
    }
    if (pointer) drawPointer(at, pointer);
  }

  /** @param {Projection} at @param {Shown} track */
  function drawFaint(at, track) {
    context.lineJoin = context.lineCap = 'round';
    context.strokeStyle = palette(isDark()).runners[track.colour];
    context.lineWidth = 2.5;
    context.globalAlpha = 0.5;
    const xy = pixels(at, track);
    line(context, xy, 0, xy.length / 2 - 1);
    context.globalAlpha = 1;
  }

  /** @param {Projection} at @param {Shown} track */
  function drawTrack(at, track) {
    const { points, colour, byPace } = track;
    const colours = palette(isDark());
    const xy = pixels(at, track);
    const wide = at.zoom < 12 ? 2.5 : 4;
    context.lineJoin = context.lineCap = 'round';
    context.strokeStyle = colours.trackCase;
    context.lineWidth = wide + 3;
    context.globalAlpha = 0.8;
    line(context, xy, 0, xy.length / 2 - 1);
    context.globalAlpha = 1;
    context.lineWidth = wide;
    if (!byPace) {
      context.strokeStyle = colours.runners[colour];
      line(context, xy, 0, xy.length / 2 - 1);
      return;
    }
    const classes = paceClasses(points, colours.paces.length);
    let from = 0;
    for (let index = 1; index < xy.length / 2; index += 1) {
      const last = index === xy.length / 2 - 1;
      if (!last && classes[index] === classes[from + 1]) continue;
      context.strokeStyle = colours.paces[classes[from + 1]];
      line(context, xy, from, index);
      from = index;
    }
  }

  /** A band beneath a part of the track. @param {Projection} at @param {Shown} track @param {{from_m: number, until_m: number}} part */
  function drawStretch(at, { points, until_ms }, { from_m, until_m }) {
    const part = points.filter(({ distance_m }) => distance_m >= from_m && distance_m <= until_m);
    const xy = pixels(at, { points: part, until_ms, colour: 0, byPace: false });
    if (xy.length < 4) return;
    context.lineJoin = context.lineCap = 'round';
    context.strokeStyle = palette(isDark()).name;
    context.globalAlpha = 0.3;
    context.lineWidth = 18;
    line(context, xy, 0, xy.length / 2 - 1);
    context.globalAlpha = 1;
  }

  /** @param {Projection} at @param {{latitude: number, longitude: number}} place */
  function drawPointer(at, place) {
    const colours = palette(isDark());
    context.beginPath();
    context.arc(at.left(mercatorX(place.longitude)), at.top(mercatorY(place.latitude)), 7, 0, 2 * Math.PI);
    context.fillStyle = colours.nameHalo;
    context.fill();
    context.lineWidth = 3;
    context.strokeStyle = colours.name;
    context.stroke();
  }

  map.on('render', draw);
  draw();

  return {
    draw,
    /** @param {Shown | null} next @param {Shown[]} [others] drawn faintly */
    show(next, others = []) {
      shown = next;
      faint = others;
      draw();
    },
    shown: () => shown,
    /** Marks a part of the track, or none. @param {{from_m: number, until_m: number} | null} next */
    stretch(next) {
      stretch = next;
      draw();
    },
    /** Marks a place on the track, or none. @param {{latitude: number, longitude: number} | null} place */
    point(place) {
      pointer = place;
      draw();
    },
  };
}

/** The track's pixels, left and top in turn. @param {Projection} at @param {Shown} track @returns {number[]} */
function pixels(at, { points, until_ms }) {
  const xy = [];
  for (const point of points) {
    if (point.time_ms > until_ms) break;
    xy.push(at.left(mercatorX(point.longitude)), at.top(mercatorY(point.latitude)));
  }
  return xy;
}

/** @param {CanvasRenderingContext2D} context @param {number[]} xy @param {number} from @param {number} to point indices */
function line(context, xy, from, to) {
  context.beginPath();
  context.moveTo(xy[2 * from], xy[2 * from + 1]);
  for (let index = from + 1; index <= to; index += 1) context.lineTo(xy[2 * index], xy[2 * index + 1]);
  context.stroke();
}

/**
 * A class for each point, 0 the slowest; standing counts as slowest.
 * @param {TrackPoint[]} points
 * @param {number} count
 * @returns {number[]}
 */
function paceClasses(points, count) {
  const all = paces(points);
  const { slow, fast } = paceRange(all);
  return all.map((pace) => {
    if (pace === null) return 0;
    const part = (slow - pace) / (slow - fast);
    return Math.max(0, Math.min(count - 1, Math.floor(part * count)));
  });
}

/** The colours span no less than this: an even run shall not look wild. */
const SPAN_MIN_S_PER_KM = 30;

/**
 * The paces at the ends of the colours: this run's own 10th and 90th percentile.
 * @param {(number | null)[]} all
 * @returns {{slow: number, fast: number}} seconds per kilometre
 */
export function paceRange(all) {
  const known = /** @type {number[]} */ (all.filter((pace) => pace !== null)).sort((a, b) => a - b);
  if (known.length === 0) return { slow: 600, fast: 240 };
  const at = (/** @type {number} */ part) => known[Math.min(known.length - 1, Math.floor(part * known.length))];
  const middle = (at(0.9) + at(0.1)) / 2;
  const half = Math.max(SPAN_MIN_S_PER_KM, at(0.9) - at(0.1)) / 2;
  return { slow: middle + half, fast: middle - half };
}
