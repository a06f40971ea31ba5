/**
 * What to try next, and why; whom to challenge.
 */

import { element } from '../elements.js';
import { inLanguage } from '../news.js';
import { createBadge } from './badge.js';
import { quantityOf } from './quantity.js';
import { reasonWords } from './reasons.js';
import { fractionOfAll } from './reckoning.js';

/** So many of each kind are shown: what one can take in. */
const SHOWN_MAX = 3;

/** @typedef {import('./documents.js').Recommendations} Recommendations */
/** @typedef {import('./documents.js').Definition} Definition */
/** @typedef {{units: import('../format.js').Units, languages: readonly string[]}} Reader */

/** @param {string} picture @param {string} title @param {string} words */
function head(picture, title, words) {
  return element('div', { class: 'achievement-head' }, createBadge(picture),
    element('div', { class: 'achievement-name' }, element('h3', {}, title), element('p', { class: 'small muted' }, words)));
}

/** @param {string[]} reasons @returns {HTMLElement} */
function why(reasons) {
  return element('ul', { class: 'reasons', role: 'list' }, ...reasons.map((words) => element('li', {}, words)));
}

/**
 * @param {Recommendations} recommendations @param {readonly Definition[]} definitions @param {Reader} reader
 * @returns {HTMLElement[]} cards of a list
 */
export function recommendedCards({ achievements, challenges, users }, definitions, { units, languages }) {
  const all = challenges.slice(0, SHOWN_MAX).map(({ challenge, reasons }) => element('li', { class: 'card suggestion' },
    head('flag', challenge.title, 'A challenge'), why(reasons.map((each) => reasonWords(each, null, units, languages))),
    element('p', { class: 'suggestion-foot' }, element('a', { class: 'button plain small', href: `/challenges#${challenge.id}` }, 'See the challenge'))));
  for (const { achievement, description, goals, reasons } of achievements.slice(0, SHOWN_MAX)) {
    const definition = definitions.find(({ id }) => id === achievement.id);
    const quantity = definition?.goals.length === 1 ? quantityOf(definition.goals[0].variable) : null;
    const title = inLanguage(achievement.title, languages) || achievement.name;
    const picture = definition?.picture ?? achievement.name;
    all.push(element('li', { class: 'card suggestion' },
      element('div', { class: 'achievement-head' }, createBadge(picture),
        element('div', { class: 'achievement-name' },
          element('h3', {}, element('a', { href: `#${achievement.id}` }, title)),
          element('p', { class: 'small muted' }, inLanguage(description, languages)))),
      element('progress', { max: 1, value: fractionOfAll(goals), ariaLabel: title }),
      why(reasons.map((each) => reasonWords(each, quantity, units, languages))),
      element('p', { class: 'suggestion-foot' }, element('a', {
        class: 'button plain small', href: `/challenges?achievement=${encodeURIComponent(achievement.name)}#new`, ariaLabel: `Challenge a friend to ${title}`,
      }, 'Challenge a friend'))));
  }
  for (const { user, reasons } of users.slice(0, SHOWN_MAX)) {
    all.push(element('li', { class: 'card suggestion' },
      head('friends', user.name, 'A friend'), why(reasons.map((each) => reasonWords(each, null, units, languages))),
      element('p', { class: 'suggestion-foot' }, element('a', {
        class: 'button plain small', href: `/challenges?user=${encodeURIComponent(user.name)}#new`, ariaLabel: `Challenge ${user.name}`,
      }, 'Challenge'))));
  }
  return all;
}
