/**
 * What stands above the board when not all is well: what waits for the server, and what it has refused.
 */

import { element, setText } from '../elements.js';
import { sayRefusal } from './words.js';

/** Who waits longer wants to know what for. */
const SLOW_MS = 4_000;
const REFUSAL_MS = 10_000;

export function createNotes() {
  const wait = element('p', { class: 'board-note', role: 'status', hidden: true });
  const refusal = element('p', { class: 'board-refusal', role: 'alert' });
  let [unsent, isLive, isSlow] = [0, false, false];
  let slowTimer = 0;
  let refusalTimer = 0;

  function draw() {
    if (unsent === 0) {
      clearTimeout(slowTimer);
      [slowTimer, isSlow] = [0, false];
    } else {
      slowTimer ||= window.setTimeout(() => {
        isSlow = true;
        draw();
      }, SLOW_MS);
    }
    wait.hidden = unsent === 0 || (isLive && !isSlow);
    const what = unsent === 1 ? 'One change waits' : `${unsent} changes wait`;
    setText(wait, wait.hidden ? '' : `${what} for the server, and will be sent when it answers. Nothing is lost.`);
  }

  return {
    nodes: [wait, refusal],
    /** @param {number} count of operations that the server does not have */
    waiting(count) {
      unsent = count;
      draw();
    },
    /** @param {boolean} live */
    line(live) {
      isLive = live;
      draw();
    },
    /** @param {string} message */
    refuse(message) {
      clearTimeout(refusalTimer);
      setText(refusal, sayRefusal(message));
      refusalTimer = window.setTimeout(() => setText(refusal, ''), REFUSAL_MS);
    },
    calm: () => setText(refusal, ''),
    close() {
      clearTimeout(slowTimer);
      clearTimeout(refusalTimer);
    },
  };
}
