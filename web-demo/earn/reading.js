/**
 * What a page has read from the server, and reads anew when something has moved: soon, once for many reasons, and again until it
 * goes well. While it does not, the page says so and keeps what it has.
 */

import { onConnection } from '../connection.js';
import { element, setText } from '../elements.js';
import { ApiError, wordsOf } from '../rest.js';

/** Between two attempts while the server is away. */
const RETRY_MS = 3_000;

/**
 * @param {() => Promise<void>} read shows what it has read
 * @param {HTMLElement} notice `role="status"`: says what stands in the way
 * @returns {(in_ms?: number) => void} asks for reading anew; several that ask meanwhile are answered by one
 */
export function createReading(read, notice) {
  let timer = 0;
  let due_ms = Infinity;
  let busy = false;
  let again = false;
  let failed = false;

  async function carryOut() {
    timer = 0;
    due_ms = Infinity;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      await read();
      failed = false;
      setText(notice, '');
    } catch (failure) {
      failed = true;
      const isPassing = !(failure instanceof ApiError) || failure.isPassing;
      setText(notice, isPassing ? `${wordsOf(failure)} Trying again…` : wordsOf(failure));
      if (isPassing) soon(failure instanceof ApiError && failure.retry_after_s ? failure.retry_after_s * 1000 : RETRY_MS);
    } finally {
      busy = false;
      if (again) {
        again = false;
        soon();
      }
    }
  }

  function soon(in_ms = 0) {
    const at_ms = performance.now() + in_ms;
    if (timer && due_ms <= at_ms) return;
    clearTimeout(timer);
    due_ms = at_ms;
    timer = window.setTimeout(carryOut, in_ms);
  }

  onConnection((connection) => {
    if (connection === 'live' && failed) soon();
  });
  return soon;
}

/** The three pages of what is earned, to go between. @returns {HTMLElement} */
export function createTabs() {
  const pages = [['/earn', 'Achievements'], ['/challenges', 'Challenges'], ['/leaderboards', 'Leaderboards']];
  return element('nav', { class: 'tabs', ariaLabel: 'What you earn' },
    ...pages.map(([path, name]) => element('a', { href: path, ariaCurrent: location.pathname === path ? 'page' : null }, name)));
}
