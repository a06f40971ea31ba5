/**
 * Who is asked to an event and has not come, as its maker sees it; and whom one may ask next. Pure.
 */

/** @typedef {import('./documents.js').User} User */
/** @typedef {import('./documents.js').Invitation} Invitation */
/** @typedef {import('./documents.js').Friend} Friend */

/** People that are offered at once: more than that, and one types another letter. */
const OFFERED_MAX = 8;

export class Invitations {
  /** By user. @type {Map<string, Invitation>} */
  #sent = new Map();

  /** @param {Invitation[]} sent all there are */
  replace(sent) {
    this.#sent = new Map(sent.map((invitation) => [invitation.user.id, invitation]));
  }

  /** The answer to asking people. @param {Invitation[]} sent */
  add(sent) {
    for (const invitation of sent) this.#sent.set(invitation.user.id, invitation);
  }

  /** Told by the own channel: somebody was asked, in another window or by another person. @param {User} user @param {User} by */
  told(user, by) {
    if (this.#sent.get(user.id)?.state === 'invited') return;
    this.#sent.set(user.id, { user, by, invited_at_ms: null, state: 'invited' });
  }

  /** Has come, or was withdrawn. @param {string} user */
  remove(user) {
    this.#sent.delete(user);
  }

  /** @returns {Invitation[]} who has not answered, in the order of asking */
  waiting() {
    return [...this.#sent.values()].filter(({ state }) => state === 'invited');
  }

  /** @returns {Invitation[]} */
  declined() {
    return [...this.#sent.values()].filter(({ state }) => state === 'declined');
  }

  /** @param {string} user @returns {boolean} */
  has(user) {
    return this.#sent.get(user)?.state === 'invited';
  }
}

/** @param {string} name @param {string} typed @returns {boolean} whether each word that is typed begins a word of the name */
function matches(name, typed) {
  const words = name.toLowerCase().split(/\s+/);
  return typed.toLowerCase().split(/\s+/).filter(Boolean).every((part) => words.some((word) => word.startsWith(part)));
}

/**
 * Whom to offer: friends first, then whoever the server found by name; nobody twice, and nobody who is asked or there already.
 * @param {object} known
 * @param {string} known.typed
 * @param {User[]} known.friends
 * @param {User[]} known.found
 * @param {Set<string>} known.without users
 * @returns {{user: User, friend: boolean}[]}
 */
export function offered({ typed, friends, found, without }) {
  const all = new Map();
  for (const user of friends) {
    if (!without.has(user.id) && matches(user.name, typed)) all.set(user.id, { user, friend: true });
  }
  for (const user of found) {
    if (!without.has(user.id) && !all.has(user.id)) all.set(user.id, { user, friend: false });
  }
  return [...all.values()].slice(0, OFFERED_MAX);
}

/** What there is between oneself and somebody, in a sentence. @param {Friend} friend @returns {string} */
export function friendWords({ state, lists_you }) {
  switch (state) {
    case 'friend':
      return lists_you ? 'You see each other’s runs.' : 'They see your runs; you do not see theirs.';
    case 'listed':
      return 'You see their runs; they do not see yours.';
    case 'asked':
      return 'You have asked. They have not answered yet.';
    case 'asking':
      return 'Asks to be friends.';
    case 'blocked':
      return 'Blocked: they find nothing of you.';
    case 'none':
      return '';
  }
}
