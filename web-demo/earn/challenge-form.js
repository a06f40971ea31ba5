/**
 * Making a challenge: about what, who is first or has the most, against whom, until when.
 */

import { account } from '../account.js';
import { element, find, setText } from '../elements.js';
import { field, onSubmit } from '../form.js';
import { newId } from '../new-id.js';
import { inLanguage } from '../news.js';
import { ApiError, get, post } from '../rest.js';
import { getUnits, onSettings } from '../settings.js';
import { createPeoplePicker } from './people-picker.js';
import { PLAIN, quantityOf, readQuantity, unitWord } from './quantity.js';
import { localInput, zoneName } from './reckoning.js';

const WEEK_MS = 7 * 86_400_000;
/** Values of these are of one run or one day each: a sum of them says nothing. */
const NO_SUM = /^(best_|longest_|streak_|habit_level$|habit_streak$)/;

/**
 * @typedef {object} Choices
 * @property {string[]} variables
 * @property {import('./documents.js').Definition[]} definitions
 * @property {{id: string, name: string}[]} friends
 * @property {{id: string, name: string}[]} groups
 */

/** @param {(document: any) => void} onMade with the challenge */
export function createChallengeForm(onMade) {
  /** @type {Choices} */
  let choices = { variables: [], definitions: [], friends: [], groups: [] };
  const title = element('input', { name: 'title', maxlength: 100, autocomplete: 'off', placeholder: 'Fifty kilometres by Sunday' });
  const about = element('select', { name: 'about', onchange: showTarget });
  const kinds = element('fieldset', { class: 'field' }, element('legend', {}, 'Who wins'),
    kindChoice('first', 'Whoever is there first'), kindChoice('most', 'Whoever has the most at the end'));
  const target = element('input', { name: 'target', inputmode: 'decimal', autocomplete: 'off' });
  const targetField = field('Target', target, ' ');
  const targetHint = find('.hint', targetField);
  const group = element('select', { name: 'group' });
  const groupField = field('And a group of yours', group);
  const ends = element('input', { name: 'expires_at', type: 'datetime-local', value: localInput(Date.now() + WEEK_MS) });
  const starts = element('input', { name: 'starts_at', type: 'datetime-local' });
  const picker = createPeoplePicker({
    name: 'users', label: 'Whom you challenge', hint: 'Your friends are offered here; anybody else by name.', friends: () => choices.friends, me: () => account()?.id ?? '',
  });
  const form = element('form', { class: 'form' },
    field('Title', title),
    element('div', { class: 'fields' }, field('What counts', about), targetField), kinds, picker.whole, groupField,
    element('div', { class: 'fields' }, field('Ends', ends, `Your time: ${zoneName()}.`), field('Starts', starts, 'Left empty: now.')),
    element('p', { class: 'wrong', role: 'alert' }),
    element('p', { class: 'row' }, element('button', { type: 'submit', class: 'button' }, 'Send the challenge')));

  /** @param {string} value @param {string} words */
  function kindChoice(value, words) {
    return element('label', { class: 'check' },
      element('input', { type: 'radio', name: 'kind', value, checked: value === 'first', onchange: showTarget }), words);
  }

  const kind = () => new FormData(form).get('kind');

  /** What is chosen: a variable, or an achievement and the variable of its goal. */
  function subject() {
    const [what, name] = about.value.split(/:(.*)/s);
    if (what === 'variable') return { variable: name, achievement: null, quantity: quantityOf(name) };
    const goal = choices.definitions.find((each) => each.name === name)?.goals[0];
    return { variable: null, achievement: name || null, quantity: goal ? quantityOf(goal.variable) : PLAIN };
  }

  function showTarget() {
    const { quantity, achievement } = subject();
    const unit = unitWord(quantity, getUnits());
    targetField.hidden = kind() === 'most';
    setText(find('label', targetField), unit ? `Target (${unit})` : 'Target');
    setText(targetHint, achievement ? 'Left empty: what its first level asks for.' : quantity.kind === 'duration' ? 'Like 5, 2.5 or 1:30:00.' : 'How much is to be reached.');
  }

  function showChoices() {
    const before = about.value;
    const option = (/** @type {string} */ value, /** @type {string} */ words) => element('option', { value, selected: value === before }, words);
    const summed = choices.variables.filter((name) => !NO_SUM.test(name));
    summed.sort((one, other) => Number(other === 'distance_m') - Number(one === 'distance_m') || quantityOf(one).title.localeCompare(quantityOf(other).title));
    const open = choices.definitions.filter(({ goals }) => goals.length > 0);
    about.replaceChildren(
      element('optgroup', { label: 'In all, from the start on' }, ...summed.map((name) => option(`variable:${name}`, quantityOf(name).title))),
      element('optgroup', { label: 'An achievement' }, ...open.map((each) => option(`achievement:${each.name}`, inLanguage(each.title, navigator.languages) || each.name))));
    const chosen = group.value;
    group.replaceChildren(element('option', { value: '' }, 'None'), ...choices.groups.map(({ id, name }) => element('option', { value: id, selected: id === chosen }, name)));
    groupField.hidden = choices.groups.length === 0;
    picker.show();
    showTarget();
  }

  /** One key for one challenge, however often it has to be sent. */
  let key = newId();
  let sent = '';

  onSubmit(form, async () => {
    const { variable, achievement, quantity } = subject();
    const people = picker.people();
    const read = readQuantity(target.value, quantity, getUnits());
    const body = {
      title: title.value.trim(),
      kind: kind(),
      ...(variable ? { variable } : { achievement }),
      // What is no number is sent as it is: the server says what is wrong with it.
      ...(kind() === 'most' || target.value.trim() === '' ? {} : { target: read ?? target.value }),
      users: people.map(({ id }) => id),
      ...(group.value ? { group: group.value } : {}),
      ...(starts.value ? { starts_at: new Date(starts.value).toISOString() } : {}),
      expires_at: ends.value ? new Date(ends.value).toISOString() : '',
    };
    if (JSON.stringify(body) !== sent) key = newId();
    sent = JSON.stringify(body);
    try {
      onMade(await post('/api/challenges', body, { key }));
    } catch (failure) {
      throw atField(failure, people);
    }
    key = newId();
    title.value = '';
    target.value = '';
    picker.clear();
  });

  onSettings(showTarget);

  return {
    form,
    /** @param {Choices} next */
    offer(next) {
      choices = next;
      showChoices();
    },
    /** What a link has asked for. @param {{achievement: string | null, user: string | null}} wanted */
    async prefill({ achievement, user }) {
      const definition = choices.definitions.find((each) => each.name === achievement || String(each.id) === achievement);
      if (definition) {
        about.value = `achievement:${definition.name}`;
        title.value = inLanguage(definition.title, navigator.languages) || definition.name;
      }
      showTarget();
      if (!user) return;
      const found = choices.friends.find(({ name }) => name === user) ?? (await get(`/api/users?name=${encodeURIComponent(user)}&page=1&page_size=5`).catch(() => []))
        .find((/** @type {{name: string}} */ { name }) => name === user);
      if (found) picker.add({ id: String(found.id), name: String(found.name) });
    },
    focus: () => title.focus(),
  };
}

/** Faults in a list are told at its field, and by the names that were typed. @param {unknown} failure @param {{name: string}[]} people */
function atField(failure, people) {
  if (!(failure instanceof ApiError) || !failure.field) return failure;
  const message = failure.message.replace(/users\[(\d+)\]/g, (whole, index) => (people[Number(index)] ? `“${people[Number(index)].name}”` : whole));
  const name = failure.field.replace(/\[.*$/, '');
  const { status, retry_after_s } = failure;
  return new ApiError(status, message, { field: name === 'variable' || name === 'achievement' || name === 'goal' ? 'about' : name, retry_after_s });
}
