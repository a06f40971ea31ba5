/**
 * One's challenges: those that wait for an answer, those under way with their standings as they move, those that are over; making
 * one; and what has happened lately.
 */

import { account, onAccount } from '../account.js';
import { onOwn } from '../connection.js';
import { element, find, setText } from '../elements.js';
import { formatAge } from '../format.js';
import { askToLogIn } from '../log-in.js';
import { parseUser } from '../protocol.js';
import { parseOwnChange } from '../protocol-own.js';
import { ApiError, get, getPages, post, remove, wordsOf } from '../rest.js';
import { getUnits, isCalm, onSettings } from '../settings.js';
import { openShell } from '../shell.js';
import { isSame } from './card.js';
import { challengeParts } from './challenge-card.js';
import { createChallengeForm } from './challenge-form.js';
import { applyChallengeChange, happenedWords, isOver, quantityOfChallenge } from './challenge-words.js';
import { parseAll, parseChallenge, parseDefinition, parseHappened, parseListedChallenge } from './documents.js';
import { createReading, createTabs } from './reading.js';

/** What is over is shown as far as people look back. */
const OVER_MAX = 12;
/** The server's bound of open ones is 50. */
const OPEN_MAX = 60;
const FEED_MAX = 20;
/** A run's values are reckoned up a moment after what is told. */
const REREAD_MS = 500;
/** Time goes on, and a challenge with it. */
const TICK_MS = 30_000;

/** @typedef {import('./documents.js').Challenge} Challenge */

const known = {
  /** @type {Map<number, Challenge>} */
  challenges: new Map(),
  /** @type {import('./documents.js').Definition[]} */
  definitions: [],
  /** @type {import('./documents.js').Happened[]} */
  feed: [],
  isRead: false,
};

/** @type {{title: string, empty: string, holds: (challenge: Challenge) => boolean, list: HTMLElement, section: HTMLElement}[]} */
const SECTIONS = [
  section('Waiting for your answer', '', (each) => !isOver(each) && each.own?.answer === 'pending'),
  section('Under way', 'Nothing is under way. Challenge a friend: who is first to fifty kilometres?', (each) => !isOver(each) && each.own?.answer === 'accepted'),
  section('Over', '', (each) => isOver(each)),
  section('Not in it', '', (each) => !isOver(each) && each.own?.answer !== 'pending' && each.own?.answer !== 'accepted'),
];

const notice = element('p', { class: 'notice', role: 'status' }, 'Loading…');
const ask = element('div', { class: 'ask-place' });
const said = element('p', { class: 'unseen', role: 'status' });
const made = createChallengeForm((document) => {
  const challenge = parseChallenge(document);
  if (!challenge) return;
  known.challenges.set(challenge.id, challenge);
  newOne.open = false;
  show();
  setText(said, `${challenge.title}: your challenge is sent.`);
  location.hash = String(challenge.id);
  readSoon(REREAD_MS);
});
const newOne = element('details', { class: 'card new-challenge', id: 'new' }, element('summary', {}, 'Challenge somebody'), made.form);
const feedList = element('ol', { class: 'feed', role: 'list' });
const feed = element('section', { class: 'card feed-card', ariaLabel: 'What has happened' }, element('h2', {}, 'What has happened'), feedList);
const content = element('div', { class: 'challenges', hidden: true },
  element('div', { class: 'challenge-lists' }, newOne, ...SECTIONS.map((each) => each.section)), feed);

find('#content').append(
  element('div', { class: 'page-head' }, element('div', {},
    element('h1', {}, 'Challenges'), element('p', { class: 'lead' }, 'Who is first, or who has the most at the end. What you run counts by itself.'))),
  createTabs(), notice, ask, said, content,
);

/** @param {string} title @param {string} empty @param {(challenge: Challenge) => boolean} holds */
function section(title, empty, holds) {
  const list = element('ul', { class: 'challenge-list', role: 'list' });
  return { title, empty, holds, list, section: element('section', { ariaLabel: title, hidden: true }, element('h2', {}, title), list, empty ? element('p', { class: 'empty' }, empty) : null) };
}

const readSoon = createReading(read, notice);

