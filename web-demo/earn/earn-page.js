/**
 * What one has achieved, how far one is with the rest, and what to try next. The cards move with what the own channel tells.
 */

import { account, onAccount } from '../account.js';
import { onOwn } from '../connection.js';
import { element, find, setText } from '../elements.js';
import { askToLogIn } from '../log-in.js';
import { parseOwnChange } from '../protocol-own.js';
import { ApiError, get, getPages } from '../rest.js';
import { getUnits, isCalm, onSettings } from '../settings.js';
import { openShell } from '../shell.js';
import { applyUnlocked, byCategory, cardsOf, cardsOfCatalogue, categoryWords, isShown } from './cards.js';
import { cardParts, createCard, isSame, updateCard } from './card.js';
import { parseAll, parseDefinition, parseProgress, parseRecommendations } from './documents.js';
import { createReading, createTabs } from './reading.js';
import { formatPercent, wayWords } from './reckoning.js';
import { recommendedCards } from './recommended.js';

/** Beyond, a catalogue is not for people to look through. */
const ACHIEVEMENTS_MAX = 1000;
/** A run's values are reckoned up a moment after it is finished, and what they open a moment later. */
const AFTER_MS = [400, 2_500];
/** For how long a card that has just moved to another level stands out. */
const JUST_MS = 10_000;

/** @type {{value: import('./cards.js').Show, words: string}[]} */
const SHOWS = [{ value: 'all', words: 'All' }, { value: 'under_way', words: 'Under way' }, { value: 'reached', words: 'Reached' }, { value: 'locked', words: 'Locked' }];

const languages = navigator.languages;
const known = {
  /** @type {import('./documents.js').Definition[]} */
  definitions: [],
  /** @type {import('./documents.js').Progress[]} */
  progress: [],
  /** @type {import('./documents.js').Recommendations | null} */
  recommendations: null,
  /** @type {import('./cards.js').Show} */
  show: 'all',
  isRead: false,
};

const notice = element('p', { class: 'notice', role: 'status' }, 'Loading…');
const ask = element('div', { class: 'ask-place' });
const rank = element('section', { class: 'card rank', ariaLabel: 'Your level', hidden: true });
const nextTitle = element('h2', { id: 'next-title' }, 'What to try next');
const nextList = element('ul', { class: 'cards', role: 'list', ariaLabel: 'What to try next' });
const next = element('section', { class: 'next', hidden: true }, nextTitle, nextList);
const filter = element('div', { class: 'filter', role: 'group', ariaLabel: 'Which achievements', hidden: true }, ...SHOWS.map(({ value, words }) => (
  element('button', { type: 'button', class: 'chip', 'data-show': value, ariaPressed: String(value === 'all'), onclick: () => choose(value) }, words))));
const lists = element('div', { class: 'categories' });
const none = element('p', { class: 'empty', hidden: true });
/** @type {Map<number, HTMLElement>} */
const shownCards = new Map();

find('#content').append(
  element('div', { class: 'page-head' }, element('div', {}, element('h1', {}, 'Achievements'), element('p', { class: 'lead', id: 'summary' }))),
  createTabs(), notice, ask, rank, next, filter, none, lists,
);

const readSoon = createReading(read, notice);

async function read() {
  const own = account();
  try {
    const [definitions, progress, recommendations] = await Promise.all([
      getPages('/api/achievements', ACHIEVEMENTS_MAX),
      own ? getPages('/api/users/me/achievements?fields=levels', ACHIEVEMENTS_MAX) : [],
      own ? get('/api/users/me/recommendations') : null,
    ]);
    if (own?.token !== account()?.token) return readSoon();
    known.definitions = parseAll(definitions, parseDefinition);
    known.progress = parseAll(progress, parseProgress);
    known.recommendations = recommendations && parseRecommendations(recommendations);
  } catch (failure) {
    if (own || !(failure instanceof ApiError && failure.status === 401)) throw failure;
  }
  const isFirst = !known.isRead;
  known.isRead = true;
  show();
  if (isFirst) followHash();
}

function show() {
  if (!known.isRead) return;
  const own = account();
  const cards = own ? cardsOf(known.progress, known.definitions, languages) : cardsOfCatalogue(known.definitions, languages);
  if (own) ask.replaceChildren();
  else if (!ask.hasChildNodes()) askToLogIn(ask, 'Every run counts: sign up, and see how far you are with each of these, what they give, and what to try next.');
  const reached = cards.filter(({ level }) => level > 0).length;
  setText(find('#summary'), own && cards.length ? `${reached} of ${cards.length} reached. They unlock by themselves, the moment you get there.` : 'What running brings you, beside the running.');
  showRank(own ? cards.find(({ isRank }) => isRank) ?? null : null);
  showNext();
  filter.hidden = !own || cards.length === 0;
  for (const button of filter.querySelectorAll('button')) button.setAttribute('aria-pressed', String(button.dataset.show === known.show));
  showCards(cards.filter((card) => !own || isShown(card, known.show)), own !== null);
  showNone(cards.length);
}

