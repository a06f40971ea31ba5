/**
 * Pace and elevation along the way, as a chart that can be pointed at: by mouse, by finger or by the arrow keys.
 * Knows points and paces, no run and no map.
 */

import { formatDistance, formatDistanceNumber, formatHeight, formatPace, formatPaceNumber, heightIn, sayDistance,
  sayPace, unitLengthM } from './format.js';
import { FAMILY } from './map-look.js';
import { paces } from './track.js';
import { loadUplot } from './vendor.js';

/** @typedef {import('./protocol.js').TrackPoint} TrackPoint */
/** @typedef {import('./format.js').Units} Units */

/** Points that a chart can show on the widest screen. */
const SAMPLES_MAX = 600;
/** Slower than this multiple of the median is walking or standing: it may leave the chart at the bottom. */
const SLOW_FACTOR = 1.8;
const SPAN_MIN_S = 60;

/**
 * @param {HTMLElement} container
 * @param {{units: () => Units, onPoint: (point: TrackPoint | null) => void}} options `onPoint`: what is pointed at
 */
export async function createChart(container, { units, onPoint }) {
  const UPlot = await loadUplot();
  /** @type {TrackPoint[]} */
  let points = [];
  /** @type {(number | null)[]} */
  let pace = [];
  /** @type {any} */
  let plot = null;
  let at = -1;
  /** @type {{from_m: number, until_m: number} | null} */
  let stretch = null;

  container.tabIndex = 0;
  container.setAttribute('role', 'slider');
  container.setAttribute('aria-label', 'Pace and elevation along the way');
  container.setAttribute('aria-valuemin', '0');

  /** @param {TrackPoint[]} track */
  function setTrack(track) {
    points = sampled(track);
    pace = smoothed(paces(points, 160));
    if (plot) {
      plot.setData(data());
      showStretch();
    } else rebuild();
    container.setAttribute('aria-valuemax', String(Math.max(0, points.length - 1)));
    say();
  }

  function data() {
    const unit_m = unitLengthM(units());
    return [
      points.map((point) => point.distance_m / unit_m),
      pace.map((each) => (each === null ? null : (each * unit_m) / 1000)),
      points.map((point) => (point.elevation_m === null ? null : heightIn(point.elevation_m, units()))),
    ];
  }

  /** Made again when theme or units change: the library takes colours once. */
  function rebuild() {
    plot?.destroy();
    plot = null;
    if (points.length < 2 || container.clientWidth === 0) return;
    plot = new UPlot(plotOptions(container, units, pointed), data(), container);
    showStretch();
  }

  function showStretch() {
    if (!plot || points.length === 0) return;
    const unit_m = unitLengthM(units());
    const end_m = points[points.length - 1].distance_m;
    const left = stretch ? plot.valToPos(Math.min(stretch.from_m, end_m) / unit_m, 'x') : 0;
    const right = stretch ? plot.valToPos(Math.min(stretch.until_m, end_m) / unit_m, 'x') : 0;
    plot.setSelect({ left, width: Math.max(0, right - left), top: 0, height: plot.over.clientHeight }, false);
  }

  /** A finger points too: the library knows the mouse alone. @param {PointerEvent} input */
  function touched(input) {
    if (input.pointerType === 'mouse' || !plot) return;
    const left = input.clientX - plot.over.getBoundingClientRect().left;
    if (left >= 0 && left <= plot.over.clientWidth) moveTo(plot.posToIdx(left));
  }

  /** @param {number | null | undefined} index */
  function pointed(index) {
    const next = typeof index === 'number' && points[index] ? index : -1;
    if (next === at) return;
    at = next;
    say();
    onPoint(points[at] ?? null);
  }

  function say() {
    const point = points[at] ?? points[points.length - 1];
    if (!point) return;
    const index = points.indexOf(point);
    const words = [sayDistance(point.distance_m, units()), sayPace(pace[index], units())];
    if (point.elevation_m !== null) words.push(`${formatHeight(point.elevation_m, units())} high`);
    container.setAttribute('aria-valuenow', String(index));
    container.setAttribute('aria-valuetext', words.filter(Boolean).join(', '));
  }

  /** @param {number} index */
  function moveTo(index) {
    if (!plot || points.length === 0) return;
    const bounded = Math.max(0, Math.min(points.length - 1, index));
    plot.setCursor({ left: plot.valToPos(plot.data[0][bounded], 'x'), top: plot.bbox.height / 3 / devicePixelRatio });
    pointed(bounded);
  }

  container.addEventListener('pointerdown', touched);
  container.addEventListener('pointermove', touched);
  container.addEventListener('keydown', (input) => {
    const from = at < 0 ? points.length - 1 : at;
    const page = Math.max(1, Math.round(points.length / 12));
    /** @type {Record<string, number>} */
    const moves = {
      ArrowRight: from + 1, ArrowUp: from + 1, ArrowLeft: from - 1, ArrowDown: from - 1,
      PageUp: from + page, PageDown: from - page, Home: 0, End: points.length - 1,
    };
    if (!(input.key in moves)) return;
    input.preventDefault();
    moveTo(moves[input.key]);
  });
  container.addEventListener('blur', () => {
    plot?.setCursor({ left: -10, top: -10 });
    pointed(null);
  });
  new ResizeObserver(() => {
    if (plot) {
      plot.setSize({ width: container.clientWidth, height: container.clientHeight });
      showStretch();
    } else rebuild();
  }).observe(container);

  return {
    setTrack,
    rebuild,
    /** Marks the point at this distance, or none: the map was pointed at. @param {number | null} distance_m */
    mark(distance_m) {
      if (distance_m === null) {
        plot?.setCursor({ left: -10, top: -10 });
        at = -1;
        return;
      }
      const index = points.findIndex((point) => point.distance_m >= distance_m);
      if (index >= 0) moveTo(index);
    },
    /** Marks a part of the way, or none. @param {{from_m: number, until_m: number} | null} next */
    stretch(next) {
      stretch = next;
      showStretch();
    },
    /** What stands at the mark. @returns {string} */
    readout() {
      const point = points[at];
      if (!point) return '';
      const parts = [formatDistance(point.distance_m, units()), formatPace(pace[at], units())];
      if (point.elevation_m !== null) parts.push(formatHeight(point.elevation_m, units()));
      return parts.join(' · ');
    },
  };
}

