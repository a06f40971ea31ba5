/**
 * The form of an event: its fields, filled and read. What it means stands in event-form.js; the places in place-picker.js.
 */

import { element, setText } from '../elements.js';
import { field } from '../form.js';
import { DURATIONS_S, durationWords, instantOf } from './event-form.js';

/** @typedef {import('./event-form.js').Values} Values */

const NAME_MAX = 100;
const DESCRIPTION_MAX = 5000;

/**
 * @param {ReturnType<typeof import('./place-picker.js').createPlacePicker>} picker
 * @param {{start: import('../protocol.js').Place | null, destination: import('../protocol.js').Place | null}} places as the picker has them
 * @param {string} ownZone the viewer's
 */
export function createPlanForm(picker, places, ownZone) {
  const name = element('input', { name: 'name', maxlength: NAME_MAX, autocomplete: 'off', ariaRequired: 'true' });
  const description = element('textarea', { name: 'description', maxlength: DESCRIPTION_MAX, rows: 3 });
  const date = element('input', { name: 'date', type: 'date', ariaRequired: 'true' });
  const time = element('input', { name: 'time', type: 'time', ariaRequired: 'true' });
  const zone = element('select', { name: 'time_zone' }, ...zones(ownZone).map((each) => element('option', { value: each }, each)));
  const duration = element('select', { name: 'duration_s' });
  const capacity = element('input', { name: 'capacity', inputmode: 'numeric', autocomplete: 'off' });
  const isPrivate = choice('true', 'Private', 'Only those who are invited know of it.');
  const isPublic = choice('false', 'Public', 'Everybody sees it and can join.');
  const note = element('p', { class: 'hint', role: 'status' });
  const wrong = element('p', { class: 'wrong', role: 'alert' });
  const submit = element('button', { type: 'submit', class: 'button' });

  const form = element('form', { class: 'plan', id: 'plan' },
    element('div', { class: 'plan-fields form' },
      element('section', { class: 'card form', ariaLabel: 'What' },
        field('Name', name), field('Description', description, 'What to bring, how fast, and what comes afterwards.')),
      element('section', { class: 'card form', ariaLabel: 'When' },
        element('div', { class: 'fields' }, field('Day', date), field('Time', time)),
        element('div', { class: 'fields' }, field('How long', duration), field('Time zone', zone)), note),
      element('section', { class: 'card form', ariaLabel: 'Who' },
        element('fieldset', { class: 'field' }, element('legend', {}, 'Who may come'), isPrivate.shown, isPublic.shown,
          element('p', { class: 'wrong', id: 'private-wrong' })),
        field('How many at most', capacity, 'Leave it empty for as many as come.'))),
    element('div', { class: 'plan-where card' }, picker.shown),
    wrong,
    element('p', { class: 'row plan-end' }, submit, element('a', { class: 'button plain', href: '/events' }, 'Back')));

  /** @param {string} value @param {string} word @param {string} hint */
  function choice(value, word, hint) {
    const input = element('input', { type: 'radio', name: 'private', value, id: value === 'true' ? 'private' : 'public' });
    return { input, shown: element('label', { class: 'check choice-card' }, input, element('span', {}, element('strong', {}, word), element('span', { class: 'muted small' }, ` ${hint}`))) };
  }

  /** @param {Values} values */
  function fill(values) {
    name.value = values.name;
    description.value = values.description;
    date.value = values.date;
    time.value = values.time;
    if (![...zone.options].some((option) => option.value === values.time_zone)) zone.append(element('option', { value: values.time_zone }, values.time_zone));
    zone.value = values.time_zone;
    const durations = [...new Set([...DURATIONS_S, values.duration_s])].sort((one, other) => one - other);
    duration.replaceChildren(...durations.map((each) => element('option', { value: each }, durationWords(each))));
    duration.value = String(values.duration_s);
    capacity.value = values.capacity;
    (values.private ? isPrivate : isPublic).input.checked = true;
    picker.fill(values);
    explain();
  }

  /** @returns {Values} */
  function read() {
    return {
      name: name.value, description: description.value, private: isPrivate.input.checked, date: date.value, time: time.value,
      time_zone: zone.value, duration_s: Number(duration.value), capacity: capacity.value, ...places,
    };
  }

  /** Says what is easily overlooked: a time that has passed, or another zone's clock. */
  function explain() {
    const starts_at_ms = instantOf(date.value, time.value, zone.value);
    if (starts_at_ms === null) return setText(note, '');
    const here = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(starts_at_ms);
    const words = [];
    if (zone.value !== ownZone) words.push(`That is ${here} on your clock.`);
    const ends_at_ms = starts_at_ms + Number(duration.value) * 1000;
    if (ends_at_ms < Date.now()) words.push('This has passed already.');
    else if (starts_at_ms < Date.now()) words.push('This has begun already: the event starts at once.');
    setText(note, words.join(' '));
  }

  form.addEventListener('input', explain);
  return { form, fill, read, submit };
}

/** All zones that the browser knows. @param {string} own @returns {string[]} the viewer's first */
function zones(own) {
  return [...new Set([own, 'UTC', ...Intl.supportedValuesOf('timeZone')])];
}
