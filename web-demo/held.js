/**
 * What a page was opened with: a share link's secret, and what it shows. Empty on all other pages. The secret stands behind
 * the address's `#`, which browsers send to nobody.
 */

export const held = {
  secret: '',
  /** @type {string | null} the run that the link shows */
  run: null,
  /** @type {number | null} the event that the link shows */
  event: null,
  /** whether whoever has the link may join the event */
  invites: false,
};

/** Where the secret waits in this window while its holder signs up: an address of ours would carry it to the server. */
const KEY = 'runnity.link';

/** Keeps the secret until this page is opened again. */
export function keepHeld() {
  try {
    sessionStorage.setItem(KEY, held.secret);
  } catch {
    // storage may be forbidden: then the link is opened again by hand
  }
}

/** Gives back the secret that was kept, once. @returns {string} */
export function takeHeld() {
  try {
    const secret = sessionStorage.getItem(KEY) ?? '';
    sessionStorage.removeItem(KEY);
    return secret;
  } catch {
    return '';
  }
}