async function read() {
  const own = account();
  if (!own) return showAsk();
  const [active, pending, finished, rejected, happened] = await Promise.all([
    getPages('/api/challenges?state=active', OPEN_MAX), getPages('/api/challenges?state=pending', OPEN_MAX),
    getPages('/api/challenges?state=finished', OVER_MAX), getPages('/api/challenges?state=rejected', OVER_MAX),
    get(`/api/challenges/feed?page=1&page_size=${FEED_MAX}`),
  ]);
  if (!known.definitions.length) await readChoices();
  const listed = parseAll([...active, ...pending, ...finished, ...rejected], parseListedChallenge);
  // One that a link leads to may be of a group, and not listed.
  const meant = Number(location.hash.slice(1));
  const ids = new Set([...listed.map(({ id }) => id), ...(Number.isSafeInteger(meant) && meant > 0 ? [meant] : [])]);
  const documents = await Promise.all([...ids].map((id) => readOne(id)));
  if (own.token !== account()?.token) return readSoon();
  known.challenges = new Map(parseAll(documents, parseChallenge).map((each) => [each.id, each]));
  known.feed = parseAll(happened, parseHappened);
  const isFirst = !known.isRead;
  known.isRead = true;
  show();
  if (isFirst) arrive();
}

/** @param {number} id @returns {Promise<any>} null for what is not there any more */
async function readOne(id) {
  try {
    return await get(`/api/challenges/${id}`);
  } catch (failure) {
    if (failure instanceof ApiError && failure.status === 404) return null;
    throw failure;
  }
}

async function readChoices() {
  const [definitions, variables, friends, groups] = await Promise.all([
    getPages('/api/achievements', 1000), getPages('/api/variables', 1000), getPages('/api/friends', 200), getPages('/api/groups?mine=true', 200),
  ]);
  known.definitions = parseAll(definitions, parseDefinition);
  made.offer({
    variables: variables.map(({ name }) => String(name)),
    definitions: known.definitions,
    friends: friends.map(({ user }) => parseUser(user)),
    groups: groups.map(({ id, name }) => ({ id: String(id), name: String(name) })),
  });
}

/** What the address asks for: a challenge, or a new one. */
function arrive() {
  const asked = new URLSearchParams(location.search);
  if (location.hash === '#new') {
    newOne.open = true;
    made.prefill({ achievement: asked.get('achievement'), user: asked.get('user') }).finally(made.focus);
    return;
  }
  const card = document.getElementById(location.hash.slice(1));
  if (!card?.classList.contains('challenge')) return;
  card.scrollIntoView({ block: 'center', behavior: isCalm() ? 'auto' : 'smooth' });
  card.focus({ preventScroll: true });
}

/** @type {Map<number, HTMLElement>} */
const shownCards = new Map();

function show() {
  const own = account();
  if (!own || !known.isRead) return;
  ask.replaceChildren();
  content.hidden = false;
  const all = [...known.challenges.values()];
  for (const [id, card] of shownCards) {
    if (known.challenges.has(id)) continue;
    card.remove();
    shownCards.delete(id);
  }
  for (const { holds, list, section: whole, empty } of SECTIONS) {
    const cards = all.filter(holds).map((challenge) => showCard(challenge, own.id));
    cards.forEach((card, index) => {
      if (list.children[index] !== card) keepFocus(card, () => list.insertBefore(card, list.children[index] ?? null));
    });
    whole.hidden = list.children.length === 0 && !empty;
    const words = whole.querySelector('.empty');
    if (words instanceof HTMLElement) words.hidden = list.children.length > 0;
  }
  showFeed(own.id);
}

/** @param {Challenge} challenge @param {string} me @returns {HTMLElement} */
function showCard(challenge, me) {
  const card = shownCards.get(challenge.id) ?? element('li', { class: 'card challenge', id: String(challenge.id), tabindex: '-1' });
  shownCards.set(challenge.id, card);
  const parts = challengeParts(challenge, {
    me, quantity: quantityOfChallenge(challenge, known.definitions), units: getUnits(), languages: navigator.languages, now_ms: Date.now(), onDeed,
  });
  const next = element('div', {}, ...parts);
  if (!isSame(card, next)) keepFocus(card, () => card.replaceChildren(...next.childNodes));
  return card;
}

