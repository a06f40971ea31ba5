/**
 * What the pages of events and friends ask of the server's REST API: parsed. Knows no screen.
 */

import { ApiError, get, getPages, patch, post, put, remove } from '../rest.js';
import { parseEach, parseFriend, parseInvitation, parseMyEvent, parsePerson, parseShareLink } from './documents.js';

/** Of one's own events, invitations, friends: the server's bounds of what there can be wait for nobody to read them all. */
const LEN_MAX = 400;
/** People found by a name: what is offered at once, and some who are left out. */
const FOUND_MAX = 20;

/** @param {number} id */
const path = (id) => `/api/events/${id}`;
/** @param {string} id */
const person = (id) => encodeURIComponent(id);

/** @template T @param {T | null} parsed @returns {T} */
function whole(parsed) {
  if (parsed === null) throw new ApiError(0, 'The server’s answer is not what was expected.');
  return parsed;
}

/**
 * Public events of one kind.
 * @param {import('../protocol.js').EventState} state @param {string} name a part of it @param {number} page @param {number} page_size
 * @returns {Promise<import('../protocol.js').RunEvent[]>}
 */
export async function listPublicEvents(state, name, page, page_size) {
  const more = name ? `&name=${encodeURIComponent(name)}` : '';
  const documents = await get(`/api/events?private=false&state=${state}${more}&page=${page}&page_size=${page_size}`);
  return parseEach(documents, parseMyEvent).map(({ event }) => event);
}

/** Events that one has made, joined or is invited to. @returns {Promise<import('./documents.js').MyEvent[]>} */
export async function listMyEvents() {
  return parseEach(await getPages('/api/events?mine=true', LEN_MAX), parseMyEvent);
}

/** @param {number} id */
export async function getMyEvent(id) {
  return whole(parseMyEvent(await get(path(id))));
}

/** @param {import('./event-form.js').Plan} plan @param {string} key */
export async function createEvent(plan, key) {
  return whole(parseMyEvent(await post('/api/events', plan, { key })));
}

/** @param {number} id @param {import('./event-form.js').Plan} changes */
export async function changeEvent(id, changes) {
  return whole(parseMyEvent(await patch(path(id), changes)));
}

/** @param {number} id @param {string} [link] the secret of a link that lets people in */
export async function joinEvent(id, link) {
  await post(`${path(id)}/participants`, link ? { link } : undefined);
}

/** @param {number} id */
export async function leaveEvent(id) {
  await remove(`${path(id)}/participants/me`);
}

/** @param {number} id @param {'accepted' | 'declined'} state */
export async function answerInvitation(id, state) {
  await put(`${path(id)}/invitations/me`, { state });
}

/** @param {number} id */
export async function startEvent(id) {
  return whole(parseMyEvent(await post(`${path(id)}/start`)));
}

/** @param {number} id */
export async function endEvent(id) {
  return whole(parseMyEvent(await post(`${path(id)}/end`)));
}

/** @param {number} id */
export async function cancelEvent(id) {
  await remove(path(id));
}

/** @param {number} id @returns {Promise<import('./documents.js').Invitation[]>} */
export async function listInvitations(id) {
  return parseEach(await getPages(`${path(id)}/invitations`, LEN_MAX), parseInvitation);
}

/** @param {number} id @param {string[]} users ids */
export async function invite(id, users) {
  return parseEach(await post(`${path(id)}/invitations`, { users }), parseInvitation);
}

/** @param {number} id @param {string} user */
export async function withdraw(id, user) {
  await remove(`${path(id)}/invitations/${person(user)}`);
}

/** @param {number} event @returns {Promise<import('./documents.js').ShareLink[]>} */
export async function listLinks(event) {
  return parseEach(await get(`/api/share-links?event=${event}&page=1&page_size=50`), parseShareLink);
}

/** @param {number} event @param {boolean} invites @param {string} key */
export async function makeLink(event, invites, key) {
  return whole(parseShareLink(await post('/api/share-links', invites ? { event, invites } : { event }, { key })));
}

/** @param {string} id */
export async function revokeLink(id) {
  await remove(`/api/share-links/${encodeURIComponent(id)}`);
}

/** @param {string} name the beginnings of words @returns {Promise<import('./documents.js').User[]>} */
export async function findPeople(name) {
  return parseEach(await get(`/api/users?name=${encodeURIComponent(name)}&page=1&page_size=${FOUND_MAX}`), parsePerson);
}

/** @param {Exclude<import('./documents.js').FriendState, 'none'>} state @returns {Promise<import('./documents.js').Friend[]>} */
export async function listFriends(state) {
  return parseEach(await getPages(`/api/friends?state=${state}`, LEN_MAX), parseFriend);
}

/** @param {string} user */
export async function askFriend(user) {
  return whole(parseFriend(await post('/api/friends', { user })));
}

/** @param {string} user @param {'accepted' | 'declined' | 'blocked'} state */
export async function answerFriend(user, state) {
  return whole(parseFriend(await put(`/api/friends/${person(user)}`, { state })));
}

/** Removes, withdraws or unblocks. @param {string} user */
export async function endFriendship(user) {
  await remove(`/api/friends/${person(user)}`);
}
