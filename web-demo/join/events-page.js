/**
 * The page of events: invitations and one's own for who is logged in, and the public ones for everybody. What changes is shown
 * without a reload: the own channel tells of invitations at once, and the lists are asked for again now and then.
 */

import { account, onAccount } from '../account.js';
import { onConnection, onOwn } from '../connection.js';
import { element, find, setText } from '../elements.js';
import { askToLogIn } from '../log-in.js';
import { openShell } from '../shell.js';
import { agendaOf } from './agenda.js';
import { answerInvitation, listMyEvents, listPublicEvents } from './calls.js';
import { parseJoinNews } from './documents.js';
import { createEventCards } from './event-cards.js';

/** How often the lists are asked for while somebody looks. */
const POLL_MS = 30_000;
/** Between two letters: the server is asked when the hand rests. */
const TYPING_MS = 300;
const PAGE_SIZE = 12;

/** @typedef {import('../protocol.js').RunEvent} RunEvent */

const said = find('#said');
const search = /** @type {HTMLInputElement} */ (find('#search'));
/** In this order. */
const KINDS = /** @type {const} */ ([
  { state: 'current', title: 'Now' }, { state: 'come_up', title: 'Coming up' }, { state: 'passed', title: 'Passed' },
]);

/** What is public, by state. */
const lists = KINDS.map(({ state, title }) => {
  const cards = createEventCards(title);
  const more = element('button', { type: 'button', class: 'button plain', hidden: true, ariaLabel: `Show more: ${title}` }, 'Show more');
  const heading = element('h2', { id: `title-${state}` }, title);
  const section = element('section', { ariaLabelledby: heading.id, hidden: true }, heading, cards.list, element('p', { class: 'more' }, more));
  find('#public').append(section);
  const list = { state, cards, more, section, pages: 1 };
  more.addEventListener('click', () => {
    list.pages += 1;
    showPublic();
  });
  return list;
});
const invitations = createEventCards('Invitations', async (event, answer) => {
  await answerInvitation(event.id, answer);
  setText(said, answer === 'accepted' ? `You take part in ${event.name}.` : `You have declined ${event.name}.`);
  await showMine();
  find('#mine').focus();
});
const ahead = createEventCards('Your events');
const over = createEventCards('Your events that are over');
find('#invitations').append(invitations.list);
find('#ahead').append(ahead.list);
find('#over').append(over.list);

/** Answers may overtake each other. */
let asked = 0;

async function showPublic() {
  asked += 1;
  const turn = asked;
  const name = search.value.trim();
  let found;
  try {
    found = await Promise.all(lists.map(async ({ state, pages }) => {
      const all = await Promise.all(Array.from({ length: pages }, (_, page) => listPublicEvents(state, name, page + 1, PAGE_SIZE)));
      return { events: all.flat(), isMore: (all.at(-1)?.length ?? 0) === PAGE_SIZE };
    }));
  } catch (failure) {
    console.info('events:', failure instanceof Error ? failure.message : failure);
    if (turn !== asked) return;
    find('#away').hidden = false;
    find('#loading').hidden = true;
    return;
  }
  if (turn !== asked) return;
  find('#away').hidden = true;
  find('#loading').hidden = true;
  lists.forEach(({ cards, more, section }, index) => {
    const { events, isMore } = found[index];
    cards.render(events.map((event) => ({ event, role: null })));
    section.hidden = events.length === 0;
    more.hidden = !isMore;
  });
  const count = found.reduce((sum, { events }) => sum + events.length, 0);
  find('#nothing').hidden = count > 0;
  setText(find('#nothing-word'), name ? 'No public event of that name.' : 'No public event is planned. Hold one: others find it here.');
  if (name) setText(find('#found'), count === 1 ? '1 event found' : `${count} events found`);
  else setText(find('#found'), '');
}

async function showMine() {
  const own = account();
  find('#mine').hidden = !own;
  find('#ask').hidden = own !== null;
  if (!own) return;
  try {
    const agenda = agendaOf(await listMyEvents());
    if (account()?.id !== own.id) return;
    for (const [name, cards, events] of /** @type {const} */ ([
      ['invitations', invitations, agenda.invitations], ['ahead', ahead, agenda.ahead], ['over', over, agenda.over],
    ])) {
      cards.render(events);
      find(`#${name}`).hidden = events.length === 0;
    }
    setText(find('#invitations-count'), String(agenda.invitations.length));
    find('#none-ahead').hidden = agenda.ahead.length > 0;
    find('#mine').dataset.shows = 'events';
  } catch (failure) {
    console.info('own events:', failure instanceof Error ? failure.message : failure);
  }
}

function showAll() {
  showPublic();
  showMine();
}

function start() {
  openShell();
  askToLogIn(find('#ask'), 'With an account you join events, hold your own, and are invited by friends.');
  let typingTimer = 0;
  search.addEventListener('input', () => {
    clearTimeout(typingTimer);
    typingTimer = window.setTimeout(() => {
      for (const list of lists) list.pages = 1;
      showPublic();
    }, TYPING_MS);
  });
  find('#search-form').addEventListener('submit', (input) => input.preventDefault());
  onOwn({
    change(data) {
      const news = parseJoinNews(data);
      if (!news || !('event' in news)) return;
      if (news.type === 'invited' && news.user.id === account()?.id) setText(said, `${news.by.name} invites you to ${news.event.name}.`);
      showAll();
    },
    subscribed({ recovered }) {
      if (!recovered) showMine();
    },
  });
  onConnection((connection) => {
    if (connection === 'live') showAll();
  });
  onAccount(showMine);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) showAll();
  });
  window.setInterval(() => {
    if (!document.hidden) showAll();
  }, POLL_MS);
  showAll();
}

start();
