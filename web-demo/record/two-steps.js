/**
 * A deed that cannot be done by accident: the first press asks, and where the finger is then, lies the way back. Works by keyboard
 * like any two buttons; Escape is the way back too.
 */

import { element } from '../elements.js';

/**
 * @param {HTMLElement} place where the question and its buttons stand instead of what is there now
 * @param {{question: string, back: string, sure: string, onSure: () => void, classes?: {back: string, sure: string}}} words
 */
export function askTwice(place, { question, back, sure, onSure, classes = { back: 'button plain', sure: 'button danger' } }) {
  const before = [...place.childNodes];
  const focused = document.activeElement;
  let isOver = false;

  function restore() {
    if (isOver) return;
    isOver = true;
    place.replaceChildren(...before);
    if (focused instanceof HTMLElement) focused.focus();
  }

  function deed() {
    isOver = true;
    place.replaceChildren(...before);
    onSure();
  }

  const wayBack = element('button', { type: 'button', class: classes.back, onclick: restore }, back);
  // The way back lies where the finger has just been, whichever that was.
  const buttons = [element('button', { type: 'button', class: classes.sure, onclick: deed }, sure), wayBack];
  place.replaceChildren(element('p', { class: 'question', role: 'alert' }, question), ...buttons);
  for (const button of buttons) button.addEventListener('keydown', (input) => input.key === 'Escape' && restore());
  wayBack.focus();
  return restore;
}