/** @param {TrackPoint[]} track @returns {TrackPoint[]} at most SAMPLES_MAX, the last one included */
function sampled(track) {
  const stride = Math.max(1, Math.ceil(track.length / SAMPLES_MAX));
  return track.filter((_, index) => index % stride === 0 || index === track.length - 1);
}

/** A short running mean: what is left of the noise. @param {(number | null)[]} values */
function smoothed(values) {
  return values.map((value, index) => {
    if (value === null) return null;
    const near = /** @type {number[]} */ (values.slice(Math.max(0, index - 2), index + 3).filter((each) => each !== null));
    return near.reduce((sum, each) => sum + each, 0) / near.length;
  });
}

/** @param {any} _plot @param {number} low @param {number} high @returns {[number, number]} */
function elevationRange(_plot, low, high) {
  if (low === null || high === null) return [0, 10];
  const span = Math.max(20, high - low);
  // The land stays in the lower half, the pace above it.
  return [low - span * 0.1, low + span * 2];
}

/**
 * @param {HTMLElement} container
 * @param {() => Units} units
 * @param {(index: number | null | undefined) => void} pointed
 */
function plotOptions(container, units, pointed) {
  const style = getComputedStyle(container);
  const colour = (/** @type {string} */ name) => resolved(container, `var(${name})`);
  const muted = colour('--muted');
  const accent = colour('--accent');
  const line = colour('--line');
  const font = `12px ${FAMILY}`; // the library reads whole pixels only
  const axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const unit = units();
  return {
    width: container.clientWidth,
    height: container.clientHeight,
    padding: [8, 6, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8, fill: accent, stroke: style.backgroundColor } },
    scales: {
      x: { time: false },
      pace: { dir: -1, range: paceScale },
      elevation: { range: elevationRange },
    },
    series: [
      { label: 'Distance' },
      { label: 'Pace', scale: 'pace', stroke: accent, width: 2, points: { show: false }, spanGaps: false },
      { label: 'Elevation', scale: 'elevation', stroke: colour('--ridge'), fill: colour('--hill'), width: 1.2, points: { show: false } },
    ],
    axes: [
      { ...axis, size: 28, space: 60, values: (/** @type {any} */ _plot, /** @type {number[]} */ splits) =>
        splits.map((split, index) => `${Number(split.toFixed(2))}${index === splits.length - 1 ? ` ${unit}` : ''}`) },
      { ...axis, scale: 'pace', size: 48, space: 34, incrs: [5, 10, 15, 30, 60, 120, 300, 600], values: (/** @type {any} */ _plot, /** @type {number[]} */ splits) =>
        splits.map((split) => formatPaceNumber((split * 1000) / unitLengthM(unit), unit)) },
      { ...axis, scale: 'elevation', side: 1, size: 46, space: 34, grid: { show: false }, values: (/** @type {any} */ _plot, /** @type {number[]} */ splits) =>
        splits.map((split) => `${Math.round(split)} ${unit === 'mi' ? 'ft' : 'm'}`) },
    ],
    hooks: { setCursor: [(/** @type {any} */ plot) => pointed(plot.cursor.left >= 0 ? plot.cursor.idx : null)] },
  };
}

