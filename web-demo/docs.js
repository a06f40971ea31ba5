/**
 * The documentation: the theme, the language of the examples as it was chosen last, and where this server is. The page is
 * whole without it.
 */

import { getTheme, onSettings, setTheme } from './settings.js';

const LANGUAGE_KEY = 'runnity.language';
const ORIGIN = 'http://127.0.0.1:8000';
/** @type {import('./settings.js').Theme[]} */
const THEMES = ['auto', 'light', 'dark'];

function initTheme() {
  const button = document.querySelector('#theme');
  if (!(button instanceof HTMLElement)) return;
  const show = () => {
    const theme = getTheme();
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    button.dataset.theme = theme;
    button.setAttribute('aria-label', `Theme: ${theme}. Switch to ${next}`);
    button.title = `Theme: ${theme}. Switch to ${next}`;
  };
  button.addEventListener('click', () => setTheme(THEMES[(THEMES.indexOf(getTheme()) + 1) % THEMES.length]));
  onSettings(show);
  show();
  button.hidden = false;
}

function initLanguages() {
  /** @type {NodeListOf<HTMLInputElement>} */
  const choices = document.querySelectorAll('input[name="language"]');
  let last = null;
  try {
    last = localStorage.getItem(LANGUAGE_KEY);
  } catch {
    // storage may be forbidden; then the first one holds
  }
  for (const choice of choices) {
    if (choice.value === last) choice.checked = true;
    choice.addEventListener('change', () => {
      try {
        localStorage.setItem(LANGUAGE_KEY, choice.value);
      } catch {
        // then it lasts until the page is closed
      }
    });
  }
}

/** Examples ask this server, so that they can be copied as they are. */
function initOrigin() {
  for (const code of document.querySelectorAll('code[data-call]')) {
    code.textContent = (code.textContent ?? '').replaceAll(ORIGIN, location.origin);
  }
}

/** On a small screen the list of calls is in the way until it is asked for. */
function initIndex() {
  const index = document.querySelector('.index details');
  if (!(index instanceof HTMLDetailsElement)) return;
  const wide = window.matchMedia('(min-width: 900px)');
  const show = () => {
    index.open = wide.matches;
  };
  wide.addEventListener('change', show);
  index.addEventListener('click', (input) => {
    if (!wide.matches && input.target instanceof Element && input.target.closest('a')) index.open = false;
  });
  show();
}

initTheme();
initLanguages();
initOrigin();
initIndex();
