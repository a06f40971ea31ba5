/**
 * Which cells of the map are watched: those that the view shows, and the ones before until the new ones have answered, so that
 * nobody vanishes while the map is moved. Hands out who is where, by the ids of their runs, or how many there are where so much is
 * in view that nobody is seen to move; knows no map and no screen.
 */

import { CELLS_MAX } from './cells.js';

/** @typedef {import('./protocol.js').Frame} Frame */
/** @typedef {import('./protocol.js').Counts} Counts */
/** @typedef {{id: string, latitude: number, longitude: number, time_ms: number, paused: boolean}} Seen */
/** @typedef {{names: Map<number, string>, counts: Map<string, number>, answered: boolean}} Cell */

/**
 * @param {object} options
 * @param {(cell: string, hear: (frame: Frame | Counts, whole: boolean) => void) => void} options.enter
 * @param {(cell: string) => void} options.leave
 * @param {(seen: Seen[], now_ms: number) => void} options.onSeen
 * @param {(id: string) => void} options.onGone nowhere in view any more, as far as is known
 */
export function createView({ enter, leave, onSeen, onGone }) {
  /** @type {Map<string, Cell>} */
  const cells = new Map();
  /** @type {Set<string>} */
  let wanted = new Set();

  /** @param {string} id @returns {boolean} */
  function isSeen(id) {
    for (const { names } of cells.values()) {
      for (const name of names.values()) if (name === id) return true;
    }
    return false;
  }

  /** Only what has changed is told, and what is none any more. @param {Cell} cell @param {Counts} frame @param {boolean} whole */
  function count(cell, frame, whole) {
    if (whole) cell.counts.clear();
    for (const each of frame.cells) {
      if (each.count > 0) cell.counts.set(each.cell, each.count);
      else cell.counts.delete(each.cell);
    }
    cell.answered = true;
    onSeen([], frame.at_ms);
    tidy();
  }

  /** @param {Cell} cell @param {Frame} frame @param {boolean} whole */
  function hear(cell, frame, whole) {
    const gone = [];
    if (whole || frame.type === 'picture') {
      gone.push(...cell.names.values());
      cell.names.clear();
      cell.answered = true;
    }
    for (const number of frame.gone) {
      const id = cell.names.get(number);
      if (id !== undefined) gone.push(id);
      cell.names.delete(number);
    }
    for (const { number, id } of frame.came) cell.names.set(number, id);
    const seen = [];
    for (const { number, ...place } of frame.runners) {
      const id = cell.names.get(number);
      if (id !== undefined) seen.push({ id, ...place });
    }
    onSeen(seen, frame.at_ms);
    for (const id of gone) if (!isSeen(id)) onGone(id);
    tidy();
  }

  /** Leaves what is out of view, once all that is in view has answered. */
  function tidy() {
    for (const cell of wanted) if (!cells.get(cell)?.answered) return;
    for (const cell of [...cells.keys()]) {
      if (!wanted.has(cell)) drop(cell);
    }
  }

  /** @param {string} cell */
  function drop(cell) {
    cells.delete(cell);
    leave(cell);
  }

  return {
    /** @param {string[]} shown quadkeys of the cells in view */
    show(shown) {
      wanted = new Set(shown);
      // A connection may watch so many: where both views are large, the one before is left at once.
      const all = new Set([...cells.keys(), ...wanted]).size;
      const tooMany = [...cells.keys()].filter((cell) => !wanted.has(cell)).slice(0, Math.max(0, all - CELLS_MAX));
      tooMany.forEach(drop);
      for (const name of wanted) {
        if (cells.has(name)) continue;
        const cell = { names: new Map(), counts: new Map(), answered: false };
        cells.set(name, cell);
        enter(name, (frame, whole) => {
          if (cells.get(name) !== cell) return;
          if (frame.type === 'counts') count(cell, frame, whole);
          else hear(cell, frame, whole);
        });
      }
      tidy();
    },
    isSeen,
    /** How many there are in each cell of zoom 6; empty where they are seen one by one. @returns {Map<string, number>} */
    counts() {
      const all = new Map();
      for (const name of wanted) for (const [cell, count] of cells.get(name)?.counts ?? []) all.set(cell, count);
      return all;
    },
  };
}
