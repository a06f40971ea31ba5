/**
 * What is known of one's achievements, as cards: how far, what the next level gives, what opens it. Pure: no DOM, no call.
 */

import { gainWords, inLanguage } from '../news.js';
import { quantityOf } from './quantity.js';
import { fractionOfAll } from './reckoning.js';

/** @typedef {import('./documents.js').Definition} Definition */
/** @typedef {import('./documents.js').Progress} Progress */
/** @typedef {import('./quantity.js').Quantity} Quantity */

/**
 * @typedef {'reached' | 'open' | 'locked' | 'barred'} CardState all levels, some or none, what it requires is missing, what it denies is there
 *
 * @typedef {object} Card
 * @property {number} id
 * @property {string} name
 * @property {string} title
 * @property {string} description
 * @property {string} category
 * @property {number} level
 * @property {number} maxlevel
 * @property {CardState} state
 * @property {string} recurs "today", "this week" … of what begins anew; else empty
 * @property {CardGoal[]} goals towards the next level
 * @property {number} fraction 0 to 1, of all goals together
 * @property {string[]} gains what the next level gives, or what the last has given
 * @property {string} picture the name of its picture
 * @property {number | null} reached_ms when the newest level was reached
 * @property {number | null} ends_at_ms
 * @property {{id: number, title: string}[]} opens_by what is missing, or what stands in its way
 * @property {boolean} hasBoard
 * @property {boolean} isRank it grows with what all others give
 *
 * @typedef {{id: number, title: string, quantity: Quantity, value: number | null, goal: number | null, operator: 'geq' | 'leq', achieved: boolean}} CardGoal
 */

/** @type {Record<string, string>} */
const RECURS = { daily: 'today', weekly: 'this week', monthly: 'this month', yearly: 'this year' };

/**
 * @param {readonly Progress[]} progress of whoever is logged in
 * @param {readonly Definition[]} definitions of what can be seen
 * @param {readonly string[]} languages
 * @returns {Card[]} in the server's order
 */
export function cardsOf(progress, definitions, languages) {
  const defined = new Map(definitions.map((each) => [each.id, each]));
  const moved = new Set(definitions.flatMap((each) => each.moves));
  const levels = new Map(progress.map(({ achievement }) => [achievement.id, achievement.level]));
  const known = byReference(definitions);
  return progress.map((each) => {
    const { achievement } = each;
    const definition = defined.get(achievement.id) ?? null;
    const { state, opens_by } = openness(achievement, definition, known, levels, languages);
    const goals = goalsOf(each, definition, languages);
    const at = state === 'reached' ? achievement.level : achievement.level + 1;
    const gains = each.levels.get(at)?.rewards ?? [];
    return {
      id: achievement.id,
      name: achievement.name,
      title: inLanguage(achievement.title, languages) || achievement.name,
      description: inLanguage(each.description, languages),
      category: achievement.category,
      level: achievement.level,
      maxlevel: achievement.maxlevel,
      state,
      recurs: RECURS[definition?.evaluation ?? ''] ?? '',
      goals,
      fraction: state === 'reached' ? 1 : fractionOfAll(goals),
      gains: gainWords(gains, languages),
      picture: gains.find((gain) => !gain.isVariable && gain.value)?.value ?? definition?.picture ?? achievement.name,
      reached_ms: achievement.level > 0 ? each.levels_achieved.get(achievement.level) ?? null : null,
      ends_at_ms: definition?.ends_at_ms ?? null,
      opens_by,
      hasBoard: definition?.hasBoard ?? false,
      isRank: goals.length > 0 && (definition?.goals ?? []).every(({ variable }) => variable !== null && moved.has(variable)),
    };
  });
}

/** What can be achieved, for somebody without an account. @param {readonly Definition[]} definitions @param {readonly string[]} languages @returns {Card[]} */
export function cardsOfCatalogue(definitions, languages) {
  const known = byReference(definitions);
  return definitions.map((each) => ({
    id: each.id,
    name: each.name,
    title: inLanguage(each.title, languages) || each.name,
    description: inLanguage(each.description, languages),
    category: each.category,
    level: 0,
    maxlevel: each.maxlevel,
    ...openness({ ...each, level: 0 }, each, known, new Map(), languages),
    recurs: RECURS[each.evaluation] ?? '',
    goals: [],
    fraction: 0,
    gains: gainWords(each.rewards, languages),
    picture: each.picture,
    reached_ms: null,
    ends_at_ms: each.ends_at_ms,
    hasBoard: each.hasBoard,
    isRank: false,
  }));
}

