/**
 * What one may do on the page of an event: join it or leave it, get ready, run; for its maker, invite people, start it, end it.
 * The page says what is known of the event; how one stands to it is asked for here.
 */

import { account, accountPath, onAccount } from '../account.js';
import { serverNow } from '../clock.js';
import { onOwn } from '../connection.js';
import { element, setText } from '../elements.js';
import { held } from '../held.js';
import { ApiError } from '../rest.js';
import { deedButton, wrongPlace } from './busy.js';
import { answerInvitation, cancelEvent, endEvent, getMyEvent, joinEvent, leaveEvent, startEvent } from './calls.js';
import { confirmed } from './dialog.js';
import { parseJoinNews } from './documents.js';
import { createInviting } from './inviting.js';
import { createSharing } from './sharing.js';
import { actionsOf, firstOf, roleOf, roleWord, rosterNews, spanWords, stateNews, stateWords, whyNot } from './words.js';

/** Whoever starts an event this long before its time is asked whether they mean it. */
const EARLY_MS = 5 * 60_000;
/** While the server does not answer, it is asked again. */
const RETRY_MS = 4_000;

/** @typedef {import('./words.js').Action} Action */
/** @typedef {import('../events.js').Known} Known */

/**
 * @param {HTMLElement} root where it stands on the page
 * @param {number} id of the event
 */
