// Pure: what the own channel tells, in words.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { gainWords, inLanguage, newsOf } from '../../../web-demo/news.js';
import { parseOwnChange } from '../../../web-demo/protocol-own.js';

const unlocked = (more = {}) => ({
  type: 'unlocked', at_ms: 1, run: null,
  achievement: { id: 2, name: 'regular', title: { en: 'Regular', fi: 'Vakiojuoksija' }, level: 3, maxlevel: 10, category: 'runs', ...more },
  new_levels: [
    { level: 2, rewards: [{ name: 'badge', value: 'shoe-2', value_translated: {} }], properties: [{ name: 'xp', value: '20', value_translated: {}, is_variable: true }] },
    {
      level: 3,
      rewards: [{ name: 'badge', value: 'shoe-3', value_translated: { fi: 'kenkä 3' } }, { name: 'smile', value: '', value_translated: {} }],
      properties: [{ name: 'xp', value: '25', value_translated: {}, is_variable: true }],
    },
  ],
});
/** As the server has it. */
const told = (type, more) => parseOwnChange({ type, at: '2026-11-21T09:30:00.000Z', ...more });
const eero = { id: 'u', name: 'Eero' };

test('text_is_in_the_first_language_that_there_is', () => {
  const texts = { de: 'Lauf', en: 'Run', 'pt-BR': 'Corrida' };
  assert.equal(inLanguage(texts, ['fi', 'de-AT']), 'Lauf');
  assert.equal(inLanguage(texts, ['pt-BR']), 'Corrida');
  assert.equal(inLanguage(texts, ['fi']), 'Run');
  assert.equal(inLanguage({ sv: 'Lopp' }, ['fi']), 'Lopp');
  assert.equal(inLanguage({}, ['fi']), '');
});

test('unlock_says_its_level_its_rewards_and_what_they_are_worth', () => {
  assert.deepEqual(newsOf(unlocked(), ['fi']), {
    kind: 'unlocked', title: 'Vakiojuoksija', lines: ['Level 3 of 10', '+45 points', 'Badge: shoe 2', 'Badge: kenkä 3', 'Smile'],
    link: { href: '/earn#regular', words: 'See it' }, picture: 'shoe-3', about: '',
  });
  const { lines, picture } = newsOf({ ...unlocked({ title: {}, level: 1, maxlevel: 1 }), new_levels: [] }, []);
  assert.deepEqual([lines, picture], [['Reached'], 'regular']);
  assert.deepEqual(gainWords([{ name: 'xp', value: '1', value_translated: {}, is_variable: true }, { name: 'debts', value: '-3', value_translated: {}, is_variable: true }], []), ['+1 point', '−3 debts']);
});

test('messages_and_friends_are_quiet', () => {
  const { kind, title, lines } = newsOf({ type: 'message', at_ms: 1, message: { id: 1, text: { en: 'Half of it!' } } }, ['en']);
  assert.deepEqual({ kind, title, lines }, { kind: 'quiet', title: 'Half of it!', lines: [] });
  const friend = newsOf({ type: 'friend_unlocked', at_ms: 1, user: eero, achievement: { id: 1, name: 'x', title: { en: 'First run' }, level: 1 } }, ['en']);
  assert.deepEqual([friend.kind, friend.title, friend.lines, friend.link.href], ['quiet', 'Eero: First run', ['Reached'], '/earn#x']);
  const withheld = newsOf({ type: 'run_withheld', at_ms: 1, run: 'r', reason: 'The bus.' }, ['en']);
  assert.deepEqual([withheld.title, withheld.lines, withheld.link.href], ['A run of yours does not count', ['The bus.'], '/runs/r']);
});

