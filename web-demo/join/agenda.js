/**
 * One's own events in the order in which one wants them, and dates as a calendar's leaf shows them. Pure.
 */

/** @typedef {import('./documents.js').MyEvent} MyEvent */

/** @param {MyEvent} mine */
function isOver({ event }) {
  return event.state === 'passed' || event.state === 'cancelled';
}

/** @param {MyEvent} one @param {MyEvent} other */
function bySoonest(one, other) {
  return (one.event.starts_at_ms ?? 0) - (other.event.starts_at_ms ?? 0);
}

/**
 * @param {MyEvent[]} mine
 * @returns {{invitations: MyEvent[], ahead: MyEvent[], over: MyEvent[]}} soonest first; those that are over latest first
 */
export function agendaOf(mine) {
  const ahead = mine.filter((each) => !isOver(each)).sort(bySoonest);
  return {
    invitations: ahead.filter(({ role }) => role === 'invited'),
    ahead: ahead.filter(({ role }) => role === 'creator' || role === 'participant'),
    over: mine.filter((each) => isOver(each) && each.role !== 'invited').sort(bySoonest).reverse(),
  };
}

/** @param {number} time_ms @returns {{month: string, day: string}} where the reader is, like "Nov" and "25" */
export function leafOf(time_ms) {
  const parts = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' }).formatToParts(time_ms);
  const part = (/** @type {string} */ type) => parts.find((each) => each.type === type)?.value ?? '';
  return { month: part('month'), day: part('day') };
}

/** @param {import('../protocol.js').RunEvent} event @returns {string} like "Held by Aino · private" */
export function holderWords({ creator, private: isPrivate }) {
  return [`Held by ${creator.name}`, isPrivate ? 'private' : ''].filter(Boolean).join(' · ');
}
