/**
 * Habits on the socket: what is called, what is given back, and what the user's own channel tells. Pure, like `protocol.js`.
 * What a device makes of it is in `habit-board.js`.
 */

import { numberOf, timeOf } from './protocol.js';

/** The method that takes operations: `client.rpc(HABIT_APPLY, {operations, v})`. */
export const HABIT_APPLY = 'habit.apply';

/** What can be asked for, in the form of the HabitRPG document. */
export const HABIT_OPERATIONS = /** @type {const} */ (['addTask', 'delTask', 'sortTask', 'set', 'score', 'buy', 'revive', 'clear-completed']);

/** What a batch may have done. */
export const HABIT_EFFECTS = /** @type {const} */ ([
  'task_added', 'task_changed', 'task_removed', 'task_sorted', 'stats', 'levelled', 'unlocked', 'dropped', 'died', 'revived', 'bought',
  'user_set', 'tags_changed', 'day_turned',
]);

/**
 * @typedef {'habit' | 'daily' | 'todo' | 'reward'} HabitTaskType
 *
 * @typedef {object} HabitTask without its history; members that its type does not have are left out
 * @property {string} id
 * @property {HabitTaskType} type
 * @property {string} text
 * @property {string} notes
 * @property {number} value how it goes; of a reward its price
 * @property {'!' | '!!' | '!!!'} priority
 * @property {string[]} tags ids
 * @property {boolean} [up]
 * @property {boolean} [down]
 * @property {boolean} [completed]
 * @property {{[weekday: string]: boolean}} [repeat] `su`, `m`, `t`, `w`, `th`, `f`, `s`
 * @property {number} [streak]
 * @property {string | number} [date]
 * @property {string} [completed_at] RFC 3339
 * @property {string} [completed_by] the run that ticked it
 * @property {{id: string, text: string, completed: boolean}[]} [checklist]
 * @property {{id: string, start?: string, time: string}[]} [reminders]
 * @property {{variable: string, at_least?: number, at_most?: number}} [rule] what a finished run has to come to, to score it
 * @property {string} created_at RFC 3339
 * @property {object} [other] what else devices have put there
 *
 * @typedef {{gp: number, exp: number, lvl: number, hp: number}} HabitStats
 * @typedef {{id: string, name: string}} HabitTag
 *
 * @typedef {{change: 'task_added', task: HabitTask, index: number}
 *   | {change: 'task_changed', id: string, run?: string, now: {[member: string]: unknown}}
 *   | {change: 'task_removed', id: string, type: HabitTaskType}
 *   | {change: 'task_sorted', id: string, type: HabitTaskType, from: number, to: number}
 *   | {change: 'stats', by: HabitStats, now: HabitStats}
 *   | {change: 'levelled', from: number, to: number}
 *   | {change: 'unlocked', flag: string}
 *   | {change: 'dropped', at: string, kind: 'egg' | 'potion', name: string, now: number, today: number}
 *   | {change: 'died'}
 *   | {change: 'revived', lost: string | null}
 *   | {change: 'bought', slot: string, piece: number}
 *   | {change: 'user_set', path: string, value: unknown}
 *   | {change: 'tags_changed', tags: HabitTag[]}
 *   | {change: 'day_turned', at: string, day: string, days: number, rested: boolean, hp_lost: number, died: boolean,
 *      missed: [string, number][], unticked: string[], tasks: ({id: string} & {[member: string]: unknown})[]}} HabitEffect
 *
 * @typedef {object} HabitsChange what one batch, a day's turn or a finished run has done
 * @property {'habits'} type
 * @property {number | null} at_ms
 * @property {number} v the board's version after it
 * @property {HabitEffect[]} changes in their order
 * @property {boolean} reload it was too much to be told
 *
 * @typedef {object} HabitApplied what `habit.apply` gives back
 * @property {number} v
 * @property {number | null} from the version that `changes` lead on from, to `v`; `null` when nothing was changed, or others came in between
 * @property {HabitEffect[]} changes of this batch alone
 * @property {{index: number, message: string}[]} errors
 * @property {boolean} was_modified others had changed something since the version that was sent
 * @property {boolean} reload
 */

