/**
 * The habit board in words: how a task goes, when it is due, what a run has to come to, what has happened. Pure. Colour never says
 * alone what these say.
 */

import { formatDistanceNumber, formatDuration, formatHeight } from '../format.js';

/**
 * @typedef {import('../protocol-habits.js').HabitTask} HabitTask
 * @typedef {import('../protocol-habits.js').HabitTaskType} HabitTaskType
 * @typedef {import('../protocol-habits.js').HabitEffect} HabitEffect
 * @typedef {import('../format.js').Units} Units
 */

export const TITLES = /** @type {const} */ ({ habit: 'Habits', daily: 'Dailies', todo: 'To-dos', reward: 'Rewards' });
export const ONE = /** @type {const} */ ({ habit: 'habit', daily: 'daily', todo: 'to-do', reward: 'reward' });
export const EMPTY = /** @type {const} */ ({
  habit: 'Habits are things to do more often, or less. Add one, then tap + or − each time.',
  daily: 'Dailies come back on the days that you choose. A run can tick them for you.',
  todo: 'To-dos are done once. The longer they wait, the more they are worth.',
  reward: 'Rewards cost the gold that you earn. Add something to look forward to.',
});
export const DIFFICULTY = /** @type {const} */ ({ '!': 'Easy', '!!': 'Medium', '!!!': 'Hard' });
/** From Monday on, as most calendars here have it. */
export const WEEK = /** @type {const} */ ([
  ['m', 'Mon', 'Monday'], ['t', 'Tue', 'Tuesday'], ['w', 'Wed', 'Wednesday'], ['th', 'Thu', 'Thursday'], ['f', 'Fri', 'Friday'], ['s', 'Sat', 'Saturday'], ['su', 'Sun', 'Sunday'],
]);
/** @type {Record<string, string>} */
const GOODS = { potion: 'Health potion', weapon: 'Weapon', armor: 'Armour', head: 'Helmet', shield: 'Shield' };

/** @param {number} value how a task goes @returns {{band: 'worst' | 'bad' | 'weak' | 'even' | 'good' | 'strong' | 'best', word: string}} */
export function bandOf(value) {
  if (value < -16) return { band: 'worst', word: 'neglected' };
  if (value < -9) return { band: 'bad', word: 'slipping' };
  if (value < -1) return { band: 'weak', word: 'shaky' };
  if (value < 1) return { band: 'even', word: 'steady' };
  if (value < 5) return { band: 'good', word: 'going well' };
  return value < 10 ? { band: 'strong', word: 'strong' } : { band: 'best', word: 'excellent' };
}

/** Without decimals that say nothing. @param {number} value @returns {string} like "12", "0.5", "1.94" */
export function formatNumber(value) {
  const rounded = Math.round(value * 100) / 100;
  return String(Object.is(rounded, -0) ? 0 : rounded);
}

/** @param {number} gp @returns {string} what there is to spend: never more than there is */
export function formatGold(gp) {
  return formatNumber(Math.floor(gp * 100) / 100);
}

/** @param {{[weekday: string]: boolean} | undefined} repeat @returns {string} empty for every day */
export function sayRepeat(repeat) {
  const days = WEEK.filter(([key]) => repeat?.[key] !== false);
  if (!repeat || days.length === 7) return '';
  if (days.length === 0) return 'on no day';
  const keys = days.map(([key]) => key).join();
  if (keys === 'm,t,w,th,f') return 'on weekdays';
  if (keys === 's,su') return 'at weekends';
  return days.map(([, short]) => short).join(', ');
}

/**
 * A to-do's date as an app has written it: a day, a moment, milliseconds, or anything.
 * @param {string | number | undefined} date @returns {{day: string, at: Date} | null} the day where the reader is, as `2026-12-01`
 */
export function dayOf(date) {
  if (date === undefined || date === '') return null;
  const plain = typeof date === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(date);
  const at = new Date(plain ? `${date}T00:00:00` : date);
  if (Number.isNaN(at.getTime())) return null;
  const pad = (/** @type {number} */ number) => String(number).padStart(2, '0');
  return { day: `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`, at };
}

/** @param {HabitTask} task @param {Date} now @returns {{text: string, is_late: boolean} | null} */
export function sayDue(task, now) {
  if (task.type !== 'todo' || task.date === undefined || task.date === '') return null;
  const due = dayOf(task.date);
  if (!due) return { text: `Due ${task.date}`, is_late: false };
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.round((new Date(due.at.getFullYear(), due.at.getMonth(), due.at.getDate()).getTime() - today.getTime()) / 86_400_000);
  const year = due.at.getFullYear() === now.getFullYear() ? {} : { year: /** @type {const} */ ('numeric') };
  const when = days === 0 ? 'today' : days === 1 ? 'tomorrow' : due.at.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', ...year });
  const is_late = days < 0 && !task.completed;
  return { text: is_late ? `Late: was due ${days === -1 ? 'yesterday' : when}` : `Due ${when}`, is_late };
}

/** What a run's variables are called, and what their amounts are counted in. */
export const VARIABLES = /** @type {const} */ ([
  ['runs', 'any run', 'count'], ['distance_m', 'distance', 'distance'], ['moving_s', 'time moving', 'minutes'], ['climb_m', 'climb', 'height'],
  ['best_1km_s', 'fastest 1 km', 'pace'], ['best_5km_s', 'fastest 5 km', 'pace'], ['best_10km_s', 'fastest 10 km', 'pace'],
  ['early_runs', 'an early run', 'count'], ['late_runs', 'a late run', 'count'], ['weekend_runs', 'a run at the weekend', 'count'], ['longest_run_m', 'longest run', 'distance'],
]);

