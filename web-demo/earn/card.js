/**
 * An achievement as a card on the page: its picture, how far one is with each of its goals, what the next level gives. A card stays
 * where it is and moves with what is known.
 */

import { element } from '../elements.js';
import { createBadge } from './badge.js';
import { dayWords, formatPercent, fractionOf, spanWords, wayWords } from './reckoning.js';

/** @typedef {import('./cards.js').Card} Card */

/** @param {Card} card @returns {string} */
function stateWords({ state, level, maxlevel, fraction }) {
  if (state === 'reached') return maxlevel > 1 ? `All ${maxlevel} levels` : 'Reached';
  if (level > 0) return `Level ${level} of ${maxlevel}`;
  if (state === 'locked') return 'Locked';
  if (state === 'barred') return 'Not open to you';
  return fraction > 0 ? formatPercent(fraction) : maxlevel > 1 ? `${maxlevel} levels` : 'Not yet';
}

/** @param {Card} card @param {import('../format.js').Units} units @returns {HTMLElement} */
function goals({ goals: all, title }, units) {
  return element('div', { class: 'goals' }, ...all.filter(({ goal }) => goal !== null).map((goal) => {
    const way = wayWords(goal, goal.quantity, units);
    const name = all.length > 1 ? goal.title : '';
    return element('div', { class: 'goal' },
      element('p', { class: 'goal-way' }, name ? element('span', {}, name) : null, element('span', {}, way)),
      element('progress', { max: 1, value: fractionOf(goal), ariaLabel: `${title}${name ? `, ${name}` : ''}: ${way}` }));
  }));
}

/** What opens it. @param {Card} card @returns {HTMLElement | null} */
function opens({ state, opens_by }) {
  if (!opens_by.length) return null;
  const links = opens_by.flatMap(({ id, title }, index) => [index ? ' and ' : '', element('a', { href: `#${id}` }, title)]);
  return element('p', { class: 'opens small' }, state === 'locked' ? 'Opens with ' : 'Not together with ', ...links);
}

/**
 * @param {Card} card
 * @param {import('../format.js').Units} units
 * @param {{now_ms: number, isOwn: boolean}} told `isOwn`: it is about somebody who has come some way
 * @returns {Element[]} what the card holds
 */
export function cardParts(card, units, { now_ms, isOwn }) {
  const { state, title, description, level, reached_ms, ends_at_ms, recurs } = card;
  const isReached = state === 'reached';
  const isDim = isOwn && level === 0;
  const ends = ends_at_ms !== null && ends_at_ms > now_ms && !isReached ? `${spanWords(ends_at_ms - now_ms)} left` : '';
  const facts = [recurs, ends, reached_ms !== null && !recurs ? `${isReached ? 'reached' : `level ${level}`} ${dayWords(reached_ms)}` : ''].filter(Boolean).join(' · ');
  return [
    element('div', { class: 'achievement-head' },
      createBadge(card.picture, isDim),
      element('div', { class: 'achievement-name' }, element('h3', {}, title), element('p', { class: 'small muted' }, description))),
    element('p', { class: 'row apart achievement-state' },
      isOwn ? element('span', { class: 'chip', 'data-state': isReached ? 'live' : level > 0 ? 'some' : state }, isReached ? '✓ ' : '', stateWords(card))
        : element('span', { class: 'chip' }, card.maxlevel > 1 ? `${card.maxlevel} levels` : 'One level'),
      facts ? element('span', { class: 'small muted' }, facts) : null),
    isReached ? null : opens(card),
    isReached || !isOwn ? null : goals(card, units),
    element('div', { class: 'achievement-foot' },
      card.gains.length ? element('div', { class: 'gives' },
        element('span', { class: 'small muted' }, isReached ? 'Gave' : card.maxlevel > 1 ? `Level ${level + 1} gives` : 'Gives'),
        element('ul', { class: 'gains', role: 'list' }, ...card.gains.map((gain) => element('li', {}, gain)))) : null,
      isOwn && card.hasBoard ? element('a', { class: 'small', href: `/leaderboards#${card.id}`, ariaLabel: `Leaderboard of ${title}` }, 'Leaderboard') : null),
  ].filter((part) => part !== null);
}

/** @param {Card} card @returns {HTMLElement} without its parts */
export function createCard({ id, name }) {
  return element('li', { class: 'card achievement', id: String(id), 'data-name': name, tabindex: '-1' });
}

/** Whether the two hold the same. @param {Element} one @param {Element} other */
export function isSame(one, other) {
  return one.childNodes.length === other.childNodes.length && [...one.childNodes].every((node, index) => node.isEqualNode(other.childNodes[index]));
}

/** Writes a card anew only where something has moved. @param {HTMLElement} shown @param {Element[]} parts @param {Card} card */
export function updateCard(shown, parts, card) {
  const made = element('div', {}, ...parts);
  shown.dataset.state = card.state === 'open' && card.level > 0 ? 'some' : card.state;
  if (isSame(shown, made)) return;
  // The focus stays on what it was on.
  const links = [...shown.querySelectorAll('a')];
  const at = links.findIndex((link) => link === document.activeElement);
  shown.replaceChildren(...made.childNodes);
  if (at >= 0) (shown.querySelectorAll('a')[at] ?? shown).focus();
}
