/**
 * A task as a form, and a form as a document for the server. Pure. Amounts stand in the reader's units. Only what was changed is
 * sent: what another device does meanwhile to the rest, stays.
 */

import { heightIn, unitLengthM } from '../format.js';
import { dayOf, formatNumber, variableOf, WEEK } from './words.js';

/**
 * @typedef {import('../protocol-habits.js').HabitTask} HabitTask
 * @typedef {import('../protocol-habits.js').HabitTaskType} HabitTaskType
 * @typedef {import('../format.js').Units} Units
 *
 * @typedef {object} TaskForm
 * @property {HabitTaskType} type
 * @property {string} text
 * @property {string} notes
 * @property {string} priority
 * @property {string[]} tags
 * @property {boolean} up
 * @property {boolean} down
 * @property {string[]} days of `repeat`
 * @property {string} date
 * @property {{id?: string, text: string, completed: boolean}[]} checklist
 * @property {string} variable empty: no run scores it
 * @property {'at_least' | 'at_most'} bound
 * @property {string} amount
 * @property {string} price
 *
 * @typedef {{[member: string]: any}} TaskDocument
 * @typedef {{[member: string]: string}} Wrong what is wrong, by the member that it is wrong with
 */

const TEXT_LEN_MAX = 2000;
const CHECKLIST_LEN_MAX = 200;

/** @param {HabitTask} task @param {Units} units @returns {TaskForm} */
export function formOf(task, units) {
  const { rule } = task;
  const bound = rule?.at_least === undefined && rule?.at_most !== undefined ? 'at_most' : 'at_least';
  return {
    type: task.type,
    text: task.text,
    notes: task.notes,
    priority: task.priority,
    tags: [...task.tags],
    up: task.up ?? true,
    down: task.down ?? true,
    days: WEEK.map(([key]) => key).filter((key) => task.repeat?.[key] !== false),
    date: dayOf(task.date)?.day ?? '',
    checklist: (task.checklist ?? []).map((item) => ({ ...item })),
    variable: rule?.variable ?? '',
    bound,
    amount: rule ? amountIn(rule[bound] ?? 0, rule.variable, units) : '',
    price: task.type === 'reward' ? formatNumber(task.value) : '',
  };
}

/** @param {HabitTaskType} type @returns {TaskForm} of a task that is not there yet */
export function emptyForm(type) {
  return {
    type, text: '', notes: '', priority: '!', tags: [], up: true, down: type !== 'habit', days: WEEK.map(([key]) => key), date: '', checklist: [],
    variable: '', bound: 'at_least', amount: '', price: type === 'reward' ? '10' : '',
  };
}

/** @param {number} amount as the server counts @param {string} variable @param {Units} units @returns {string} as it is typed */
export function amountIn(amount, variable, units) {
  switch (variableOf(variable)[2]) {
    case 'distance':
      return formatNumber(amount / unitLengthM(units));
    case 'height':
      return formatNumber(heightIn(amount, units));
    case 'minutes':
      return formatNumber(amount / 60);
    case 'pace':
      return `${Math.floor(amount / 60)}:${String(Math.round(amount % 60)).padStart(2, '0')}`;
    default:
      return formatNumber(amount);
  }
}

/** @param {string} variable @param {Units} units @returns {string} what the amount is counted in */
export function unitOf(variable, units) {
  /** @type {Record<string, string>} */
  const names = { distance: units, height: units === 'mi' ? 'ft' : 'm', minutes: 'minutes', pace: 'min:s', count: 'times' };
  return names[variableOf(variable)[2]];
}

/** @param {string} typed @returns {number | null} with a point or a comma */
export function numberTyped(typed) {
  const text = typed.trim().replace(',', '.');
  const number = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  return Number.isFinite(number) ? number : null;
}

/** @param {string} typed @param {string} variable @param {Units} units @returns {number | null} as the server counts */
export function amountTyped(typed, variable, units) {
  const kind = variableOf(variable)[2];
  if (kind === 'pace') {
    const parts = /^\s*(?:(\d+):)?(\d{1,4}):([0-5]\d)\s*$/.exec(typed);
    return parts ? Number(parts[1] ?? 0) * 3600 + Number(parts[2]) * 60 + Number(parts[3]) : null;
  }
  const number = numberTyped(typed);
  if (number === null || number <= 0) return null;
  if (kind === 'distance') return round(number * unitLengthM(units));
  if (kind === 'height') return round(number / heightIn(1, units));
  return kind === 'minutes' ? round(number * 60) : number;
}

/** To a thousandth: what a person types is no finer. @param {number} value */
function round(value) {
  return Math.round(value * 1000) / 1000;
}

/**
 * The whole document. What is plainly wrong is said without asking the server.
 * @param {TaskForm} form @param {Units} units
 * @returns {{document: TaskDocument, wrong: Wrong}}
 */
export function documentOf(form, units) {
  /** @type {Wrong} */
  const wrong = {};
  const text = form.text.trim();
  if (!text) wrong.text = 'Say what it is: a word is enough.';
  else if (text.length > TEXT_LEN_MAX) wrong.text = `That is ${text.length} letters; ${TEXT_LEN_MAX} are enough. Use the notes for more.`;
  /** @type {TaskDocument} */
  const document = { text, notes: form.notes.trim(), tags: form.tags };
  if (form.type === 'reward') {
    const price = numberTyped(form.price);
    if (price === null || price < 0) wrong.value = 'A price is a number, 0 or more.';
    return { document: { ...document, value: price }, wrong };
  }
  document.priority = form.priority;
  if (form.type === 'habit') {
    Object.assign(document, { up: form.up, down: form.down });
    if (!form.up && !form.down) wrong.up = 'Choose at least one of the two.';
  }
  if (form.type === 'daily') document.repeat = Object.fromEntries(WEEK.map(([key]) => [key, form.days.includes(key)]));
  if (form.type === 'todo') document.date = form.date || null;
  if (form.type !== 'habit') {
    document.checklist = form.checklist.map((item) => ({ ...item, text: item.text.trim() })).filter((item) => item.text);
    if (document.checklist.length > CHECKLIST_LEN_MAX) wrong.checklist = `A checklist has ${CHECKLIST_LEN_MAX} steps at most.`;
  }
  if (form.type !== 'todo') document.rule = ruleOf(form, units, wrong);
  return { document, wrong };
}

/** @param {TaskForm} form @param {Units} units @param {Wrong} wrong */
function ruleOf({ variable, bound, amount }, units, wrong) {
  if (!variable) return null;
  const value = amountTyped(amount, variable, units);
  if (value === null) {
    wrong.rule = variableOf(variable)[2] === 'pace' ? 'A time is written like 25:00, in minutes and seconds.' : 'An amount is a number greater than 0.';
  }
  return { variable, [bound]: value };
}

/**
 * What of the document is another than before.
 * @param {TaskForm} before @param {TaskForm} after @param {Units} units
 * @returns {{document: TaskDocument, wrong: Wrong}}
 */
export function changesOf(before, after, units) {
  const [was, is] = [documentOf(before, units).document, documentOf(after, units)];
  const document = Object.fromEntries(Object.entries(is.document).filter(([member, value]) => JSON.stringify(was[member]) !== JSON.stringify(value)));
  const wrong = Object.fromEntries(Object.entries(is.wrong).filter(([member]) => memberOf(member, document)));
  return { document, wrong };
}

/** Faults of what was not touched are no hindrance: another app may have put it there. @param {string} member @param {TaskDocument} document */
function memberOf(member, document) {
  return member in document || (member === 'up' && 'down' in document);
}
