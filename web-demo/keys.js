/**
 * Developer keys: make one, see and revoke those that there are.
 */

import { account, onAccount } from './account.js';
import { find, setText } from './elements.js';
import { askToLogIn } from './log-in.js';
import { get, post, remove, wordsOf } from './rest.js';
import { openShell } from './shell.js';

/** @typedef {{id: string, label: string | null, kind: string, created_at: string, last_used_at: string | null, current: boolean}} Key */

/** Carries something out, and shows why not. @param {() => Promise<void>} deed */
async function attempt(deed) {
  setText(find('#fault'), '');
  try {
    await deed();
  } catch (failure) {
    setText(find('#fault'), wordsOf(failure));
  }
}

/** @param {string | null} text */
function day(text) {
  return text === null ? 'not yet' : new Date(text).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}

/** Names are people's words: text, never markup. @param {Key} key */
function row(key) {
  const made = document.createElement('tr');
  const name = key.label ?? (key.kind === 'session' ? 'A session' : 'A log-in');
  for (const text of [key.current ? `${name} (this page)` : name, day(key.created_at), day(key.last_used_at)]) {
    const cell = document.createElement('td');
    cell.textContent = text;
    made.append(cell);
  }
  const cell = document.createElement('td');
  if (!key.current && key.kind !== 'operator') {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button danger small';
    button.textContent = 'Revoke';
    button.setAttribute('aria-label', `Revoke ${name}`);
    button.addEventListener('click', () => attempt(async () => {
      await remove(`/api/tokens/${encodeURIComponent(key.id)}`);
      await list();
    }));
    cell.append(button);
  }
  made.append(cell);
  return made;
}

async function list() {
  /** @type {Key[]} */
  const keys = await get('/api/tokens?page_size=200');
  find('#list').replaceChildren(...keys.map(row));
}

const field = (/** @type {string} */ selector) => /** @type {HTMLInputElement} */ (find(selector));

find('#make').addEventListener('submit', (input) => {
  input.preventDefault();
  attempt(async () => {
    const made = await post('/api/tokens', { label: field('#label').value });
    field('#label').value = '';
    setText(find('#secret'), made.token);
    setText(find('#copy'), 'Copy');
    find('#made').hidden = false;
    await list();
  });
});

find('#copy').addEventListener('click', () => attempt(async () => {
  await navigator.clipboard.writeText(find('#secret').textContent ?? '');
  setText(find('#copy'), 'Copied');
}));

/** What is shown is the account's whose window this is. */
function show() {
  const isIn = account() !== null;
  setText(find('#secret'), '');
  setText(find('#fault'), '');
  find('#made').hidden = true;
  find('#mine').hidden = !isIn;
  find('#ask').hidden = isIn;
  find('#list').replaceChildren();
  if (isIn) attempt(list);
  else askToLogIn(find('#ask'), 'Log in to make a key, and to see and revoke those that you have.');
}

openShell();
onAccount(show);
show();
