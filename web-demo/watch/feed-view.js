/**
 * The feed on the page: what happens, with how long ago. Items are kept and only their ages change. What comes while somebody looks
 * is said politely, and not more often than a listener can bear. Names are other people's words: text, never markup.
 */

import { element, icon, setText } from '../elements.js';
import { formatAge, formatDistance, formatDuration, formatMoment } from '../format.js';
import { wordsOf } from './feed.js';

/** @typedef {import('./feed.js').Item} Item */

/** Between two announcements. */
const QUIET_MS = 20_000;

/** @type {Record<import('./feed.js').Kind, string>} */
const PICTURES = {
  started: 'M8 5.5v13l10.5-6.5z',
  paused: 'M9 6v12M15 6v12',
  resumed: 'M8 5.5v13l10.5-6.5z',
  finished: 'M5 12.5l4.5 4.5L19 7',
  planned: 'M5 6h14v13H5zM5 10h14M9 4v4M15 4v4',
  held: 'M6 21V4h11l-2.5 4L17 12H6',
  joined: 'M12 6v12M6 12h12',
  over: 'M5 12.5l4.5 4.5L19 7',
  cancelled: 'M7 7l10 10M17 7L7 17',
};

/**
 * @param {HTMLElement} root `<ol>`
 * @param {HTMLElement} region `aria-live="polite"`
 */
export function createFeedView(root, region) {
  /** @type {Map<string, {item: HTMLElement, words: HTMLElement, age: HTMLElement, written: string}>} */
  const rows = new Map();
  /** @type {Set<string> | null} */
  let known = null;
  let said_ms = 0;
  let unsaid = 0;

  /** @param {Item} item */
  function create(item) {
    const words = element('p', { class: 'feed-words' });
    const age = element('p', { class: 'feed-age' });
    const made = element('li', { class: 'feed-item', 'data-kind': item.kind }, element('span', { class: 'feed-picture' }, icon(PICTURES[item.kind])), words, age);
    return { item: made, words, age, written: '' };
  }

  /** @param {Item[]} items newest first @param {{units: import('../format.js').Units, now_ms: number, isShown: boolean}} view */
  function render(items, { units, now_ms, isShown }) {
    const say = { distance: (/** @type {number} */ each) => formatDistance(each, units), duration: formatDuration, when: formatMoment };
    announce(items, say, now_ms, isShown);
    if (!isShown) return;
    const keys = new Set(items.map(({ key }) => key));
    for (const [key, row] of rows) {
      if (keys.has(key)) continue;
      row.item.remove();
      rows.delete(key);
    }
    items.forEach((item, index) => {
      const row = rows.get(item.key) ?? create(item);
      rows.set(item.key, row);
      if (root.children[index] !== row.item) root.insertBefore(row.item, root.children[index] ?? null);
      const parts = wordsOf(item, say);
      const text = JSON.stringify(parts);
      if (row.written !== text) {
        row.written = text;
        row.words.replaceChildren(...parts.map(({ text: part, href, strong }) => (href ? element('a', { href }, part) : strong ? element('b', {}, part) : part)));
      }
      setText(row.age, formatAge(Math.max(0, (now_ms - item.at_ms) / 1000)));
    });
  }

  /** @param {Item[]} items @param {Parameters<typeof wordsOf>[1]} say @param {number} now_ms @param {boolean} isShown */
  function announce(items, say, now_ms, isShown) {
    const before = known;
    known = new Set(items.map(({ key }) => key));
    if (before) unsaid += items.filter(({ key }) => !before.has(key)).length;
    if (!isShown) unsaid = 0;
    if (unsaid === 0 || now_ms - said_ms < QUIET_MS) return;
    said_ms = now_ms;
    const newest = wordsOf(items[0], say).map(({ text }) => text).join('');
    setText(region, unsaid === 1 ? `${newest}.` : `${newest}. And ${unsaid - 1} more.`);
    unsaid = 0;
  }

  return { render };
}
