/**
 * Asks before something that cannot be taken back.
 */

import { element } from '../elements.js';

let dialogs = 0;

/**
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.words what happens then
 * @param {string} question.yes the button that does it
 * @param {string} question.no the button that does not
 * @param {boolean} [question.danger]
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, words, yes, no, danger = false }) {
  dialogs += 1;
  const id = `dialog-${dialogs}`;
  const back = element('button', { type: 'button', class: 'button plain', onclick: () => dialog.close('') }, no);
  const dialog = element('dialog', { class: 'dialog', ariaLabelledby: id, ariaDescribedby: `${id}-words` },
    element('h2', { id }, title),
    element('p', { id: `${id}-words` }, words),
    element('p', { class: 'row dialog-row' },
      element('button', { type: 'button', class: danger ? 'button danger' : 'button', onclick: () => dialog.close('yes') }, yes), back));
  document.body.append(dialog);
  dialog.showModal();
  // The one that changes nothing is the one that Enter presses.
  back.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}
