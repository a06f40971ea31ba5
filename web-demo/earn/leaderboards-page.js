/**
 * Who stands where: of everybody, of one's city, one's friends or a group; in all, this week or this month. Rows move as people run.
 */

import { account, onAccount } from '../account.js';
import { openConnection } from '../connection.js';
import { element, find, setText } from '../elements.js';
import { field } from '../form.js';
import { askToLogIn } from '../log-in.js';
import { leaderboardChannel, parseStandings } from '../protocol.js';
import { ApiError, get, getPages, wordsOf } from '../rest.js';
import { getUnits, onSettings } from '../settings.js';
import { openShell } from '../shell.js';
import { createBoardTable } from './board-table.js';
import { applyStandings, boardsOf, periodChoices, periodParameter } from './boards.js';
import { parseAll, parseBoard, parseDefinition } from './documents.js';
import { formatInColumn } from './quantity.js';
import { createReading, createTabs } from './reading.js';
import { ordinal } from './reckoning.js';

const PAGE_SIZE = 20;
const LISTED_MAX = 1000;
/** What cannot be told from the channel alone is read again, not more often than this. */
const REREAD_MS = 1_200;

const AMONG = [['global', 'Everybody'], ['city', 'Your city'], ['friends', 'Your friends'], ['group', 'A group']];

/** @typedef {import('./boards.js').BoardKind} BoardKind */

const known = {
  /** @type {BoardKind[]} */
  boards: [],
  /** @type {{id: string, name: string}[]} */
  groups: [],
  /** @type {import('./documents.js').Board | null} */
  board: null,
  /** What the board is of: another one is shown anew. */
  shownAs: '',
  page: 1,
  isAround: false,
};

const notice = element('p', { class: 'notice', role: 'status' }, 'Loading…');
const ask = element('div', { class: 'ask-place' });
const select = (/** @type {string} */ name) => element('select', { name, onchange: chosen });
const boardChoice = select('board');
const amongChoice = select('relevance');
amongChoice.append(...AMONG.map(([value, words]) => element('option', { value }, words)));
const groupChoice = select('group');
const periodChoice = select('period');
const groupField = field('Group', groupChoice);
const choices = element('div', { class: 'fields board-choices', role: 'group', ariaLabel: 'Which leaderboard' },
  field('Leaderboard', boardChoice), field('Among', amongChoice), groupField, field('When', periodChoice));
const own = element('p', { class: 'own-place', role: 'status' });
const around = element('button', { type: 'button', class: 'button plain small', ariaPressed: 'false', onclick: () => go(1, !known.isAround) }, 'Around me');
const { table, show: showTable } = createBoardTable();
const frame = element('div', { class: 'card board-card' }, element('div', { class: 'row apart' }, own, around), table);
const empty = element('p', { class: 'empty' });
const backward = element('button', { type: 'button', class: 'button plain small', onclick: () => go(known.page - 1) }, 'Previous');
const forward = element('button', { type: 'button', class: 'button plain small', onclick: () => go(known.page + 1) }, 'Next');
const where = element('span', { class: 'muted small' });
const pages = element('nav', { class: 'row apart pages', ariaLabel: 'Pages' }, backward, where, forward);
const content = element('section', { class: 'boards', hidden: true }, choices, frame, empty, pages);

find('#content').append(
  element('div', { class: 'page-head' }, element('div', {},
    element('h1', {}, 'Leaderboards'), element('p', { class: 'lead' }, 'Who stands where, as it happens. Private accounts stand on none.'))),
  createTabs(), notice, ask, content,
);

const readSoon = createReading(read, notice);

/** @returns {BoardKind | null} */
function kind() {
  return known.boards.find(({ key }) => key === boardChoice.value) ?? null;
}