/** What is rewritten or moved keeps the focus, on the same button if it is still there. @param {HTMLElement} card @param {() => void} change */
function keepFocus(card, change) {
  const focused = document.activeElement;
  const had = focused instanceof HTMLElement && card.contains(focused);
  const deed = had ? focused.dataset.deed : undefined;
  change();
  if (!had || card.contains(document.activeElement)) return;
  const same = deed ? card.querySelector(`[data-deed="${deed}"]`) : null;
  (same instanceof HTMLElement ? same : card).focus({ preventScroll: true });
}

/** @param {string} me */
function showFeed(me) {
  feed.hidden = known.feed.length === 0;
  const next = element('ol', {}, ...known.feed.map((happened) => element('li', {},
    element('a', { href: `#${happened.challenge.id}` }, happened.challenge.title),
    element('p', { class: 'small' }, happenedWords(happened, me), ' ',
      element('span', { class: 'muted' }, happened.at_ms === null ? '' : `· ${formatAge(Math.max(0, Date.now() - happened.at_ms) / 1000)}`)))));
  if (isSame(feedList, next)) return;
  const at = [...feedList.querySelectorAll('a')].findIndex((link) => link === document.activeElement);
  feedList.replaceChildren(...next.childNodes);
  if (at >= 0) feedList.querySelectorAll('a')[at]?.focus({ preventScroll: true });
}

function showAsk() {
  content.hidden = true;
  known.isRead = false;
  if (!ask.hasChildNodes()) askToLogIn(ask, 'A challenge is between you and your friends: sign up, and see who is first.');
}

/** @param {import('./challenge-card.js').Deed} deed @param {Challenge} challenge @param {HTMLButtonElement} button */
async function onDeed(deed, challenge, button) {
  const card = shownCards.get(challenge.id);
  if (!card || button.disabled) return;
  if (deed === 'cancel' && !button.dataset.sure) {
    // What cannot be taken back is asked once more.
    button.dataset.sure = 'yes';
    setText(button, 'Really cancel it?');
    return;
  }
  button.disabled = true;
  const wrong = find(':scope > .wrong', card);
  setText(wrong, '');
  try {
    const document = deed === 'cancel' ? await remove(`/api/challenges/${challenge.id}`) : await post(`/api/challenges/${challenge.id}/${deed}`);
    const next = parseChallenge(document);
    if (next) known.challenges.set(next.id, next);
    button.disabled = false;
    show();
    card.focus({ preventScroll: true });
    /** @type {Record<string, string>} */
    const words = { accept: 'you take part', reject: 'you take no part', leave: 'you have left', cancel: 'it is cancelled' };
    setText(said, `${challenge.title}: ${words[deed]}.`);
    readSoon(REREAD_MS);
  } catch (failure) {
    button.disabled = false;
    setText(wrong, wordsOf(failure));
  }
}

/** @param {any} data told on the own channel */
function hear(data) {
  const change = parseOwnChange(data);
  if (!change || !known.isRead) return;
  if (!('challenge' in change)) {
    if (change.type === 'friend_accepted' || change.type === 'friend_removed') known.definitions = []; // the choices are read anew
    else return;
  } else {
    const challenge = known.challenges.get(change.challenge.id);
    const next = challenge && applyChallengeChange(challenge, change);
    if (next) {
      known.challenges.set(next.id, next);
      show();
      return;
    }
  }
  readSoon(REREAD_MS);
}

openShell();
onOwn({
  change: hear,
  subscribed({ recovered }) {
    if (!recovered && known.isRead) readSoon();
  },
});
onSettings(show);
window.addEventListener('hashchange', () => {
  const id = Number(location.hash.slice(1));
  if (id && !known.challenges.has(id)) readSoon();
  arrive();
});
window.setInterval(() => {
  if (!document.hidden) show();
}, TICK_MS);
let token = account()?.token;
onAccount((next) => {
  if (next?.token === token) return;
  token = next?.token;
  known.isRead = false;
  known.definitions = [];
  known.challenges.clear();
  readSoon();
});
readSoon();