test('challenges_say_whose_doing_it_is', () => {
  const challenge = { id: 7, title: 'Far' };
  for (const [type, more, line, own] of [
    ['challenge_invited', { by: eero }, 'Eero challenges you', null],
    ['challenge_accepted', { user: eero }, 'Eero takes part', 'You take part'],
    ['challenge_rejected', { user: eero }, 'Eero takes no part', 'You take no part'],
    ['challenge_started', {}, 'It has started', 'It has started'],
    ['challenge_progress', { user: eero, value: 5, position: 1 }, 'Eero is in the lead now', 'You are in the lead now'],
    ['challenge_progress', { user: eero, value: 5, position: 3 }, 'Eero is number 3 now', 'You are number 3 now'],
    ['challenge_finished', { user: eero, value: 5, place: 1 }, 'Eero has reached it, first of all', 'You have reached it, first of all'],
    ['challenge_finished', { user: eero, value: 5, place: 2 }, 'Eero has reached it', 'You have reached it'],
    ['challenge_expired', { winner: eero, standings: [] }, 'It is over: Eero has won', 'It is over: you have won'],
    ['challenge_expired', { winner: null, standings: [] }, 'It is over: nobody has won', 'It is over: nobody has won'],
    ['challenge_cancelled', {}, 'It is cancelled', 'It is cancelled'],
  ]) {
    const news = newsOf(told(type, { challenge, ...more }), []);
    assert.deepEqual([news.kind, news.title, news.lines, news.link.href], ['quiet', 'Far', [line], '/challenges#7'], type);
    if (type !== 'challenge_invited') assert.deepEqual(newsOf(told(type, { challenge, ...more }), [], { me: 'u' }).lines, [own]);
  }
  assert.equal(told('challenge_finished', { challenge: null }), null);
  assert.equal(told('challenge_drunk', { challenge }), null);
});

test('newer_progress_takes_the_place_of_older', () => {
  const progress = (id) => newsOf(told('challenge_progress', { challenge: { id, title: 'Far' }, user: eero, value: 5, position: 1 }), []).about;
  assert.equal(progress(7), progress(7));
  assert.notEqual(progress(7), progress(8));
  assert.notEqual(progress(7), '');
});

test('events_friends_and_groups_are_told_with_the_way_there', () => {
  const event = { id: 17, name: 'Laps' };
  const invited = newsOf(told('invited', { user: { id: 'me', name: 'Aino' }, by: eero, event, starts_at: '2026-11-25T18:00:00Z' }), [], { me: 'me' });
  assert.deepEqual([invited.title, invited.lines[0], invited.link.href], ['Laps', 'Eero invites you', '/events/17']);
  assert.match(invited.lines[1], /25/);
  const other = newsOf(told('invited', { user: eero, by: { id: 'me', name: 'Aino' }, event, starts_at: null }), [], { me: 'me' });
  assert.deepEqual(other.lines, ['You have invited Eero']);
  assert.deepEqual(newsOf(told('event_started', { event }), []).lines, ['It has started']);
  assert.deepEqual(newsOf(told('event_cancelled', { event }), []).lines, ['It is cancelled']);
  assert.equal(newsOf(told('removed', { event }), []).link, null);
  assert.deepEqual(newsOf(told('friend_asked', { user: eero }), []).lines, ['Asks to be friends']);
  assert.equal(newsOf(told('friend_accepted', { user: eero }), []).title, 'Eero');
  assert.equal(newsOf(told('friend_removed', { user: eero }), []), null);
  assert.deepEqual(newsOf(told('group_invited', { group: { id: 'g', name: 'Turku runners' }, by: eero }), []).lines, ['Eero invites you to this group']);
  assert.equal(newsOf(told('notice', { data: { text: 'Rain from six on.' } }), []).title, 'Rain from six on.');
  assert.equal(told('notice', { data: { wind: 3 } }), null);
});

test('a_run_is_told_of_when_one_has_not_ended_it_oneself', () => {
  const ended = (reason) => newsOf(told('run_finished', { run: 'r', distance_m: 5021, reason }), [], { units: 'mi' });
  assert.deepEqual(ended('arrived').lines, ['You have arrived', '3.12 mi']);
  assert.equal(ended('arrived').link.href, '/runs/r');
  assert.equal(ended('owner'), null);
  assert.equal(newsOf(told('run_started', { run: 'r' }), []), null);
});
