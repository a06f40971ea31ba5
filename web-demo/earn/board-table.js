/**
 * A leaderboard as a table whose rows move to where people stand now. Knows no call.
 */

import { element, setText } from '../elements.js';
import { isCalm } from '../settings.js';
import { formatInColumn } from './quantity.js';
import { ordinal } from './reckoning.js';

/** For how long a row that has moved is marked. */
const MARKED_MS = 4_000;

/** @typedef {{row: HTMLTableRowElement, position: Element, name: Element, you: HTMLElement, value: Element}} Shown */

export function createBoardTable() {
  const caption = element('caption', {});
  const valueHead = element('th', { scope: 'col', class: 'number' }, '');
  const body = element('tbody', {});
  const table = element('table', { class: 'table board' }, caption,
    element('thead', {}, element('tr', {}, element('th', { scope: 'col', class: 'place' }, 'Place'), element('th', { scope: 'col' }, 'Runner'), valueHead)), body);
  /** @type {Map<string, Shown>} */
  const shown = new Map();

  /** @returns {Shown} */
  function createRow() {
    const position = element('td', { class: 'place' });
    const name = element('span', {});
    const you = element('span', { class: 'chip you' }, 'You');
    const value = element('td', { class: 'number' });
    return { row: element('tr', {}, position, element('th', { scope: 'row' }, name, ' ', you), value), position, name, you, value };
  }

  /**
   * @param {import('./documents.js').Standing[]} standings
   * @param {{quantity: import('./quantity.js').Quantity, units: import('../format.js').Units, me: string, words: string, anew: boolean}} told `anew`: another
   *   board, whose rows have not moved here
   */
  function show(standings, { quantity, units, me, words, anew }) {
    setText(caption, words);
    setText(valueHead, quantity.title || 'Value');
    const tops = new Map([...shown].map(([id, { row }]) => [id, row.getBoundingClientRect().top]));
    const wanted = new Set(standings.map(({ user }) => user.id));
    for (const [id, { row }] of shown) {
      if (wanted.has(id)) continue;
      row.remove();
      shown.delete(id);
    }
    standings.forEach(({ position, user, value }, index) => {
      const isNew = !shown.has(user.id);
      const each = shown.get(user.id) ?? createRow();
      shown.set(user.id, each);
      const before = Number(each.row.dataset.position);
      each.row.dataset.position = String(position);
      each.row.dataset.user = user.id;
      each.you.hidden = user.id !== me;
      each.row.classList.toggle('own', user.id === me);
      setText(each.position, ordinal(position));
      setText(each.name, user.name);
      const words = formatInColumn(value, quantity, units);
      const hasMoved = !isNew && !anew && (before !== position || each.value.textContent !== words);
      setText(each.value, words);
      if (body.children[index] !== each.row) body.insertBefore(each.row, body.children[index] ?? null);
      if (hasMoved && before > position) mark(each.row);
    });
    if (!anew && !isCalm()) slide(tops);
  }

  /** @param {HTMLElement} row */
  function mark(row) {
    row.classList.add('up');
    window.setTimeout(() => row.classList.remove('up'), MARKED_MS);
  }

  /** Each row from where it stood to where it stands. @param {Map<string, number>} tops */
  function slide(tops) {
    for (const [id, { row }] of shown) {
      const from = tops.get(id);
      const by = from === undefined ? 0 : from - row.getBoundingClientRect().top;
      if (by) row.animate([{ transform: `translateY(${by}px)` }, { transform: 'none' }], { duration: 350, easing: 'ease-out' });
    }
  }

  return { table, show };
}
