/**
 * The people with whom there is something, by what there is; and what one may do with each. Pure.
 */

/** @typedef {import('./documents.js').Friend} Friend */
/** @typedef {import('./documents.js').FriendState} FriendState */

/**
 * @typedef {'accept' | 'decline' | 'ask' | 'remove' | 'withdraw' | 'block' | 'unblock'} Deed
 *
 * @typedef {object} Circle
 * @property {Exclude<FriendState, 'none'>} state
 * @property {string} title
 * @property {string} empty what to do when there is nobody; without it the circle is not shown then
 */

/** In this order on the page. @type {readonly Circle[]} */
export const CIRCLES = [
  { state: 'asking', title: 'Want to be friends', empty: '' },
  { state: 'friend', title: 'Your friends', empty: 'Nobody yet. Find people by name below, and ask them.' },
  { state: 'asked', title: 'Asked, not answered yet', empty: '' },
  { state: 'listed', title: 'Have accepted you', empty: '' },
  { state: 'blocked', title: 'Blocked', empty: '' },
];

/** @param {FriendState} state @returns {Deed[]} the most important first */
export function deedsOf(state) {
  switch (state) {
    case 'asking':
      return ['accept', 'decline', 'block'];
    case 'friend':
      return ['remove', 'block'];
    case 'asked':
      return ['withdraw'];
    case 'listed':
      return ['ask', 'block'];
    case 'blocked':
      return ['unblock'];
    case 'none':
      return ['ask', 'block'];
  }
}

/** @param {Deed} deed @param {FriendState} state @returns {string} on the button */
export function deedWord(deed, state) {
  if (deed === 'ask' && state === 'listed') return 'Accept too';
  const words = { accept: 'Accept', decline: 'Decline', ask: 'Ask to be friends', remove: 'Remove', withdraw: 'Withdraw', block: 'Block', unblock: 'Unblock' };
  return words[deed];
}

/** Said afterwards. @param {Friend} friend as it is now @returns {string} */
export function outcomeWords({ user, state }) {
  switch (state) {
    case 'friend':
      return `${user.name} is your friend now.`;
    case 'asked':
      return `${user.name} is asked.`;
    case 'blocked':
      return `${user.name} is blocked.`;
    default:
      return `There is nothing between you and ${user.name} any more.`;
  }
}
