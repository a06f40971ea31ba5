/**
 * Sorting a list by hand: a grip is dragged with a mouse, a pen or a finger, or picked up with Space and moved with the arrow keys.
 * The rows only seem to move until they are dropped. What the order means is not known here.
 */

/** A hand that shakes does not drag. */
const SLOP_PX = 4;
/** So near to the window's edge the page scrolls along. */
const EDGE_PX = 90;
const SCROLL_PX_MAX = 16;

/**
 * @typedef {object} Lift a row that is off the ground
 * @property {HTMLElement} row
 * @property {HTMLElement[]} rows all of the list, in their order
 * @property {number[]} tops in the list
 * @property {number[]} heights
 * @property {number} gap
 * @property {number} from
 * @property {number} to
 */

/**
 * @param {HTMLElement} list whose children are the rows, each with a `.grip` in it
 * @param {object} how
 * @param {(row: HTMLElement) => string} how.nameOf
 * @param {(row: HTMLElement, to: number) => void} how.move dropped at this place, itself taken out
 * @param {(words: string) => void} how.say politely
 * @param {(isHeld: boolean) => void} how.hold while it is held, the list has to stay as it is
 */
export function createSorter(list, how) {
  /** @type {Lift | null} */
  let lift = null;

  /** @param {HTMLElement} row @returns {Lift} */
  function pickUp(row) {
    how.hold(true);
    list.classList.add('sorting');
    const rows = /** @type {HTMLElement[]} */ ([...list.children]);
    const [tops, heights] = [rows.map((each) => each.offsetTop), rows.map((each) => each.offsetHeight)];
    const from = rows.indexOf(row);
    const gap = rows.length > 1 ? tops[1] - tops[0] - heights[0] : 0;
    row.classList.add('lifted');
    return (lift = { row, rows, tops, heights, gap, from, to: from });
  }

  /** @param {Lift} held @param {number} to @param {number} [along_px] where a pointer holds it; else where it will lie */
  function shift(held, to, along_px) {
    const { row, rows, tops, heights, gap, from } = held;
    const place = to > from ? tops[to] + heights[to] - heights[from] : tops[to];
    row.style.transform = `translateY(${along_px ?? place - tops[from]}px)`;
    if (held.to === to) return;
    held.to = to;
    rows.forEach((each, index) => {
      if (each === row) return;
      const by = index > from && index <= to ? -1 : index < from && index >= to ? 1 : 0;
      each.style.transform = by ? `translateY(${by * (heights[from] + gap)}px)` : '';
    });
  }

  /** @param {boolean} isDropped or else all is as it was */
  function putDown(isDropped) {
    if (!lift) return;
    const { row, rows, from, to } = lift;
    lift = null;
    list.classList.remove('sorting');
    row.classList.remove('lifted');
    for (const each of rows) each.style.transform = '';
    how.hold(false);
    if (isDropped && from !== to) how.move(row, to);
  }

  /** @param {Event} input @returns {HTMLElement | null} */
  const gripOf = (input) => (input.target instanceof Element ? input.target.closest('.grip') : null);
  /** @param {HTMLElement} grip @returns {HTMLElement | null} */
  const rowOf = (grip) => /** @type {HTMLElement[]} */ ([...list.children]).find((row) => row.contains(grip)) ?? null;

  list.addEventListener('pointerdown', (down) => {
    const grip = gripOf(down);
    const row = grip && rowOf(grip);
    if (!row || down.button !== 0 || lift) return;
    down.preventDefault();
    grip.focus({ preventScroll: true });
    drag(grip, row, down, { pickUp, shift, putDown, isHeld: () => lift !== null });
  });
  list.addEventListener('keydown', (key) => {
    const grip = gripOf(key);
    const row = grip && rowOf(grip);
    if (row) byKey(key, row);
  });
  list.addEventListener('focusout', (gone) => {
    if (lift && !list.dataset.dragged && lift.row.contains(/** @type {Node} */ (gone.target))) letGo();
  });

  function letGo() {
    if (!lift) return;
    const { row, from } = lift;
    putDown(false);
    how.say(`${how.nameOf(row)} is back at place ${from + 1}.`);
  }

  /** @param {KeyboardEvent} key @param {HTMLElement} row */
  function byKey(key, row) {
    if (list.dataset.dragged) return;
    if (key.key === ' ' || key.key === 'Enter') {
      key.preventDefault();
      if (key.repeat) return;
      if (!lift) {
        const { from, rows } = pickUp(row);
        how.say(`${how.nameOf(row)} is picked up at place ${from + 1} of ${rows.length}. Arrow keys move it, Space drops it, Escape puts it back.`);
        return;
      }
      const { to, rows } = lift;
      putDown(true);
      how.say(`${how.nameOf(row)} is at place ${to + 1} of ${rows.length}.`);
      return;
    }
    if (!lift) return;
    const last = lift.rows.length - 1;
    const to = { ArrowUp: lift.to - 1, ArrowDown: lift.to + 1, Home: 0, End: last }[key.key];
    if (to === undefined) {
      if (key.key === 'Escape') letGo();
      return;
    }
    key.preventDefault();
    shift(lift, Math.max(0, Math.min(last, to)));
    row.scrollIntoView({ block: 'nearest' });
    how.say(`Place ${lift.to + 1} of ${last + 1}.`);
  }

  return {
    /** Whether something is held: the list waits so long. */
    isHeld: () => lift !== null,
    /** Put back what is held. */
    cancel: () => putDown(false),
  };
}

