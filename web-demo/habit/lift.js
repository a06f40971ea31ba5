/**
 * A row that is off the ground: where the others make room for it, and where it lies when it is dropped. The rows only seem to move
 * until then.
 */

/**
 * @typedef {object} Lift
 * @property {HTMLElement} row
 * @property {HTMLElement[]} rows all of the list, in their order
 * @property {number[]} tops in the list
 * @property {number[]} heights
 * @property {number} from
 * @property {number} to
 */

/** @param {HTMLElement} list @param {HTMLElement} row @returns {Lift} */
export function liftUp(list, row) {
  list.classList.add('sorting');
  row.classList.add('lifted');
  const rows = /** @type {HTMLElement[]} */ ([...list.children]);
  const from = rows.indexOf(row);
  const lift = { row, rows, tops: [], heights: [], from, to: from };
  measure(lift);
  return lift;
}

/** In a long list rows are laid out only when they come into sight: they may be larger then than was thought. @param {Lift} lift */
export function measure(lift) {
  lift.tops = lift.rows.map((row) => row.offsetTop);
  lift.heights = lift.rows.map((row) => row.offsetHeight);
}

/**
 * The place that a row has come to whose upper edge is held there.
 * @param {Lift} lift @param {number} top_px in the list @returns {number}
 */
export function placeAt({ tops, heights, from }, top_px) {
  const middle = (/** @type {number} */ index) => tops[index] + heights[index] / 2;
  let to = from;
  while (to < tops.length - 1 && top_px + heights[from] > middle(to + 1)) to += 1;
  while (to > 0 && to <= from && top_px < middle(to - 1)) to -= 1;
  return to;
}

/** @param {Lift} lift @param {number} to @param {number} [top_px] where a pointer holds it; else where it will lie */
export function shift(lift, to, top_px) {
  const { row, rows, tops, heights, from } = lift;
  const place = to > from ? tops[to] + heights[to] - heights[from] : tops[to];
  row.style.transform = `translateY(${(top_px ?? place) - tops[from]}px)`;
  if (lift.to === to) return;
  lift.to = to;
  const gap = rows.length > 1 ? tops[1] - tops[0] - heights[0] : 0;
  rows.forEach((each, index) => {
    if (each === row) return;
    const by = index > from && index <= to ? -1 : index < from && index >= to ? 1 : 0;
    const moved = by ? `translateY(${by * (heights[from] + gap)}px)` : '';
    if (each.style.transform !== moved) each.style.transform = moved;
  });
}

/** All lie where they are in the list. @param {HTMLElement} list @param {Lift} lift */
export function layDown(list, { row, rows }) {
  list.classList.remove('sorting');
  row.classList.remove('lifted');
  for (const each of rows) each.style.transform = '';
}