async function read() {
  if (!account()) return showAsk();
  ask.replaceChildren();
  if (!known.boards.length) await readChoices();
  const chosenKind = kind();
  content.hidden = false;
  if (!chosenKind) return showEmpty('There are no leaderboards on this server yet.');
  const path = pathOf(chosenKind);
  if (!path) return showEmpty('You are in no group yet. A group has leaderboards of its own.');
  try {
    const shown = known.isAround ? parseBoard(await get(path)) : await readPage(path, chosenKind);
    if (pathOf(chosenKind) !== path) return readSoon();
    known.board = shown;
    show(path);
  } catch (failure) {
    if (!(failure instanceof ApiError) || failure.status !== 400) throw failure;
    // Of one's city, when the account says none.
    showEmpty(amongChoice.value === 'city' ? 'Your account says no city yet.' : wordsOf(failure));
    if (amongChoice.value === 'city') empty.append(' ', element('a', { href: '/account' }, 'Say where you run'));
  }
}

/** A page, and where one stands oneself. @param {string} path @param {BoardKind} chosenKind */
async function readPage(path, chosenKind) {
  const [page, me] = await Promise.all([get(path), get(pathOf(chosenKind, true))]);
  return { ...parseBoard(page), me: parseBoard(me).me };
}

async function readChoices() {
  const [variables, definitions, groups] = await Promise.all([
    getPages('/api/variables', LISTED_MAX), getPages('/api/achievements', LISTED_MAX), getPages('/api/groups?mine=true', 200),
  ]);
  known.boards = boardsOf(variables.map(({ name, leaderboard }) => ({ name: String(name), leaderboard: leaderboard === true })),
    parseAll(definitions, parseDefinition), navigator.languages);
  known.groups = groups.map(({ id, name }) => ({ id: String(id), name: String(name) }));
  const options = (/** @type {BoardKind[]} */ kinds) => kinds.map(({ key, title }) => element('option', { value: key }, title));
  boardChoice.replaceChildren(
    element('optgroup', { label: 'In all' }, ...options(known.boards.filter(({ periods }) => periods === 'sum'))),
    element('optgroup', { label: 'Achievements' }, ...options(known.boards.filter(({ periods }) => periods !== 'sum'))));
  groupChoice.replaceChildren(...known.groups.map(({ id, name }) => element('option', { value: id }, name)));
  followHash();
  showPeriods();
}

/** @param {BoardKind} of @param {boolean} [isMe] only where one stands oneself @returns {string} empty when a choice is missing */
function pathOf({ path, periods }, isMe = false) {
  const asked = new URLSearchParams({ relevance: amongChoice.value });
  if (amongChoice.value === 'group') {
    if (!groupChoice.value) return '';
    asked.set('group', groupChoice.value);
  }
  const now = new Date();
  const today = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  const period = periodParameter(periods, periodChoice.value, today);
  if (period) asked.set('period', period);
  asked.set('page_size', isMe ? '1' : String(PAGE_SIZE));
  if (isMe || known.isAround) asked.set('around', 'me');
  else asked.set('page', String(known.page));
  return `${path}?${asked}`;
}

function showPeriods() {
  const of = kind();
  const before = periodChoice.value;
  const offered = periodChoices(of?.periods ?? 'once');
  periodChoice.replaceChildren(...offered.map(({ value, words }) => element('option', { value, selected: value === before }, words)));
  periodChoice.disabled = offered.length === 1;
  groupField.hidden = amongChoice.value !== 'group';
}

/** @param {string} shownAs */
function show(shownAs) {
  const { board } = known;
  const of = kind();
  if (!board || !of) return;
  const me = account()?.id ?? '';
  const anew = known.shownAs !== shownAs;
  known.shownAs = shownAs;
  const units = getUnits();
  const among = amongChoice.selectedOptions[0]?.textContent ?? '';
  const period = periodChoice.selectedOptions[0]?.textContent ?? '';
  const place = amongChoice.value === 'group' ? groupChoice.selectedOptions[0]?.textContent ?? among : among;
  const people = board.total === 1 ? '1 runner' : `${board.total.toLocaleString('en')} runners`;
  showTable(board.standings, { quantity: of.quantity, units, me, anew, words: `${of.title} · ${place} · ${period} · ${people}` });
  frame.hidden = board.standings.length === 0;
  setText(own, board.me ? `You are ${ordinal(board.me.position)} of ${board.total.toLocaleString('en')}, with ${formatInColumn(board.me.value, of.quantity, units)}.`
    : 'You are not on this board yet: your next run puts you there.');
  around.setAttribute('aria-pressed', String(known.isAround));
  around.hidden = !board.me;
  empty.hidden = board.standings.length > 0;
  if (!empty.hidden) setText(empty, known.page > 1 ? 'There is nobody on this page.' : 'Nobody stands here yet. The first run counts.');
  showPages(board);
}

