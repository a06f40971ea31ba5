/**
 * One of the four lists: its tasks, the line in which a new one is written, and sorting. Rows are kept by their tasks' ids: what
 * has not changed is not touched, so that focus, scroll and a thousand tasks are no trouble.
 */

import { element, setText } from '../elements.js';
import { createRow } from './row.js';
import { createSorter } from './sorter.js';
import { placeIn } from './view.js';
import { EMPTY, ONE, TITLES } from './words.js';

/**
 * @typedef {import('../protocol-habits.js').HabitTask} HabitTask
 * @typedef {import('../protocol-habits.js').HabitTaskType} HabitTaskType
 * @typedef {import('./row.js').Row} Row
 * @typedef {import('./row.js').Context} Context
 *
 * @typedef {object} Picture
 * @property {HabitTask[]} all of the type, in their order
 * @property {import('./view.js').Lists} lists what is shown of them
 * @property {Map<string, number>} waiting
 * @property {Context} context
 * @property {number | null} count beside the title
 *
 * @typedef {object} ColumnActions
 * @property {(task: HabitTask, dir: 'up' | 'down') => void} score
 * @property {(task: HabitTask, index: number, completed: boolean) => void} step
 * @property {(task: HabitTask) => void} edit
 * @property {(task: HabitTask) => void} remove
 * @property {(task: HabitTask, to: number) => void} sort to an index of the whole list
 * @property {(type: HabitTaskType, text: string) => void} add
 * @property {(type: HabitTaskType, text: string) => void} addWith more than a text
 * @property {() => void} clearDone
 * @property {(words: string) => void} say
 */

/** Of a long text, so much is said while it is sorted. */
const SAID_LEN_MAX = 80;
/** Of more tasks than this, only those in sight are laid out. */
const MANY = 100;

/** @param {HabitTaskType} type @param {ColumnActions} actions */
export function createColumn(type, actions) {
  /** @type {Picture | null} */
  let picture = null;
  let isHeld = false;
  const count = element('span', { class: 'count' });
  const line = createLine(type, actions);
  const list = element('ul', { class: 'tasks', role: 'list', tabindex: -1, ariaLabel: TITLES[type] });
  const empty = element('p', { class: 'empty', hidden: true });
  const rowActions = { ...actions, moveBy, remove };
  const open = createRows(list, rowActions);
  const doneList = element('ul', { class: 'tasks', role: 'list', tabindex: -1, ariaLabel: 'Done' });
  const done = createRows(doneList, rowActions);
  const doneWord = element('summary', {});
  const doneFold = element('details', { class: 'done-fold', hidden: true }, doneWord, doneList,
    element('button', { type: 'button', class: 'button small plain', onclick: clear }, 'Clear what is done'));
  const node = element('section', { class: 'column', 'aria-labelledby': `column-${type}` },
    element('h2', { id: `column-${type}` }, TITLES[type], ' ', count), line.node, list, empty, doneFold);
  node.dataset.type = type;

  const sorter = createSorter(list, {
    nameOf: (row) => (open.byNode(row)?.task().text ?? '').slice(0, SAID_LEN_MAX),
    say: actions.say,
    hold(held) {
      isHeld = held;
      // What has come meanwhile.
      if (!held && picture) drawNow(picture);
    },
    move(row, to) {
      const task = open.byNode(row)?.task();
      if (task) moveTo(task, to);
    },
  });

  const shown = () => (picture?.lists.open ?? []).map((task) => task.id);

  /** @param {HabitTask} task @param {number} to among those shown */
  function moveTo(task, to) {
    actions.sort(task, placeIn((picture?.all ?? []).map((each) => each.id), shown(), task.id, to));
  }

  /** @param {HabitTask} task @param {number} by */
  function moveBy(task, by) {
    const ids = shown();
    const from = ids.indexOf(task.id);
    const to = from + by;
    if (from < 0 || to < 0 || to >= ids.length) return actions.say(`${task.text} is the ${by < 0 ? 'first' : 'last'} already.`);
    moveTo(task, to);
    actions.say(`${task.text} is at place ${to + 1} of ${ids.length}.`);
  }

  /** @param {HabitTask} task */
  function remove(task) {
    actions.remove(task);
    actions.say(`${task.text} is deleted.`);
  }

  function clear() {
    actions.clearDone();
    actions.say('What is done is cleared.');
    line.focus();
  }

  /** @param {Picture} next */
  function drawNow({ all, lists, waiting, context, count: number }) {
    setText(count, number ? String(number) : '');
    open.draw(lists.open, waiting, context);
    done.draw(lists.done, waiting, context);
    empty.hidden = lists.open.length > 0;
    setText(empty, all.length === 0 ? EMPTY[type] : lists.done.length ? 'All done.' : 'Nothing here has this tag.');
    doneFold.hidden = lists.done.length === 0;
    setText(doneWord, `Done (${lists.done.length})`);
  }

  return {
    node,
    type,
    /** @param {Picture} next */
    draw(next) {
      picture = next;
      if (!isHeld) drawNow(next);
    },
    /** Under the tasks, in the same column. @param {HTMLElement} more */
    append: (more) => node.append(more),
    /** @param {string} id */
    focus: (id) => (open.byId(id) ?? done.byId(id))?.words.focus(),
    cancel: sorter.cancel,
  };
}

