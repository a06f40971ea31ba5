/**
 * What is known of one event: its plan, and who participates, by the numbers that its runners go by. Pure: no DOM, no socket.
 */

import { formatSpan } from './format.js';

/** @typedef {import('./protocol.js').RunEvent} RunEvent */
/** @typedef {import('./protocol.js').Participant} Participant */

/** @typedef {{event: RunEvent, roster: Map<number, Participant>}} Known */

/** @type {Record<import('./protocol.js').EventState, string>} */
export const EVENT_WORDS = { current: 'Now', come_up: 'Coming up', passed: 'Passed', cancelled: 'Cancelled' };

/** @param {import('./protocol.js').EventSnapshot} snapshot @returns {Known} */
export function eventKnown({ event, roster }) {
  return { event, roster: new Map(roster.map((participant) => [participant.number, participant])) };
}

/** @param {Known} known @param {import('./protocol.js').EventChange} change */
export function applyEventChange(known, change) {
  switch (change.type) {
    case 'joined':
      known.roster.set(change.number, { number: change.number, ...change.user });
      known.event = { ...known.event, participants: change.participants };
      break;
    case 'left':
      known.roster.delete(change.number);
      known.event = { ...known.event, participants: change.participants };
      break;
    case 'achievement':
      // It is news of a runner, and changes nothing of the event.
      break;
    default:
      known.event = change.event;
  }
}

/** How many come, and of how many. @param {RunEvent} event @returns {string} like "8 people" or "8 of 20 people" */
export function participantsWords({ participants, capacity }) {
  if (capacity !== null) return `${participants} of ${capacity} people`;
  return participants === 1 ? '1 person' : `${participants} people`;
}

/** Where the reader is; and what the clocks show where it is, if that is another time. @param {RunEvent} event @returns {string} */
export function when({ starts_at_ms, ends_at_ms, time_zone }) {
  if (starts_at_ms === null) return '';
  const span = formatSpan(starts_at_ms, ends_at_ms ?? starts_at_ms);
  const there = clockThere(starts_at_ms, time_zone);
  return there ? `${span} (${there} in ${time_zone.split('/').at(-1)?.replaceAll('_', ' ')})` : span;
}

/** @param {number} time_ms @param {string} timeZone @returns {string} empty where the reader's own clock shows the same */
function clockThere(time_ms, timeZone) {
  const parts = /** @type {const} */ ({ hour: '2-digit', minute: '2-digit' });
  try {
    const there = new Intl.DateTimeFormat(undefined, { ...parts, timeZone }).format(time_ms);
    return there === new Intl.DateTimeFormat(undefined, parts).format(time_ms) ? '' : there;
  } catch {
    return ''; // a zone that this browser does not know: its clock cannot be told
  }
}
