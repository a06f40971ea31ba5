/**
 * The page of one's account: signing up and logging in, and afterwards who one is and what others see.
 */

import { account, onAccount } from '../account.js';
import { element, find } from '../elements.js';
import { openShell } from '../shell.js';
import { backTo } from './next.js';
import { createProfile } from './profile.js';
import { createWelcome } from './welcome.js';

const page = find('#content');
/** Where to go when one is logged in: the page that asked for it. */
const next = backTo(location.search, location.origin);

function show() {
  const own = account();
  if (!own) {
    // Whoever turns from one form to the other has typed a name already.
    const typed = page.querySelector('input[name="name"]');
    const name = typed instanceof HTMLInputElement ? typed.value : '';
    page.replaceChildren(...createWelcome({ isLogIn: location.hash === '#log-in', name, onDone: leave }));
    document.title = 'Sign up or log in · Runnity';
    return;
  }
  document.title = 'Your account · Runnity';
  page.replaceChildren(element('h1', {}, 'Your account'), createProfile(own));
}

/** On to where one was going. @param {boolean} isNew */
function leave(isNew) {
  if (next) return location.replace(next);
  show();
  if (isNew) find('#welcome').hidden = false;
  page.focus();
}

openShell();
show();
window.addEventListener('hashchange', show);
let known = account()?.token;
onAccount((own) => {
  if (own?.token === known) return;
  known = own?.token;
  // The forms here lead on by themselves; another window's log-in or log-out is followed.
  if (!document.querySelector('form[data-busy]')) show();
});
