/**
 * What every page has: the head with the way about, the sign of the connection, units, theme and account; and the news that the
 * user's own channel tells, wherever in the app one is. Knows no run and no map.
 */

import { account, accountPath, onAccount } from './account.js';
import { onConnection, onOwn, openConnection } from './connection.js';
import { element, find, icon, picture, setText } from './elements.js';
import { getTheme, getUnits, onSettings, setTheme, setUnits } from './settings.js';
import { stylesheet } from './vendor.js';

/** @type {Record<import('./connection.js').Connection, {word: string, hint: string}>} */
const SIGNS = {
  connecting: { word: 'Connecting…', hint: 'The page is connecting to the server.' },
  live: { word: 'Live', hint: 'What you see is current.' },
  reconnecting: { word: 'Reconnecting…', hint: 'The connection was lost. You see the last picture; its age is shown.' },
  offline: { word: 'Offline', hint: 'The server cannot be reached. You see the last picture; the page keeps trying.' },
};

/** @type {import('./settings.js').Theme[]} */
const THEMES = ['auto', 'light', 'dark'];

/** Where one can go: what it is called, the pages that belong to it, and its picture. */
const JOURNEYS = [
  { name: 'Watch', path: '/', pages: ['/runs', '/s'], drawn: 'M12 21s-6.5-5.6-6.5-11a6.5 6.5 0 0 1 13 0c0 5.4-6.5 11-6.5 11zM12 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z' },
  { name: 'Events', path: '/events', pages: ['/friends'], drawn: 'M5 5.5h14a1 1 0 0 1 1 1V19a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1zM4 10h16M8 3v4M16 3v4' },
  { name: 'Run', path: '/record', pages: ['/my-runs'], drawn: 'M15 5a1.6 1.6 0 1 0 0-3.2A1.6 1.6 0 0 0 15 5zM7 10l3.5-3 4 2.2L12 14l3.2 2.6L15 21.5M12 14l-2.5 4H5M14.5 9.2L16.5 12H19' },
  { name: 'Earn', path: '/earn', pages: ['/leaderboards', '/challenges'], drawn: 'M8 4h8v5a4 4 0 0 1-8 0zM8 5.5H4.5V7A3.5 3.5 0 0 0 8 10.5M16 5.5h3.5V7a3.5 3.5 0 0 1-3.5 3.5M12 13v4M8 20.5h8M10 17h4l.6 3.5H9.4z' },
  { name: 'Habits', path: '/habits', pages: [], drawn: 'M4 6.5L5.5 8l3-3M4 16.5L5.5 18l3-3M12 7h8M12 17h8' },
];

const PERSON = 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0';

/** Builds what every page has, and opens the page's connection; once, however often it is asked for. */
export function openShell() {
  const head = find('#top');
  if (head.hasChildNodes()) return;
  head.append(brand(), navigation(), sign(), choices());
  hearNews();
  openConnection().catch((failure) => console.info('connection:', failure));
}

function brand() {
  return element('a', { class: 'brand', href: '/', ariaLabel: 'Runnity' },
    picture('svg', { viewBox: '0 0 32 32', width: 28, height: 28, 'aria-hidden': 'true' },
      picture('rect', { width: 32, height: 32, rx: 8, fill: '#4338ca' }),
      picture('path', { d: 'M6 22c4-1 5-9 9-9s4 6 7 5', fill: 'none', stroke: '#c7d2fe', 'stroke-width': 2.6, 'stroke-linecap': 'round' }),
      picture('circle', { cx: 23.5, cy: 15, r: 4.2, fill: '#ff8a4c', stroke: '#fff', 'stroke-width': 2 })),
    element('span', {}, 'Runnity'));
}

function navigation() {
  const links = JOURNEYS.map(({ name, path, pages, drawn }) => element('a', {
    href: path, ariaCurrent: isHere(path, pages) ? (location.pathname === path ? 'page' : 'true') : null,
  }, icon(drawn), element('span', {}, name)));
  return element('nav', { class: 'journeys', ariaLabel: 'Runnity' }, ...links);
}

/** @param {string} path @param {string[]} pages */
function isHere(path, pages) {
  const here = location.pathname;
  return here === path || [path, ...pages].some((each) => each !== '/' && (here === each || here.startsWith(`${each}/`)));
}

