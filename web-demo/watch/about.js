/**
 * A word for who comes here for the first time: what this is, and what one can do. Put away once, it stays away in this browser.
 */

import { account, onAccount } from '../account.js';
import { find } from '../elements.js';

const KEY = 'runnity.about';

export function showAbout() {
  const about = find('#about');
  const show = () => { about.hidden = account() !== null || wasPutAway(); };
  find('button', about).addEventListener('click', () => {
    try {
      localStorage.setItem(KEY, 'read');
    } catch {
      // then it is here again next time
    }
    about.hidden = true;
    find('#show-runners').focus();
  });
  onAccount(show);
  show();
}

function wasPutAway() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}
