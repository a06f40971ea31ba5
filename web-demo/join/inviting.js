/**
 * Asking people to an event: found by name, friends first; who has not answered yet, and withdrawing. Names are other people's
 * words: text, never markup.
 */

import { account } from '../account.js';
import { onOwn } from '../connection.js';
import { element, setText } from '../elements.js';
import { deedButton, whileBusy, wrongPlace } from './busy.js';
import { findPeople, invite, listFriends, listInvitations, withdraw } from './calls.js';
import { parseJoinNews } from './documents.js';
import { Invitations, offered } from './invitations.js';

/** Between two letters: the server is asked when the hand rests. */
const TYPING_MS = 250;

/** Who declines tells nobody: their answers are asked for this often while somebody looks. */
const POLL_MS = 30_000;

/** @typedef {import('./documents.js').User} User */

/**
 * @param {number} id of the event
 * @param {() => Iterable<User>} roster who takes part
 */
export function createInviting(id, roster) {
  const invitations = new Invitations();
  /** @type {User[]} */
  let friends = [];
  /** @type {User[]} */
  let found = [];
  /** Those who are to be asked. @type {Map<string, User>} */
  const chosen = new Map();
  let typingTimer = 0;
  /** Answers may overtake each other. */
  let asked = 0;

  const input = element('input', { type: 'search', id: 'invite-name', autocomplete: 'off', ariaDescribedby: 'invite-said', oninput: typed });
  const said = element('p', { class: 'hint', id: 'invite-said', role: 'status' });
  const offer = element('ul', { class: 'offer', role: 'list', ariaLabel: 'People to invite' });
  const chips = element('ul', { class: 'chips', role: 'list', ariaLabel: 'Chosen' });
  const wrong = wrongPlace();
  const send = deedButton('Invite', '', ask, wrong);
  send.id = 'invite';
  const waiting = element('ul', { class: 'people-list', role: 'list', ariaLabelledby: 'waiting-title' });
  const waitingTitle = element('h3', { id: 'waiting-title', tabindex: '-1' });
  const declined = element('p', { class: 'muted small' });

  const shown = element('div', { class: 'inviting' },
    element('div', { class: 'field' }, element('label', { for: input.id }, 'Find people by name'), input, said),
    offer, chips, send, wrong, waitingTitle, waiting, declined);

  function typed() {
    clearTimeout(typingTimer);
    typingTimer = window.setTimeout(search, TYPING_MS);
    renderOffer();
  }

  async function search() {
    const name = input.value.trim();
    asked += 1;
    const mine = asked;
    found = [];
    try {
      if (name) found = await findPeople(name);
    } catch (failure) {
      console.info('people:', failure instanceof Error ? failure.message : failure);
      if (mine === asked) setText(said, 'The server does not answer. Type on, and it is asked again.');
      return;
    }
    if (mine !== asked) return;
    const { length } = renderOffer();
    if (!name) setText(said, '');
    else setText(said, length ? `${length} found` : `Nobody of that name, or they are asked already. Names are found by the beginnings of their words.`);
  }

  function without() {
    const users = new Set([account()?.id ?? '', ...chosen.keys()]);
    for (const { id: user } of roster()) users.add(user);
    for (const { user } of invitations.waiting()) users.add(user.id);
    return users;
  }

  function renderOffer() {
    const people = offered({ typed: input.value.trim(), friends, found, without: without() });
    offer.replaceChildren(...people.map(({ user, friend }) => element('li', {},
      element('button', { type: 'button', class: 'person', ariaLabel: `Choose ${user.name}`, onclick: () => choose(user) },
        element('span', { class: 'person-name' }, user.name), friend && element('span', { class: 'chip' }, 'Friend'),
        element('span', { class: 'person-add', ariaHidden: 'true' }, '+')))));
    offer.hidden = people.length === 0;
    return people;
  }

  /** @param {User} user */
  function choose(user) {
    chosen.set(user.id, user);
    input.value = '';
    found = [];
    setText(said, `${user.name} is chosen.`);
    render();
    input.focus();
  }

  async function ask() {
    const sent = await invite(id, [...chosen.keys()]);
    setText(said, sent.length === 1 ? `${sent[0].user.name} is invited.` : `${sent.length} people are invited.`);
    invitations.add(sent);
    chosen.clear();
    render();
    input.focus();
  }

  function render() {
    renderOffer();
    chips.replaceChildren(...[...chosen.values()].map((user) => element('li', {},
      element('button', {
        type: 'button', class: 'chip chosen', ariaLabel: `Do not invite ${user.name}`,
        onclick() {
          chosen.delete(user.id);
          render();
          input.focus();
        },
      }, user.name, element('span', { ariaHidden: 'true' }, '×')))));
    chips.hidden = send.hidden = chosen.size === 0;
    setText(send, chosen.size === 1 ? 'Invite 1 person' : `Invite ${chosen.size} people`);
    renderSent();
  }

  function renderSent() {
    const all = invitations.waiting();
    waitingTitle.hidden = waiting.hidden = all.length === 0;
    setText(waitingTitle, `${all.length} invited, not answered yet`);
    const rows = new Map([...waiting.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.user, row]));
    waiting.replaceChildren(...all.map(({ user }) => rows.get(user.id) ?? createRow(user)));
    const names = invitations.declined().map(({ user }) => user.name);
    declined.hidden = names.length === 0;
    setText(declined, `Declined: ${names.join(', ')}`);
  }

  /** @param {User} user */
  function createRow(user) {
    const button = element('button', { type: 'button', class: 'button plain small', ariaLabel: `Withdraw the invitation of ${user.name}` }, 'Withdraw');
    button.addEventListener('click', () => whileBusy(button, async () => {
      await withdraw(id, user.id);
      invitations.remove(user.id);
      setText(said, `${user.name} is not invited any more.`);
      render();
      (waitingTitle.hidden ? input : waitingTitle).focus();
    }, wrong));
    return element('li', { 'data-user': user.id }, element('span', { class: 'person-name' }, user.name), button);
  }

  async function load() {
    try {
      const [sent, ...known] = await Promise.all([listInvitations(id), listFriends('friend'), listFriends('listed')]);
      invitations.replace(sent);
      friends = known.flat().map(({ user }) => user);
      render();
    } catch (failure) {
      console.info('invitations:', failure instanceof Error ? failure.message : failure);
    }
  }

  onOwn({
    change(data) {
      const news = parseJoinNews(data);
      if (news?.type !== 'invited' || news.event.id !== id) return;
      invitations.told(news.user, news.by);
      render();
    },
    subscribed({ recovered }) {
      if (!recovered) load();
    },
  });
  window.setInterval(() => {
    if (!document.hidden && shown.checkVisibility()) load();
  }, POLL_MS);
  render();
  load();

  return {
    shown,
    /** Somebody has come. @param {string} user */
    came(user) {
      invitations.remove(user);
      chosen.delete(user);
      render();
    },
  };
}