export function createEventActions(root, id) {
  /** @type {Known | null} */
  let known = null;
  /** What the server has said of oneself. @type {import('./documents.js').Role} */
  let said = null;
  /** @type {import('../protocol.js').EventState | null} */
  let state = null;
  /** @type {ReturnType<typeof createInviting> | null} */
  let inviting = null;
  /** @type {ReturnType<typeof createSharing> | null} */
  let sharing = null;

  const clock = element('p', { class: 'event-clock' });
  const role = element('p', { class: 'event-role' });
  const reason = element('p', { class: 'muted' });
  const news = element('p', { class: 'event-news', role: 'status' });
  const wrong = wrongPlace();
  const buttons = createButtons();
  const row = element('div', { class: 'event-deeds' }, ...Object.values(buttons));
  const asking = foldable('Invite people', 'inviting');
  const linking = foldable('Share a link', 'sharing');
  root.replaceChildren(element('section', { class: 'event-actions', ariaLabel: 'Taking part' },
    element('div', { class: 'event-now' }, clock, role), row, reason, wrong, news, asking, linking));

  /** @returns {Record<Action, HTMLElement>} */
  function createButtons() {
    const deed = (/** @type {string} */ words, /** @type {() => Promise<void>} */ what) => deedButton(words, 'plain', what, wrong);
    const link = (/** @type {string} */ words, /** @type {string} */ href) => element('a', { class: 'button plain', href }, words);
    return {
      start: deed('Start now', start),
      run: link('Run now', `/record?event=${id}`),
      ready: link('Get ready', `/record?event=${id}&wait=1`),
      join: deed('Join', join),
      accept: deed('Accept', accept),
      decline: deed('Decline', decline),
      leave: deed('Leave', leave),
      end: deed('End it', end),
      edit: link('Change', `/events/new?edit=${id}`),
      cancel: deed('Cancel the event', cancel),
    };
  }

  async function join() {
    if (!account()) return location.assign(accountPath());
    await joinEvent(id, held.secret || undefined);
    // From now on it is seen by oneself, and no longer by the link.
    if (held.secret) return location.assign(`/events/${id}`);
    cameIn();
  }

  async function accept() {
    await answerInvitation(id, 'accepted');
    cameIn();
  }

  function cameIn() {
    said = 'participant';
    setText(news, 'You take part.');
    show();
    buttons[state === 'current' ? 'run' : 'ready'].focus();
  }

  async function decline() {
    await answerInvitation(id, 'declined');
    if (known?.event.private) return location.assign('/events');
    said = null;
    setText(news, 'You have declined.');
    show();
  }

  async function leave() {
    const words = known?.event.private ? 'To come back, you have to be invited again.' : 'You can join again, if there is room.';
    if (!await confirmed({ title: 'Leave this event?', words, yes: 'Leave', no: 'Stay', danger: true })) return;
    await leaveEvent(id);
    said = null;
    setText(news, 'You do not take part any more.');
    if (known?.event.private) return location.assign('/events');
    show();
  }

  async function start() {
    const early_ms = (known?.event.starts_at_ms ?? 0) - serverNow();
    if (early_ms > EARLY_MS && !await confirmed({
      title: 'Start now?', words: `Everybody who takes part is told at once. By the plan there are ${spanWords(early_ms)} left.`, yes: 'Start now', no: 'Wait',
    })) return;
    take(await startEvent(id));
    buttons.run.focus();
  }

  async function end() {
    if (!await confirmed({
      title: 'End this event?', words: 'Everybody who takes part is told. It cannot be begun again.', yes: 'End it', no: 'Let it go on', danger: true,
    })) return;
    take(await endEvent(id));
  }

  async function cancel() {
    if (!await confirmed({
      title: 'Cancel this event?', words: 'Everybody who takes part is told. It cannot be brought back.', yes: 'Cancel the event', no: 'Keep it', danger: true,
    })) return;
    await cancelEvent(id);
  }

  /** The answer comes before the channel tells it. @param {import('./documents.js').MyEvent} answer */
  function take({ event }) {
    if (known) known.event = event;
    show();
  }

  function show() {
    if (!known) return;
    const { event, roster } = known;
    const me = account()?.id ?? null;
    const mine = roleOf(event, roster.values(), me, said);
    const standing = { event, role: mine, loggedIn: me !== null, byLink: held.invites };
    const may = new Set(actionsOf(standing));
    // By a link one looks; whoever holds the event does so on its own page.
    if (held.secret) for (const action of /** @type {Action[]} */ (['edit', 'cancel', 'start', 'end'])) may.delete(action);
    const first = firstOf(standing, serverNow());
    for (const [action, button] of /** @type {[Action, HTMLElement][]} */ (Object.entries(buttons))) {
      button.hidden = !may.has(action);
      button.classList.toggle('plain', action !== first && action !== 'cancel');
      button.classList.toggle('danger', action === 'cancel');
      button.classList.toggle('big', action === 'run');
    }
    row.hidden = may.size === 0;
    setText(clock, stateWords(event, serverNow()));
    clock.dataset.state = event.state;
    setText(role, roleWord(mine));
    setText(reason, may.has('join') && !me ? 'To join you need an account: a name and a password.' : whyNot(standing));
    reason.hidden = !reason.textContent;
    if (state !== null && state !== event.state) setText(news, stateNews(event));
    state = event.state;
    showMaker(mine, may.size > 0);
  }

  /** The parts are made when they are needed, once. @param {import('./documents.js').Role} mine @param {boolean} on whether it is not over */
  function showMaker(mine, on) {
    const maker = mine === 'creator';
    const may = on && !held.secret && (maker || (mine === 'participant' && !known?.event.private));
    asking.hidden = linking.hidden = !may;
    if (!may || inviting) return;
    inviting = createInviting(id, () => known?.roster.values() ?? []);
    sharing = createSharing(id, { name: () => known?.event.name ?? '', maker });
    asking.append(inviting.shown);
    linking.append(sharing.shown);
    asking.open = linking.open = maker && state === 'come_up';
  }

  async function askRole() {
    if (held.secret || !account()) {
      said = null;
      return show();
    }
    try {
      said = (await getMyEvent(id)).role;
    } catch (failure) {
      if (failure instanceof ApiError && failure.isPassing) window.setTimeout(askRole, RETRY_MS);
      else said = null;
    }
    show();
  }

  onAccount(askRole);
  onOwn({
    change(data) {
      const told = parseJoinNews(data);
      if (told && 'event' in told && told.event.id === id) askRole();
    },
    subscribed({ recovered }) {
      if (!recovered) askRole();
    },
  });
  askRole();

  return {
    /** What is known of the event now. @param {Known} next */
    show(next) {
      known = next;
      show();
    },
    /** What has happened to it. @param {import('../protocol.js').EventChange} change */
    told(change) {
      if (change.type !== 'joined' && change.type !== 'left') return;
      const own = change.user.id === account()?.id;
      if (own) said = change.type === 'joined' ? 'participant' : null;
      else setText(news, rosterNews(change.type, change.user.name, change.participants));
      if (change.type === 'joined') inviting?.came(change.user.id);
    },
  };
}

/** @param {string} title @param {string} name */
function foldable(title, name) {
  return element('details', { class: `fold ${name}-fold`, hidden: true }, element('summary', {}, element('h2', {}, title)));
}
