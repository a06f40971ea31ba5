/**
 * The table of who is running: in words what the map shows in pictures. However many there are, only the rows in sight are in the
 * document; they are kept and only their texts change, so that focus, scroll and a screen reader's place stay where they are.
 * Names are other people's words: text, never markup.
 */

import { formatAgeShort, formatDistanceNumber, formatDuration, formatHeight, formatPaceNumber, formatAge } from './format.js';
import { setText } from './elements.js';
import { ageS, elapsedS, isStale } from './runners.js';
import { createRow } from './watch/row.js';
import { COLUMNS, ordered, rowsIn, turned } from './watch/order.js';

/** @typedef {import('./runners.js').Runner} Runner */
/** @typedef {import('./watch/row.js').Row} Row */
/** @typedef {{units: import('./format.js').Units, selected: string, now_ms: number}} View */

/** As the style sheet has it. */
const ROW_PX = 44;
/** What the selected row has beneath it. */
const MORE_PX = 72;
const AROUND = 8;
/** Who runs past whom is shown this often: a row must not leave from under a finger. */
const ORDER_MS = 5_000;

/** What stands in place of the pace of somebody who does not run. @type {Record<string, string>} */
const STATE_WORDS = { planned: 'planned', paused: 'paused', finished: 'finished' };

/**
 * What is said holds what is seen: people who speak to their browser say what they see.
 * @param {import('./format.js').Units} units @returns {Record<string, {short: string, long: string}>}
 */
const headings = (units) => ({
  name: { short: 'Name', long: 'Name' },
  distance: { short: units, long: units === 'mi' ? 'Distance in miles, mi' : 'Distance in kilometres, km' },
  pace: { short: `/${units}`, long: units === 'mi' ? 'Pace per mile, /mi' : 'Pace per kilometre, /km' },
  time: { short: 'Time', long: 'Time' },
  age: { short: 'Seen', long: 'Seen: age of the position' },
});

/**
 * @param {HTMLElement} root a `<table>` with a head and a body
 * @param {object} options
 * @param {(id: string) => void} options.onSelect
 * @param {(runner: Runner) => void} options.onFollow
 * @param {(user: string) => boolean} options.isFollowed
 */
export function createList(root, { onSelect, onFollow, isFollowed }) {
  const head = /** @type {HTMLElement} */ (root.querySelector('thead'));
  const body = /** @type {HTMLElement} */ (root.querySelector('tbody'));
  const scroller = /** @type {HTMLElement} */ (root.closest('.people') ?? document.documentElement);
  /** @type {Map<string, Row>} */
  const rows = new Map();
  /** @type {import('./watch/order.js').Order} */
  let order = { column: 'name', descending: false };
  /** @type {Runner[]} */
  let all = [];
  let orderedAt_ms = 0;
  /** From which `all` was put in order. @type {Runner[] | null} */
  let base = null;
  /** The row that the tab key goes to. */
  let current = '';
  /** @type {View} */
  let view = { units: 'km', selected: '', now_ms: 0 };
  let frame = 0;

  const columns = makeHead(head, (column) => {
    order = turned(order, column);
    orderedAt_ms = 0;
    if (base) draw(base);
  });

  scroller.addEventListener('scroll', later, { passive: true });
  new ResizeObserver(later).observe(scroller);

  function later() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      place();
    });
  }

  body.addEventListener('keydown', (input) => {
    const at = all.findIndex(({ run }) => run.id === current);
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: all.length - 1 };
    const to = moves[input.key];
    if (to === undefined || at < 0) return;
    input.preventDefault();
    const isStar = document.activeElement?.classList.contains('follow') ?? false;
    focus(all[Math.max(0, Math.min(all.length - 1, to))].run.id, isStar);
  });
  body.addEventListener('focusin', (input) => {
    const id = /** @type {HTMLElement} */ (input.target).closest('tr')?.dataset.id ?? '';
    if (id === current || !id) return;
    current = id;
    place();
  });

  /** @param {string} id @param {boolean} isStar which of its two buttons */
  function focus(id, isStar) {
    current = id;
    reveal(id);
    const row = rows.get(id);
    (isStar ? row?.star : row?.button)?.focus({ preventScroll: true });
  }

  /** Where a row begins, beneath the selected one's details. @param {number} index @param {number} chosen */
  const topOf = (index, chosen) => index * ROW_PX + (chosen >= 0 && index > chosen ? MORE_PX : 0);

  /** @param {Runner[]} byName */
  function draw(byName) {
    if (byName !== base || orderedAt_ms === 0 || view.now_ms - orderedAt_ms > ORDER_MS) {
      all = ordered(byName, order, isFollowed, view.now_ms);
      orderedAt_ms = view.now_ms;
      base = byName;
    }
    const words = headings(view.units);
    for (const [column, { cell, button }] of columns) {
      setText(button, words[column].short);
      button.title = words[column].long;
      button.setAttribute('aria-label', words[column].long);
      if (order.column === column) cell.setAttribute('aria-sort', order.descending ? 'descending' : 'ascending');
      else cell.removeAttribute('aria-sort');
    }
    root.hidden = all.length === 0;
    place();
  }

  /** Puts the rows in sight where they belong, and fills them. */
  function place() {
    const chosen = view.selected ? all.findIndex(({ run }) => run.id === view.selected) : -1;
    const height = all.length * ROW_PX + (chosen >= 0 ? MORE_PX : 0);
    if (body.style.height !== `${height}px`) body.style.height = `${height}px`;
    root.setAttribute('aria-rowcount', String(all.length + 1));
    const top = scroller.getBoundingClientRect().top - body.getBoundingClientRect().top;
    const { from, until } = rowsIn({ top, height: scroller.clientHeight }, all.length, ROW_PX, AROUND);
    if (!all.some(({ run }) => run.id === current)) current = (all[chosen] ?? all[0])?.run.id ?? '';
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const kept = focused && body.contains(focused) ? focused.closest('tr')?.dataset.id : undefined;
    /** @type {number[]} */
    const wanted = [];
    all.forEach(({ run }, index) => {
      const inSight = index >= from && index < until;
      if (inSight || run.id === kept || run.id === current) wanted.push(index);
    });
    const ids = new Set(wanted.map((index) => all[index].run.id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      row.item.remove();
      rows.delete(id);
    }
    wanted.forEach((index, position) => {
      const runner = all[index];
      const row = rowOf(runner);
      if (body.children[position] !== row.item) body.insertBefore(row.item, body.children[position] ?? null);
      const y = `translateY(${topOf(index, chosen)}px)`;
      if (row.item.style.transform !== y) row.item.style.transform = y;
      row.item.setAttribute('aria-rowindex', String(index + 2));
      row.button.tabIndex = row.star.tabIndex = runner.run.id === current ? 0 : -1;
      fill(row, runner, view, isFollowed(runner.run.user.id));
    });
    // To move a row in the document takes the focus from it.
    if (focused && kept && document.activeElement !== focused && focused.isConnected) focused.focus({ preventScroll: true });
  }

  /** @param {Runner} runner @returns {Row} */
  function rowOf(runner) {
    const { id } = runner.run;
    const known = rows.get(id);
    if (known) return known;
    const row = createRow(id, { onSelect: () => onSelect(id), onFollow: () => onFollow(runner) });
    rows.set(id, row);
    return row;
  }

  /** Scrolls a row into sight. @param {string} id */
  function reveal(id) {
    const index = all.findIndex(({ run }) => run.id === id);
    if (index < 0) return;
    const chosen = all.findIndex(({ run }) => run.id === view.selected);
    const above = body.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
    const top = above + topOf(index, chosen);
    const bottom = top + ROW_PX + (index === chosen ? MORE_PX : 0);
    // What sticks to the top lies over the first rows.
    const covered = head.offsetHeight + stickyPx(scroller);
    if (top - covered < scroller.scrollTop) scroller.scrollTop = top - covered;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
    place();
  }

  return {
    /** @param {Runner[]} runners by their names @param {View} next */
    render(runners, next) {
      view = next;
      draw(runners);
    },
    /** Whom one follows has changed. */
    reorder() {
      orderedAt_ms = 0;
    },
    reveal,
    focus: (/** @type {string} */ id) => focus(id, false),
  };
}

