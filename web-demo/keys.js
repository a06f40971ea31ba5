/**
 * Developer keys: log in, make one, see and revoke those that there are; who is logged in hears what they unlock. The token of the log-in is kept in this tab's memory
 * alone and is revoked on the way out; nothing is stored in the browser.
 */

import { find, setText } from './header.js';
import { newsOf } from './news.js';
import { openOwn } from './own.js';
import { getTheme, setTheme } from './settings.js';
import { createToasts } from './toasts.js';

/** @typedef {{id: string, label: string | null, kind: string, created_at: string, last_used_at: string | null, current: boolean}} Key */

/** @type {import('./settings.js').Theme[]} */
const THEMES = ['auto', 'light', 'dark'];

let token = '';
const toasts = createToasts(find('#toasts'));
/** @type {{close: () => void} | null} */
let own = null;

/** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
async function call(method, path, body) {
  const headers = { Accept: 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const init = body === undefined ? { headers } : { headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(path, { method, cache: 'no-store', credentials: 'omit', ...init });
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(answer?.error?.message ?? response.statusText);
  return answer?.data;
}

/** Carries something out, and shows why not. @param {() => Promise<void>} deed */
async function attempt(deed) {
  setText(find('#fault'), '');
  try {
    await deed();
  } catch (failure) {
    setText(find('#fault'), failure instanceof TypeError ? 'The server does not answer.' : String(/** @type {Error} */ (failure).message));
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
    button.className = 'plain revoke';
    button.textContent = 'Revoke';
    button.setAttribute('aria-label', `Revoke ${name}`);
    button.addEventListener('click', () => attempt(async () => {
      await call('DELETE', `/api/tokens/${key.id}`);
      await list();
    }));
    cell.append(button);
  }
  made.append(cell);
  return made;
}

async function list() {
  /** @type {Key[]} */
  const keys = await call('GET', '/api/tokens?page_size=200');
  find('#list').replaceChildren(...keys.map(row));
}

/** @param {boolean} isIn */
function show(isIn) {
  find('.log-in').hidden = isIn;
  find('.mine').hidden = !isIn;
  find('#made').hidden = true;
}

/** What is told to whoever is logged in. Without it the page does all else. */
async function listen() {
  try {
    const opened = await openOwn(token, (change) => toasts.show(newsOf(change, navigator.languages)));
    own?.close();
    own = opened;
    if (!token) quiet();
  } catch (failure) {
    console.info('own channel:', failure instanceof Error ? failure.message : failure);
  }
}

function quiet() {
  own?.close();
  own = null;
  toasts.clear();
}

/** @param {string} selector @param {() => Promise<void>} deed */
function onSubmit(selector, deed) {
  find(selector).addEventListener('submit', (input) => {
    input.preventDefault();
    attempt(deed);
  });
}

const field = (/** @type {string} */ selector) => /** @type {HTMLInputElement} */ (find(selector));

onSubmit('#log-in', async () => {
  const answer = await call('POST', '/api/tokens', { name: field('#name').value, password: field('#password').value });
  token = answer.token;
  field('#password').value = '';
  setText(find('#who'), `Logged in as ${answer.user.name}`);
  await list();
  show(true);
  field('#label').focus();
  listen();
});

onSubmit('#make', async () => {
  const made = await call('POST', '/api/tokens', { label: field('#label').value });
  field('#label').value = '';
  setText(find('#secret'), made.token);
  setText(find('#copy'), 'Copy');
  find('#made').hidden = false;
  await list();
});

find('#copy').addEventListener('click', () => attempt(async () => {
  await navigator.clipboard.writeText(find('#secret').textContent ?? '');
  setText(find('#copy'), 'Copied');
}));

find('#log-out').addEventListener('click', () => attempt(async () => {
  const keys = /** @type {Key[]} */ (await call('GET', '/api/tokens?page_size=200'));
  const current = keys.find((key) => key.current);
  if (current) await call('DELETE', `/api/tokens/${current.id}`);
  token = '';
  quiet();
  setText(find('#secret'), '');
  find('#list').replaceChildren();
  show(false);
}));

const theme = find('#theme');
function showTheme() {
  theme.dataset.theme = getTheme();
  theme.setAttribute('aria-label', `Theme: ${getTheme()}. Switch to the next`);
}
theme.addEventListener('click', () => {
  setTheme(THEMES[(THEMES.indexOf(getTheme()) + 1) % THEMES.length]);
  showTheme();
});
showTheme();
