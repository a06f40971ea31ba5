/**
 * One task in its list. Drawn anew only where it has changed; its texts are people's words and are written as text.
 */

import { element, icon, setText } from '../elements.js';
import { isDue } from './view.js';
import { bandOf, DIFFICULTY, formatNumber, sayDue, sayRepeat, sayRule } from './words.js';

/**
 * @typedef {import('../protocol-habits.js').HabitTask} HabitTask
 *
 * @typedef {object} Context what a row's words depend on besides its task
 * @property {import('../format.js').Units} units
 * @property {string} weekday today, as in `repeat`
 * @property {Date} now
 * @property {Map<string, string>} tags names by id
 * @property {number} gp
 *
 * @typedef {object} Actions
 * @property {(task: HabitTask, dir: 'up' | 'down') => void} score
 * @property {(task: HabitTask, index: number, completed: boolean) => void} step
 * @property {(task: HabitTask) => void} edit
 * @property {(task: HabitTask) => void} remove
 * @property {(task: HabitTask, by: number) => void} moveBy
 */

const PLUS = 'M12 5v14M5 12h14';
const MINUS = 'M5 12h14';
const CHECK = 'M5 12.5l4.5 4.5L19 7.5';
const GRIP = 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01';
const MORE = 'M6 12h.01M12 12h.01M18 12h.01';
const NOTES_LEN_MAX = 400;

/**
 * @param {HabitTask} first
 * @param {Actions} actions
 */
export function createRow(first, actions) {
  let task = first;
  const words = element('button', { type: 'button', class: 'task-words', dir: 'auto', title: 'Edit', onclick: () => actions.edit(task) });
  const notes = element('p', { class: 'task-notes', dir: 'auto' });
  const steps = element('ul', { class: 'task-steps', role: 'list' });
  const meta = element('p', { class: 'task-meta' });
  const side = element('div', { class: 'task-side' });
  const waits = element('span', { class: 'task-waits' }, element('span', { class: 'unseen' }, 'Not yet saved'));
  const grip = element('button', { type: 'button', class: 'task-handle grip' }, icon(GRIP));
  const more = element('button', { type: 'button', class: 'task-handle more', ariaExpanded: 'false', onclick: () => showActs(acts.hidden === true) }, icon(MORE));
  const acts = createActs(() => task, actions, () => {
    showActs(false);
    more.focus();
  });
  const node = element('li', { class: 'task' }, side,
    element('div', { class: 'task-body' }, words, notes, steps, meta, acts),
    element('div', { class: 'task-handles' }, grip, more), waits);
  node.dataset.id = task.id;
  node.dataset.type = task.type;
  const parts = { node, words, notes, steps, meta, side, waits, grip, more };

  /** @param {boolean} isShown */
  function showActs(isShown) {
    acts.hidden = !isShown;
    more.setAttribute('aria-expanded', String(isShown));
    acts.dispatchEvent(new CustomEvent('open'));
    if (isShown) /** @type {HTMLElement} */ (acts.querySelector('button')).focus();
  }

  const buttons = createSide(first, () => task, actions);
  side.append(...buttons);
  return {
    node,
    words,
    grip,
    more,
    /** @param {HabitTask} next @param {number} waiting taps without an answer @param {Context} context */
    update(next, waiting, context) {
      const is_another = next.checklist !== task.checklist || next === first;
      task = next;
      dress(parts, task, waiting, context);
      dressSide(buttons, task, context);
      if (is_another || !steps.hasChildNodes()) drawSteps(steps, () => task, actions);
    },
    /** @returns {HabitTask} */
    task: () => task,
  };
}

/** @typedef {ReturnType<typeof createRow>} Row */

/**
 * @param {{node: HTMLElement, words: HTMLElement, notes: HTMLElement, meta: HTMLElement, waits: HTMLElement, grip: HTMLElement, more: HTMLElement}} parts
 * @param {HabitTask} task @param {number} waiting @param {Context} context
 */
function dress({ node, words, notes, meta, waits, grip, more }, task, waiting, context) {
  const name = task.text.trim() || 'Untitled';
  const is_done = task.completed === true;
  node.dataset.band = task.type === 'reward' ? 'reward' : is_done || !isDue(task, context.weekday) ? 'rest' : bandOf(task.value).band;
  node.classList.toggle('done', is_done);
  node.classList.toggle('waits', waiting > 0);
  waits.hidden = waiting === 0;
  setText(words, name);
  setText(notes, task.notes.length > NOTES_LEN_MAX ? `${task.notes.slice(0, NOTES_LEN_MAX)}…` : task.notes);
  notes.hidden = !task.notes;
  meta.replaceChildren(...metaOf(task, context));
  meta.hidden = !meta.hasChildNodes();
  grip.setAttribute('aria-label', `Sort ${name}`);
  grip.title = 'Drag to sort, or press Space';
  more.setAttribute('aria-label', `More for ${name}`);
}