/**
 * One drag, from the moment that the grip is touched.
 * @param {HTMLElement} grip
 * @param {HTMLElement} row
 * @param {PointerEvent} down
 * @param {{pickUp: (row: HTMLElement) => Lift, shift: (held: Lift, to: number, along_px?: number) => void, putDown: (isDropped: boolean) => void, isHeld: () => boolean}} hands
 */
function drag(grip, row, down, { pickUp, shift, putDown, isHeld }) {
  const list = /** @type {HTMLElement} */ (row.parentElement);
  const begin_px = down.clientY + window.scrollY;
  let at_px = down.clientY;
  /** @type {Lift | null} */
  let held = null;
  let frame = 0;
  const ended = new AbortController();
  grip.setPointerCapture(down.pointerId);

  function follow() {
    if (!held) return;
    const { tops, heights, from } = held;
    const along_px = at_px + window.scrollY - begin_px;
    const [top, bottom] = [tops[from] + along_px, tops[from] + along_px + heights[from]];
    let to = from;
    while (to < tops.length - 1 && bottom > tops[to + 1] + heights[to + 1] / 2) to += 1;
    while (to > 0 && to <= from && top < tops[to - 1] + heights[to - 1] / 2) to -= 1;
    shift(held, to, along_px);
  }

  /** Near an edge the page comes along. */
  function scroll() {
    const [above, below] = [EDGE_PX - at_px, at_px - (window.innerHeight - EDGE_PX)];
    const by = above > 0 ? -above : Math.max(0, below);
    if (by) {
      const before = window.scrollY;
      window.scrollBy(0, Math.sign(by) * Math.min(SCROLL_PX_MAX, 1 + Math.abs(by) / 5));
      if (window.scrollY !== before) follow();
    }
    frame = requestAnimationFrame(scroll);
  }

  /** @param {boolean} isDropped */
  function end(isDropped) {
    ended.abort();
    cancelAnimationFrame(frame);
    delete list.dataset.dragged;
    if (held && isHeld()) putDown(isDropped);
  }

  const { signal } = ended;
  grip.addEventListener('pointermove', (move) => {
    at_px = move.clientY;
    if (!held) {
      if (Math.abs(at_px - down.clientY) < SLOP_PX) return;
      list.dataset.dragged = 'true';
      held = pickUp(row);
      frame = requestAnimationFrame(scroll);
    }
    follow();
  }, { signal });
  grip.addEventListener('pointerup', () => end(true), { signal });
  grip.addEventListener('pointercancel', () => end(false), { signal });
  grip.addEventListener('lostpointercapture', () => end(false), { signal });
  document.addEventListener('keydown', (key) => {
    if (key.key !== 'Escape' || !held) return;
    key.preventDefault();
    end(false);
  }, { signal });
}
