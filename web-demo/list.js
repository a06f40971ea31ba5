/**
 * The list of who is running: in words what the map shows in pictures. Rows are kept and only their texts change, so that
 * focus, scroll and a screen reader's place stay where they are. Names are other people's words: text, never markup.
 */

import { formatAge, formatDistance, formatDuration, formatHeight, formatPace } from './format.js';
import { setText } from './elements.js';
import { ageS, elapsedS, isStale } from './runners.js';

/** @typedef {import('./runners.js').Runner} Runner */

/** How a state reads in a list. @type {Record<string, string>} */
const STATE_WORDS = { planned: 'not started', live: '', paused: 'paused', finished: 'finished' };

/** @param {Runner} runner @param {number} now_ms @returns {string} like "12 s ago" or "paused · 3 min ago" */
export function standing(runner, now_ms) {
  if (runner.run.state === 'finished') return 'finished';
  const age = formatAge(ageS(runner, now_ms));
  const word = STATE_WORDS[runner.run.state];
  return word ? `${word} · ${age}` : age;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {Node[]} children
 * @returns {HTMLElement}
 */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/**
 * @param {HTMLElement} root a `<ul>`
 * @param {(id: string) => void} onSelect
 */
export function createList(root, onSelect) {
  /** @type {Map<string, Row>} */
  const rows = new Map();

  root.addEventListener('keydown', (input) => {
    const buttons = /** @type {HTMLElement[]} */ ([...root.querySelectorAll('.runner-row')]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (at < 0) return;
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 };
    const to = moves[input.key];
    if (to === undefined) return;
    input.preventDefault();
    buttons[Math.max(0, Math.min(buttons.length - 1, to))].focus();
  });

  /**
   * @param {Runner[]} runners in the order of the list
   * @param {{units: import('./format.js').Units, selected: string, now_ms: number}} view
   */
  function render(runners, view) {
    const ids = new Set(runners.map((runner) => runner.run.id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      row.item.remove();
      rows.delete(id);
    }
    runners.forEach((runner, index) => {
      const { id } = runner.run;
      const row = rows.get(id) ?? createRow(id, onSelect);
      rows.set(id, row);
      if (root.children[index] !== row.item) root.insertBefore(row.item, root.children[index] ?? null);
      updateRow(row, runner, view);
    });
  }

  /** @param {string} id */
  function reveal(id) {
    rows.get(id)?.item.scrollIntoView({ block: 'nearest' });
  }

  return { render, reveal };
}

/**
 * @typedef {object} Row
 * @property {HTMLElement} item
 * @property {HTMLElement} button
 * @property {HTMLElement} dot
 * @property {HTMLElement} name
 * @property {HTMLElement} state
 * @property {HTMLElement} distance
 * @property {HTMLElement} pace
 * @property {HTMLElement} more
 * @property {HTMLElement} time
 * @property {HTMLElement} climb
 */

/** @param {string} id @param {(id: string) => void} onSelect @returns {Row} */
function createRow(id, onSelect) {
  const dot = element('span', 'dot');
  dot.setAttribute('aria-hidden', 'true');
  const name = element('span', 'runner-name');
  const state = element('span', 'runner-state');
  const distance = element('span', 'runner-distance');
  const pace = element('span', 'runner-pace');
  const button = element('button', 'runner-row', dot, name, distance, state, pace);
  button.setAttribute('type', 'button');
  button.addEventListener('click', () => onSelect(id));

  const time = element('dd', '');
  const climb = element('dd', '');
  const facts = element('dl', 'runner-facts', term('Time'), time, term('Climb'), climb);
  const link = element('a', 'runner-link', document.createTextNode('Track, splits and chart'));
  link.setAttribute('href', `/runs/${encodeURIComponent(id)}`);
  const more = element('div', 'runner-more', facts, link);
  const item = element('li', 'runner', button, more);
  return { item, button, dot, name, state, distance, pace, more, time, climb };
}

/** @param {string} word */
function term(word) {
  return element('dt', '', document.createTextNode(word));
}

/** @param {Row} row @param {Runner} runner @param {{units: import('./format.js').Units, selected: string, now_ms: number}} view */
function updateRow(row, runner, { units, selected, now_ms }) {
  const { run } = runner;
  const chosen = run.id === selected;
  row.dot.dataset.colour = String(runner.colour);
  row.item.dataset.state = run.state;
  row.item.dataset.stale = String(isStale(runner, now_ms));
  row.button.setAttribute('aria-pressed', String(chosen));
  row.item.classList.toggle('selected', chosen);
  row.more.hidden = !chosen;
  setText(row.name, run.user.name);
  setText(row.state, standing(runner, now_ms));
  setText(row.distance, formatDistance(run.distance_m, units));
  setText(row.pace, run.state === 'live' ? formatPace(run.pace_s_per_km, units) : '');
  if (!chosen) return;
  setText(row.time, formatDuration(elapsedS(runner, now_ms)));
  setText(row.climb, formatHeight(run.climb_m, units));
}
