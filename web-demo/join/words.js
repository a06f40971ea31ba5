/**
 * How one stands to an event, in words, and what one may do then. Pure: what is known goes in, words and choices come out.
 */

/** @typedef {import('../protocol.js').RunEvent} RunEvent */
/** @typedef {import('./documents.js').Role} Role */

/**
 * @typedef {object} Standing
 * @property {RunEvent} event
 * @property {Role} role
 * @property {boolean} loggedIn
 * @property {boolean} byLink whether a link was opened that invites
 *
 * @typedef {'run' | 'ready' | 'join' | 'accept' | 'decline' | 'leave' | 'start' | 'end' | 'edit' | 'cancel'} Action
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * The maker and participants are told by the event and its roster, which are live; all else the server has said to oneself.
 * @param {RunEvent} event
 * @param {Iterable<{id: string}>} roster of a big event its first part
 * @param {string | null} me
 * @param {Role} said
 * @returns {Role}
 */
export function roleOf(event, roster, me, said) {
  if (!me) return null;
  if (event.creator.id === me) return 'creator';
  for (const participant of roster) {
    if (participant.id === me) return 'participant';
  }
  return said;
}

/** @param {Role} role @returns {string} empty for none */
export function roleWord(role) {
  return role === null ? '' : { creator: 'Yours', participant: 'You take part', invited: 'You are invited' }[role];
}

/** @param {number} span_ms @returns {string} like "3 days", "2 h 5 min", "45 s" */
export function spanWords(span_ms) {
  if (span_ms >= 2 * DAY_MS) return `${Math.floor(span_ms / DAY_MS)} days`;
  if (span_ms >= DAY_MS) return `1 day ${Math.floor((span_ms % DAY_MS) / HOUR_MS)} h`;
  if (span_ms >= HOUR_MS) {
    const minutes = Math.floor((span_ms % HOUR_MS) / MINUTE_MS);
    return `${Math.floor(span_ms / HOUR_MS)} h${minutes ? ` ${minutes} min` : ''}`;
  }
  if (span_ms >= MINUTE_MS) return `${Math.floor(span_ms / MINUTE_MS)} min`;
  return `${Math.max(0, Math.ceil(span_ms / SECOND_MS))} s`;
}

/** @param {RunEvent} event @param {number} now_ms @returns {string} like "Starts in 2 h 5 min" */
export function stateWords({ state, starts_at_ms, ends_at_ms }, now_ms) {
  switch (state) {
    case 'come_up': {
      const wait_ms = (starts_at_ms ?? now_ms) - now_ms;
      return wait_ms > 0 ? `Starts in ${spanWords(wait_ms)}` : 'Starts now';
    }
    case 'current': {
      const left_ms = (ends_at_ms ?? now_ms) - now_ms;
      return left_ms > 0 ? `It has begun. ${spanWords(left_ms)} left` : 'It has begun';
    }
    case 'passed':
      return 'It is over';
    case 'cancelled':
      return 'It was cancelled';
  }
}

/** Said when it has become so. @param {RunEvent} event @returns {string} */
export function stateNews({ name, state }) {
  return { come_up: `${name} is still to come.`, current: `${name} has begun.`, passed: `${name} is over.`, cancelled: `${name} was cancelled.` }[state];
}

/** @param {number} participants @returns {string} */
export function comingWords(participants) {
  return participants === 1 ? '1 person is coming' : `${participants} people are coming`;
}

/** Said of the roster, politely, when it changes. @param {'joined' | 'left'} type @param {string} name @param {number} participants */
export function rosterNews(type, name, participants) {
  return `${name || 'Somebody'} ${type === 'joined' ? 'comes too' : 'does not come any more'}. ${comingWords(participants)}.`;
}

/** What one may do, the most important first. @param {Standing} standing @returns {Action[]} */
export function actionsOf({ event, role, loggedIn, byLink }) {
  const over = event.state === 'passed' || event.state === 'cancelled';
  if (over) return [];
  const full = event.capacity !== null && event.participants >= event.capacity;
  /** @type {Action[]} */
  const go = [event.state === 'current' ? 'run' : 'ready'];
  switch (role) {
    case 'creator':
      return [...go, ...(event.state === 'current' ? /** @type {Action[]} */ (['end']) : /** @type {Action[]} */ (['start'])), 'edit', 'cancel'];
    case 'participant':
      return [...go, 'leave'];
    case 'invited':
      return full ? ['decline'] : ['accept', 'decline'];
    default:
      if (full || (event.private && !byLink)) return [];
      // Whoever has no account is asked to make one by the same button.
      return loggedIn || !event.private || byLink ? ['join'] : [];
  }
}

/** The one that most will want now; none while a maker has time to ask people. @param {Standing} standing @param {number} now_ms @returns {Action | null} */
export function firstOf(standing, now_ms) {
  const [first = null, second] = actionsOf(standing);
  if (second !== 'start') return first;
  return (standing.event.starts_at_ms ?? 0) - now_ms < HOUR_MS ? 'start' : null;
}

/** Why one cannot join, where one might expect to. @param {Standing} standing @returns {string} empty when one can */
export function whyNot({ event, role, byLink }) {
  if (event.state === 'passed' || event.state === 'cancelled' || role === 'creator' || role === 'participant') return '';
  if (event.capacity !== null && event.participants >= event.capacity) return 'It is full. If somebody leaves, there is room again.';
  if (event.private && role !== 'invited' && !byLink) return 'This is a private event: whoever holds it can invite you.';
  return '';
}
