/**
 * Sorting a list by hand: a grip is dragged, or picked up with Space and moved with the arrow keys. What the order means is not
 * known here.
 */

import { drag } from './drag.js';
import { layDown, liftUp, shift } from './lift.js';

/**
 * @param {HTMLElement} list whose children are the rows, each with a `.grip` in it
 * @param {object} how
 * @param {(row: HTMLElement) => string} how.nameOf
 * @param {(row: HTMLElement, to: number) => void} how.move dropped at this place, itself taken out
 * @param {(words: string) => void} how.say politely
 * @param {(isHeld: boolean) => void} how.hold while it is held, the list has to stay as it is
 */
export function createSorter(list, how) {
  /** @type {import('./lift.js').Lift | null} */
  let lift = null;
  let isDragged = false;

  /** @param {HTMLElement} row */
  function pickUp(row) {
    how.hold(true);
    return (lift = liftUp(list, row));
  }

  /** @param {boolean} isDropped or else all is as it was */
  function putDown(isDropped) {
    if (!lift) return;
    const { row, from, to } = lift;
    layDown(list, lift);
    lift = null;
    how.hold(false);
    if (isDropped && from !== to) how.move(row, to);
  }

  function letGo() {
    if (!lift) return;
    const { row, from } = lift;
    putDown(false);
    how.say(`${how.nameOf(row)} is back at place ${from + 1}.`);
  }

  /** With Space: up, and down again. @param {HTMLElement} row */
  function toggle(row) {
    if (!lift) {
      const { from, rows } = pickUp(row);
      how.say(`${how.nameOf(row)} is picked up at place ${from + 1} of ${rows.length}. Arrow keys move it, Space drops it, Escape puts it back.`);
      return;
    }
    const { to, rows } = lift;
    putDown(true);
    how.say(`${how.nameOf(row)} is at place ${to + 1} of ${rows.length}.`);
  }

  /** @param {KeyboardEvent} key @param {HTMLElement} row */
  function byKey(key, row) {
    if (key.key === ' ' || key.key === 'Enter') {
      key.preventDefault();
      if (!key.repeat) toggle(row);
    } else if (lift && key.key === 'Escape') {
      letGo();
    } else if (lift) {
      const last = lift.rows.length - 1;
      const to = { ArrowUp: lift.to - 1, ArrowDown: lift.to + 1, Home: 0, End: last }[key.key];
      if (to === undefined) return;
      key.preventDefault();
      shift(lift, Math.max(0, Math.min(last, to)));
      row.scrollIntoView({ block: 'nearest' });
      how.say(`Place ${lift.to + 1} of ${last + 1}.`);
    }
  }

  /** @param {Event} input @returns {{grip: HTMLElement, row: HTMLElement} | null} */
  function touched({ target }) {
    const grip = target instanceof Element ? target.closest('.grip') : null;
    const row = grip && [...list.children].find((each) => each.contains(grip));
    return grip instanceof HTMLElement && row instanceof HTMLElement ? { grip, row } : null;
  }

  list.addEventListener('pointerdown', (down) => {
    const at = touched(down);
    if (!at || down.button !== 0 || lift) return;
    down.preventDefault();
    at.grip.focus({ preventScroll: true });
    isDragged = true;
    list.dataset.dragged = 'true';
    drag(at.grip, down, {
      pickUp: () => pickUp(at.row),
      putDown(isDropped) {
        isDragged = false;
        delete list.dataset.dragged;
        putDown(isDropped);
      },
    });
  });
  list.addEventListener('keydown', (key) => {
    const at = touched(key);
    if (at && !isDragged) byKey(key, at.row);
  });
  list.addEventListener('focusout', ({ target }) => {
    if (!isDragged && target instanceof Node && lift?.row.contains(target)) letGo();
  });
  return { cancel: () => putDown(false) };
}