/** @param {number} count of all there are */
function showNone(count) {
  none.hidden = shownCards.size > 0 || (!account() && count === 0);
  /** @type {Record<import('./cards.js').Show, string>} */
  const words = {
    all: 'There is nothing to achieve on this server yet.',
    under_way: 'Nothing is under way: whatever you do next will be.',
    reached: 'None yet. Your first finished run is the first one.',
    locked: 'Nothing is locked: everything is open to you.',
  };
  setText(none, words[known.show]);
}

/** The level that grows with all the rest. @param {import('./cards.js').Card | null} card */
function showRank(card) {
  rank.hidden = !card;
  const goal = card?.goals[0];
  if (!card || !goal) return;
  const way = wayWords(goal, goal.quantity, getUnits());
  rank.replaceChildren(
    element('p', { class: 'rank-level' }, element('span', { class: 'small' }, 'Level'), element('strong', {}, String(card.level))),
    element('div', { class: 'rank-way' },
      element('p', { class: 'row apart' }, element('strong', {}, card.title), element('span', { class: 'muted small' }, `${way} · ${formatPercent(card.fraction)}`)),
      element('progress', { max: 1, value: card.fraction, ariaLabel: `${card.title}: ${way}` }),
      element('p', { class: 'small muted' }, card.description)));
}

function showNext() {
  const cards = known.recommendations && account() ? recommendedCards(known.recommendations, known.definitions, { units: getUnits(), languages }) : [];
  next.hidden = cards.length === 0;
  const made = element('ul', {}, ...cards);
  if (isSame(nextList, made)) return;
  const hadFocus = nextList.contains(document.activeElement);
  nextList.replaceChildren(...made.childNodes);
  if (hadFocus) nextList.querySelector('a')?.focus();
}

/** @param {import('./cards.js').Card[]} cards @param {boolean} isOwn */
function showCards(cards, isOwn) {
  const wanted = new Set(cards.map(({ id }) => id));
  for (const [id, shown] of shownCards) {
    if (wanted.has(id)) continue;
    shown.remove();
    shownCards.delete(id);
  }
  const sections = byCategory(cards).map(([category, group]) => {
    const items = group.map((card) => {
      const shown = shownCards.get(card.id) ?? createCard(card);
      shownCards.set(card.id, shown);
      updateCard(shown, cardParts(card, getUnits(), { now_ms: Date.now(), isOwn }), card);
      return shown;
    });
    return { category, items };
  });
  const layout = sections.map(({ category, items }) => `${category}: ${items.map(({ id }) => id)}`).join('; ');
  // What stands where it stood is not touched: neither focus nor scroll is lost.
  if (lists.dataset.layout === layout) return;
  lists.dataset.layout = layout;
  lists.replaceChildren(...sections.map(({ category, items }) => element('section', { class: 'category' },
    element('h2', {}, categoryWords(category)),
    element('ul', { class: 'cards', role: 'list', ariaLabel: categoryWords(category) }, ...items))));
}

/** @param {import('./cards.js').Show} value */
function choose(value) {
  known.show = value;
  show();
}

/** `/earn#first_run` leads to that card. */
function followHash() {
  let wanted = '';
  try {
    wanted = decodeURIComponent(location.hash.slice(1));
  } catch {
    return;
  }
  if (!wanted || wanted === 'content') return;
  const find = () => [...shownCards.values()].find(({ id, dataset }) => id === wanted || dataset.name === wanted);
  if (!find() && known.show !== 'all') choose('all');
  const card = find();
  if (!card) return;
  for (const other of shownCards.values()) other.classList.toggle('meant', other === card);
  card.scrollIntoView({ block: 'center', behavior: isCalm() ? 'auto' : 'smooth' });
  card.focus({ preventScroll: true });
}

/** The card of what has just been reached stands out for a while. @param {number} id */
function celebrate(id) {
  const card = shownCards.get(id);
  if (!card) return;
  card.classList.add('just');
  window.setTimeout(() => card.classList.remove('just'), JUST_MS);
}

/** @param {any} data told on the own channel */
function hear(data) {
  const change = parseOwnChange(data);
  if (!change) return;
  switch (change.type) {
    case 'unlocked':
      known.progress = applyUnlocked(known.progress, change);
      show();
      celebrate(change.achievement.id);
      break;
    case 'run_finished':
    case 'run_deleted':
    case 'run_withheld':
    case 'message':
    case 'challenge_progress':
    case 'friend_accepted':
      break;
    default:
      return;
  }
  readSoon(AFTER_MS[0]);
  window.setTimeout(readSoon, AFTER_MS[1]);
}

openShell();
onOwn({
  change: hear,
  subscribed({ recovered }) {
    if (!recovered && known.isRead) readSoon();
  },
});
onSettings(show);
// Meanwhile a day may have turned, and a week with it.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && known.isRead) readSoon();
});
let token = account()?.token;
onAccount((own) => {
  if (own?.token === token) return;
  token = own?.token;
  known.progress = [];
  known.recommendations = null;
  readSoon();
});
window.addEventListener('hashchange', followHash);
readSoon();