/** The line in which a new task is written. @param {HabitTaskType} type @param {ColumnActions} actions */
function createLine(type, actions) {
  const input = element('input', {
    type: 'text', class: 'line-text', placeholder: `Add a ${ONE[type]}`, ariaLabel: `Add a ${ONE[type]}`, maxlength: 2000, autocomplete: 'off', enterkeyhint: 'done',
  });
  const take = () => {
    const text = input.value.trim();
    input.value = '';
    return text;
  };
  const node = element('form', {
    class: 'line',
    onsubmit: (/** @type {Event} */ submit) => {
      submit.preventDefault();
      const text = take();
      if (text) actions.add(type, text);
      else actions.addWith(type, '');
      input.focus();
    },
  }, input, element('button', {
    type: 'button', class: 'line-more', ariaLabel: `Add a ${ONE[type]} with details`, title: 'With details', onclick: () => actions.addWith(type, take()),
  }, '…'), element('button', { type: 'submit', class: 'line-add', ariaLabel: `Add this ${ONE[type]}` }, 'Add'));
  return { node, focus: () => input.focus() };
}

/**
 * Rows in the order of their tasks.
 * @param {HTMLElement} list
 * @param {import('./row.js').Actions} actions
 */
function createRows(list, actions) {
  /** @type {Map<string, {row: Row, task: HabitTask, waiting: number, depends: string}>} */
  const rows = new Map();

  /** @param {HabitTask} task @param {number} waiting @param {Context} context @param {string} depends @returns {HTMLElement} */
  function rowFor(task, waiting, context, depends) {
    const known = rows.get(task.id);
    if (known && known.task === task && known.waiting === waiting && known.depends === depends) return known.row.node;
    const row = known?.row ?? createRow(task, actions);
    row.update(task, waiting, context);
    rows.set(task.id, { row, task, waiting, depends });
    return row.node;
  }

  /** @param {HabitTask[]} tasks @param {Map<string, number>} waiting @param {Context} context */
  function draw(tasks, waiting, context) {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const place = focused ? [...list.children].findIndex((node) => node.contains(focused)) : -1;
    const ids = new Set(tasks.map((task) => task.id));
    for (const [id, { row }] of rows) {
      if (ids.has(id)) continue;
      row.node.remove();
      rows.delete(id);
    }
    const { units, weekday, now, tags, gp } = context;
    const depends = `${units} ${weekday} ${now.toDateString()} ${JSON.stringify([...tags])}`;
    list.classList.toggle('many', tasks.length > MANY);
    let next = list.firstElementChild;
    for (const task of tasks) {
      const node = rowFor(task, waiting.get(task.id) ?? 0, context, task.type === 'reward' ? `${depends} ${gp}` : depends);
      if (node === next) {
        next = node.nextElementSibling;
      } else if (next && node === next.nextElementSibling) {
        // The one before it goes elsewhere: its turn comes.
        next = node.nextElementSibling;
      } else {
        list.insertBefore(node, next);
      }
    }
    if (focused instanceof HTMLElement && focused !== document.activeElement) refocus(focused, place);
  }

  /** What was moved keeps the focus; from what is gone it goes to the neighbour. @param {HTMLElement} focused @param {number} place */
  function refocus(focused, place) {
    const heir = list.children[Math.min(place, list.children.length - 1)];
    const next = list.contains(focused) ? focused : heir?.querySelector(focused.classList.contains('tick') ? '.tick' : '.task-words') ?? list;
    if (next instanceof HTMLElement) next.focus({ preventScroll: true });
  }

  return {
    draw,
    /** @param {Element} node @returns {Row | undefined} */
    byNode: (node) => (node instanceof HTMLElement ? rows.get(node.dataset.id ?? '')?.row : undefined),
    /** @param {string} id @returns {Row | undefined} */
    byId: (id) => rows.get(id)?.row,
  };
}
