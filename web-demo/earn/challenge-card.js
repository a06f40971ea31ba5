/**
 * A challenge as a card: what it is about, until when, who stands where, and what one can do. Knows no call.
 */

import { element } from '../elements.js';
import { aimWords, barOf, isOver, ownWords, stateWords } from './challenge-words.js';
import { formatInColumn } from './quantity.js';
import { momentWords, ordinal, zoneName } from './reckoning.js';

/** @typedef {import('./documents.js').Challenge} Challenge */
/** @typedef {'accept' | 'reject' | 'leave' | 'cancel'} Deed */

/**
 * @typedef {object} Told
 * @property {string} me the reader's id
 * @property {import('./quantity.js').Quantity} quantity
 * @property {import('../format.js').Units} units
 * @property {readonly string[]} languages
 * @property {number} now_ms
 * @property {(deed: Deed, challenge: Challenge, button: HTMLButtonElement) => void} onDeed
 */

/** @type {Record<Deed, string>} */
const DEEDS = { accept: 'Take part', reject: 'No, thanks', leave: 'Leave', cancel: 'Cancel it' };

/** @param {Challenge} challenge @param {string} me @returns {Deed[]} what can be done */
export function deedsOf(challenge, me) {
  if (isOver(challenge)) return [];
  if (challenge.creator?.id === me) return ['cancel'];
  if (challenge.own?.answer === 'accepted') return ['leave'];
  return challenge.own?.answer === 'rejected' ? ['accept'] : ['accept', 'reject'];
}

/** @param {Challenge} challenge @param {Told} told */
function standings(challenge, { me, quantity, units }) {
  const rows = challenge.standings.map(({ position, user, value, accomplishment }) => {
    const words = value === null ? '–' : formatInColumn(value, quantity, units);
    return element('tr', { class: user.id === me ? 'own' : null, 'data-user': user.id },
      element('td', { class: 'place' }, ordinal(position)),
      element('th', { scope: 'row' }, user.name,
        ...(user.id === me ? [' ', element('span', { class: 'chip you' }, 'You')] : []),
        ...(accomplishment === 'finished' && challenge.kind === 'first' ? [' ', element('span', { class: 'chip there', 'data-state': 'live' }, '✓ there')] : []),
        element('progress', { max: 1, value: barOf(value, challenge), ariaHidden: 'true' })),
      element('td', { class: 'number' }, words));
  });
  return element('table', { class: 'table standings' },
    element('caption', { class: 'unseen' }, `Standings of ${challenge.title}`),
    element('thead', { class: 'unseen' }, element('tr', {}, element('th', { scope: 'col' }, 'Place'), element('th', { scope: 'col' }, 'Runner'), element('th', { scope: 'col' }, quantity.title || 'Value'))),
    element('tbody', {}, ...rows));
}

/** Who was asked and takes no part yet: their maker alone sees them by name. @param {Challenge} challenge */
function others({ pending, invitations }) {
  const names = (/** @type {string} */ answer) => invitations.filter((each) => each.answer === answer).map(({ user }) => user.name).join(', ');
  const waiting = names('pending');
  const rejected = names('rejected');
  const words = [
    waiting ? `Asked: ${waiting}` : pending ? `${pending} ${pending === 1 ? 'has' : 'have'} not answered yet` : '',
    rejected ? `Not in it: ${rejected}` : '',
  ].filter(Boolean).join(' · ');
  return words ? element('p', { class: 'small muted' }, words) : null;
}

/** @param {Challenge} challenge @param {Told} told @returns {Element[]} */
export function challengeParts(challenge, told) {
  const { me, quantity, units, languages, now_ms, onDeed } = told;
  const { title, creator, group, winner, expires_at_ms, own, state } = challenge;
  const left = stateWords(challenge, now_ms);
  const over = isOver(challenge);
  const isWon = winner?.id === me;
  const mine = ownWords(challenge, me);
  const by = creator?.id === me ? 'You made it' : creator ? `By ${creator.name}` : '';
  const when = `${over ? 'Ended' : 'Until'} ${momentWords(expires_at_ms)} (${zoneName()})`;
  return [
    element('div', { class: 'row apart challenge-head' },
      element('h3', {}, title),
      element('span', { class: 'chip', 'data-state': state === 'cancelled' ? 'cancelled' : over ? null : state === 'current' ? 'live' : 'paused' }, left)),
    element('p', {}, aimWords(challenge, quantity, units, languages)),
    element('p', { class: 'small muted' }, [by, group ? `for ${group.name}` : '', when].filter(Boolean).join(' · ')),
    mine ? element('p', { class: `challenge-own${isWon ? ' won' : ''}` }, isWon ? '★ ' : '', mine) : null,
    own?.answer === 'pending' && !over ? element('p', { class: 'small' }, 'What you have run since it began counts, too.') : null,
    challenge.standings.length ? standings(challenge, told) : null,
    others(challenge),
    element('p', { class: 'row deeds' }, ...deedsOf(challenge, me).map((deed) => element('button', {
      type: 'button',
      class: `button small${deed === 'accept' ? '' : deed === 'cancel' || deed === 'leave' ? ' quiet' : ' plain'}`,
      'data-deed': deed,
      ariaLabel: `${DEEDS[deed]}: ${title}`,
      onclick: (/** @type {MouseEvent} */ input) => onDeed(deed, challenge, /** @type {HTMLButtonElement} */ (input.currentTarget)),
    }, DEEDS[deed]))),
    element('p', { class: 'wrong', role: 'alert' }),
  ].filter((part) => part !== null);
}
