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
import { forgetDraft, keepDraft, takeDraft } from './draft.js';
import { changesOf, newValues, planOf, valuesOf, wrongTime } from './event-form.js';
import { createPlacePicker } from './place-picker.js';
import { createPlanForm } from './plan-form.js';

/** While the server does not answer, it is asked again. */
const RETRY_MS = 4_000;
/** What the server calls wrong when something else was sent with the key before. */
const KEY_FIELD = 'Idempotency-Key';

const edited = Number(new URLSearchParams(location.search).get('edit')) || null;
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** @type {Record<'start' | 'destination', import('../protocol.js').Place | null>} */
const places = { start: null, destination: null };
const picker = createPlacePicker((next) => {
  Object.assign(places, next);
  keepTyped();
});
const plan = createPlanForm(picker, places, ownZone);
/** What the event was before. @type {import('./event-form.js').Plan} */
let before = {};
/** @type {import('./event-form.js').Values | null} */
let valuesBefore = null;
let filled = false;
/** Whose words stand in the form. @type {string | null} */
let writer = null;
/**
 * What is typed is sent with one key until the server has refused it, also after a reload: it becomes one event however often it is
 * sent.
 */
const sent = { key: '' };

function keepTyped() {
  if (!edited && filled) keepDraft({ user: writer, key: sent.key, values: plan.read() });
}

/** Whether the server has said that there is no event of this key, rather than nothing, or to come again. @param {unknown} failure */
function isRefusal(failure) {
  return failure instanceof ApiError && !failure.isPassing && failure.status !== 401 && failure.retry_after_s === null;
}

async function send() {
  if (picker.isWrong()) return;
  const answer = planOf(plan.read());
  if ('wrong' in answer) {
    if (answer.wrong.field === 'start' && picker.lacksTypedStart('Type where it starts.')) return;
    throw new ApiError(400, answer.wrong.message, { field: answer.wrong.field });
  }
  const wrong = wrongTime(plan.read(), Date.now(), valuesBefore);
  if (wrong) throw new ApiError(400, wrong.message, { field: wrong.field });
  if (edited) {
    const changes = changesOf(answer.plan, before);
    if (Object.keys(changes).length > 0) await changeEvent(edited, changes);
    return location.assign(`/events/${edited}`);
  }
  sent.key ||= newId();
  keepTyped();
  try {
    const { event } = await createEvent(answer.plan, sent.key);
    filled = false;
    forgetDraft();
    location.assign(`/events/${event.id}`);
  } catch (failure) {
    if (!isRefusal(failure)) throw failure;
    sent.key = '';
    keepTyped();
    if (/** @type {ApiError} */ (failure).field !== KEY_FIELD) throw failure;
    throw new ApiError(409, 'It is among your events already, as it was before you changed it here: change it there. Create it again, and there are two.');
  }
}

/** @param {string} words */
function refuse(words) {
  find('#plan-place').replaceChildren(element('p', { class: 'empty' }, words, ' ', element('a', { href: '/events' }, 'All events')));
}

async function fill() {
  if (!edited) {
    const draft = takeDraft(writer);
    sent.key = draft?.key ?? '';
    plan.fill({ ...newValues(Date.now(), ownZone), ...draft?.values });
    filled = true;
    return;
  }
  for (;;) {
    try {
      const { event, role } = await getMyEvent(edited);
      if (role !== 'creator') return refuse('Only whoever holds an event can change it.');
      if (event.state === 'passed' || event.state === 'cancelled') return refuse('It is over, and stays as it was.');
      const values = valuesOf(event);
      valuesBefore = values;
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
  // Another's words are not for whoever has logged in now.
  if (!place.hidden) return own.id === writer ? undefined : location.reload();
  writer = own.id;
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
  plan.form.addEventListener('input', keepTyped);
  onSubmit(plan.form, send);
  askToLogIn(find('#ask'), 'To hold an event you need an account: a name and a password.');
  onAccount(showAccount);
  showAccount();
  Object.defineProperty(window, 'runnity', { value: Object.freeze({ where: picker.look }) });
}

start();
