/**
 * What the visitor has chosen: theme and units. Kept in this browser only.
 */

/** @typedef {'auto' | 'light' | 'dark'} Theme */
/** @typedef {import('./format.js').Units} Units */

const THEME_KEY = 'runnity.theme';
const UNITS_KEY = 'runnity.units';
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const calm = window.matchMedia('(prefers-reduced-motion: reduce)');

/** @param {string} key @returns {string | null} */
function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden; the defaults do
  }
}

/** @param {string} key @param {string} value */
function write(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // then it lasts until the page is closed
  }
}

/** @type {Theme} */
let theme = /** @type {Theme} */ (['light', 'dark'].includes(read(THEME_KEY) ?? '') ? read(THEME_KEY) : 'auto');
/** @type {Units} */
let units = read(UNITS_KEY) === 'mi' ? 'mi' : 'km';
/** @type {Set<() => void>} */
const listeners = new Set();

/** Calls back when theme or units change, by the visitor or by the system. @param {() => void} listener */
export function onSettings(listener) {
  listeners.add(listener);
}

function changed() {
  if (theme === 'auto') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', theme);
  for (const listener of listeners) listener();
}

dark.addEventListener('change', changed);
calm.addEventListener('change', changed);

/** @returns {Theme} */
export function getTheme() {
  return theme;
}

/** @param {Theme} chosen */
export function setTheme(chosen) {
  theme = chosen;
  write(THEME_KEY, chosen);
  changed();
}

/** Whether the page is dark now. @returns {boolean} */
export function isDark() {
  return theme === 'auto' ? dark.matches : theme === 'dark';
}

/** Whether motion is unwanted. @returns {boolean} */
export function isCalm() {
  return calm.matches;
}

/** @returns {Units} */
export function getUnits() {
  return units;
}

/** @param {Units} chosen */
export function setUnits(chosen) {
  units = chosen;
  write(UNITS_KEY, chosen);
  changed();
}
