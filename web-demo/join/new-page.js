/**
 * The page on which an event is created, or one's own is changed (`?edit=<id>`). What was typed is kept in this window until it is
 * sent, also over a log-in.
 */

import { account, onAccount } from '../account.js';
import { element, find, setText } from '../elements.js';
import { onSubmit } from '../form.js';
import { askToLogIn } from '../log-in.js';
import { newId } from '../new-id.js';
import { ApiError, wordsOf } from '../rest.js';
import { openShell } from '../shell.js';
import { changeEvent, createEvent, getMyEvent } from './calls.js';
import { changesOf, newValues, planOf, valuesOf } from './event-form.js';
import { createPlacePicker } from './place-picker.js';
import { createPlanForm } from './plan-form.js';

/** While the server does not answer, it is asked again. */
const RETRY_MS = 4_000;
const DRAFT_KEY = 'runnity.event-draft';

const edited = Number(new URLSearchParams(location.search).get('edit')) || null;
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** @type {Record<'start' | 'destination', import('../protocol.js').Place | null>} */
const places = { start: null, destination: null };
const picker = createPlacePicker((next) => {
  Object.assign(places, next);
  keepDraft();
});
const plan = createPlanForm(picker, places, ownZone);
/** What the event was before. @type {import('./event-form.js').Plan} */
let before = {};
let filled = false;
/** The same plan is sent with the same key, so that it becomes one event however often it is sent. */
const sent = { plan: '', key: '' };

function keepDraft() {
  if (edited || !filled) return;
  try {
    sessionStorage.setItem(DRAFT_KEY, JSON.stringify(plan.read()));
  } catch {
    // storage may be forbidden: then it is kept as long as the page is open
  }
}

/** @returns {Partial<import('./event-form.js').Values>} */
function draft() {
  try {
    return JSON.parse(sessionStorage.getItem(DRAFT_KEY) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

async function send() {
  if (picker.isWrong()) return;
  const answer = planOf(plan.read());
  if ('wrong' in answer) {
    if (answer.wrong.field === 'start' && picker.lacksTypedStart('Type where it starts.')) return;
    throw new ApiError(400, answer.wrong.message, { field: answer.wrong.field });
  }
  if (edited) {
    const changes = changesOf(answer.plan, before);
    if (Object.keys(changes).length > 0) await changeEvent(edited, changes);
    return location.assign(`/events/${edited}`);
  }
  const text = JSON.stringify(answer.plan);
  if (sent.plan !== text) Object.assign(sent, { plan: text, key: newId() });
  const { event } = await createEvent(answer.plan, sent.key);
  filled = false;
  try {
    sessionStorage.removeItem(DRAFT_KEY);
  } catch {
    // there was nothing kept either
  }
  location.assign(`/events/${event.id}`);
}

/** @param {string} words */
function refuse(words) {
  find('#plan-place').replaceChildren(element('p', { class: 'empty' }, words, ' ', element('a', { href: '/events' }, 'All events')));
}

async function fill() {
  if (!edited) {
    plan.fill({ ...newValues(Date.now(), ownZone), ...draft() });
    filled = true;
    return;
  }
  for (;;) {
    try {
      const { event, role } = await getMyEvent(edited);
      if (role !== 'creator') return refuse('Only whoever holds an event can change it.');
      if (event.state === 'passed' || event.state === 'cancelled') return refuse('It is over, and stays as it was.');
      const values = valuesOf(event);
      const answer = planOf(values);
      before = 'plan' in answer ? answer.plan : {};
      plan.fill(values);
      filled = true;
      return;
    } catch (failure) {
      if (failure instanceof ApiError && !failure.isPassing) return refuse(wordsOf(failure));
      await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
    }
  }
}

/** The form stands for who is logged in; it does not vanish under somebody's hands. */
function showAccount() {
  const own = account();
  find('#ask').hidden = own !== null;
  if (!own) return;
  const place = find('#plan-place');
  if (!place.hidden) return;
  place.hidden = false;
  picker.showMap();
  fill();
}

function start() {
  openShell();
  if (edited) {
    document.title = 'Change an event · Runnity';
    setText(find('h1'), 'Change your event');
    find('#lead').hidden = true;
    setText(find('#back'), '‹ The event');
    find('#back').setAttribute('href', `/events/${edited}`);
  }
  setText(plan.submit, edited ? 'Save' : 'Create the event');
  find('#plan-place').append(plan.form);
  plan.form.addEventListener('input', keepDraft);
  onSubmit(plan.form, send);
  askToLogIn(find('#ask'), 'To hold an event you need an account: a name and a password.');
  onAccount(showAccount);
  showAccount();
  Object.defineProperty(window, 'runnity', { value: Object.freeze({ where: picker.look }) });
}

start();
