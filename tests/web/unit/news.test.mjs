// Pure: what is told of achievements, in words.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { inLanguage, newsOf } from '../../../web-demo/news.js';
import { parseOwnChange } from '../../../web-demo/protocol-own.js';

const unlocked = (more = {}) => ({
  type: 'unlocked', at_ms: 1,
  achievement: { id: 2, name: 'regular', title: { en: 'Regular', fi: 'Vakiojuoksija' }, level: 3, maxlevel: 10, ...more },
  new_levels: [
    { level: 2, rewards: [{ name: 'badge', value: 'shoe-2', value_translated: {} }] },
    { level: 3, rewards: [{ name: 'badge', value: 'shoe-3', value_translated: { fi: 'kenkä 3' } }, { name: 'smile', value: '', value_translated: {} }] },
  ],
});

test('text_is_in_the_first_language_that_there_is', () => {
  const texts = { de: 'Lauf', en: 'Run', 'pt-BR': 'Corrida' };
  assert.equal(inLanguage(texts, ['fi', 'de-AT']), 'Lauf');
  assert.equal(inLanguage(texts, ['pt-BR']), 'Corrida');
  assert.equal(inLanguage(texts, ['fi']), 'Run');
  assert.equal(inLanguage({ sv: 'Lopp' }, ['fi']), 'Lopp');
  assert.equal(inLanguage({}, ['fi']), '');
});

test('unlock_says_its_level_and_its_rewards', () => {
  assert.deepEqual(newsOf(unlocked(), ['fi']), {
    kind: 'unlocked', title: 'Vakiojuoksija', lines: ['Level 3 of 10', 'badge: shoe-2', 'badge: kenkä 3', 'smile'],
  });
  assert.deepEqual(newsOf({ ...unlocked({ title: {}, level: 1, maxlevel: 1 }), new_levels: [] }, []), {
    kind: 'unlocked', title: 'regular', lines: ['Reached'],
  });
});

test('messages_and_friends_are_quiet', () => {
  assert.deepEqual(newsOf({ type: 'message', at_ms: 1, message: { id: 1, text: { en: 'Half of it!' } } }, ['en']), {
    kind: 'quiet', title: 'Half of it!', lines: [],
  });
  const friend = { type: 'friend_unlocked', at_ms: 1, user: { id: 'u', name: 'Eero' }, achievement: { id: 1, name: 'x', title: { en: 'First run' }, level: 1 } };
  assert.deepEqual(newsOf(friend, ['en']), { kind: 'quiet', title: 'Eero: First run', lines: ['Level 1'] });
  assert.deepEqual(newsOf({ type: 'run_withheld', at_ms: 1, run: 'r', reason: 'The bus.' }, ['en']), {
    kind: 'quiet', title: 'A run of yours does not count', lines: ['The bus.'],
  });
});

test('challenges_say_whose_doing_it_is', () => {
  const told = (type, more) => parseOwnChange({ type, at: '2026-11-21T09:30:00.000Z', challenge: { id: 7, title: 'Far' }, ...more });
  const eero = { id: 'u', name: 'Eero' };
  for (const [type, more, line] of [
    ['challenge_invited', { by: eero }, 'Eero challenges you'],
    ['challenge_finished', { user: eero, value: 5, place: 1 }, 'Eero has reached it'],
    ['challenge_expired', { winner: eero, standings: [] }, 'Eero has won'],
    ['challenge_expired', { winner: null, standings: [] }, 'Nobody has won'],
  ]) {
    assert.deepEqual(newsOf(told(type, more), []), { kind: 'quiet', title: 'Far', lines: [line] });
  }
  assert.equal(told('challenge_finished', { challenge: null }), null);
  assert.equal(told('challenge_progress', { user: eero }), null);
});
