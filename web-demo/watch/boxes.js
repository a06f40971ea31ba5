/**
 * Boxes on a screen that others must not lie on, in a grid: with a thousand runners, to compare each with each is too slow. Pure.
 */

/** About as large as a name: a box lies in few cells, and a cell has few boxes. */
const CELL_PX = 64;

/** @typedef {ReturnType<typeof createBoxes>} Boxes */

export function createBoxes() {
  /** @type {Map<number, number[]>} left, top, right, bottom in turn */
  const cells = new Map();

  /** @param {number} x @param {number} y */
  const keyOf = (x, y) => (x + 1000) * 100_000 + y + 1000;

  return {
    /** @param {number} left @param {number} top @param {number} right @param {number} bottom */
    add(left, top, right, bottom) {
      for (let x = Math.floor(left / CELL_PX); x <= Math.floor(right / CELL_PX); x += 1) {
        for (let y = Math.floor(top / CELL_PX); y <= Math.floor(bottom / CELL_PX); y += 1) {
          const boxes = cells.get(keyOf(x, y));
          if (boxes) boxes.push(left, top, right, bottom);
          else cells.set(keyOf(x, y), [left, top, right, bottom]);
        }
      }
    },
    /** @param {number} left @param {number} top @param {number} right @param {number} bottom @returns {boolean} */
    isFree(left, top, right, bottom) {
      for (let x = Math.floor(left / CELL_PX); x <= Math.floor(right / CELL_PX); x += 1) {
        for (let y = Math.floor(top / CELL_PX); y <= Math.floor(bottom / CELL_PX); y += 1) {
          const boxes = cells.get(keyOf(x, y));
          if (!boxes) continue;
          for (let at = 0; at < boxes.length; at += 4) {
            if (left < boxes[at + 2] && right > boxes[at] && top < boxes[at + 3] && bottom > boxes[at + 1]) return false;
          }
        }
      }
      return true;
    },
  };
}