/**
 * @typedef {{op: 'score', id: string, task: {id: string, type: HabitTaskType}, dir: 'up' | 'down'}
 *   | {op: 'sortTask', id: string, task: {id: string}, to: number}
 *   | {op: 'addTask', id: string, task: {id: string, type: HabitTaskType, text: string, value?: number, tags?: string[]}}
 *   | {op: 'delTask', id: string, task: {id: string, type: HabitTaskType}}
 *   | {op: 'set', id: string, path: string, value: string | number | boolean}
 *   | {op: 'buy', id: string, type: 'weapon' | 'armor' | 'head' | 'shield' | 'potion'}
 *   | {op: 'revive' | 'clear-completed', id: string}} HabitOperation as this page asks; `id` is the operation's own: with it, it counts once
 *
 * @typedef {object} HabitForecast what the next turn of the day does if nothing is done until then
 * @property {number} at_ms
 * @property {boolean} rested
 * @property {number} hp_lost
 * @property {boolean} died
 * @property {{id: string, type: string, missed: number}[]} tasks
 */

/** @param {any} data @returns {HabitEffect[] | null} null when one is not known here: a newer server says more than we understand */
function effectsOf(data) {
  if (!Array.isArray(data)) return null;
  return data.every((effect) => HABIT_EFFECTS.includes(effect?.change)) ? data : null;
}

/** @param {any} data of a publication on the user's own channel @returns {HabitsChange | null} null when it is none of these */
export function parseHabitsChange(data) {
  const v = numberOf(data?.v);
  if (data?.type !== 'habits' || v === null) return null;
  const changes = effectsOf(data.changes);
  return { type: data.type, at_ms: timeOf(data.at), v, changes: changes ?? [], reload: data.reload === true || !changes };
}

/** @param {any} data that `habit.apply` has given back @returns {HabitApplied | null} */
export function parseHabitApplied(data) {
  const v = numberOf(data?.v);
  if (v === null || !Array.isArray(data.errors)) return null;
  const changes = effectsOf(data.changes);
  const errors = data.errors.map((/** @type {any} */ it) => ({ index: numberOf(it?.index) ?? 0, message: String(it?.message ?? '') }));
  return { v, from: numberOf(data.from), changes: changes ?? [], errors, was_modified: data.was_modified === true, reload: data.reload === true || !changes };
}

const TYPES = ['habit', 'daily', 'todo', 'reward'];

/** @param {any} data @returns {HabitTask[] | null} */
function tasksOf(data) {
  if (!Array.isArray(data)) return null;
  const whole = (/** @type {any} */ task) => typeof task?.id === 'string' && TYPES.includes(task.type) && typeof task.text === 'string' && numberOf(task.value) !== null;
  return data.filter(whole).map((task) => ({ ...task, notes: String(task.notes ?? ''), tags: Array.isArray(task.tags) ? task.tags : [] }));
}

/** @param {any} data of `GET /api/tasks/board` @returns {import('./habit-board.js').HabitBoard | null} */
export function parseHabitBoard(data) {
  const v = numberOf(data?.v);
  const [habits, dailies, todos, rewards] = [data?.habits, data?.dailies, data?.todos, data?.rewards].map(tasksOf);
  if (v === null || !habits || !dailies || !todos || !rewards || !Array.isArray(data.tags)) return null;
  const { gp, exp, lvl, hp } = data.stats ?? {};
  if ([gp, exp, lvl, hp].some((it) => numberOf(it) === null)) return null;
  return { v, stats: { gp, exp, lvl, hp }, user: data.user ?? {}, tags: data.tags, habits, dailies, todos, rewards };
}

/** @param {any} data of `GET /api/tasks/cron-preview` @returns {HabitForecast | null} */
export function parseHabitForecast(data) {
  const [at_ms, hp_lost] = [timeOf(data?.at), numberOf(data?.hp_lost)];
  if (at_ms === null || hp_lost === null || !Array.isArray(data.tasks)) return null;
  return { at_ms, rested: data.rested === true, hp_lost, died: data.died === true, tasks: data.tasks };
}