/** @param {HabitTask} task @param {Context} context @returns {HTMLElement[]} */
function metaOf(task, { units, weekday, now, tags }) {
  /** @param {string} text @param {string} [kind] */
  const said = (text, kind = '') => (text ? [element('span', { class: `fact ${kind}` }, text)] : []);
  const due = sayDue(task, now);
  const repeat = task.type === 'daily' ? sayRepeat(task.repeat) : '';
  const rule = sayRule(task.rule, units);
  return [
    ...(due ? said(due.text, due.is_late ? 'late' : '') : []),
    ...said(task.type === 'daily' && !isDue(task, weekday) ? 'Not today' : ''),
    ...said(repeat && `${repeat[0].toUpperCase()}${repeat.slice(1)}`),
    ...said(task.streak ? `${task.streak}-day streak` : '', 'streak'),
    ...(task.completed_by ? [element('a', { class: 'fact run', href: `/runs/${encodeURIComponent(task.completed_by)}` }, 'Ticked by a run')] : said(rule && `${task.type === 'habit' ? '+' : 'Ticked'} by ${rule}`)),
    ...said(task.type === 'reward' || task.priority === '!' ? '' : DIFFICULTY[task.priority] ?? ''),
    ...said(task.type === 'reward' || task.completed ? '' : bandOf(task.value).word, 'band'),
    ...task.tags.flatMap((id) => said(tags.get(id) ?? '', 'tag')),
  ];
}

/** What is tapped: a habit's two buttons, a tick, a price. @param {HabitTask} first @param {() => HabitTask} current @param {Actions} actions */
function createSide(first, current, actions) {
  if (first.type === 'habit') {
    return [
      element('button', { type: 'button', class: 'score up', onclick: () => actions.score(current(), 'up') }, icon(PLUS)),
      element('button', { type: 'button', class: 'score down', onclick: () => actions.score(current(), 'down') }, icon(MINUS)),
    ];
  }
  if (first.type === 'reward') {
    return [element('button', { type: 'button', class: 'price', onclick: () => actions.score(current(), 'up') },
      element('span', { class: 'coin', ariaHidden: 'true' }), element('span', { class: 'price-number' }))];
  }
  return [element('button', {
    type: 'button', class: 'tick', role: 'checkbox', onclick: () => actions.score(current(), current().completed ? 'down' : 'up'),
  }, icon(CHECK))];
}

/** @param {HTMLButtonElement[]} buttons @param {HabitTask} task @param {Context} context */
function dressSide(buttons, task, { gp }) {
  const name = task.text.trim() || 'Untitled';
  if (task.type === 'habit') {
    const [up, down] = buttons;
    up.hidden = task.up === false;
    down.hidden = task.down === false;
    up.setAttribute('aria-label', `Plus for ${name}`);
    down.setAttribute('aria-label', `Minus for ${name}`);
  } else if (task.type === 'reward') {
    const short = task.value > gp;
    buttons[0].classList.toggle('short', short);
    buttons[0].setAttribute('aria-label', `Buy ${name} for ${formatNumber(task.value)} gold`);
    buttons[0].title = short ? `${formatNumber(Math.ceil((task.value - gp) * 100) / 100)} more gold needed` : '';
    setText(/** @type {Element} */ (buttons[0].querySelector('.price-number')), formatNumber(task.value));
  } else {
    buttons[0].setAttribute('aria-checked', String(task.completed === true));
    buttons[0].setAttribute('aria-label', name);
  }
}

/** @param {HTMLElement} list @param {() => HabitTask} current @param {Actions} actions */
function drawSteps(list, current, actions) {
  const items = current().checklist ?? [];
  list.hidden = items.length === 0;
  items.forEach((item, index) => {
    const known = list.children[index];
    const row = known instanceof HTMLElement ? known : newStep(index, current, actions);
    if (row !== known) list.append(row);
    /** @type {HTMLInputElement} */ (row.querySelector('input')).checked = item.completed;
    setText(/** @type {Element} */ (row.querySelector('span')), item.text);
  });
  while (list.children.length > items.length) list.lastElementChild?.remove();
}

/** @param {number} index @param {() => HabitTask} current @param {Actions} actions */
function newStep(index, current, actions) {
  const box = element('input', { type: 'checkbox', onchange: () => actions.step(current(), index, box.checked) });
  return element('li', {}, element('label', {}, box, element('span', { dir: 'auto' })));
}

/** What can be done with a task besides. @param {() => HabitTask} current @param {Actions} actions @param {() => void} close */
function createActs(current, actions, close) {
  const button = (/** @type {string} */ name, /** @type {() => void} */ onclick, kind = 'plain', ariaLabel = name) => element('button', { type: 'button', class: `button small ${kind}`, ariaLabel, onclick }, name);
  const sure = element('p', { class: 'task-sure row' });
  const ask = () => {
    usual.hidden = true;
    sure.hidden = false;
    /** @type {HTMLElement} */ (sure.querySelector('.plain')).focus();
  };
  const keep = () => {
    sure.hidden = true;
    usual.hidden = false;
  };
  const usual = element('p', { class: 'row' },
    button('Edit', () => actions.edit(current())),
    button('Up', () => actions.moveBy(current(), -1), 'plain moves', 'Move up'),
    button('Down', () => actions.moveBy(current(), 1), 'plain moves', 'Move down'),
    button('Delete', ask, 'danger'));
  sure.append(element('span', {}, 'Delete it, with its history?'), button('Delete', () => actions.remove(current()), 'danger'), button('Keep', () => {
    keep();
    /** @type {HTMLElement} */ (usual.querySelector('.danger')).focus();
  }));
  keep();
  return element('div', {
    class: 'task-acts', hidden: true, onopen: keep,
    onkeydown: (/** @type {KeyboardEvent} */ key) => {
      if (key.key === 'Escape') close();
    },
  }, usual, sure);
}
