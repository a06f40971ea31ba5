/**
 * News in a corner of the page. What was unlocked is celebrated and stays until it is put away, on a phone for a while; the rest goes by itself. No more are
 * shown at once than fit: the others wait their turn. Names are people's words: text, never markup. The region is a polite one, so
 * that a screen reader says them when it has said what it was saying.
 */

import { element, setText } from './elements.js';
import { createBadge } from './earn/badge.js';

/** @typedef {import('./news.js').News} News */

/** So many are shown at once, on a phone and elsewhere. */
const SHOWN_MAX_PHONE = 1;
const SHOWN_MAX = 3;
/** So many wait at most: of more, the oldest that are quiet are not shown. All of them are on /earn and on the pages they tell of. */
const WAITING_MAX = 50;
/** For how long what is quiet stays. */
const QUIET_MS = 12_000;
/** On a phone what was unlocked lies above what one looks at while running: it goes, too. It stands on /earn. */
const UNLOCKED_PHONE_MS = 25_000;

const phone = window.matchMedia('(max-width: 760px)');

/** @param {HTMLElement} region `aria-live="polite"`, there from the beginning */
export function createToasts(region) {
  /** @type {News[]} */
  let waiting = [];
  /** @type {WeakMap<Element, News>} */
  const newsOfToast = new WeakMap();
  /** What was said last of each thing: the same is not said twice. @type {Map<string, string>} */
  const said = new Map();
  const more = element('p', { class: 'toasts-more', hidden: true }, element('span'),
    element('button', { type: 'button', class: 'toasts-none', onclick: dismissAll }, 'Dismiss all'));

  const shown = () => /** @type {HTMLElement[]} */ ([...region.querySelectorAll('.toast')]);

  /** @param {Element} toast */
  function putAway(toast) {
    const hadFocus = toast.contains(document.activeElement);
    toast.remove();
    fill();
    if (!hadFocus) return;
    const next = region.querySelector('button.toast-away');
    (next instanceof HTMLElement ? next : region).focus();
  }

  function dismissAll() {
    clear();
    region.focus();
  }

  function clear() {
    waiting = [];
    for (const toast of shown()) toast.remove();
    fill();
  }

  /** As many as fit come forward. */
  function fill() {
    const shown_max = phone.matches ? SHOWN_MAX_PHONE : SHOWN_MAX;
    while (shown().length < shown_max) {
      const next = waiting.shift();
      if (!next) break;
      const toast = createToast(next, putAway);
      newsOfToast.set(toast, next);
      region.insertBefore(toast, more.parentNode === region ? more : null);
      if (next.kind === 'quiet') leaveLater(toast, QUIET_MS);
      else if (phone.matches) leaveLater(toast, UNLOCKED_PHONE_MS);
    }
    if (more.parentNode !== region) region.append(more);
    more.hidden = waiting.length === 0;
    setText(/** @type {Element} */ (more.firstElementChild), `${waiting.length} more`);
  }

  /** Nothing goes away from under a pointer or the keyboard, or while nobody looks. @param {HTMLElement} toast @param {number} in_ms */
  function leaveLater(toast, in_ms) {
    window.setTimeout(() => {
      if (!toast.isConnected) return;
      if (document.hidden || toast.matches(':hover, :focus-within')) leaveLater(toast, in_ms);
      else putAway(toast);
    }, in_ms);
  }

  /** @param {News | null} news null: nothing */
  function show(news) {
    if (!news) return;
    if (news.about) {
      const words = news.lines.join('\n');
      if (said.get(news.about) === words) return;
      said.set(news.about, words);
      waiting = waiting.filter(({ about }) => about !== news.about);
      for (const toast of shown()) if (toast.dataset.about === news.about) toast.remove();
    }
    // What one has achieved comes before what others tell.
    const at = news.kind === 'unlocked' ? waiting.findIndex(({ kind }) => kind === 'quiet') : -1;
    if (at < 0) waiting.push(news);
    else waiting.splice(at, 0, news);
    if (waiting.length > WAITING_MAX) waiting.splice(Math.max(0, waiting.findIndex(({ kind }) => kind === 'quiet')), 1);
    fill();
  }

  region.addEventListener('keydown', (input) => {
    const toast = input.key === 'Escape' && input.target instanceof Element ? input.target.closest('.toast') : null;
    if (toast) putAway(toast);
  });
  phone.addEventListener('change', () => {
    // What fits no more waits again.
    const over = shown().slice(phone.matches ? SHOWN_MAX_PHONE : SHOWN_MAX);
    waiting.unshift(...over.map((toast) => newsOfToast.get(toast)).filter((news) => news !== undefined));
    for (const toast of over) toast.remove();
    fill();
  });

  return { show, clear };
}

/** @param {News} news @param {(toast: Element) => void} onAway @returns {HTMLElement} */
function createToast({ kind, title, lines, link, picture, about }, onAway) {
  const isUnlocked = kind === 'unlocked';
  const [first, ...gains] = lines;
  const toast = element('article', { class: `toast ${kind}`, 'data-about': about || null },
    isUnlocked ? createBadge(picture) : null,
    element('div', { class: 'toast-words' },
      isUnlocked ? element('p', { class: 'toast-kind' }, 'Unlocked') : null,
      element('h2', {}, title),
      first ? element('p', {}, first) : null,
      gains.length && isUnlocked ? element('ul', { class: 'gains', role: 'list' }, ...gains.map((gain) => element('li', {}, gain))) : null,
      ...(isUnlocked ? [] : gains.map((line) => element('p', {}, line))),
      link ? element('a', { class: 'toast-link', href: link.href, onclick: () => onAway(toast) }, link.words) : null),
    element('button', { type: 'button', class: 'toast-away', ariaLabel: `Dismiss ${title}`, onclick: () => onAway(toast) },
      element('span', { ariaHidden: 'true' }, '×')));
  return toast;
}
