/**
 * Tags: which of them the lists show, and a dialog in which they are made, called otherwise and taken away.
 */

import { element, setText } from '../elements.js';
import { field, onSubmit } from '../form.js';
import { newId } from '../new-id.js';
import { patch, post, remove } from '../rest.js';

/** @typedef {import('../protocol-habits.js').HabitTag} HabitTag */

/** @param {{choose: (tag: string | null) => void, stale: () => void}} actions `stale`: the server was asked for something */
export function createTagBar({ choose, stale }) {
  const list = element('div', { class: 'tag-list' });
  const node = element('div', { class: 'tag-bar', role: 'group', ariaLabel: 'Show only tasks with a tag' }, list,
    element('button', { type: 'button', class: 'chip-button quiet-chip', onclick: () => openTags(() => tags, stale) }, 'Edit tags'));
  /** @type {HabitTag[]} */
  let tags = [];
  /** @type {HTMLButtonElement[]} */
  let buttons = [];

  return {
    node,
    /** @param {HabitTag[]} next @param {string | null} chosen */
    draw(next, chosen) {
      tags = next;
      const all = [{ id: null, name: 'All' }, ...tags];
      while (buttons.length > all.length) buttons.pop()?.remove();
      all.forEach(({ name }, index) => {
        if (!buttons[index]) {
          buttons[index] = element('button', { type: 'button', class: 'chip-button', onclick: () => choose(index === 0 ? null : tags[index - 1]?.id ?? null) });
          list.append(buttons[index]);
        }
        setText(buttons[index], name || 'Untitled');
      });
      all.forEach(({ id }, index) => buttons[index].setAttribute('aria-pressed', String(id === chosen)));
    },
  };
}

/** @param {() => HabitTag[]} current @param {() => void} stale */
function openTags(current, stale) {
  const dialog = element('dialog', { class: 'dialog', 'aria-labelledby': 'tags-title' });
  const rows = element('div', { class: 'tag-rows' });
  const name = element('input', { type: 'text', name: 'name', required: true, maxlength: 100, autocomplete: 'off' });
  const form = element('form', { class: 'form' }, field('New tag', name), element('p', { class: 'wrong', role: 'alert' }),
    element('p', { class: 'row apart' },
      element('button', { type: 'button', class: 'button plain', onclick: () => dialog.close() }, 'Close'),
      element('button', { type: 'submit', class: 'button' }, 'Add tag')));
  onSubmit(form, async () => {
    const tag = await post(`/api/tasks/tags?op_id=${newId()}`, { id: newId(), name: name.value.trim() });
    rows.append(tagRow(tag, stale));
    name.value = '';
    name.focus();
    stale();
  });
  rows.append(...current().map((tag) => tagRow(tag, stale)));
  dialog.append(element('h2', { id: 'tags-title' }, 'Tags'), rows, form);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {HabitTag} tag @param {() => void} stale */
function tagRow(tag, stale) {
  const path = `/api/tasks/tags/${encodeURIComponent(tag.id)}`;
  const input = element('input', { type: 'text', name: 'name', value: tag.name, required: true, maxlength: 100, ariaLabel: `Name of ${tag.name}`, autocomplete: 'off' });
  const node = element('form', { class: 'tag-row' }, element('div', { class: 'field' }, input),
    element('button', { type: 'submit', class: 'button small plain' }, 'Rename'),
    element('button', { type: 'button', class: 'button small danger', onclick: () => away(), ariaLabel: `Delete ${tag.name}` }, 'Delete'),
    element('p', { class: 'wrong', role: 'alert' }));
  const away = async () => {
    try {
      await remove(`${path}?op_id=${newId()}`);
      node.remove();
      stale();
    } catch (failure) {
      setText(/** @type {Element} */ (node.querySelector('.wrong')), failure instanceof Error ? failure.message : String(failure));
    }
  };
  onSubmit(node, async () => {
    await patch(`${path}?op_id=${newId()}`, { name: input.value.trim() });
    stale();
  });
  return node;
}
