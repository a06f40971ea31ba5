/**
 * One drag with a mouse, a pen or a finger, from the moment that the grip is touched. Near the window's edge the page comes along.
 */

import { measure, placeAt, shift } from './lift.js';

/** A hand that shakes does not drag. */
const SLOP_PX = 4;
const EDGE_PX = 90;
const SCROLL_PX_MAX = 16;

/**
 * @param {HTMLElement} grip
 * @param {PointerEvent} down
 * @param {object} hands
 * @param {() => import('./lift.js').Lift} hands.pickUp
 * @param {(isDropped: boolean) => void} hands.putDown when nothing was picked up, too
 */
export function drag(grip, down, { pickUp, putDown }) {
  let at_px = down.clientY;
  /** Where it is held, below the row's upper edge. */
  let hold_px = 0;
  /** @type {import('./lift.js').Lift | null} */
  let held = null;
  let frame = 0;
  const ended = new AbortController();
  grip.setPointerCapture(down.pointerId);

  /** @param {import('./lift.js').Lift} lift @returns {number} the pointer in the list */
  const inList = ({ row }) => at_px - /** @type {HTMLElement} */ (row.parentElement).getBoundingClientRect().top;

  function follow() {
    if (!held) return;
    const top_px = inList(held) - hold_px;
    shift(held, placeAt(held, top_px), top_px);
  }

  function scroll() {
    const [above, below] = [EDGE_PX - at_px, at_px - (window.innerHeight - EDGE_PX)];
    const by = above > 0 ? -above : Math.max(0, below);
    if (held && by) {
      window.scrollBy(0, Math.sign(by) * Math.min(SCROLL_PX_MAX, 1 + Math.abs(by) / 5));
      measure(held);
      follow();
    }
    frame = requestAnimationFrame(scroll);
  }

  /** @param {boolean} isDropped */
  function end(isDropped) {
    ended.abort();
    cancelAnimationFrame(frame);
    putDown(isDropped);
  }

  const { signal } = ended;
  grip.addEventListener('pointermove', (move) => {
    at_px = move.clientY;
    if (!held) {
      if (Math.abs(at_px - down.clientY) < SLOP_PX) return;
      held = pickUp();
      hold_px = inList(held) - held.tops[held.from] - (at_px - down.clientY);
      frame = requestAnimationFrame(scroll);
    }
    follow();
  }, { signal });
  grip.addEventListener('pointerup', () => end(true), { signal });
  grip.addEventListener('pointercancel', () => end(false), { signal });
  grip.addEventListener('lostpointercapture', () => end(false), { signal });
  document.addEventListener('keydown', (key) => {
    if (key.key !== 'Escape' || !held) return;
    key.preventDefault();
    end(false);
  }, { signal });
}
