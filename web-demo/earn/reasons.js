/**
 * Why something is recommended, in the reader's units and language. Pure. Reasons of a kind that is not known here are said in the
 * server's own words.
 */

import { formatHeight, formatDistance } from '../format.js';
import { inLanguage } from '../news.js';
import { PLAIN } from './quantity.js';
import { toGoWords } from './reckoning.js';

/** @typedef {import('../format.js').Units} Units */
/** @typedef {import('./quantity.js').Quantity} Quantity */

/** @param {number} distance_m @param {Units} units */
function howFar(distance_m, units) {
  return distance_m < 1000 ? formatHeight(distance_m, units) : formatDistance(distance_m, units);
}

/**
 * @param {import('./documents.js').Reason} reason
 * @param {Quantity | null} quantity of the achievement's goal, if it has but one
 * @param {Units} units
 * @param {readonly string[]} languages
 * @returns {string}
 */
export function reasonWords({ kind, value, achievement, text }, quantity, units, languages) {
  if (achievement && kind === 'opens') return `opens ${inLanguage(achievement.title, languages) || achievement.name}`;
  if (value === null) return text;
  const isKnown = quantity !== null && quantity !== PLAIN;
  switch (kind) {
    case 'to_go':
      return isKnown ? toGoWords({ value: 0, goal: value, operator: 'geq', achieved: false }, quantity, units) : text;
    case 'less':
      return isKnown ? toGoWords({ value, goal: 0, operator: 'leq', achieved: false }, quantity, units) : text;
    case 'at_most':
      return isKnown ? toGoWords({ value: null, goal: value, operator: 'leq', achieved: false }, quantity, units) : text;
    case 'place':
      return `${howFar(value, units)} from you`;
    case 'alike':
      return `has run about as far as you in the last ${value} days`;
    default:
      return text;
  }
}