function sign() {
  const word = element('span', { id: 'connection-word' });
  const shown = element('p', { class: 'connection', id: 'connection', role: 'status' },
    element('span', { class: 'lamp', ariaHidden: 'true' }), word);
  onConnection((connection) => {
    shown.dataset.connection = connection;
    shown.title = SIGNS[connection].hint;
    setText(word, SIGNS[connection].word);
  });
  return shown;
}

function choices() {
  return element('div', { class: 'choices' },
    element('a', { class: 'choice', href: '/docs', title: 'The API’s documentation' }, 'Docs'), units(), theme(), who());
}

function units() {
  const button = element('button', { type: 'button', class: 'choice', id: 'units', onclick: () => setUnits(getUnits() === 'mi' ? 'km' : 'mi') });
  const show = () => {
    const miles = getUnits() === 'mi';
    setText(button, miles ? 'mi' : 'km');
    button.setAttribute('aria-label', miles ? 'Units: mi. Switch to kilometres' : 'Units: km. Switch to miles');
    button.title = miles ? 'Miles. Switch to kilometres' : 'Kilometres. Switch to miles';
  };
  onSettings(show);
  show();
  return button;
}

function theme() {
  const next = () => THEMES[(THEMES.indexOf(getTheme()) + 1) % THEMES.length];
  const group = (/** @type {string} */ name, /** @type {Element[]} */ ...parts) => picture('g', { class: `icon-${name}` }, ...parts);
  const path = (/** @type {{[name: string]: string}} */ attributes) => picture('path', attributes);
  const button = element('button', { type: 'button', class: 'choice', id: 'theme', onclick: () => setTheme(next()) },
    picture('svg', {
      viewBox: '0 0 24 24', width: 20, height: 20, 'aria-hidden': 'true', fill: 'none', stroke: 'currentColor', 'stroke-width': 2, 'stroke-linecap': 'round',
    },
    group('auto', picture('circle', { cx: 12, cy: 12, r: 8 }), path({ d: 'M12 4a8 8 0 0 1 0 16z', fill: 'currentColor' })),
    group('light', picture('circle', { cx: 12, cy: 12, r: 4 }),
      path({ d: 'M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4' })),
    group('dark', path({ d: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z', 'stroke-linejoin': 'round' }))));
  const show = () => {
    button.dataset.theme = getTheme();
    button.setAttribute('aria-label', `Theme: ${getTheme()}. Switch to ${next()}`);
    button.title = `Theme: ${getTheme()}. Switch to ${next()}`;
  };
  onSettings(show);
  show();
  return button;
}

/** The way to one's account, or to one. */
function who() {
  const word = element('span', { class: 'who-name' });
  const link = element('a', { class: 'choice who', href: '/account' }, icon(PERSON), word);
  const show = () => {
    const name = account()?.name;
    setText(word, name ?? 'Log in');
    link.title = name ? `Your account, ${name}` : 'Sign up or log in';
    link.setAttribute('aria-label', name ? `Your account, ${name}` : 'Log in or sign up');
    link.href = name || location.pathname === '/account' ? '/account' : accountPath();
  };
  // The address may have changed since the link was written.
  link.addEventListener('click', show);
  onAccount(show);
  show();
  return link;
}

/** What is told to who is logged in: unlocks, invitations, challenges. */
function hearNews() {
  const region = element('section', { id: 'toasts', class: 'toasts', ariaLabel: 'News', ariaLive: 'polite', tabindex: '-1' });
  document.body.append(region);
  /** What is needed to tell news comes with the first of them: who looks on without an account hears none. @type {ReturnType<typeof loadNews> | null} */
  let loading = null;
  onOwn({
    async change(data) {
      loading ??= loadNews(region).catch((failure) => {
        // The line is gone in this moment: the next news tries again.
        loading = null;
        throw failure;
      });
      const { toasts, newsOf, parseOwnChange } = await loading;
      const change = parseOwnChange(data);
      if (change) toasts.show(newsOf(change, navigator.languages, { me: account()?.id, units: getUnits() }));
    },
  });
  onAccount((next) => {
    if (!next) loading?.then(({ toasts }) => toasts.clear(), () => {});
  });
}

/** @param {HTMLElement} region */
async function loadNews(region) {
  const [{ createToasts }, { newsOf }, { parseOwnChange }] = await Promise.all([
    import('./toasts.js'), import('./news.js'), import('./protocol-own.js'), stylesheet('./toasts.css'),
  ]);
  return { toasts: createToasts(region), newsOf, parseOwnChange };
}
