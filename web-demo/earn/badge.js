/**
 * Pictures of achievements. A reward named `badge` has a picture's name for its value, like "flame-3": what it shows, and a level or
 * a number. What has no picture gets a cup.
 */

import { element, picture } from '../elements.js';

const CALENDAR = 'M5 5.5h14a1 1 0 0 1 1 1V19a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1zM4 10h16M8 3v4M16 3v4';
const FLAG = 'M6 21V4M6 4.5c4-2 7 2 12 0v9c-5 2-8-2-12 0';
const HILL = 'M3 19l6-11 4 7 2.5-4L21 19z';
const MOON = 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z';
const BOLT = 'M13 2.5L5 13.5h6l-1 8 8-11h-6z';
const CUP = 'M8 4h8v5a4 4 0 0 1-8 0zM8 5.5H4.5V7A3.5 3.5 0 0 0 8 10.5M16 5.5h3.5V7a3.5 3.5 0 0 1-3.5 3.5M12 13v4M8 20.5h8M10 17h4l.6 3.5H9.4z';

/** What is drawn, 24 by 24, and its colour of the runners'. @type {Record<string, {drawn: string, colour: number}>} */
const DRAWN = {
  shoe: { drawn: 'M3 17.5v-7l3-.5 3.5 3.5c1.5 1.3 4 1.8 6.5 2.2 3.2.5 5 1.2 5 3.3H4a1 1 0 0 1-1-1zM9 13l2-2M11.5 15l1.6-2', colour: 0 },
  calendar: { drawn: CALENDAR, colour: 1 },
  week: { drawn: CALENDAR, colour: 5 },
  month: { drawn: CALENDAR, colour: 1 },
  year: { drawn: CALENDAR, colour: 4 },
  road: { drawn: 'M7 21L10.5 3M17 21L13.5 3M12 5.5v2.5M12 11v2.5M12 16.5V19', colour: 5 },
  form: { drawn: 'M12 20s-7.5-4.6-7.5-10A4 4 0 0 1 12 7.5 4 4 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z', colour: 3 },
  flame: { drawn: 'M12 3c1 3.5 5 5.5 5 10.5a5 5 0 0 1-10 0c0-2 1-3.5 2-4.5.3 1.5 1 2.3 2 2.5-.3-3 .2-6 1-8.5z', colour: 0 },
  clock: { drawn: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2', colour: 1 },
  hill: { drawn: HILL, colour: 2 },
  everest: { drawn: HILL, colour: 11 },
  bolt: { drawn: BOLT, colour: 7 },
  five: { drawn: BOLT, colour: 0 },
  ten: { drawn: BOLT, colour: 3 },
  bird: { drawn: 'M3 17h18M7 17a5 5 0 0 1 10 0M12 5v3.5M5 9l2.2 2M19 9l-2.2 2M8 20.5h8', colour: 7 },
  owl: { drawn: MOON, colour: 4 },
  moon: { drawn: MOON, colour: 6 },
  sun: { drawn: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4', colour: 7 },
  hourglass: { drawn: 'M7 3h10M7 21h10M8 3v3c0 3 4 4 4 6s-4 3-4 6v3M16 3v3c0 3-4 4-4 6s4 3 4 6v3', colour: 9 },
  star: { drawn: 'M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z', colour: 7 },
  flag: { drawn: FLAG, colour: 2 },
  flags: { drawn: FLAG, colour: 11 },
  finish: { drawn: FLAG, colour: 3 },
  laurel: { drawn: 'M12 21V8M12 21c-5 0-7-3-7.5-8C9 13 12 15 12 21zM12 21c5 0 7-3 7.5-8C15 13 12 15 12 21zM12 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z', colour: 2 },
  friends: { drawn: 'M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11zM3 19.5a6 6 0 0 1 12 0M15.5 11a2.9 2.9 0 1 0-.6-5.7M16.5 13.6a5.7 5.7 0 0 1 4.5 5.9', colour: 6 },
  invite_users: { drawn: 'M10 11a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8zM3.5 20a6.5 6.5 0 0 1 13 0M19 8v6M16 11h6', colour: 6 },
  rank: { drawn: 'M5.5 12.5l6.5-6 6.5 6M5.5 18.5l6.5-6 6.5 6', colour: 4 },
  cup: { drawn: CUP, colour: 1 },
};

/** Distances are written, not drawn. @type {Record<string, {written: string, colour: number}>} */
const WRITTEN = {
  '5-km': { written: '5', colour: 5 },
  '10-km': { written: '10', colour: 1 },
  'half-marathon': { written: '21', colour: 4 },
  marathon: { written: '42', colour: 3 },
  ultra: { written: '50', colour: 9 },
  hundred: { written: '100', colour: 1 },
  thousand: { written: '1000', colour: 11 },
};

/**
 * @param {string} name of the picture, or of the achievement where it has none
 * @param {boolean} [isDim] of what is not reached
 * @returns {HTMLElement} for the eye alone: what it shows stands beside it in words
 */
export function createBadge(name, isDim = false) {
  const written = Object.hasOwn(WRITTEN, name) ? WRITTEN[name] : null;
  const [, family, number] = /^(.*?)(?:-(\d+))?$/.exec(name) ?? ['', name, ''];
  const known = Object.hasOwn(DRAWN, family) ? DRAWN[family] : DRAWN.cup;
  const { colour } = written ?? known;
  const shown = written
    ? picture('text', { x: 24, y: 25, class: written.written.length > 2 ? 'long' : null }, written.written)
    : picture('path', { d: known.drawn, transform: 'translate(12 11.5)' });
  return element('span', { class: `badge${isDim ? ' dim' : ''}`, 'data-colour': colour, ariaHidden: 'true' },
    picture('svg', { viewBox: '0 0 48 48', width: 48, height: 48, focusable: 'false' },
      picture('path', { class: 'medal', d: 'M24 2.5l5.6 3.3 6.5-.1 3.2 5.7 5.7 3.2-.1 6.5L48 24l-3.1 2.9.1 6.5-5.7 3.2-3.2 5.7-6.5-.1-5.6 3.3-5.6-3.3-6.5.1-3.2-5.7L3 33.4l.1-6.5L0 24l3.1-2.9-.1-6.5 5.7-3.2 3.2-5.7 6.5.1z', transform: 'translate(2.4 2.4) scale(0.9)' }),
      shown),
    number && !written ? element('span', { class: 'badge-number' }, number) : null);
}
