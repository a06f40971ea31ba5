/**
 * Whom this visitor follows: users, several, kept in this browser only. Other windows of it hear of a change.
 */

const KEY = 'runnity.followed';
/** More than anybody keeps an eye on. */
const FOLLOWED_MAX = 100;

/** @typedef {Map<string, string>} Followed names by the ids of users */

/** @param {string | null} text @returns {Followed} only what is whole */
export function parseFollowed(text) {
  try {
    const rows = JSON.parse(text ?? '[]');
    const whole = Array.isArray(rows) ? rows.filter((row) => Array.isArray(row) && typeof row[0] === 'string' && typeof row[1] === 'string') : [];
    return new Map(whole.slice(0, FOLLOWED_MAX));
  } catch {
    return new Map();
  }
}

/** @param {Followed} followed @param {{id: string, name: string}} user @returns {Followed} with or without: the newest are kept */
export function toggled(followed, { id, name }) {
  const next = new Map(followed);
  if (!next.delete(id)) next.set(id, name);
  return new Map([...next].slice(-FOLLOWED_MAX));
}

/** @param {() => void} onChange also by another window */
export function createFollowing(onChange) {
  let followed = parseFollowed(read());

  window.addEventListener('storage', (change) => {
    if (change.key !== KEY && change.key !== null) return;
    followed = parseFollowed(read());
    onChange();
  });

  return {
    /** @param {string} user */
    has: (user) => followed.has(user),
    /** @param {{id: string, name: string}} user */
    toggle(user) {
      followed = toggled(followed, user);
      try {
        localStorage.setItem(KEY, JSON.stringify([...followed]));
      } catch {
        // storage may be forbidden: then it lasts until the page is closed
      }
      onChange();
    },
  };
}

/** @returns {string | null} */
function read() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
