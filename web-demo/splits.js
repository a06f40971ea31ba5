/** The table of splits: one row for each whole kilometre and one for the stretch that is being run. */

import { formatDistance, formatDuration, formatHeight, formatPace } from './format.js';
import { setText } from './elements.js';

/** @typedef {import('./protocol.js').Split} Split */
/** @typedef {import('./runners.js').Runner} Runner */

/** A bar is never shorter than this part of its cell, so that the slowest is still a bar. */
const BAR_MIN = 0.25;

/** @typedef {{from_m: number, until_m: number}} Stretch from the start of the run */

/**
 * @param {HTMLElement} body `<tbody>`
 * @param {(stretch: Stretch | null) => void} onStretch which row is pointed at, or was chosen
 */
export function createSplits(body, onStretch) {
  /** The row that was chosen; another one that is pointed at goes before it. */
  let chosen = -1;

  /** @param {number} index @returns {Stretch | null} */
  const stretchOf = (index) => (index < 0 || index >= body.children.length ? null
    : { from_m: index * 1000, until_m: index === body.children.length - 1 && hasRest ? Infinity : (index + 1) * 1000 });
  /** Whether the last row is a stretch that is being run. */
  let hasRest = false;

  const indexOf = (/** @type {Event} */ input) => [...body.children].indexOf(/** @type {Element} */ (/** @type {Element} */ (input.target).closest('tr')));

  body.addEventListener('pointerover', (input) => {
    if (input.pointerType === 'mouse') onStretch(stretchOf(indexOf(input)));
  });
  body.addEventListener('pointerleave', () => onStretch(stretchOf(chosen)));
  body.addEventListener('click', (input) => {
    const index = indexOf(input);
    chosen = index === chosen ? -1 : index;
    show();
    onStretch(stretchOf(chosen));
  });

  function show() {
    [...body.children].forEach((row, index) => {
      row.classList.toggle('chosen', index === chosen);
      row.querySelector('button')?.setAttribute('aria-pressed', String(index === chosen));
    });
  }

  /**
   * @param {Runner} runner
   * @param {import('./format.js').Units} units
   * @param {number} elapsed_s of the run, now
   */
  function render(runner, units, elapsed_s) {
    const { splits } = runner.run;
    const rows = splits.map((split) => ({
      title: String(split.kilometre),
      time: formatDuration(split.elapsed_s),
      pace: formatPace(split.moving_s, units),
      climb: split.climb_m === null ? '–' : formatHeight(split.climb_m, units),
      bar: barOf(split, splits),
    }));
    const rest = restOf(runner, elapsed_s);
    if (rest) rows.push({ ...rest, title: `${formatDistance(rest.distance_m, 'km')} more`, pace: formatPace(rest.pace, units), climb: '–', bar: 0 });
    hasRest = rest !== null;
    while (body.children.length > rows.length) body.lastElementChild?.remove();
    rows.forEach((row, index) => {
      const cells = (body.children[index] ?? body.appendChild(createRow())).children;
      const name = /** @type {Element} */ (cells[0].firstElementChild);
      setText(name, row.title);
      setText(cells[1], row.time);
      setText(/** @type {Element} */ (cells[2].firstElementChild), row.pace);
      const bar = /** @type {HTMLElement} */ (cells[2].lastElementChild);
      bar.style.width = `${Math.round(row.bar * 100)}%`;
      setText(cells[3], row.climb);
    });
    show();
  }

  return { render };
}

function createRow() {
  const row = document.createElement('tr');
  const title = document.createElement('th');
  title.scope = 'row';
  const name = document.createElement('button');
  name.type = 'button';
  name.className = 'split-name';
  title.append(name);
  const pace = document.createElement('td');
  const bar = document.createElement('span');
  bar.className = 'bar';
  pace.append(document.createElement('span'), bar);
  row.append(title, document.createElement('td'), pace, document.createElement('td'));
  return row;
}

/** The faster the longer. @param {Split} split @param {Split[]} all @returns {number} 0 to 1 */
function barOf(split, all) {
  const times = all.map((each) => each.moving_s);
  const fast = Math.min(...times);
  const slow = Math.max(...times);
  if (slow - fast < 1) return 1;
  return BAR_MIN + (1 - BAR_MIN) * ((slow - split.moving_s) / (slow - fast));
}

/** The stretch since the last whole kilometre. @param {Runner} runner @param {number} elapsed_s */
function restOf({ run }, elapsed_s) {
  const done_m = run.splits.length * 1000;
  const distance_m = run.distance_m - done_m;
  const time_s = elapsed_s - run.splits.reduce((sum, split) => sum + split.elapsed_s, 0);
  if (distance_m < 10 || time_s <= 0) return null;
  const moving_s = Math.min(time_s, run.moving_s - run.splits.reduce((sum, split) => sum + split.moving_s, 0));
  return { distance_m, time: formatDuration(time_s), pace: distance_m > 50 && moving_s > 0 ? (moving_s / distance_m) * 1000 : null };
}