/** @param {import('./documents.js').Board} board */
function showPages({ total, standings }) {
  pages.hidden = known.isAround || (total <= PAGE_SIZE && known.page === 1);
  const first = (known.page - 1) * PAGE_SIZE;
  setText(where, standings.length ? `${first + 1}–${first + standings.length} of ${total.toLocaleString('en')}` : '');
  backward.disabled = known.page === 1;
  forward.disabled = first + PAGE_SIZE >= total;
}

/** @param {string} words */
function showEmpty(words) {
  known.board = null;
  known.shownAs = '';
  frame.hidden = true;
  pages.hidden = true;
  empty.hidden = false;
  setText(empty, words);
}

function showAsk() {
  content.hidden = true;
  if (!ask.hasChildNodes()) askToLogIn(ask, 'Leaderboards are for those who run here: sign up, and see where you stand among everybody, your city and your friends.');
}

/** Another board, other people or another time. */
function chosen() {
  showPeriods();
  known.page = 1;
  known.isAround = false;
  const key = boardChoice.value;
  if (key && location.hash !== `#${key}`) history.replaceState(null, '', `#${key}`);
  listen();
  readSoon();
}

/** @param {number} page @param {boolean} [isAround] */
function go(page, isAround = false) {
  known.page = Math.max(1, page);
  known.isAround = isAround;
  readSoon();
}

/** `/leaderboards#distance_m` */
function followHash() {
  let wanted = '';
  try {
    wanted = decodeURIComponent(location.hash.slice(1));
  } catch {
    return;
  }
  if (known.boards.some(({ key }) => key === wanted)) boardChoice.value = wanted;
  listen();
}

/** @type {{key: string, end: () => void} | null} */
let heard = null;

/** Hears who has moved on the board that is shown. */
async function listen() {
  const key = account() ? boardChoice.value : '';
  if (heard?.key === key) return;
  heard?.end();
  heard = null;
  if (!key) return;
  let ended = false;
  let end = () => { ended = true; };
  heard = { key, end: () => end() };
  const client = await openConnection();
  if (ended) return;
  const subscription = client.newSubscription(leaderboardChannel(key));
  subscription.on('subscribed', ({ data }) => take(key, data, true));
  subscription.on('publication', ({ data }) => take(key, data, false));
  subscription.subscribe();
  end = () => {
    subscription.unsubscribe();
    client.removeSubscription(subscription);
  };
}

/** @param {string} key @param {unknown} data @param {boolean} isFirst the line may have been away */
function take(key, data, isFirst) {
  const of = kind();
  const told = parseStandings(data);
  if (isFirst) readSoon();
  if (!told || !of || of.key !== key || !known.board) return;
  const isTop = amongChoice.value === 'global' && known.page === 1 && !known.isAround;
  if (!isTop) return readSoon(REREAD_MS);
  const { board, isStale } = applyStandings(known.board, told, of.operator);
  known.board = board;
  show(known.shownAs);
  if (isStale) readSoon(REREAD_MS / 3);
}

openShell();
onSettings(() => show(known.shownAs));
window.addEventListener('hashchange', () => {
  followHash();
  chosen();
});
let token = account()?.token;
onAccount((next) => {
  if (next?.token === token) return;
  token = next?.token;
  known.boards = [];
  known.shownAs = '';
  listen();
  readSoon();
});
readSoon();
