/**
 * How one runner looks on the canvas. State is never told by colour alone: a stale runner is hollow and faded, a paused one
 * wears two bars, a finished one a tick, the selected one a halo.
 */

/** @typedef {import('./runner-layer.js').Spot} Spot */
/** @typedef {import('./map-look.js').Palette} Palette */

import { FAMILY } from './map-look.js';

const RING_PX = 2.2;
const HALO_PX = 20;
const NAME_FONT = `700 12.5px ${FAMILY}`;
const BADGE_FONT = `700 12px ${FAMILY}`;
const NAME_MAX = 24;

/** @param {number} zoom @returns {number} pixels */
export function dotRadius(zoom) {
  // In steps, so that few sizes are drawn.
  return Math.round(Math.max(5, Math.min(7.5, 4 + (zoom - 11) * 0.8)) * 4) / 4;
}

/** Dots that were drawn once and are stamped from then on: a thousand arcs for each frame are what costs. @type {Map<string, HTMLCanvasElement>} */
const stamps = new Map();
const STAMPS_MAX = 400;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Spot} spot
 * @param {{radius: number, colours: Palette, selected: boolean, metrePx: number, ratio: number}} look
 */
export function drawRunner(context, { runner, left, top, stale }, { radius, colours, selected, metrePx, ratio }) {
  const colour = colours.runners[runner.colour];
  if (selected) {
    // As wide as the phone was unsure, when that is wider than the halo.
    const unsure_px = Math.min(160, (runner.run.position?.accuracy_m ?? 0) * metrePx);
    context.globalAlpha = stale ? 0.1 : 0.18;
    disc(context, left, top, Math.max(HALO_PX, unsure_px), colour);
    context.globalAlpha = 1;
  }
  const sort = runner.run.state === 'paused' ? 'paused' : runner.run.state === 'finished' ? 'finished' : stale ? 'stale' : 'live';
  const stamp = stampOf({ colour, ring: colours.ring, radius, ratio, sort, stale });
  const half = stamp.width / ratio / 2;
  context.drawImage(stamp, left - half, top - half, 2 * half, 2 * half);
}

/** @param {{colour: string, ring: string, radius: number, ratio: number, sort: string, stale: boolean}} look */
function stampOf({ colour, ring, radius, ratio, sort, stale }) {
  const key = `${colour} ${ring} ${radius} ${ratio} ${sort} ${stale}`;
  const known = stamps.get(key);
  if (known) return known;
  if (stamps.size > STAMPS_MAX) stamps.clear();
  const stamp = document.createElement('canvas');
  const side = Math.ceil((radius + RING_PX + 1) * 2 * ratio);
  stamp.width = stamp.height = side;
  const context = /** @type {CanvasRenderingContext2D} */ (stamp.getContext('2d'));
  context.scale(ratio, ratio);
  const middle = side / ratio / 2;
  context.globalAlpha = stale ? 0.55 : 1;
  disc(context, middle, middle, radius + RING_PX, ring);
  disc(context, middle, middle, radius, colour);
  if (sort === 'paused') drawBars(context, middle, middle, radius, ring);
  else if (sort === 'finished') drawTick(context, middle, middle, radius, ring);
  else if (sort === 'stale') disc(context, middle, middle, radius - 2.4, ring);
  stamps.set(key, stamp);
  return stamp;
}

/** @param {CanvasRenderingContext2D} context @param {number} left @param {number} top @param {number} radius @param {string} colour */
function disc(context, left, top, radius, colour) {
  context.beginPath();
  context.arc(left, top, Math.max(0, radius), 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

/** @param {CanvasRenderingContext2D} context @param {number} left @param {number} top @param {number} radius @param {string} colour */
function drawBars(context, left, top, radius, colour) {
  const wide = radius * 0.28;
  const high = radius * 0.95;
  context.fillStyle = colour;
  context.fillRect(left - wide * 1.6, top - high / 2, wide, high);
  context.fillRect(left + wide * 0.6, top - high / 2, wide, high);
}

/** @param {CanvasRenderingContext2D} context @param {number} left @param {number} top @param {number} radius @param {string} colour */
function drawTick(context, left, top, radius, colour) {
  context.beginPath();
  context.moveTo(left - radius * 0.45, top);
  context.lineTo(left - radius * 0.1, top + radius * 0.38);
  context.lineTo(left + radius * 0.5, top - radius * 0.35);
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.stroke();
}

/**
 * Several runners in one place. @param {CanvasRenderingContext2D} context
 * @param {number} left @param {number} top @param {number} count @param {Palette} colours
 */
export function drawBadge(context, left, top, count, colours) {
  const radius = count > 99 ? 17 : count > 9 ? 14 : 12;
  disc(context, left, top, radius + RING_PX, colours.ring);
  disc(context, left, top, radius, colours.course);
  context.font = BADGE_FONT;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = colours.ring;
  context.fillText(String(count), left, top + 0.5);
  context.textAlign = 'start';
}

/** How wide names are: to measure them again for each frame costs more than to draw the dots. @type {Map<string, number>} */
const widths = new Map();
const WIDTHS_MAX = 4000;

/** @param {CanvasRenderingContext2D} context @param {string} name */
function widthOf(context, name) {
  const known = widths.get(name);
  if (known !== undefined) return known;
  if (widths.size > WIDTHS_MAX) widths.clear();
  context.font = NAME_FONT;
  const wide = context.measureText(name).width;
  widths.set(name, wide);
  return wide;
}

/**
 * The name beside the dot, to the right or else to the left of it, unless it would lie on another name or dot.
 * @param {CanvasRenderingContext2D} context
 * @param {Spot} spot
 * @param {{radius: number, colours: Palette, taken: import('./watch/boxes.js').Boxes, must: boolean}} look
 * @returns {boolean} whether it is there
 */
export function drawName(context, { runner, left, top, stale }, { radius, colours, taken, must }) {
  const full = runner.run.user.name;
  const name = full.length > NAME_MAX ? `${full.slice(0, NAME_MAX - 1)}…` : full;
  const wide = widthOf(context, name);
  const away = radius + 6;
  const start = [left + away, left - away - wide].find((each) => must || taken.isFree(each, top - 8, each + wide, top + 8));
  if (start === undefined) return false;
  taken.add(start, top - 8, start + wide, top + 8);
  context.font = NAME_FONT;
  context.globalAlpha = stale ? 0.65 : 1;
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.lineWidth = 3.6;
  context.strokeStyle = colours.nameHalo;
  context.strokeText(name, start, top + 0.5);
  context.fillStyle = colours.name;
  context.fillText(name, start, top + 0.5);
  context.globalAlpha = 1;
  return true;
}