/** References go by number or by name. @param {readonly Definition[]} definitions */
function byReference(definitions) {
  /** @type {Map<number | string, Definition>} */
  const known = new Map();
  for (const each of definitions) known.set(each.id, each).set(each.name, each);
  return known;
}

/**
 * @param {{level: number, maxlevel: number}} achievement
 * @param {Definition | null} definition
 * @param {Map<number | string, Definition>} known
 * @param {Map<number, number>} levels by id
 * @param {readonly string[]} languages
 * @returns {{state: CardState, opens_by: {id: number, title: string}[]}}
 */
function openness(achievement, definition, known, levels, languages) {
  const named = (/** @type {readonly (number | string)[]} */ references, /** @type {boolean} */ reached) => references
    .map((reference) => known.get(reference))
    .filter((each) => each !== undefined)
    .filter((each) => ((levels.get(each.id) ?? 0) > 0) === reached)
    .map((each) => ({ id: each.id, title: inLanguage(each.title, languages) || each.name }));
  if (achievement.level >= achievement.maxlevel) return { state: 'reached', opens_by: [] };
  const barred = named(definition?.denies ?? [], true);
  if (barred.length) return { state: 'barred', opens_by: barred };
  const missing = named(definition?.requires ?? [], false);
  return missing.length ? { state: 'locked', opens_by: missing } : { state: 'open', opens_by: [] };
}

/** @param {Progress} progress @param {Definition | null} definition @param {readonly string[]} languages @returns {CardGoal[]} */
function goalsOf({ goals }, definition, languages) {
  return goals.map(({ id, name, value, goal, operator, achieved }) => {
    const quantity = quantityOf(definition?.goals.find((each) => each.id === id)?.variable ?? null);
    return { id, title: quantity.title || inLanguage(name, languages), quantity, value, goal, operator, achieved };
  });
}

/** @typedef {'all' | 'under_way' | 'reached' | 'locked'} Show */

/** @param {Card} card @param {Show} show */
export function isShown(card, show) {
  switch (show) {
    case 'reached': return card.level > 0;
    case 'under_way': return card.state === 'open' && card.fraction > 0;
    case 'locked': return card.state === 'locked' || card.state === 'barred';
    default: return true;
  }
}

/** @param {string} category as the catalogue has it @returns {string} */
export function categoryWords(category) {
  if (!category) return 'Other';
  const words = category.replace(/[-_]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** In the order in which categories come up; what has none is last. @param {readonly Card[]} cards @returns {[string, Card[]][]} */
export function byCategory(cards) {
  /** @type {Map<string, Card[]>} */
  const groups = new Map();
  for (const card of cards) {
    const group = groups.get(card.category);
    if (group) group.push(card);
    else groups.set(card.category, [card]);
  }
  return [...groups].sort(([one], [other]) => Number(one === '') - Number(other === ''));
}

/**
 * What has just been unlocked, before the numbers are read anew.
 * @param {readonly Progress[]} progress
 * @param {import('../protocol-own.js').UnlockedChange} change
 * @returns {Progress[]}
 */
export function applyUnlocked(progress, { achievement, new_levels, at_ms }) {
  return progress.map((each) => {
    if (each.achievement.id !== achievement.id || each.achievement.level >= achievement.level) return each;
    const times = new Map(each.levels_achieved);
    for (const { level } of new_levels) if (!times.has(level)) times.set(level, at_ms ?? 0);
    const isOver = achievement.level >= each.achievement.maxlevel;
    const next = each.levels.get(achievement.level + 1)?.goals ?? [];
    const goals = each.goals.map((goal, index) => (isOver ? { ...goal, achieved: true } : { ...goal, goal: next[index] ?? goal.goal, achieved: false }));
    return { ...each, achievement: { ...each.achievement, level: achievement.level }, levels_achieved: times, goals };
  });
}
