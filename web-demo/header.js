/**
 * The head of every page: the sign of the connection, the units and the theme. Knows no runner.
 */

import { getTheme, getUnits, onSettings, setTheme, setUnits } from './settings.js';

/** @typedef {import('./live.js').Connection} Connection */

/** @type {Record<Connection, {word: string, hint: string}>} */
const SIGNS = {
  connecting: { word: 'Connecting…', hint: 'The page is connecting to the server.' },
  live: { word: 'Live', hint: 'What you see is current.' },
  reconnecting: { word: 'Reconnecting…', hint: 'The connection was lost. You see the last picture; its age is shown.' },
  offline: { word: 'Offline', hint: 'The server cannot be reached. You see the last picture; the page keeps trying.' },
};

/** @type {import('./settings.js').Theme[]} */
const THEMES = ['auto', 'light', 'dark'];

/** @param {string} selector @returns {HTMLElement} */
export function find(selector) {
  const element = document.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`The page has no ${selector}`);
  return element;
}

/** Writes text only when it differs: an unchanged node costs no layout and no announcement.
 * @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the buttons work.
 * @returns {{setConnection: (connection: Connection) => void}}
 */
export function initHeader() {
  const sign = find('#connection');
  const word = find('#connection-word');
  const unitsButton = find('#units');
  const themeButton = find('#theme');

  function show() {
    const miles = getUnits() === 'mi';
    setText(unitsButton, miles ? 'mi' : 'km');
    unitsButton.setAttribute('aria-label', miles ? 'Units: miles. Switch to km' : 'Units: km. Switch to miles');
    unitsButton.title = miles ? 'Miles. Switch to kilometres' : 'Kilometres. Switch to miles';
    const theme = getTheme();
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    themeButton.dataset.theme = theme;
    themeButton.setAttribute('aria-label', `Theme: ${theme}. Switch to ${next}`);
    themeButton.title = `Theme: ${theme}. Switch to ${next}`;
  }

  unitsButton.addEventListener('click', () => setUnits(getUnits() === 'mi' ? 'km' : 'mi'));
  themeButton.addEventListener('click', () => {
    setTheme(THEMES[(THEMES.indexOf(getTheme()) + 1) % THEMES.length]);
  });
  onSettings(show);
  show();

  return {
    setConnection(connection) {
      sign.dataset.connection = connection;
      sign.title = SIGNS[connection].hint;
      setText(word, SIGNS[connection].word);
    },
  };
}
