/**
 * Signing up and logging in: one form at a time.
 */

import { element } from '../elements.js';
import { field, onSubmit } from '../form.js';
import { logIn, signUp } from '../log-in.js';
import { patch } from '../rest.js';

const NAME_LEN_MAX = 64;
const PASSWORD_LEN_MIN = 8;

/**
 * @param {{isLogIn: boolean, name: string, onDone: (isNew: boolean) => void}} options `name`: what was typed before
 * @returns {Element[]}
 */
export function createWelcome({ isLogIn, name: typed, onDone }) {
  // The way back stays in the address.
  const other = (/** @type {string} */ hash, /** @type {string} */ words) => element('a', { href: location.search + hash }, words);
  const name = element('input', { name: 'name', value: typed, autocomplete: 'username', required: true, maxlength: NAME_LEN_MAX, autocapitalize: 'words', spellcheck: 'false' });
  const password = element('input', {
    name: 'password', type: 'password', required: true, autocomplete: isLogIn ? 'current-password' : 'new-password',
    minlength: isLogIn ? null : PASSWORD_LEN_MIN,
  });
  const form = element('form', { class: 'form card' },
    field('Name', name, isLogIn ? '' : 'What others see on the map. Nobody else can have it.'),
    field('Password', password, isLogIn ? '' : `At least ${PASSWORD_LEN_MIN} characters. A few words in a row are good.`),
    shown(password),
    element('p', { class: 'wrong', role: 'alert' }),
    element('button', { type: 'submit', class: 'button' }, isLogIn ? 'Log in' : 'Sign up'));
  onSubmit(form, async () => {
    form.dataset.busy = '';
    try {
      await (isLogIn ? logIn(name.value, password.value) : signUp(name.value, password.value));
      if (!isLogIn) await tellWhere();
    } finally {
      delete form.dataset.busy;
    }
    onDone(!isLogIn);
  });
  queueMicrotask(() => (typed ? password : name).focus());
  return [
    element('div', { class: 'page-head' }, element('div', {},
      element('h1', {}, isLogIn ? 'Log in' : 'Sign up'),
      element('p', { class: 'lead' }, isLogIn ? 'Welcome back.' : 'Record your runs, hold events with friends, and earn what you run for. A name and a password are all it takes.'))),
    form,
    element('p', { class: 'lead' }, ...(isLogIn ? ['New here? ', other('#sign-up', 'Sign up')] : ['You have an account? ', other('#log-in', 'Log in')])),
  ];
}

/** A password can be looked at while it is typed. @param {HTMLInputElement} password */
function shown(password) {
  const box = element('input', { type: 'checkbox', onchange: () => { password.type = box.checked ? 'text' : 'password'; } });
  return element('label', { class: 'check' }, box, 'Show the password');
}

/** Days, streaks and habits turn where the runner is; the browser knows. Without it they turn at UTC. */
async function tellWhere() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const own = { ...(timeZone ? { time_zone: timeZone } : {}), language: navigator.language };
  await patch('/api/users/me', own).catch((failure) => console.info('account:', failure.message));
}

/** For who has just signed up. @returns {Element} */
export function welcomeCard() {
  return element('section', { class: 'card', id: 'welcome', hidden: true },
    element('h2', {}, 'Welcome!'),
    element('p', {}, 'You are signed up and logged in. Start with a run: your phone’s position is all it needs.'),
    element('p', { class: 'row' }, element('a', { class: 'button', href: '/record' }, 'Start a run'),
      element('a', { class: 'button plain', href: '/events' }, 'Find an event'), element('a', { class: 'button plain', href: '/earn' }, 'See what can be earned')));
}