/** @param {string} variable @returns {readonly [string, string, string]} */
export function variableOf(variable) {
  return VARIABLES.find(([name]) => name === variable) ?? [variable, variable, 'count'];
}

/** @param {number} amount in the variable's own unit @param {string} kind @param {Units} units @returns {string} like "5 km" */
function sayAmount(amount, kind, units) {
  switch (kind) {
    case 'distance':
      return `${formatDistanceNumber(amount, units).replace(/\.?0+$/, '')} ${units}`;
    case 'height':
      return formatHeight(amount, units);
    case 'minutes':
      return `${formatNumber(amount / 60)} min`;
    case 'pace':
      return formatDuration(amount);
    default:
      return formatNumber(amount);
  }
}

/** @param {HabitTask['rule']} rule @param {Units} units @returns {string} like "a run of at least 5 km" */
export function sayRule(rule, units) {
  if (!rule) return '';
  const [variable, name, kind] = variableOf(rule.variable);
  if (kind === 'count' && rule.at_most === undefined && (rule.at_least ?? 1) <= 1) return name;
  const bounds = [
    rule.at_least === undefined ? '' : `at least ${sayAmount(rule.at_least, kind, units)}`,
    rule.at_most === undefined ? '' : `at most ${sayAmount(rule.at_most, kind, units)}`,
  ].filter(Boolean).join(' and ');
  if (variable === 'distance_m' || variable === 'longest_run_m') return `a run of ${bounds}`;
  if (variable === 'moving_s') return `a run of ${bounds} on the move`;
  if (variable === 'climb_m') return `a run with a climb of ${bounds}`;
  return kind === 'pace' ? `a run with its ${name} in ${bounds}` : `a run with ${name} ${bounds}`;
}

/** @param {import('./hero.js').Offer} offer */
export function sayOffer({ goods, piece }) {
  return goods === 'potion' ? 'Health potion' : `${GOODS[goods]} ${piece}`;
}

/** @param {import('./hero.js').Offer} offer */
export function explainOffer({ goods }) {
  if (goods === 'potion') return 'Gives 15 health back.';
  return goods === 'weapon' ? 'More experience for what you do.' : 'Less health lost for what you miss.';
}

/**
 * How one's numbers have moved, for the eye and for a screen reader.
 * @param {import('../protocol-habits.js').HabitStats} by @returns {string} empty when they have not
 */
export function sayGain({ gp, exp, hp }) {
  const parts = [[hp, 'health'], [exp, 'experience'], [gp, 'gold']];
  const said = parts.map(([amount, word]) => (Math.abs(Number(amount)) < 0.005 ? '' : `${Number(amount) > 0 ? '+' : '−'}${formatNumber(Math.abs(Number(amount)))} ${word}`));
  return said.filter(Boolean).join(', ');
}

/**
 * What is worth more than a number that moves.
 * @param {HabitEffect} effect @returns {string} empty for the rest
 */
export function sayEffect(effect) {
  switch (effect.change) {
    case 'levelled':
      return effect.to > effect.from ? `Level ${effect.to} reached.` : `Back to level ${effect.to}.`;
    case 'dropped':
      return effect.kind === 'egg' ? `You found an egg: ${effect.name}.` : `You found a potion: ${effect.name}.`;
    case 'died':
      return 'You have no health left.';
    case 'revived':
      return effect.lost ? `You are back, and have lost your ${GOODS[effect.lost].toLowerCase()}.` : 'You are back.';
    case 'bought':
      return `${sayOffer({ goods: /** @type {any} */ (effect.slot), piece: effect.piece, price: 0 })} is yours.`;
    case 'unlocked':
      return effect.flag === 'dropsEnabled' ? 'From now on you may find eggs and potions.' : '';
    case 'day_turned':
      return effect.rested ? 'A new day has begun. You rested.' : `A new day has begun.${effect.hp_lost > 0 ? ` It cost ${formatNumber(effect.hp_lost)} health.` : ''}`;
    default:
      return '';
  }
}

/**
 * What the next turn of the day will do.
 * @param {import('../protocol-habits.js').HabitForecast} forecast @param {Date} now @returns {string}
 */
export function sayForecast({ at_ms, rested, hp_lost, died, tasks }, now) {
  const at = new Date(at_ms);
  const time = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });
  const is_today = at.toDateString() === now.toDateString();
  const day = is_today ? 'today' : at_ms - now.getTime() < 86_400_000 ? 'tomorrow' : at.toLocaleDateString('en-GB', { weekday: 'long' });
  const when = `Your day ends ${day} at ${time}.`;
  if (rested) return `${when} You are resting at the inn: nothing is lost.`;
  const missed = tasks.filter((task) => task.type === 'daily' && task.missed > 0).length;
  if (missed === 0) return `${when} No daily is left to do: nothing is lost.`;
  const left = `${missed === 1 ? 'One daily is' : `${missed} dailies are`} left`;
  if (died) return `${when} ${left}: without them you lose all health.`;
  return `${when} ${left}${hp_lost > 0 ? `, which would cost ${formatNumber(hp_lost)} health` : ''}.`;
}

/** What stands in `errors` or comes as a refusal, as one says it. @param {string} message @returns {string} */
export function sayRefusal(message) {
  const plain = message.trim();
  if (/not enough gp/i.test(plain)) return 'There is not enough gold for that yet.';
  if (/no such task/i.test(plain)) return 'That task is gone already.';
  return plain ? `${plain[0].toUpperCase()}${plain.slice(1)}${/[.!?]$/.test(plain) ? '' : '.'}` : 'That was refused.';
}
