/**
 * A fine net of latitudes and longitudes where the map has no streets, so that a runner on plain ground is still somewhere:
 * the lines show the scale and the movement, their numbers where on earth.
 */

import { latitudeOf, longitudeOf, mercatorX, mercatorY } from './geo.js';
import { FAMILY } from './map-look.js';

const STEPS = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
/** Lines are no closer than this. */
const SPACING_PX = 130;

/** @typedef {import('./map-canvas.js').Projection} Projection */

/** @param {number} degrees @param {number} step @param {string} plus @param {string} minus */
function label(degrees, step, plus, minus) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  const number = `${Math.abs(degrees).toFixed(digits)}°`;
  if (Math.abs(degrees) < step / 2) return number;
  return `${number} ${degrees > 0 ? plus : minus}`;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Projection} projection
 * @param {import('./map-look.js').Palette} colours
 * @param {number[] | null} without [west, south, east, north] that is left free
 */
export function drawGraticule(context, projection, colours, without) {
  const { width, height, scale } = projection;
  const perDegree = scale / 360;
  const step = STEPS.findLast((each) => each * perDegree >= SPACING_PX) ?? STEPS[0];
  const originX = projection.left(0.5);
  const originY = projection.top(0.5);
  const west = longitudeOf(0.5 - originX / scale);
  const east = longitudeOf(0.5 + (width - originX) / scale);
  const north = latitudeOf(Math.max(0, 0.5 - originY / scale));
  const south = latitudeOf(Math.min(1, 0.5 + (height - originY) / scale));

  context.save();
  let gap = [0, 0];
  if (without) {
    const [w, s, e, n] = without;
    context.beginPath();
    context.rect(0, 0, width, height);
    const left = projection.left(mercatorX(w));
    const right = projection.left(mercatorX(e));
    const top = projection.top(mercatorY(n));
    context.rect(left, top, right - left, projection.top(mercatorY(s)) - top);
    gap = [left - 60, right]; // a number that would be cut in two is left out
    context.clip('evenodd');
  }
  context.strokeStyle = colours.grid;
  context.fillStyle = colours.gridText;
  context.lineWidth = 1;
  context.font = `10.5px ${FAMILY}`;
  context.textBaseline = 'bottom';
  context.beginPath();
  for (let longitude = Math.ceil(west / step) * step; longitude <= east; longitude += step) {
    const x = Math.round(originX + (mercatorX(longitude) - 0.5) * scale) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
    const turned = ((((longitude + 180) % 360) + 360) % 360) - 180;
    // Between the scale and the attribution.
    if (x > 110 && x < width - 250 && (x < gap[0] || x > gap[1])) context.fillText(label(turned, step, 'E', 'W'), x + 4, height - 6);
  }
  for (let latitude = Math.ceil(south / step) * step; latitude <= north; latitude += step) {
    const y = Math.round(originY + (mercatorY(latitude) - 0.5) * scale) + 0.5;
    context.moveTo(0, y);
    context.lineTo(width, y);
    if (y > 70 && y < height - 44) context.fillText(label(latitude, step, 'N', 'S'), 6, y - 2);
  }
  context.stroke();
  context.restore();
}
