/**
 * Who is logged in, on all of this browser's windows of this server.
 *
 * The token is kept in the browser's storage, which only this server's own pages read; the policy lets no other script in. A
 * cookie would not do: the socket takes nobody's word but a token's.
 */

import { held, keepHeld } from './held.js';

/** @typedef {{id: string, name: string, token: string}} Account */

const KEY = 'runnity.account';

/** @type {Account | null} */
let current = parse(read());
/** @type {Set<(account: Account | null) => void>} */
const listeners = new Set();

/** @returns {string | null} */
function read() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden: then a log-in lasts until the page is left
  }
}

/** @param {string | null} text @returns {Account | null} */
function parse(text) {
  try {
    const { id, name, token } = JSON.parse(text ?? 'null') ?? {};
    return [id, name, token].every((it) => typeof it === 'string' && it) ? { id, name, token } : null;
  } catch {
    return null;
  }
}

/** @param {Account | null} next */
function set(next) {
  current = next;
  for (const listener of listeners) listener(next);
}

window.addEventListener('storage', (change) => {
  if (change.key !== KEY && change.key !== null) return;
  const next = parse(read());
  if (next?.token !== current?.token || next?.name !== current?.name) set(next);
});

/** @returns {Account | null} null: nobody is logged in */
export function account() {
  return current;
}

/** Calls back on log-in and log-out, in this window or another. @param {(account: Account | null) => void} listener */
export function onAccount(listener) {
  listeners.add(listener);
}

/** From now on this is who is logged in. @param {Account} next */
export function keep(next) {
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // then it lasts until the page is left
  }
  set(next);
}

/** Nobody is logged in any more, if it was by this token. @param {string} token */
export function forget(token) {
  if (current?.token !== token) return;
  try {
    localStorage.removeItem(KEY);
  } catch {
    // there was nothing kept either
  }
  set(null);
}

/** The page's own address, for coming back to it. The secret of a share link is not said in an address that reaches the server. */
function here() {
  if (held.secret) {
    keepHeld();
    return location.pathname;
  }
  return location.pathname + location.search + location.hash;
}

/** Where to sign up, from where one comes back to this page. @param {string} [next] another page of ours @returns {string} */
export function accountPath(next = here()) {
  return `/account?next=${encodeURIComponent(next)}`;
}
