/**
 * Challenges in words, and how their standings move by what the own channel tells. Pure.
 */

import { inLanguage } from '../news.js';
import { PLAIN, formatQuantity, quantityOf } from './quantity.js';
import { fractionOf, leftWords, ordinal } from './reckoning.js';

/** @typedef {import('./documents.js').Challenge} Challenge */
/** @typedef {import('./documents.js').ListedChallenge} ListedChallenge */
/** @typedef {import('./documents.js').Definition} Definition */
/** @typedef {import('./quantity.js').Quantity} Quantity */
/** @typedef {import('../format.js').Units} Units */

/** @param {ListedChallenge} challenge @param {readonly Definition[]} definitions @returns {Quantity} what counts in it */
export function quantityOfChallenge({ variable, achievement }, definitions) {
  if (variable !== null) return quantityOf(variable);
  const goals = definitions.find(({ id }) => id === achievement?.id)?.goals ?? [];
  const goal = goals.find(({ id }) => id === achievement?.goal) ?? goals[0];
  return goal ? quantityOf(goal.variable) : PLAIN;
}

/** @param {ListedChallenge} challenge @param {Quantity} quantity @param {Units} units @param {readonly string[]} languages @returns {string} */
export function aimWords({ kind, target, operator, achievement }, quantity, units, languages) {
  const what = achievement ? inLanguage(achievement.title, languages) || achievement.name : quantity.title.toLowerCase();
  if (kind === 'most') return `Who has the most at the end: ${what}`;
  if (target === null) return `Who is first: ${what}`;
  const aim = formatQuantity(target, quantity, units);
  const way = operator === 'leq' ? `${aim} or less` : aim;
  return `First to ${way}${quantity.kind === 'count' && !achievement ? '' : ` · ${what}`}`;
}

/** @param {ListedChallenge} challenge @param {number} now_ms @returns {string} like "3 days left" */
export function stateWords({ state, starts_at_ms, expires_at_ms }, now_ms) {
  return state === 'cancelled' ? 'cancelled' : leftWords(starts_at_ms, expires_at_ms, now_ms);
}

/** @param {ListedChallenge} challenge @returns {boolean} */
export function isOver({ state }) {
  return state === 'passed' || state === 'cancelled';
}

/** @param {Challenge} challenge @param {string} me the reader's id @returns {string} like "You are 2nd of 3"; empty if they take no part */
export function ownWords({ standings, winner, state }, me) {
  if (winner) return winner.id === me ? 'You have won' : `${winner.name} has won`;
  if (state === 'passed') return 'Nobody has won';
  const own = standings.find(({ user }) => user.id === me);
  if (!own) return '';
  return own.value === null ? 'Nothing of yours counts yet' : `You are ${ordinal(own.position)} of ${standings.length}`;
}

/** How full somebody's bar is. @param {number | null} value @param {Challenge} challenge @returns {number} 0 to 1 */
export function barOf(value, { kind, target, operator, standings }) {
  if (value === null) return 0;
  if (kind === 'first' && target !== null) {
    const achieved = operator === 'geq' ? value >= target : value <= target;
    return fractionOf({ value, goal: target, operator, achieved });
  }
  const best = Math.max(0, ...standings.map((each) => each.value ?? 0));
  return best > 0 ? Math.max(0, value / best) : 0;
}

/**
 * @param {Challenge} challenge
 * @param {import('../protocol-own.js').ChallengeChange} change
 * @returns {Challenge | null} null when it has to be read again
 */
export function applyChallengeChange(challenge, { type, user, value, position }) {
  if (type !== 'challenge_progress' || user === null || position === null) return null;
  const moved = challenge.standings.find((each) => each.user.id === user.id);
  if (!moved) return null;
  const others = challenge.standings.filter((each) => each !== moved);
  others.splice(position - 1, 0, { ...moved, value });
  return { ...challenge, standings: others.map((each, index) => ({ ...each, position: index + 1 })) };
}

/** @type {Record<string, string>} */
const DEEDS = {
  created: 'made this challenge', accepted: 'takes part', rejected: 'takes no part', finished: 'has reached it', expired: 'has won', cancelled: 'has cancelled it',
};

/** What has happened, in words. @param {import('./documents.js').Happened} happened @param {string} me @returns {string} like "Veikko has reached it" */
export function happenedWords({ type, user }, me) {
  if (type === 'started') return 'It has started';
  if (type === 'expired' && !user) return 'It is over';
  const deed = DEEDS[type] ?? type;
  if (!user) return `Somebody ${deed}`;
  return user.id === me ? `You ${deed.replace(/^has /, 'have ').replace(/^takes /, 'take ')}` : `${user.name} ${deed}`;
}
