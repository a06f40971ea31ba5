/**
 * Which cells of the map are watched: those that the view shows, and the ones before until the new ones have answered, so that
 * nobody vanishes while the map is moved. Hands out who is where, by the ids of their runs; knows no map and no screen.
 */

/** @typedef {import('./protocol.js').Frame} Frame */
/** @typedef {{id: string, latitude: number, longitude: number, time_ms: number, paused: boolean}} Seen */
/** @typedef {{names: Map<number, string>, answered: boolean}} Cell */

/**
 * @param {object} options
 * @param {(cell: string, hear: (frame: Frame, whole: boolean) => void) => void} options.enter
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
      if (wanted.has(cell)) continue;
      cells.delete(cell);
      leave(cell);
    }
  }

  return {
    /** @param {string[]} shown quadkeys of the cells in view */
    show(shown) {
      wanted = new Set(shown);
      for (const name of wanted) {
        if (cells.has(name)) continue;
        const cell = { names: new Map(), answered: false };
        cells.set(name, cell);
        enter(name, (frame, whole) => {
          if (cells.get(name) === cell) hear(cell, frame, whole);
        });
      }
      tidy();
    },
    isSeen,
  };
}
