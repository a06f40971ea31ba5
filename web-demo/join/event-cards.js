/**
 * Events as cards, each with a leaf of the calendar. Cards are kept while the list changes, so that focus stays where it is.
 * Names are other people's words: text, never markup.
 */

import { element, setText } from '../elements.js';
import { EVENT_WORDS, participantsWords, when } from '../events.js';
import { holderWords, leafOf } from './agenda.js';
import { deedButton, wrongPlace } from './busy.js';
import { roleWord } from './words.js';

/** @typedef {import('./documents.js').MyEvent} MyEvent */

/**
 * @param {string} label
 * @param {((event: import('../protocol.js').RunEvent, answer: 'accepted' | 'declined') => Promise<void>)} [onAnswer] for invitations
 */
export function createEventCards(label, onAnswer) {
  const list = element('ul', { class: 'cards event-cards', role: 'list', ariaLabel: label });
  /** @type {Map<number, ReturnType<typeof createCard>>} */
  const cards = new Map();

  /** @param {MyEvent[]} events */
  function render(events) {
    const ids = new Set(events.map(({ event }) => event.id));
    for (const [id, card] of cards) {
      if (ids.has(id)) continue;
      card.shown.remove();
      cards.delete(id);
    }
    events.forEach((mine, index) => {
      const card = cards.get(mine.event.id) ?? createCard(mine.event, onAnswer);
      cards.set(mine.event.id, card);
      if (list.children[index] !== card.shown) list.insertBefore(card.shown, list.children[index] ?? null);
      card.update(mine);
    });
  }

  return { list, render };
}

/** @param {import('../protocol.js').RunEvent} event @param {Parameters<typeof createEventCards>[1]} onAnswer */
function createCard(event, onAnswer) {
  const month = element('span', { class: 'leaf-month' });
  const day = element('span', { class: 'leaf-day' });
  const name = element('a', { href: `/events/${event.id}` });
  const time = element('p', { class: 'small' });
  const people = element('span', {});
  const holder = element('span', {});
  const state = element('span', { class: 'chip' });
  const role = element('span', { class: 'chip role' });
  const wrong = wrongPlace();
  const answer = onAnswer && element('p', { class: 'row' },
    deedButton('Accept', 'small', () => onAnswer(event, 'accepted'), wrong, `Accept the invitation to ${event.name}`),
    deedButton('Decline', 'plain small', () => onAnswer(event, 'declined'), wrong, `Decline the invitation to ${event.name}`));
  const shown = element('li', { class: 'card event-card' },
    element('span', { class: 'leaf', ariaHidden: 'true' }, month, day),
    element('div', { class: 'event-card-words' },
      element('h3', {}, name), time,
      element('p', { class: 'event-card-facts' }, people, holder),
      element('p', { class: 'row' }, state, role), answer, answer && wrong));

  /** @param {MyEvent} mine */
  function update({ event: now, role: mine }) {
    const leaf = leafOf(now.starts_at_ms ?? 0);
    setText(month, leaf.month);
    setText(day, leaf.day);
    setText(name, now.name);
    setText(time, when(now));
    setText(people, participantsWords(now));
    setText(holder, holderWords(now));
    setText(state, EVENT_WORDS[now.state]);
    state.dataset.state = now.state;
    // What is to come needs no word: its date says it.
    state.hidden = now.state !== 'current' && now.state !== 'cancelled';
    setText(role, onAnswer ? '' : roleWord(mine));
    role.hidden = !role.textContent;
  }

  return { shown, update };
}
