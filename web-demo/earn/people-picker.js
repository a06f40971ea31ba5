/**
 * Choosing people by name: friends are offered at once, others as one types. Whoever is chosen is a chip that can be put away.
 */

import { element, setText } from '../elements.js';
import { field } from '../form.js';
import { parseUser } from '../protocol.js';
import { get, wordsOf } from '../rest.js';

/** @typedef {{id: string, name: string}} Person */

const OFFERED_MAX = 8;
/** After the last key, before the server is asked. */
const TYPED_MS = 200;

/**
 * @param {{name: string, label: string, hint: string, friends: () => Person[], me: () => string}} options `name`: the field's in the API
 */
export function createPeoplePicker({ name, label, hint, friends, me }) {
  /** @type {Person[]} */
  let chosen = [];
  let timer = 0;
  let asked = 0;
  const input = element('input', { name, type: 'search', autocomplete: 'off', maxlength: 100, placeholder: 'Type a name', oninput: typed });
  const picked = element('ul', { class: 'picked', role: 'list', ariaLabel: 'Whom you challenge' });
  const offered = element('ul', { class: 'offered', role: 'list', ariaLabel: 'People found' });
  const said = element('p', { class: 'small muted', role: 'status' });
  const whole = field(label, input, hint);
  // Enter takes the first who is found, instead of sending the form.
  input.addEventListener('keydown', (typedKey) => {
    if (typedKey.key !== 'Enter' || !input.value.trim()) return;
    typedKey.preventDefault();
    const first = offered.querySelector('button');
    if (first) first.click();
    else search(input.value.trim());
  });
  input.before(picked);
  input.after(offered, said);

  function typed() {
    clearTimeout(timer);
    const text = input.value.trim();
    if (!text) return offer(friends(), '');
    timer = window.setTimeout(() => search(text), TYPED_MS);
  }

  /** @param {string} text */
  async function search(text) {
    const number = asked += 1;
    try {
      const documents = await get(`/api/users?name=${encodeURIComponent(text)}&page=1&page_size=20`);
      if (number !== asked || input.value.trim() !== text) return;
      const close = new Set(friends().map(({ id }) => id));
      const found = (Array.isArray(documents) ? documents : []).map(parseUser);
      found.sort((one, other) => Number(close.has(other.id)) - Number(close.has(one.id)));
      offer(found, text);
    } catch (failure) {
      setText(said, wordsOf(failure));
    }
  }

  /** @param {Person[]} people @param {string} text what was typed */
  function offer(people, text) {
    const taken = new Set([me(), ...chosen.map(({ id }) => id)]);
    const open = people.filter(({ id }) => !taken.has(id)).slice(0, OFFERED_MAX);
    offered.replaceChildren(...open.map((person) => element('li', {}, element('button', {
      type: 'button', class: 'chip', ariaLabel: `Add ${person.name}`, onclick: () => add(person),
    }, `+ ${person.name}`))));
    setText(said, text && !open.length ? 'Nobody else goes by that name.' : '');
  }

  /** @param {Person} person */
  function add(person) {
    if (!chosen.some(({ id }) => id === person.id)) chosen = [...chosen, person];
    input.value = '';
    show();
    input.focus();
  }

  /** @param {Person} person */
  function drop(person) {
    chosen = chosen.filter(({ id }) => id !== person.id);
    show();
    input.focus();
  }

  function show() {
    picked.replaceChildren(...chosen.map((person) => element('li', {}, element('button', {
      type: 'button', class: 'chip', 'data-state': 'live', ariaLabel: `Remove ${person.name}`, onclick: () => drop(person),
    }, person.name, ' ×'))));
    offer(friends(), '');
  }

  show();
  return {
    whole,
    show,
    add,
    clear() {
      chosen = [];
      input.value = '';
      show();
    },
    /** Ids, and names that were typed and not chosen. @returns {Person[]} */
    people: () => (input.value.trim() ? [...chosen, { id: input.value.trim(), name: input.value.trim() }] : chosen),
  };
}
