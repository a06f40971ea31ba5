/** The table of splits: one row for each whole kilometre and one for the stretch that is being run. */

import { formatDistance, formatDuration, formatHeight, formatPace } from './format.js';
import { setText } from './elements.js';

/** @typedef {import('./protocol.js').Split} Split */
/** @typedef {import('./runners.js').Runner} Runner */

/** A bar is never shorter than this part of its cell, so that the slowest is still a bar. */
const BAR_MIN = 0.25;

/** @param {HTMLElement} body `<tbody>` */
export function createSplits(body) {
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
    while (body.children.length > rows.length) body.lastElementChild?.remove();
    rows.forEach((row, index) => {
      const cells = (body.children[index] ?? body.appendChild(createRow())).children;
      setText(cells[0], row.title);
      setText(cells[1], row.time);
      setText(/** @type {Element} */ (cells[2].firstElementChild), row.pace);
      const bar = /** @type {HTMLElement} */ (cells[2].lastElementChild);
      bar.style.width = `${Math.round(row.bar * 100)}%`;
      setText(cells[3], row.climb);
    });
  }

  return { render };
}

function createRow() {
  const row = document.createElement('tr');
  const title = document.createElement('th');
  title.scope = 'row';
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
