/**
 * The list of events: what is on now, what is coming up, what has passed. Each leads to its own page. Names are other people's
 * words: text, never markup.
 */

import { EVENT_WORDS, participantsWords } from './events.js';
import { formatSpan } from './format.js';
import { setText } from './elements.js';

/** @typedef {import('./protocol.js').RunEvent} RunEvent */

/** In this order. @type {import('./protocol.js').EventState[]} */
const STATES = ['current', 'come_up', 'passed'];

/** Where the reader is; and what the clocks show where it is, if that is another time. @param {RunEvent} event @returns {string} */
export function when({ starts_at_ms, ends_at_ms, time_zone }) {
  if (starts_at_ms === null) return '';
  const span = formatSpan(starts_at_ms, ends_at_ms ?? starts_at_ms);
  const there = clockThere(starts_at_ms, time_zone);
  return there ? `${span} (${there} in ${time_zone.split('/').at(-1)?.replaceAll('_', ' ')})` : span;
}

/** @param {number} time_ms @param {string} timeZone @returns {string} empty where the reader's own clock shows the same */
function clockThere(time_ms, timeZone) {
  const parts = /** @type {const} */ ({ hour: '2-digit', minute: '2-digit' });
  try {
    const there = new Intl.DateTimeFormat(undefined, { ...parts, timeZone }).format(time_ms);
    return there === new Intl.DateTimeFormat(undefined, parts).format(time_ms) ? '' : there;
  } catch {
    return ''; // a zone that this browser does not know: its clock cannot be told
  }
}

/** @param {HTMLElement} root */
export function createEventList(root) {
  /** @type {Map<string, {section: HTMLElement, list: HTMLElement}>} */
  const sections = new Map();
  for (const state of STATES) {
    const section = document.createElement('section');
    const title = document.createElement('h2');
    const list = document.createElement('ul');
    list.setAttribute('role', 'list');
    list.className = 'runners';
    title.textContent = EVENT_WORDS[state];
    section.append(title, list);
    root.append(section);
    sections.set(state, { section, list });
  }
  /** Rows are kept, so that focus stays where it is. @type {Map<number, HTMLElement>} */
  const rows = new Map();

  /** @param {RunEvent[]} events in the order of the list */
  function render(events) {
    const ids = new Set(events.map((event) => event.id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      row.remove();
      rows.delete(id);
    }
    for (const [state, { section, list }] of sections) {
      const here = events.filter((event) => event.state === state);
      section.hidden = here.length === 0;
      here.forEach((event, index) => {
        const row = rows.get(event.id) ?? createRow(event.id);
        rows.set(event.id, row);
        if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
        updateRow(row, event);
      });
    }
  }

  return { render };
}

/** @param {number} id @returns {HTMLElement} */
function createRow(id) {
  const item = document.createElement('li');
  item.className = 'runner';
  const link = document.createElement('a');
  link.className = 'event-row';
  link.href = `/events/${id}`;
  for (const name of ['event-name', 'event-when', 'event-people']) {
    const part = document.createElement('span');
    part.className = name;
    link.append(part);
  }
  item.append(link);
  return item;
}

/** @param {HTMLElement} row @param {RunEvent} event */
function updateRow(row, event) {
  const texts = [event.name, when(event), participantsWords(event)];
  row.querySelectorAll('span').forEach((part, index) => setText(part, texts[index]));
}
