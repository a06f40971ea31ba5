/**
 * Before the run: who sees it, the event that it is run in, whether there is a position. Knows no recording.
 */

import { account } from '../account.js';
import { element, find, setText } from '../elements.js';
import { parseEvent } from '../protocol.js';
import { get } from '../rest.js';
import { sayUntil, VISIBILITIES } from './words.js';

/** @typedef {import('./recording.js').Visibility} Visibility */
/** @typedef {{event: import('../protocol.js').RunEvent, role: string | null}} Chosen */

const KEY = 'runnity.visibility';
/** A run may begin so long before its event does. */
const EARLY_MS = 3_600_000;

/** @returns {string | null} */
function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {string} chosen */
function remember(chosen) {
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // then it is asked again next time
  }
}

/**
 * @param {number | null} eventId that the address names
 * @param {{onStart: (choice: {visibility: Visibility, event: number | null, withOthers: boolean}) => void}} handlers
 */
export function createReady(eventId, { onStart }) {
  const form = /** @type {HTMLFormElement} */ (find('#ready'));
  const start = find('#start');
  const startNow = find('#start-now');
  /** @type {Chosen | null} */
  let chosen = null;
  let withOthers = false;

  const radios = Object.entries(VISIBILITIES).map(([value, { word }]) => {
    const input = element('input', { type: 'radio', name: 'visibility', value, onchange: () => choose(value) });
    find('#visibility').append(element('label', {}, input, element('span', {}, word)));
    return input;
  });

  /** @param {string} value */
  function choose(value) {
    remember(value);
    showVisibility(value);
  }

  /** @param {string} value */
  function showVisibility(value) {
    for (const radio of radios) radio.checked = radio.value === value;
    const { help } = VISIBILITIES[/** @type {Visibility} */ (value)] ?? VISIBILITIES.friends;
    setText(find('#visibility-help'), chosen ? `${help} Besides, everybody who may see the event sees its runs.` : help);
  }

  function visibility() {
    return /** @type {Visibility} */ (radios.find((radio) => radio.checked)?.value ?? 'friends');
  }

  /** As it was last time; else as the account has it. */
  async function loadVisibility() {
    const before = remembered();
    showVisibility(before !== null && before in VISIBILITIES ? before : 'friends');
    if (before !== null || !account()) return;
    try {
      const { visibility: usual } = await get('/api/users/me');
      if (remembered() === null && usual in VISIBILITIES) showVisibility(usual);
    } catch {
      // friends is what a new account has
    }
  }

  async function loadEvent() {
    if (eventId === null) return;
    try {
      const document = await get(`/api/events/${eventId}`);
      const event = parseEvent(document);
      if (!event) return;
      chosen = { event, role: typeof document.role === 'string' ? document.role : null };
      showEvent(chosen);
    } catch (failure) {
      showEventTrouble(failure instanceof Error ? failure.message : String(failure));
    }
    showVisibility(visibility());
  }

  /** @param {Chosen} chosen */
  function showEvent({ event, role }) {
    const link = element('a', { href: `/events/${event.id}` }, event.name);
    const isIn = role === 'creator' || role === 'participant';
    const toStart_ms = (event.starts_at_ms ?? 0) - Date.now();
    const isOver = event.state === 'passed' || event.state === 'cancelled';
    let words = 'It is on: your run belongs to it.';
    if (isOver) words = event.state === 'passed' ? 'It is over. A run that you start now is on its own.' : 'It was cancelled. A run that you start now is on its own.';
    else if (!isIn) words = 'You do not take part in it yet: join on its page. A run that you start now is on its own.';
    else if (event.state === 'come_up') words = sayUntil(toStart_ms);
    if (isOver || !isIn) chosen = null;
    withOthers = chosen !== null && event.state === 'come_up';
    find('#event').replaceChildren(element('h3', {}, link), element('p', { class: 'muted' }, words),
      !isOver && !isIn && element('p', { class: 'row' }, element('a', { class: 'button plain', href: `/events/${event.id}` }, 'To its page')) || '');
    find('#event').hidden = false;
    setText(start, withOthers ? 'Start with the others' : 'Start');
    start.classList.toggle('wordy', withOthers);
    startNow.hidden = !(withOthers && toStart_ms < EARLY_MS);
  }

  /** @param {string} message */
  function showEventTrouble(message) {
    find('#event').replaceChildren(element('h3', {}, 'The event is not to be had'), element('p', { class: 'muted' }, `${message} A run that you start now is on its own.`));
    find('#event').hidden = false;
  }

  form.addEventListener('submit', (input) => {
    input.preventDefault();
    onStart({ visibility: visibility(), event: chosen?.event.id ?? null, withOthers });
  });
  startNow.addEventListener('click', () => onStart({ visibility: visibility(), event: chosen?.event.id ?? null, withOthers: false }));

  return {
    load: () => Promise.all([loadVisibility(), loadEvent()]),
    chosen: () => chosen,
  };
}
