/**
 * Signing up, logging in and out; and, on a page that is of no use without an account, the way there and back.
 */

import { account, accountPath, forget, keep } from './account.js';
import { element } from './elements.js';
import { newId } from './new-id.js';
import { get, post, remove } from './rest.js';

/** What was sent last, and as which request: sent again, after an answer that was lost, it is the same request. */
const sent = { account: '', key: '' };

/** @param {string} name @param {string} password @returns {Promise<void>} rejected with what is wrong, and the field */
export async function signUp(name, password) {
  const account = JSON.stringify([name, password]);
  if (sent.account !== account) Object.assign(sent, { account, key: newId() });
  take(await post('/api/users', { name, password }, { key: sent.key }));
  Object.assign(sent, { account: '', key: '' });
}

/** @param {string} name @param {string} password @returns {Promise<void>} */
export async function logIn(name, password) {
  take(await post('/api/tokens', { name, password, label: 'Browser' }));
}

/** @param {any} answer */
function take(answer) {
  const user = answer?.user ?? answer;
  keep({ id: String(user.id), name: String(user.name), token: String(answer.token) });
}

/** The token is revoked, and forgotten even where the server does not answer. @returns {Promise<void>} */
export async function logOut() {
  const token = account()?.token;
  if (!token) return;
  try {
    /** @type {{id: string, current: boolean}[]} */
    const tokens = await get('/api/tokens?page_size=200');
    const current = tokens.find((each) => each.current);
    if (current) await remove(`/api/tokens/${encodeURIComponent(current.id)}`);
  } finally {
    forget(token);
  }
}

/** Says what an account is for here, with the way to one. @param {HTMLElement} container @param {string} why a sentence */
export function askToLogIn(container, why) {
  container.replaceChildren(element('section', { class: 'card ask' },
    element('p', {}, why),
    element('p', { class: 'row' },
      element('a', { class: 'button', href: accountPath() }, 'Sign up'),
      element('a', { class: 'button plain', href: `${accountPath()}#log-in` }, 'Log in'))));
}
