/**
 * What is known of a leaderboard's page, and how it moves by what its channel tells. Pure.
 */

import { inLanguage } from '../news.js';
import { quantityOf } from './quantity.js';

/** @typedef {import('./documents.js').Board} Board */
/** @typedef {import('../protocol.js').Standing} Standing */
/** @typedef {import('../protocol.js').Standings} Standings */

/**
 * @typedef {object} BoardKind
 * @property {string} key an achievement's id, or a variable's name: as its channel has it
 * @property {string} path of the REST API
 * @property {string} title
 * @property {import('./quantity.js').Quantity} quantity
 * @property {'geq' | 'leq'} operator of two, the better value is the higher one, or the lower
 * @property {'sum' | 'daily' | 'weekly' | 'monthly' | 'yearly' | 'once'} periods `sum`: of a variable, by week, month or in all
 */

/** Values alike stand by the users' ids, the later one first. @param {'geq' | 'leq'} operator */
const better = (operator) => (/** @type {Standing} */ one, /** @type {Standing} */ other) => {
  const by = operator === 'geq' ? other.value - one.value : one.value - other.value;
  return by || (one.user.id < other.user.id ? 1 : -1);
};

/**
 * The first page of the board of everybody, after something was told. Of people who are known their new values are taken; somebody
 * else may be one whom the reader does not see (a block): then the page has to be read again.
 * @param {Board} board @param {Standings} told @param {'geq' | 'leq'} operator
 * @returns {{board: Board, isStale: boolean}}
 */
export function applyStandings(board, told, operator) {
  if (told.period !== board.period) return { board, isStale: true };
  const heard = new Map([...told.top, ...told.moved].map((standing) => [standing.user.id, standing]));
  const standings = board.standings.map((each) => ({ ...each, value: heard.get(each.user.id)?.value ?? each.value }));
  standings.sort(better(operator));
  const known = new Set(board.standings.map(({ user }) => user.id));
  const last = standings.at(-1);
  // Somebody comes up into this page, or there is room on it.
  const isStale = told.total !== board.total
    || [...heard.values()].some((each) => !known.has(each.user.id) && (!last || better(operator)(each, last) < 0));
  const renumbered = standings.map((each, index) => ({ ...each, position: (board.standings[0]?.position ?? 1) + index }));
  const me = board.me && (renumbered.find(({ user }) => user.id === board.me?.user.id) ?? board.me);
  return { board: { ...board, standings: renumbered, me }, isStale };
}

/** @typedef {{value: string, words: string}} Choice */

/** @type {Record<'daily' | 'weekly' | 'monthly' | 'yearly', [string, string]>} */
const PERIODS = {
  daily: ['Today', 'Yesterday'], weekly: ['This week', 'Last week'], monthly: ['This month', 'Last month'], yearly: ['This year', 'Last year'],
};

/** What may be chosen of a board's periods, the usual one first. @param {BoardKind['periods']} periods @returns {Choice[]} */
export function periodChoices(periods) {
  if (periods === 'once') return [{ value: '', words: 'All time' }];
  if (periods !== 'sum') return PERIODS[periods].map((words, index) => ({ value: index === 0 ? '' : 'before', words }));
  return [
    { value: 'all', words: 'All time' }, { value: 'week', words: 'This week' }, { value: 'week:before', words: 'Last week' },
    { value: 'month', words: 'This month' }, { value: 'month:before', words: 'Last month' },
  ];
}

/**
 * A choice as the API has it: of a period that is over a day is named.
 * @param {BoardKind['periods']} periods @param {string} choice @param {string} today like "2026-11-22" @returns {string}
 */
export function periodParameter(periods, choice, today) {
  if (!choice.endsWith('before')) return choice;
  /** @type {Record<string, Exclude<BoardKind['periods'], 'sum' | 'once'>>} */
  const spans = { 'week:before': 'weekly', 'month:before': 'monthly' };
  const span = spans[choice] ?? periods;
  const day = /** @type {Record<string, string>} */ ({
    daily: shifted(today, -1), weekly: shifted(today, -7), monthly: shifted(`${today.slice(0, 7)}-01`, -1), yearly: shifted(`${today.slice(0, 4)}-01-01`, -1),
  })[span];
  return choice.replace('before', day);
}

/** @param {string} day @param {number} days @returns {string} */
function shifted(day, days) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/**
 * All boards that there are: variables first.
 * @param {readonly {name: string, leaderboard: boolean}[]} variables
 * @param {readonly import('./documents.js').Definition[]} definitions
 * @param {readonly string[]} languages
 * @returns {BoardKind[]}
 */
export function boardsOf(variables, definitions, languages) {
  const sums = variables.filter(({ leaderboard }) => leaderboard).map(({ name }) => /** @type {BoardKind} */ ({
    key: name, path: `/api/variables/${encodeURIComponent(name)}/leaderboard`, title: quantityOf(name).title, quantity: quantityOf(name), operator: 'geq', periods: 'sum',
  }));
  // What most people come for is first.
  sums.sort((one, other) => Number(other.key === 'distance_m') - Number(one.key === 'distance_m'));
  const achievements = definitions.filter(({ hasBoard }) => hasBoard).map((each) => /** @type {BoardKind} */ ({
    key: String(each.id),
    path: `/api/achievements/${each.id}/leaderboard`,
    title: inLanguage(each.title, languages) || each.name,
    quantity: quantityOf(each.goals[0]?.variable ?? null),
    operator: each.goals[0]?.operator ?? 'geq',
    periods: Object.hasOwn(PERIODS, each.evaluation) ? each.evaluation : 'once',
  }));
  return [...sums, ...achievements];
}
