/**
 * The page of friends: who asks, who is one, who is blocked; and finding people. The own channel tells what others do, at once.
 * Names are other people's words: text, never markup.
 */

import { account, onAccount } from '../account.js';
import { onConnection, onOwn } from '../connection.js';
import { element, find, setText } from '../elements.js';
import { askToLogIn } from '../log-in.js';
import { openShell } from '../shell.js';
import { deedButton } from './busy.js';
import { answerFriend, askFriend, endFriendship, findPeople, listFriends } from './calls.js';
import { CIRCLES, deedsOf, deedWord, outcomeWords } from './circles.js';
import { confirmed } from './dialog.js';
import { parseJoinNews } from './documents.js';
import { friendWords } from './invitations.js';

/** Between two letters: the server is asked when the hand rests. */
const TYPING_MS = 250;
const POLL_MS = 60_000;

/** @typedef {import('./documents.js').Friend} Friend */
/** @typedef {import('./circles.js').Deed} Deed */

const said = find('#said');
const wrong = find('#wrong');
const input = /** @type {HTMLInputElement} */ (find('#find'));
/** Whoever there is something with. @type {Map<string, Friend>} */
let friends = new Map();
/** @type {import('./documents.js').User[]} */
let found = [];
/** Answers may overtake each other. */
const turns = { friends: 0, found: 0 };

const circles = CIRCLES.map((circle) => {
  const title = element('h2', { id: `circle-${circle.state}`, tabindex: '-1' });
  const list = element('ul', { class: 'people-list', role: 'list', ariaLabelledby: title.id });
  const section = element('section', { class: 'card', hidden: true }, title, list, circle.empty && element('p', { class: 'muted' }, circle.empty));
  find('#circles').append(section);
  return { ...circle, heading: title, list, section };
});

/** @param {Friend} friend @param {Deed} deed */
async function carryOut({ user, state }, deed) {
  /** @type {Friend} */
  let outcome = { user, state: 'none', lists_you: false };
  switch (deed) {
    case 'accept':
      outcome = await answerFriend(user.id, 'accepted');
      break;
    case 'decline':
      await answerFriend(user.id, 'declined');
      break;
    case 'ask':
      outcome = await askFriend(user.id);
      break;
    case 'block':
      if (!await confirmed({
        title: `Block ${user.name}?`, words: 'They find nothing of you any more, and are not told. What there was between you ends.', yes: 'Block', no: 'Do not block', danger: true,
      })) return;
      outcome = await answerFriend(user.id, 'blocked');
      break;
    case 'remove':
      if (!await confirmed({
        title: `Remove ${user.name}?`, words: 'Neither of you sees what the other runs for friends any more.', yes: 'Remove', no: 'Keep', danger: true,
      })) return;
      await endFriendship(user.id);
      break;
    default:
      await endFriendship(user.id);
  }
  setText(said, state === 'blocked' ? `${user.name} is not blocked any more.` : outcomeWords(outcome));
  await load();
  const home = circles.find((circle) => circle.state === outcome.state);
  (home && !home.section.hidden ? home.heading : input).focus();
}

/** @param {Friend} friend */
function createRow(friend) {
  const { user, state } = friend;
  return element('li', { 'data-user': user.id, 'data-state': `${state} ${friend.lists_you}` },
    element('div', { class: 'person-words' }, element('p', { class: 'person-name' }, user.name), element('p', { class: 'muted small' }, friendWords(friend))),
    element('p', { class: 'row' }, ...deedsOf(state).map((deed, index) => (
      deedButton(deedWord(deed, state), index === 0 && deed !== 'remove' && deed !== 'unblock' && deed !== 'withdraw' ? 'small' : 'plain small',
        () => carryOut(friend, deed), wrong, `${deedWord(deed, state)}: ${user.name}`)))));
}

/** Rows stay where they are while nothing has changed, for the focus is lost by moving them. @param {HTMLElement} list @param {Friend[]} shown */
function renderRows(list, shown) {
  const now = shown.map(({ user, state, lists_you }) => `${user.id} ${state} ${lists_you}`).join('\n');
  if (list.dataset.shows === now) return;
  list.dataset.shows = now;
  const rows = new Map([...list.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.user, /** @type {HTMLElement} */ (row)]));
  list.replaceChildren(...shown.map((friend) => {
    const row = rows.get(friend.user.id);
    return row?.dataset.state === `${friend.state} ${friend.lists_you}` ? row : createRow(friend);
  }));
}

function render() {
  for (const { state, title, empty, heading, list, section } of circles) {
    const here = [...friends.values()].filter((friend) => friend.state === state);
    renderRows(list, here);
    setText(heading, here.length ? `${title} (${here.length})` : title);
    section.hidden = here.length === 0 && !empty;
    for (const words of section.querySelectorAll(':scope > .muted')) /** @type {HTMLElement} */ (words).hidden = here.length > 0;
  }
  renderRows(find('#people'), found.filter(({ id }) => id !== account()?.id)
    .map((user) => friends.get(user.id) ?? { user, state: 'none', lists_you: false }));
}

async function load() {
  const own = account();
  if (!own) return;
  turns.friends += 1;
  const turn = turns.friends;
  try {
    const all = await Promise.all(CIRCLES.map(({ state }) => listFriends(state)));
    if (turn !== turns.friends || account()?.id !== own.id) return;
    friends = new Map(all.flat().map((friend) => [friend.user.id, friend]));
    find('#away').hidden = true;
    render();
  } catch (failure) {
    console.info('friends:', failure instanceof Error ? failure.message : failure);
    find('#away').hidden = false;
  }
}

async function search() {
  const name = input.value.trim();
  turns.found += 1;
  const turn = turns.found;
  try {
    const people = name ? await findPeople(name) : [];
    if (turn !== turns.found) return;
    found = people.filter(({ id }) => id !== account()?.id);
    setText(find('#found'), !name ? '' : found.length === 0 ? 'Nobody of that name. Names are found by the beginnings of their words.' : found.length === 1 ? '1 found' : `${found.length} found`);
    render();
  } catch (failure) {
    if (turn === turns.found) setText(find('#found'), failure instanceof Error ? failure.message : String(failure));
  }
}

function showAccount() {
  const own = account();
  find('#ask').hidden = own !== null;
  find('#friends').hidden = own === null;
  friends = new Map();
  found = [];
  render();
  load();
}

function start() {
  openShell();
  askToLogIn(find('#ask'), 'With an account you find your friends, and see their runs.');
  let typingTimer = 0;
  input.addEventListener('input', () => {
    clearTimeout(typingTimer);
    typingTimer = window.setTimeout(search, TYPING_MS);
  });
  onOwn({
    change(data) {
      const news = parseJoinNews(data);
      if (!news || !('user' in news) || news.type === 'invited') return;
      if (news.type === 'friend_asked') setText(said, `${news.user.name} asks to be friends.`);
      if (news.type === 'friend_accepted') setText(said, `${news.user.name} is your friend now.`);
      load();
    },
    subscribed({ recovered }) {
      if (!recovered) load();
    },
  });
  onConnection((connection) => {
    if (connection === 'live') load();
  });
  onAccount(showAccount);
  window.setInterval(() => {
    if (!document.hidden) load();
  }, POLL_MS);
  showAccount();
}

start();
