/**
 * Buttons that ask the server: at rest while their request is under way; what goes wrong is said beside them, and nothing is lost.
 */

import { element, setText } from '../elements.js';
import { wordsOf } from '../rest.js';

/**
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} deed
 * @param {HTMLElement} wrong where it is said what went wrong
 */
export async function whileBusy(button, deed, wrong) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  // Not `disabled`: that would lose the focus.
  button.setAttribute('aria-disabled', 'true');
  setText(wrong, '');
  try {
    await deed();
  } catch (failure) {
    setText(wrong, wordsOf(failure));
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

/**
 * @param {string} words
 * @param {string} look classes beside `button`
 * @param {() => Promise<void>} deed
 * @param {HTMLElement} wrong
 * @param {string} [name] for a screen reader, when the words alone say too little
 * @returns {HTMLButtonElement}
 */
export function deedButton(words, look, deed, wrong, name) {
  const button = element('button', { type: 'button', class: `button ${look}`.trim(), ariaLabel: name ?? null }, words);
  button.addEventListener('click', () => whileBusy(button, deed, wrong));
  return button;
}

/** Where a part of a page says what went wrong. */
export function wrongPlace() {
  return element('p', { class: 'wrong', role: 'alert' });
}
