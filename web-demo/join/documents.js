/**
 * The server's documents about who joins whom: invitations, friends, people, share links, and what the own channel tells of them.
 * Pure; what is not whole is no document.
 */

import { numberOf, parseEvent, parseUser, timeOf } from '../protocol.js';

/**
 * @typedef {{id: string, name: string}} User
 *
 * @typedef {'creator' | 'participant' | 'invited' | null} Role how one stands to an event
 *
 * @typedef {object} MyEvent
 * @property {import('../protocol.js').RunEvent} event
 * @property {Role} role
 *
 * @typedef {object} Invitation
 * @property {User} user
 * @property {User} by
 * @property {number | null} invited_at_ms
 * @property {'invited' | 'declined'} state
 *
 * @typedef {'none' | 'listed' | 'friend' | 'asked' | 'asking' | 'blocked'} FriendState
 *
 * @typedef {object} Friend
 * @property {User} user
 * @property {FriendState} state
 * @property {boolean} lists_you they let you see their runs
 *
 * @typedef {object} ShareLink
 * @property {string} id
 * @property {number | null} event
 * @property {boolean} invites whoever has it may join
 * @property {string | null} label
 * @property {number | null} created_at_ms
 * @property {number | null} ends_at_ms
 * @property {string} path what opens it, in the answer to making it only
 *
 * @typedef {{type: 'invited', user: User, by: User, event: {id: number, name: string}}} InvitedNews
 * @typedef {{type: 'removed' | 'event_started' | 'event_cancelled', event: {id: number, name: string}}} EventNews
 * @typedef {{type: 'friend_asked' | 'friend_accepted' | 'friend_removed', user: User}} FriendNews
 * @typedef {InvitedNews | EventNews | FriendNews} JoinNews
 */

const ROLES = ['creator', 'participant', 'invited'];
const FRIEND_STATES = ['none', 'listed', 'friend', 'asked', 'asking', 'blocked'];

/**
 * @template T
 * @param {unknown} documents
 * @param {(document: any) => T | null} parse
 * @returns {T[]} those that are whole
 */
export function parseEach(documents, parse) {
  return (Array.isArray(documents) ? documents : []).flatMap((document) => parse(document) ?? []);
}

/** @param {any} document @returns {User | null} */
export function parsePerson(document) {
  const user = parseUser(document);
  return user.id && user.name ? user : null;
}

/** @param {any} document @returns {MyEvent | null} */
export function parseMyEvent(document) {
  const event = parseEvent(document);
  return event && { event, role: ROLES.includes(document.role) ? document.role : null };
}

/** @param {any} document @returns {Invitation | null} */
export function parseInvitation(document) {
  const user = parsePerson(document?.user);
  if (!user || !['invited', 'declined'].includes(document.state)) return null;
  return { user, by: parseUser(document.by), invited_at_ms: timeOf(document.invited_at), state: document.state };
}

/** @param {any} document @returns {Friend | null} */
export function parseFriend(document) {
  const user = parsePerson(document?.user);
  if (!user || !FRIEND_STATES.includes(document.state)) return null;
  return { user, state: document.state, lists_you: document.lists_you === true };
}

/** @param {any} document @returns {ShareLink | null} */
export function parseShareLink(document) {
  if (typeof document?.id !== 'string') return null;
  return {
    id: document.id,
    event: numberOf(document.event),
    invites: document.invites === true,
    label: typeof document.label === 'string' ? document.label : null,
    created_at_ms: timeOf(document.created_at),
    ends_at_ms: timeOf(document.ends_at),
    path: typeof document.path === 'string' ? document.path : '',
  };
}

/** @param {any} data of a publication on the own channel @returns {JoinNews | null} null for what is of another subject */
export function parseJoinNews(data) {
  switch (data?.type) {
    case 'invited':
    case 'removed':
    case 'event_started':
    case 'event_cancelled': {
      const id = numberOf(data.event?.id);
      if (id === null) return null;
      const event = { id, name: String(data.event.name ?? '') };
      if (data.type === 'invited') return { type: data.type, user: parseUser(data.user), by: parseUser(data.by), event };
      return { type: data.type, event };
    }
    case 'friend_asked':
    case 'friend_accepted':
    case 'friend_removed': {
      const user = parsePerson(data.user);
      return user && { type: data.type, user };
    }
    default:
      return null;
  }
}