/** How much of the scroller's top is covered by the switch above the table. @param {HTMLElement} scroller */
function stickyPx(scroller) {
  return /** @type {HTMLElement | null} */ (scroller.querySelector('.switch'))?.offsetHeight ?? 0;
}

/**
 * @param {HTMLElement} head `<thead>` @param {(column: import('./watch/order.js').Column) => void} onSort
 * @returns {Map<import('./watch/order.js').Column, {cell: HTMLElement, button: HTMLButtonElement}>}
 */
function makeHead(head, onSort) {
  const row = document.createElement('tr');
  row.setAttribute('role', 'row');
  row.setAttribute('aria-rowindex', '1');
  const follow = document.createElement('th');
  follow.setAttribute('role', 'columnheader');
  const word = document.createElement('span');
  word.className = 'unseen';
  word.textContent = 'Followed';
  follow.append(word);
  row.append(follow);
  const columns = new Map();
  for (const { column } of COLUMNS) {
    const cell = document.createElement('th');
    cell.setAttribute('role', 'columnheader');
    cell.dataset.column = column;
    const button = document.createElement('button');
    button.type = 'button';
    button.addEventListener('click', () => onSort(column));
    cell.append(button);
    row.append(cell);
    columns.set(column, { cell, button });
  }
  head.replaceChildren(row);
  return columns;
}

/** @param {Row} row @param {Runner} runner @param {View} view @param {boolean} followed */
function fill(row, runner, { units, selected, now_ms }, followed) {
  const { run } = runner;
  const chosen = run.id === selected;
  const stale = isStale(runner, now_ms);
  set(row.dot, 'data-colour', String(runner.colour));
  set(row.item, 'data-state', run.state);
  set(row.item, 'data-stale', String(stale));
  set(row.button, 'aria-pressed', String(chosen));
  set(row.star, 'aria-checked', String(followed));
  set(row.star, 'aria-label', `Follow ${run.user.name}`);
  row.item.classList.toggle('selected', chosen);
  setText(row.name, run.user.name);
  row.button.title = run.user.name;
  setText(row.distance, formatDistanceNumber(run.distance_m, units));
  setText(row.pace, STATE_WORDS[run.state] ?? formatPaceNumber(run.pace_s_per_km, units));
  setText(row.time, formatDuration(elapsedS(runner, now_ms)));
  setText(row.age, run.state === 'finished' ? '–' : formatAgeShort(ageS(runner, now_ms)));
  row.more.hidden = !chosen;
  if (!chosen) return;
  setText(row.climb, formatHeight(run.climb_m, units));
  setText(row.standing, run.state === 'finished' ? 'finished' : `position ${formatAge(ageS(runner, now_ms))}`.replace('position no', 'no'));
}

/** @param {Element} element @param {string} name @param {string} value */
function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
