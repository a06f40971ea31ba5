/**
 * The board as it is shown: what the server says, and above it what was tapped here and is still on its way, reckoned simply: a
 * tick is shown ticked, a task stands where it was put. What a tap brings in gold and health only the server knows. Pure.
 */

import { afterEffect, LISTS } from '../habit-board.js';

/**
 * @typedef {import('../habit-board.js').HabitBoard} HabitBoard
 * @typedef {import('../protocol-habits.js').HabitTask} HabitTask
 * @typedef {import('../protocol-habits.js').HabitTaskType} HabitTaskType
 * @typedef {import('../protocol-habits.js').HabitEffect} HabitEffect
 * @typedef {import('../protocol-habits.js').HabitOperation} HabitOperation
 * @typedef {import('./queue.js').Entry} Entry
 *
 * @typedef {object} View
 * @property {HabitBoard} board
 * @property {Map<string, number>} waiting by a task's id: how many taps on it the server has not answered
 * @property {boolean} hero_waits something was bought, or the user comes back
 * @property {number} unsent operations that the server does not have
 *
 * @typedef {object} Lists
 * @property {HabitTask[]} open
 * @property {HabitTask[]} done to-dos that are ticked; empty elsewhere
 */

/** @param {HabitBoard} board @param {Entry[]} entries in their order @returns {View} */
export function viewOf(board, entries) {
  let shown = board;
  /** @type {Map<string, number>} */
  const waiting = new Map();
  let [hero_waits, unsent] = [false, 0];
  for (const { op, v } of entries) {
    if (v !== null && v <= board.v) continue; // the board has it
    shown = guess(shown, op).reduce(afterEffect, shown);
    if (v === null) unsent += 1;
    const id = taskOf(op);
    if (id) waiting.set(id, (waiting.get(id) ?? 0) + 1);
    else hero_waits ||= op.op !== 'clear-completed';
  }
  return { board: shown, waiting, hero_waits, unsent };
}

/** @param {HabitOperation} op @returns {string | null} the task that it is about */
function taskOf(op) {
  if ('task' in op) return op.task.id;
  return op.op === 'set' && op.path.startsWith('tasks.') ? op.path.split('.')[1] : null;
}

/** @param {HabitBoard} board @param {string} id @returns {HabitTask | undefined} */
export function taskIn(board, id) {
  for (const name of Object.values(LISTS)) {
    const task = board[name].find((it) => it.id === id);
    if (task) return task;
  }
  return undefined;
}

/** What an operation will do to what is seen. @param {HabitBoard} board @param {HabitOperation} op @returns {HabitEffect[]} */
function guess(board, op) {
  if (op.op === 'clear-completed') {
    return board.todos.filter((task) => task.completed).map(({ id, type }) => ({ change: 'task_removed', id, type }));
  }
  if (op.op === 'addTask') return taskIn(board, op.task.id) ? [] : [{ change: 'task_added', task: newcomer(op.task), index: 0 }];
  const id = taskOf(op);
  const task = id === null ? undefined : taskIn(board, id);
  if (!task) return [];
  switch (op.op) {
    case 'score': {
      const completed = op.dir === 'up';
      if (task.completed === undefined || task.completed === completed) return [];
      return [{ change: 'task_changed', id: task.id, now: { completed, completed_by: null, completed_at: null } }];
    }
    case 'sortTask': {
      const list = board[LISTS[task.type]];
      const [from, to] = [list.indexOf(task), Math.min(op.to, list.length - 1)];
      return from === to ? [] : [{ change: 'task_sorted', id: task.id, type: task.type, from, to }];
    }
    case 'delTask':
      return [{ change: 'task_removed', id: task.id, type: task.type }];
    case 'set': {
      const [, , member, index] = op.path.split('.');
      if (member !== 'checklist' || !task.checklist?.[Number(index)]) return [];
      const checklist = task.checklist.with(Number(index), { ...task.checklist[Number(index)], completed: op.value === true });
      return [{ change: 'task_changed', id: task.id, now: { checklist } }];
    }
    default:
      return [];
  }
}

/** As the server makes it. @param {{id: string, type: HabitTaskType, text: string, value?: number, tags?: string[]}} given @returns {HabitTask} */
function newcomer({ id, type, text, value = 0, tags = [] }) {
  const task = { id, type, text, notes: '', value, priority: /** @type {const} */ ('!'), tags, created_at: '' };
  if (type === 'habit') return { ...task, up: true, down: true };
  if (type === 'reward') return task;
  const steps = { ...task, completed: false, checklist: [] };
  if (type === 'todo') return steps;
  return { ...steps, streak: 0, repeat: { su: true, m: true, t: true, w: true, th: true, f: true, s: true } };
}

/**
 * A list as it is shown.
 * @param {HabitTask[]} tasks in their order
 * @param {string | null} tag only those that have it
 * @returns {Lists}
 */
export function listsOf(tasks, tag) {
  const chosen = tag === null ? tasks : tasks.filter((task) => task.tags.includes(tag));
  const done = (/** @type {HabitTask} */ task) => task.type === 'todo' && task.completed === true;
  return { open: chosen.filter((task) => !done(task)), done: chosen.filter(done) };
}

/** How many of a list are to be done. @param {HabitTask[]} tasks @param {string} weekday as in `repeat` */
export function countOpen(tasks, weekday) {
  return tasks.filter((task) => task.completed === false && isDue(task, weekday)).length;
}

/** @param {HabitTask} task @param {string} weekday @returns {boolean} of a daily: whether it is to be done on this day */
export function isDue(task, weekday) {
  return task.type !== 'daily' || task.repeat?.[weekday] !== false;
}

export const WEEKDAYS = /** @type {const} */ (['su', 'm', 't', 'w', 'th', 'f', 's']);

/** The day that it is for somebody whose days begin at this hour. @param {Date} now @param {number} day_start @returns {string} */
export function weekdayOf(now, day_start) {
  return WEEKDAYS[new Date(now.getFullYear(), now.getMonth(), now.getDate(), now.getHours() - day_start).getDay()];
}

/**
 * Where in the whole list a task comes to stand when it is put at a place among those that are shown: behind the one that is shown
 * before it, or else before the one behind it. What is not shown stays by its neighbours.
 * @param {string[]} all ids
 * @param {string[]} shown ids, in the same order
 * @param {string} id of the task that moves
 * @param {number} to among those shown, itself taken out
 * @returns {number} in the whole list, itself taken out: what `sortTask` takes
 */
export function placeIn(all, shown, id, to) {
  const rest = all.filter((it) => it !== id);
  const others = shown.filter((it) => it !== id);
  if (to > 0 && others.length) return rest.indexOf(others[Math.min(to, others.length) - 1]) + 1;
  return others.length ? rest.indexOf(others[0]) : 0;
}
