/**
 * Who one is and what others see of it; the password, what is kept, and the way out.
 */

import { account, keep } from '../account.js';
import { element, setText } from '../elements.js';
import { field, onSubmit } from '../form.js';
import { forgetDraft } from '../join/draft.js';
import { logOut } from '../log-in.js';
import { ApiError, get, patch, remove, wordsOf } from '../rest.js';
import { welcomeCard } from './welcome.js';

/** While the server does not answer, it is asked again. */
const RETRY_MS = 4_000;

/** What a run is seen by, unless it says so itself. */
const VISIBILITIES = [
  { value: 'public', words: 'Everybody', hint: 'on the map for all who look' },
  { value: 'friends', words: 'Friends', hint: 'those whom you have accepted' },
  { value: 'private', words: 'Only you', hint: '' },
];

/** @param {import('../account.js').Account} own @returns {Element} */
export function createProfile(own) {
  const body = element('div', {}, element('p', { class: 'note', role: 'status' }, 'Loading…'));
  load(body, own);
  return element('div', {},
    element('p', { class: 'lead' }, 'Logged in as ', element('strong', {}, own.name), '.'),
    welcomeCard(), ways(), body);
}

function ways() {
  const link = (/** @type {string} */ href, /** @type {string} */ words) => element('a', { class: 'button plain', href }, words);
  return element('section', { class: 'row account-ways' },
    link('/my-runs', 'Your runs'), link('/friends', 'Friends'), link('/keys', 'Developer keys'), link('/docs', 'API documentation'));
}

/** @param {HTMLElement} body @param {import('../account.js').Account} own */
async function load(body, own) {
  while (account()?.token === own.token) {
    try {
      const document = await get('/api/users/me');
      body.replaceChildren(about(document), password(), leaving(own.name));
      return;
    } catch (failure) {
      if (failure instanceof ApiError && !failure.isPassing) return body.replaceChildren(element('p', { class: 'wrong' }, wordsOf(failure)));
      await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
    }
  }
}

/** @param {any} document the account */
function about(document) {
  const text = (/** @type {string} */ name, /** @type {number} */ maxlength) => element('input', { name, maxlength, value: String(document[name] ?? '') });
  const shownName = text('display_name', 64);
  const city = text('city', 100);
  const zone = element('select', { name: 'time_zone' }, ...zones(document.time_zone).map((each) => (
    element('option', { value: each, selected: each === (document.time_zone ?? '') }, each || 'UTC, as nothing else is said'))));
  const visibility = element('fieldset', { class: 'field' }, element('legend', {}, 'Who sees your runs, unless a run says otherwise'),
    ...VISIBILITIES.map(({ value, words, hint }) => element('label', { class: 'check' },
      element('input', { type: 'radio', name: 'visibility', value, checked: document.visibility === value }),
      element('span', {}, words, hint ? element('span', { class: 'muted' }, ` – ${hint}`) : null))));
  const saved = element('span', { class: 'muted', role: 'status' });
  const form = element('form', { class: 'form card' }, element('h2', {}, 'You'), visibility,
    field('Shown as', shownName, 'Another name on pages and maps, if you like.'),
    element('div', { class: 'fields' }, field('City', city, 'For the leaderboards of your city.'), field('Time zone', zone, 'Where your days begin.')),
    element('p', { class: 'wrong', role: 'alert' }),
    element('p', { class: 'row' }, element('button', { type: 'submit', class: 'button' }, 'Save'), saved));
  form.addEventListener('input', () => setText(saved, ''));
  onSubmit(form, async () => {
    const chosen = /** @type {HTMLInputElement | null} */ (form.querySelector('[name="visibility"]:checked'));
    await patch('/api/users/me', {
      visibility: chosen?.value ?? document.visibility,
      display_name: shownName.value.trim() || null,
      city: city.value.trim() || null,
      time_zone: zone.value || null,
    });
    setText(saved, 'Saved.');
  });
  return form;
}

/** All zones that the browser knows, the account's own among them. @param {string | null} own @returns {string[]} */
function zones(own) {
  const known = Intl.supportedValuesOf('timeZone');
  return ['', ...(own && !known.includes(own) ? [own] : []), ...known];
}

function password() {
  const input = (/** @type {string} */ name, /** @type {AutoFill} */ autocomplete) => element('input', { name, type: 'password', autocomplete, required: true });
  const before = input('current_password', 'current-password');
  const after = input('password', 'new-password');
  const done = element('span', { class: 'muted', role: 'status' });
  const form = element('form', { class: 'form' }, field('Present password', before), field('New password', after, 'All other devices are logged out.'),
    element('p', { class: 'wrong', role: 'alert' }),
    element('p', { class: 'row' }, element('button', { type: 'submit', class: 'button plain' }, 'Change the password'), done));
  onSubmit(form, async () => {
    const answer = await patch('/api/users/me', { current_password: before.value, password: after.value });
    const own = account();
    if (own && typeof answer?.token === 'string') keep({ ...own, token: answer.token });
    before.value = '';
    after.value = '';
    setText(done, 'Changed.');
  });
  return element('details', { class: 'card' }, element('summary', {}, 'Password'), form);
}

/** @param {string} name */
function leaving(name) {
  const wrong = element('p', { class: 'wrong', role: 'alert' });
  const attempt = (/** @type {() => Promise<void>} */ deed) => deed().catch((failure) => setText(wrong, wordsOf(failure)));
  const current = element('input', { name: 'current_password', type: 'password', autocomplete: 'current-password', required: true });
  const form = element('form', { class: 'form' },
    element('p', {}, 'Your runs, events, friends, habits and all that you have earned are forgotten, everywhere and for good.'),
    field('Your password', current), element('p', { class: 'wrong', role: 'alert' }),
    element('p', {}, element('button', { type: 'submit', class: 'button danger' }, `Delete ${name} for good`)));
  onSubmit(form, async () => {
    await remove('/api/users/me', { current_password: current.value });
    await leave().catch(() => {}); // the token is gone with the account
  });
  return element('section', { class: 'card' },
    element('h2', {}, 'Yours to take'),
    element('p', { class: 'row' },
      element('button', { type: 'button', class: 'button plain', onclick: () => attempt(leave) }, 'Log out'),
      element('button', { type: 'button', class: 'button plain', onclick: () => attempt(takeAll) }, 'Download everything')),
    wrong, element('details', {}, element('summary', {}, 'Delete the account'), form));
}

/** What this window keeps of theirs goes too. */
async function leave() {
  forgetDraft();
  await logOut();
}

/** A ZIP of all that is kept of the account. */
async function takeAll() {
  const response = await fetch('/api/users/me/export', { headers: { Authorization: `Bearer ${account()?.token ?? ''}` }, credentials: 'omit', cache: 'no-store' });
  if (!response.ok) throw new ApiError(response.status, 'It could not be put together. Try again in a while.');
  const url = URL.createObjectURL(await response.blob());
  element('a', { href: url, download: 'runnity.zip' }).click();
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