/** @param {any} plot @param {number} low @param {number} high @returns {[number, number]} */
function paceScale(plot, low, high) {
  if (low === null || high === null) return [240, 480];
  const known = plot.data[1].filter((/** @type {number | null} */ each) => each !== null).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
  const median = known[known.length >> 1] ?? low;
  const top = Math.max(median * 0.5, low);
  const bottom = Math.min(high, median * SLOW_FACTOR);
  // An even run shall look even: no less than a minute from top to bottom.
  const room = Math.max(10, (bottom - top) * 0.12, (SPAN_MIN_S - (bottom - top)) / 2);
  return [top - room, bottom + room];
}

/** A CSS colour as the canvas understands it: `light-dark()` is only known to elements. @param {HTMLElement} element @param {string} value */
function resolved(element, value) {
  const probe = document.createElement('i');
  probe.hidden = true;
  element.append(probe);
  probe.style.color = value;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** What the chart shows, in a sentence. @param {TrackPoint[]} track @param {Units} units @returns {string} */
export function chartWords(track, units) {
  const known = /** @type {number[]} */ (smoothed(paces(sampled(track), 160)).filter((each) => each !== null));
  if (known.length < 2) return 'The chart begins after the first few hundred metres.';
  const sorted = known.slice().sort((a, b) => a - b);
  const fast = formatPace(sorted[Math.floor(sorted.length * 0.05)], units);
  const slow = formatPace(sorted[Math.floor(sorted.length * 0.95)], units);
  const end = track[track.length - 1];
  const heights = /** @type {number[]} */ (track.map((point) => point.elevation_m).filter((each) => each !== null));
  const pace = `Over ${formatDistanceNumber(end.distance_m, units)} ${units} the pace was mostly between ${fast} and ${slow}`;
  if (heights.length === 0) return `${pace}.`;
  const low = formatHeight(heights.reduce((a, b) => Math.min(a, b)), units);
  const high = formatHeight(heights.reduce((a, b) => Math.max(a, b)), units);
  return `${pace}; the ground lay between ${low} and ${high}.`;
}
