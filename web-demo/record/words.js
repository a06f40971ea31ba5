/**
 * What the page of the own run says, in words. Pure.
 */

import { formatDistance } from '../format.js';

/** @typedef {import('../format.js').Units} Units */
/** @typedef {import('./recorder.js').Hold['why'] | 'stranger'} Held */

/** @type {Record<import('./position.js').Trouble, {title: string, help: string}>} */
export const TROUBLES = {
  insecure: {
    title: 'This address is not secure',
    help: 'Browsers tell a position only to pages that are opened with https:// (or on this very computer). Open Runnity by its https address.',
  },
  missing: {
    title: 'This browser has no position',
    help: 'It does not offer geolocation. Use another browser, or a phone.',
  },
  denied: {
    title: 'Your position is not allowed here',
    help: 'Tap the sign beside the address, allow “Location” for this page, and try again. On a phone, the browser itself must be allowed to use location in the system’s settings too.',
  },
  unavailable: {
    title: 'No position to be had',
    help: 'The device cannot say where it is. Switch location on in its settings, and go where there is sky above you. The page keeps looking.',
  },
  timeout: {
    title: 'Still looking for your position',
    help: 'This takes longer under trees and between houses. The page keeps looking.',
  },
};

/** @type {Record<import('./recording.js').Visibility, {word: string, help: string}>} */
export const VISIBILITIES = {
  public: { word: 'Public', help: 'Everybody sees your run on the map while you run.' },
  friends: { word: 'Friends', help: 'Only people whom you list as friends see it.' },
  private: { word: 'Private', help: 'Nobody but you sees it.' },
};

/** How sure the newest fix is of its place. @param {number | null} accuracy_m @param {number} max_m beyond which it does not count */
export function sayAccuracy(accuracy_m, max_m) {
  if (accuracy_m === null) return 'accuracy unknown';
  const metres = `±${accuracy_m < 10 ? Math.max(1, Math.round(accuracy_m)) : Math.round(accuracy_m / 5) * 5} m`;
  return accuracy_m > max_m ? `${metres}: too vague to count` : metres;
}

/** @param {number} count */
export function sayFixes(count) {
  return count === 1 ? '1 fix' : `${count.toLocaleString('en')} fixes`;
}

/** Why nothing is sent, in a word. @type {Record<Held, string>} */
const HELD = {
  stranger: 'it is another account’s run',
  logged_out: 'you are logged out',
  not_yours: 'the run is not yours',
  gone: 'the run is gone',
  over: 'the run is over',
  running: 'you are running already',
  refused_start: 'the run could not be started',
};

/**
 * Whether the server has everything. A few fixes are always on the way, but only while something is sent.
 * @param {{held: Held | null, waiting: number, steps: number, failing: boolean, hasRun: boolean, isOnline: boolean}} known
 * @returns {{word: string, tone: 'good' | 'warn'}}
 */
export function sayLine({ held, waiting, steps, failing, hasRun, isOnline }) {
  const what = waiting > 0 ? `${sayFixes(waiting)} ${waiting === 1 ? 'waits' : 'wait'}` : 'your run waits';
  if (held) return { word: steps > 0 ? `Not sent: ${waiting > 0 ? what : 'the run waits'} on this device, as ${HELD[held]}` : `Nothing is sent: ${HELD[held]}`, tone: 'warn' };
  const isAway = failing || !isOnline;
  if (!isAway) return waiting > 3 ? { word: `Sending ${sayFixes(waiting)}…`, tone: 'warn' } : { word: 'Everything is sent', tone: 'good' };
  if (waiting === 0 && steps === 0) return { word: 'No line: what you run now is kept on this device', tone: 'warn' };
  return { word: `No line: ${what} on this device${hasRun ? '' : '; the run begins on the server when it is back'}`, tone: 'warn' };
}

/** @type {Record<string, string>} */
const REASONS = {
  owner: 'It was finished in another window or app.',
  inactive: 'Nothing was heard of it for half an hour, so the server has ended it.',
  arrived: 'You have reached its destination.',
  superseded: 'Another run was started after it.',
};

/**
 * Why nothing is sent, and what can be done.
 * @param {import('./recorder.js').Hold} hold
 * @param {number} waiting fixes
 * @returns {{title: string, help: string}}
 */
export function sayHold({ why, message, reason }, waiting) {
  const kept = waiting > 0 ? ` ${sayFixes(waiting)} ${waiting === 1 ? 'is' : 'are'} kept on this device.` : '';
  switch (why) {
    case 'logged_out':
      return { title: 'You are logged out', help: `Log in again, and the rest is sent.${kept}` };
    case 'running':
      return { title: 'You are running already', help: `Another run of yours is under way, perhaps on another device.${kept}` };
    case 'over':
      return { title: 'This run is over', help: `${REASONS[reason ?? ''] ?? message}${kept}` };
    case 'gone':
      return { title: 'This run is gone', help: `It was deleted in another window or app.${kept}` };
    case 'refused_start':
      return { title: 'The run could not be started', help: `${message}${kept}` };
    default:
      return { title: 'This run is not yours', help: `${message}${kept}` };
  }
}

/** Somebody else's. @param {number} waiting fixes */
export function sayStranger(waiting) {
  const kept = waiting > 0 ? ` ${sayFixes(waiting)} ${waiting === 1 ? 'is' : 'are'} kept on this device.` : '';
  return { title: 'Another account’s run waits here', help: `It is sent when its runner logs in on this device again.${kept}` };
}

/** For a screen reader, at each whole kilometre or mile. @param {number} distance_m @param {Units} units @param {string} time */
export function saySplit(distance_m, units, time) {
  return `${formatDistance(distance_m, units)} in ${time}`;
}

/** @param {number} starts_in_ms */
export function sayUntil(starts_in_ms) {
  const minutes = Math.round(starts_in_ms / 60_000);
  if (minutes < 1) return 'It is to begin now.';
  if (minutes < 60) return `It is to begin in ${minutes} min.`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `It is to begin in ${hours} h.` : `It is to begin in ${Math.round(hours / 24)} days.`;
}
