/**
 * The dialog in which a task is written: a new one, or one that is there. It asks the server itself: what is wrong stands at its field,
 * and what was typed stays while the server is away.
 */

import { element, setText } from '../elements.js';
import { field, onSubmit } from '../form.js';
import { newId } from '../new-id.js';
import { ApiError, patch, post } from '../rest.js';
import { getUnits } from '../settings.js';
import { changesOf, documentOf, emptyForm, formOf, unitOf } from './task-form.js';
import { DIFFICULTY, ONE, VARIABLES, variableOf, WEEK } from './words.js';

/**
 * @typedef {import('../protocol-habits.js').HabitTask} HabitTask
 * @typedef {import('../protocol-habits.js').HabitTaskType} HabitTaskType
 * @typedef {import('../protocol-habits.js').HabitTag} HabitTag
 * @typedef {import('./task-form.js').TaskForm} TaskForm
 */

/**
 * @param {object} what
 * @param {HabitTaskType} what.type
 * @param {HabitTask | null} what.task null: a new one
 * @param {string} what.text of a new one, as far as it is written
 * @param {HabitTag[]} what.tags
 * @param {string | null} what.tag that a new one has
 * @param {(id: string) => void} what.done
 */
export function openEditor({ type, task, text, tags, tag, done }) {
  const units = getUnits();
  const before = task ? formOf(task, units) : { ...emptyForm(type), text, tags: tag ? [tag] : [] };
  const id = task?.id ?? newId();
  const save = createSaving(id, type, task === null);
  const inputs = createInputs(before, tags, units);
  const dialog = element('dialog', { class: 'dialog editor', 'aria-labelledby': 'editor-title' });
  const form = element('form', { class: 'form' },
    element('h2', { id: 'editor-title' }, task ? `Edit ${ONE[type]}` : `New ${ONE[type]}`),
    ...inputs.nodes,
    element('p', { class: 'wrong', role: 'alert' }),
    element('p', { class: 'row apart editor-end' },
      element('button', { type: 'button', class: 'button plain', onclick: () => dialog.close() }, 'Cancel'),
      element('button', { type: 'submit', class: 'button' }, task ? 'Save' : 'Add')));
  dialog.append(form);
  onSubmit(form, async () => {
    const after = inputs.read();
    const { document, wrong } = task ? changesOf(before, after, units) : documentOf(after, units);
    for (const [member, words] of Object.entries(wrong)) throw new ApiError(400, words, { field: member });
    await save(document);
    dialog.close();
    done(id);
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  inputs.focus();
  return { close: () => dialog.close() };
}

/**
 * Sends what is written. The same document sent again, after an answer that was lost, counts once; another one is another operation.
 * @param {string} id @param {HabitTaskType} type @param {boolean} isNew
 */
function createSaving(id, type, isNew) {
  const path = `/api/tasks/${encodeURIComponent(id)}`;
  let [sent, op_id, isMaybeThere] = ['', '', false];

  /** @param {import('./task-form.js').TaskDocument} document */
  return async (document) => {
    if (Object.keys(document).length === 0) return;
    const text = JSON.stringify(document);
    if (text !== sent) [sent, op_id] = [text, newId()];
    try {
      if (isNew) await post(`/api/tasks?op_id=${op_id}`, { id, type, ...document });
      else await patch(`${path}?op_id=${op_id}`, document);
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      // The first was not heard to arrive, but did: this is how it is to be now.
      if (isNew && isMaybeThere && failure.status === 409) await patch(`${path}?op_id=${newId()}`, document);
      else throw failure;
    } finally {
      isMaybeThere = true;
    }
  };
}

/** @param {TaskForm} form @param {HabitTag[]} tags @param {import('../format.js').Units} units */
function createInputs(form, tags, units) {
  const { type } = form;
  const text = element('input', { type: 'text', name: 'text', value: form.text, autocomplete: 'off' });
  const notes = element('textarea', { name: 'notes', rows: 3 }, form.notes);
  const nodes = [field('What', text), field('Notes', notes)];
  /** @type {((after: TaskForm) => void)[]} */
  const readers = [(after) => Object.assign(after, { text: text.value, notes: notes.value })];
  /** @param {{nodes: HTMLElement[], read: (after: TaskForm) => void}} part */
  const add = (part) => {
    nodes.push(...part.nodes);
    readers.push(part.read);
  };
  if (type === 'reward') add(priceInput(form));
  else add(difficultyInput(form));
  if (type === 'habit') add(buttonsInput(form));
  if (type === 'daily') add(daysInput(form));
  if (type === 'todo') add(dateInput(form));
  if (type === 'daily' || type === 'todo') add(stepsInput(form));
  if (type === 'daily' || type === 'habit') add(ruleInput(form, units));
  if (tags.length) add(tagsInput(form, tags));
  return {
    nodes,
    focus: () => text.focus(),
    /** @returns {TaskForm} */
    read() {
      const after = { ...form };
      for (const read of readers) read(after);
      return after;
    },
  };
}

/** A group of boxes or buttons, with room for what is wrong. @param {string} legend @param {string} id @param {...HTMLElement} children */
function group(legend, id, ...children) {
  return element('fieldset', { class: 'field' }, element('legend', {}, legend), ...children, element('p', { class: 'wrong', id: `${id}-wrong` }));
}

/** @param {string} label @param {boolean} checked @param {{[name: string]: string}} more */
function box(label, checked, more) {
  const input = element('input', { type: 'checkbox', ...more });
  input.checked = checked;
  return { input, node: element('label', { class: 'check' }, input, label) };
}

/** @param {TaskForm} form */
function priceInput(form) {
  const input = element('input', { type: 'text', inputmode: 'decimal', name: 'value', value: form.price, autocomplete: 'off' });
  return { nodes: [field('Price in gold', input)], read: (/** @type {TaskForm} */ after) => void (after.price = input.value) };
}

/** @param {TaskForm} form */
function difficultyInput(form) {
  const radios = Object.entries(DIFFICULTY).map(([priority, word]) => {
    const input = element('input', { type: 'radio', name: 'priority', value: priority, class: 'unseen' });
    input.checked = form.priority === priority;
    return { input, node: element('label', { class: 'choice-of' }, input, element('span', {}, word)) };
  });
  const nodes = [group('Difficulty', 'priority', element('div', { class: 'segments' }, ...radios.map(({ node }) => node)),
    element('p', { class: 'hint' }, 'What is harder brings more, and costs more when it is missed.'))];
  return {
    nodes,
    read: (/** @type {TaskForm} */ after) => void (after.priority = radios.find(({ input }) => input.checked)?.input.value ?? form.priority),
  };
}

/** @param {TaskForm} form */
function buttonsInput(form) {
  const up = box('Plus: something to do more often', form.up, { name: 'up', id: 'habit-up', 'aria-describedby': 'habit-up-wrong' });
  const down = box('Minus: something to do less often', form.down, { name: 'down', id: 'habit-down' });
  return {
    nodes: [group('Buttons', 'habit-up', up.node, down.node)],
    read: (/** @type {TaskForm} */ after) => void Object.assign(after, { up: up.input.checked, down: down.input.checked }),
  };
}

/** @param {TaskForm} form */
function daysInput(form) {
  const days = WEEK.map(([key, short, long]) => {
    const input = element('input', { type: 'checkbox', class: 'unseen', 'aria-label': long });
    input.checked = form.days.includes(key);
    return { key, input, node: element('label', { class: 'choice-of' }, input, element('span', { 'aria-hidden': 'true' }, short)) };
  });
  return {
    nodes: [group('To be done on', 'repeat', element('div', { class: 'segments week' }, ...days.map(({ node }) => node)))],
    read: (/** @type {TaskForm} */ after) => void (after.days = days.filter(({ input }) => input.checked).map(({ key }) => key)),
  };
}

/** @param {TaskForm} form */
function dateInput(form) {
  const input = element('input', { type: 'date', name: 'date', value: form.date });
  return { nodes: [field('Due', input, 'If there is a day for it')], read: (/** @type {TaskForm} */ after) => void (after.date = input.value) };
}

/** @param {TaskForm} form */
function stepsInput(form) {
  const list = element('ul', { class: 'editor-steps', role: 'list' });
  /** @type {{item: TaskForm['checklist'][number], input: HTMLInputElement, node: HTMLElement}[]} */
  let rows = [];
  /** @param {TaskForm['checklist'][number]} item */
  const append = (item) => {
    const input = element('input', {
      type: 'text', value: item.text, maxlength: 1000, ariaLabel: `Step ${rows.length + 1}`, autocomplete: 'off',
      onkeydown: (/** @type {KeyboardEvent} */ key) => {
        if (key.key !== 'Enter' || key.isComposing) return;
        key.preventDefault();
        append({ text: '', completed: false }).focus();
      },
    });
    const row = { item, input, node: element('li', {}, input, element('button', { type: 'button', class: 'button small quiet', onclick: () => away(row), ariaLabel: 'Remove this step' }, '✕')) };
    rows.push(row);
    list.append(row.node);
    return input;
  };
  /** @param {typeof rows[number]} row */
  const away = (row) => {
    const at = rows.indexOf(row);
    rows = rows.filter((each) => each !== row);
    row.node.remove();
    (rows[at] ?? rows[at - 1])?.input.focus();
    if (!rows.length) more.focus();
  };
  const more = element('button', { type: 'button', class: 'button small plain', onclick: () => append({ text: '', completed: false }).focus() }, 'Add a step');
  form.checklist.forEach(append);
  return {
    nodes: [group('Checklist', 'checklist', list, element('p', {}, more))],
    read: (/** @type {TaskForm} */ after) => void (after.checklist = rows.map(({ item, input }) => ({ ...item, text: input.value }))),
  };
}

/** @param {TaskForm} form @param {import('../format.js').Units} units */
function ruleInput(form, units) {
  const shown = VARIABLES.filter(([name]) => name !== 'longest_run_m' || form.variable === name);
  const variable = element('select', { name: 'rule.variable', ariaLabel: 'A run' },
    element('option', { value: '' }, 'No run'), ...shown.map(([value, word]) => element('option', { value }, `${word[0].toUpperCase()}${word.slice(1)}`)));
  const bound = element('select', { name: 'rule.bound', ariaLabel: 'At least or at most' }, element('option', { value: 'at_least' }, 'at least'), element('option', { value: 'at_most' }, 'at most'));
  const amount = element('input', { type: 'text', inputmode: 'text', name: 'rule', id: 'rule-amount', value: form.amount, autocomplete: 'off', 'aria-describedby': 'rule-amount-unit rule-amount-wrong' });
  amount.setAttribute('aria-label', 'Amount');
  const unit = element('span', { id: 'rule-amount-unit', class: 'muted' });
  const bounds = element('div', { class: 'rule-bounds' }, bound, amount, unit);
  [variable.value, bound.value] = [form.variable, form.bound];
  const show = () => {
    bounds.hidden = !variable.value;
    if (variable.value) setText(unit, unitOf(variable.value, units));
  };
  variable.addEventListener('change', () => {
    const kind = variable.value ? variableOf(variable.value)[2] : '';
    bound.value = kind === 'pace' ? 'at_most' : 'at_least';
    amount.value = kind === 'count' ? '1' : '';
    show();
  });
  show();
  const title = form.type === 'daily' ? 'Ticked by a run' : 'Scored by a run';
  return {
    nodes: [group(title, 'rule-amount', variable, bounds,
      element('p', { class: 'hint' }, `A finished run that fits ${form.type === 'daily' ? 'ticks it' : 'counts as a plus'} by itself.`))],
    read: (/** @type {TaskForm} */ after) => void Object.assign(after, { variable: variable.value, bound: bound.value, amount: amount.value }),
  };
}

/** @param {TaskForm} form @param {HabitTag[]} tags */
function tagsInput(form, tags) {
  const boxes = tags.map(({ id, name }) => {
    const input = element('input', { type: 'checkbox', class: 'unseen' });
    input.checked = form.tags.includes(id);
    return { id, input, node: element('label', { class: 'choice-of' }, input, element('span', {}, name)) };
  });
  const unknown = form.tags.filter((id) => !tags.some((tag) => tag.id === id));
  return {
    nodes: [group('Tags', 'tags', element('div', { class: 'segments loose' }, ...boxes.map(({ node }) => node)))],
    read: (/** @type {TaskForm} */ after) => void (after.tags = [...unknown, ...boxes.filter(({ input }) => input.checked).map(({ id }) => id)]),
  };
}
