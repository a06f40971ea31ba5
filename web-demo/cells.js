/**
 * Cells of the map as the server names them: tiles of the usual grid, by their quadkeys. Pure: no map, no socket.
 */

import { mercatorX, mercatorY } from './geo.js';

/** Zooms of cells that show single runners, the finest first. */
export const CELL_ZOOMS = [14, 10, 6];
/** A view needs no more cells than this: half of the channels that one connection may have. */
export const CELLS_MAX = 64;

/** @param {number} x @param {number} y of the tile @param {number} zoom @returns {string} */
export function quadkey(x, y, zoom) {
  let key = '';
  for (let bit = zoom - 1; bit >= 0; bit -= 1) key += ((x >> bit) & 1) + 2 * ((y >> bit) & 1);
  return key;
}

/**
 * The cells that cover a view: of the finest zoom of which there are not too many. None where even the largest are: so much of
 * the world is in view that nobody is seen to move.
 * @param {{west: number, east: number, south: number, north: number}} bounds degrees; may reach over the antimeridian
 * @returns {string[]} quadkeys
 */
export function cellsOf({ west, east, south, north }) {
  for (const zoom of CELL_ZOOMS) {
    const side = 2 ** zoom;
    const tile = (/** @type {number} */ part) => Math.floor(part * side);
    const left = tile(mercatorX(west));
    const right = tile(mercatorX(east));
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
