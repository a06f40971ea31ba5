/**
 * Cells of the map as the server names them: tiles of the usual grid, by their quadkeys. Pure: no map, no socket.
 */

import { mercatorX, mercatorY } from './geo.js';

/** Zooms of cells that show single runners, the finest first. */
export const CELL_ZOOMS = [14, 10, 6];
/** The zoom of cells that only say how many there are, in each of their cells of zoom 6. */
const COUNTS_ZOOM = 2;
export const COUNTED_ZOOM = 6;
/** A view needs no more cells than this: half of the channels that one connection may have. */
export const CELLS_MAX = 64;

/** @param {number} x @param {number} y of the tile @param {number} zoom @returns {string} */
export function quadkey(x, y, zoom) {
  let key = '';
  for (let bit = zoom - 1; bit >= 0; bit -= 1) key += ((x >> bit) & 1) + 2 * ((y >> bit) & 1);
  return key;
}

/**
 * The cells that cover a view: of the finest zoom of which there are not too many. Where even the largest are, so much of the
 * world is in view that nobody is seen to move: then those that say how many there are.
 * @param {{west: number, east: number, south: number, north: number}} bounds degrees; may reach over the antimeridian
 * @returns {string[]} quadkeys
 */
export function cellsOf({ west, east, south, north }) {
  for (const zoom of [...CELL_ZOOMS, COUNTS_ZOOM]) {
    const side = 2 ** zoom;
    const tile = (/** @type {number} */ part) => Math.floor(part * side);
    const left = tile(mercatorX(west));
    const right = zoom === COUNTS_ZOOM ? Math.min(tile(mercatorX(east)), left + side - 1) : tile(mercatorX(east));
    const top = Math.max(0, tile(mercatorY(north)));
    const bottom = Math.min(side - 1, tile(mercatorY(south)));
    if (right - left >= side || (right - left + 1) * (bottom - top + 1) > CELLS_MAX) continue;
    const cells = [];
    for (let x = left; x <= right; x += 1) {
      for (let y = top; y <= bottom; y += 1) cells.push(quadkey(((x % side) + side) % side, y, zoom));
    }
    return cells;
  }
  return [];
}

/** @param {string} key @returns {{x: number, y: number}} the middle of the cell on the plane */
export function middleOf(key) {
  let x = 0.5;
  let y = 0.5;
  let half = 0.25;
  for (const digit of key) {
    x += Number(digit) & 1 ? half : -half;
    y += Number(digit) & 2 ? half : -half;
    half /= 2;
  }
  return { x, y };
}

/**
 * Where there are more than are known one by one: cells of zoom 6 with those who are known there.
 * @template {{x: number, y: number}} Known
 * @param {Map<string, number>} counts how many there are in each cell
 * @param {Known[]} known where they are on the plane
 * @returns {{crowds: {x: number, y: number, count: number}[], rest: Known[]}} crowds, and who is in none of them
 */
export function crowdsOf(counts, known) {
  /** @type {Map<string, Known[]>} */
  const inside = new Map();
  const side = 2 ** COUNTED_ZOOM;
  for (const each of known) {
    const key = quadkey(Math.floor((each.x - Math.floor(each.x)) * side), Math.floor(each.y * side), COUNTED_ZOOM);
    inside.set(key, [...(inside.get(key) ?? []), each]);
  }
  const crowds = [];
  for (const [key, count] of counts) {
    const members = inside.get(key) ?? [];
    if (count <= members.length) continue;
    inside.delete(key);
    const at = middleOf(key);
    // Those who are known tell better where a crowd is than the middle of a cell as large as a country.
    const mean = (/** @type {'x' | 'y'} */ axis) => members.reduce((sum, each) => sum + each[axis], 0) / members.length;
    crowds.push(members.length ? { x: mean('x'), y: mean('y'), count } : { ...at, count });
  }
  return { crowds, rest: [...inside.values()].flat() };
}
