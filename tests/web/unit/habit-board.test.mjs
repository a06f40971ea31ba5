// Pure: a board that is kept by changes alone, held against the AsyncAPI document that the server serves.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { answered, hear } from '../../../web-demo/habit-board.js';
import {
  HABIT_APPLY, HABIT_EFFECTS, HABIT_OPERATIONS, parseHabitApplied, parseHabitsChange,
} from '../../../web-demo/protocol-habits.js';

const { channels, components: { messages, schemas } } = JSON.parse(readFileSync(new URL('../../../src/http/asyncapi/document.json', import.meta.url), 'utf8'));
const examples = (name) => messages[name].examples.map(({ payload }) => payload);
const schemaOf = ({ $ref }) => schemas[$ref.split('/').at(-1)];

const stats = { gp: 20, exp: 15, lvl: 4, hp: 50 };
const task = (type, id, more = {}) => ({ id, type, text: id, notes: '', value: 0, priority: '!', tags: [], created_at: '2026-11-21T09:00:00.000Z', ...more });
const board = () => ({
  v: 42,
  stats,
  user: { flags: { dropsEnabled: false }, items: { weapon: 0, eggs: { Wolf: 1 }, hatchingPotions: {} }, preferences: { dayStart: 0 }, profile: { websites: ['a', 'b'] }, lastCron: 1 },
  tags: [{ id: 't1', name: 'dawn' }],
  habits: [],
  dailies: [task('daily', 'stretch', { completed: true, completed_at: '2026-11-21T10:00:00.000Z', streak: 3 }), task('daily', 'read', { completed: false, streak: 2 })],
  todos: [task('todo', 'old', { completed: true })],
  rewards: [],
});
const frozen = (value) => {
  if (value && typeof value === 'object') Object.values(value).forEach(frozen);
  return Object.freeze(value);
};
const change = (v, changes, more = {}) => parseHabitsChange({ type: 'habits', at: '2026-11-22T09:30:00.000Z', v, changes, ...more });

test('names_are_those_of_the_document', () => {
  assert.match(channels.habits.title, new RegExp(`\`${HABIT_APPLY}\``));
  assert.deepEqual([...HABIT_OPERATIONS], schemas.HabitOperation.properties.op.enum);
  assert.deepEqual([...HABIT_EFFECTS], schemas.HabitEffect.oneOf.map((it) => schemaOf(it).properties.change.const));
});

test('what_is_read_is_what_the_document_says', () => {
  for (const document of examples('habitsChange')) {
    const { at, reload = false, ...rest } = document;
    assert.deepEqual(parseHabitsChange(document), { ...rest, reload, at_ms: Date.parse(at) });
  }
  const [given] = examples('habitApplied');
  assert.deepEqual(parseHabitApplied(given), { ...given, reload: false });
  for (const document of [null, {}, { type: 'habits' }, { type: 'unlocked', v: 1 }]) assert.equal(parseHabitsChange(document), null);
  for (const document of [null, {}, { v: 1 }, { v: 'x', errors: [] }]) assert.equal(parseHabitApplied(document), null);
  // What a newer server says and nobody here understands: the board is read anew, not guessed.
  assert.equal(change(43, [{ change: 'tea' }]).reload, true);
});

test('every_effect_leads_to_the_board_that_the_server_has', () => {
  const before = frozen(board());
  const every = examples('habitsChange').find(({ changes }) => changes.length > 10);
  assert.deepEqual(new Set(every.changes.map((it) => it.change)), new Set(HABIT_EFFECTS), 'the example holds each');
  const { board: now, outcome } = hear(before, parseHabitsChange(every));
  assert.equal(outcome, 'applied');
  const added = every.changes.find((it) => it.change === 'task_added').task;
  assert.deepEqual(now, {
    v: 43,
    stats: every.changes.find((it) => it.change === 'stats').now,
    user: {
      ...before.user,
      flags: { dropsEnabled: true },
      items: { weapon: 0, eggs: { Wolf: 2 }, hatchingPotions: {}, lastDrop: { date: Date.parse('2026-11-22T09:30:00Z'), count: 1 } },
      preferences: { dayStart: 4 },
      lastCron: Date.parse('2026-11-22T06:00:00Z'),
    },
    tags: [{ id: 't1', name: 'morning' }],
    habits: [],
    dailies: [
      { ...before.dailies[1], value: -1, streak: 0 },
      { ...added, value: 1, completed: true, completed_at: '2026-11-22T09:30:00.000Z', streak: 1 },
      { ...task('daily', 'stretch'), value: 1, completed: false, streak: 3, checklist: [] },
    ],
    todos: [],
    rewards: [],
  });
  assert.deepEqual(before, board(), 'what it was given is as it was');
  const listed = hear(before, change(43, [{ change: 'user_set', path: 'profile.websites.1', value: 'c' }])).board;
  assert.deepEqual(listed.user.profile.websites, ['a', 'c']);
});

test('a_gap_or_too_much_is_read_anew_and_what_is_known_is_left_alone', () => {
  const before = frozen(board());
  const moved = [{ change: 'stats', by: stats, now: { ...stats, gp: 99 } }];
  for (const [told, outcome] of [
    [change(41, moved), 'known'], [change(42, moved), 'known'], [change(44, moved), 'anew'], [change(43, [], { reload: true }), 'anew'],
  ]) {
    assert.deepEqual(hear(before, told), { board: before, outcome });
  }
  assert.deepEqual(hear(before, change(43, [])), { board: { ...before, v: 43 }, outcome: 'applied' });
});

test('the_reply_and_its_echo_are_applied_once_in_whichever_order', () => {
  const before = frozen(board());
  const changes = [{ change: 'task_added', task: task('todo', 'new'), index: 0 }];
  const reply = (v, more = {}) => parseHabitApplied({ v, from: v - 1, changes, errors: [], was_modified: false, ...more });
  const one = answered(before, reply(43));
  const other = hear(before, change(43, changes));
  assert.deepEqual([one, hear(one.board, change(43, changes)).outcome], [other, 'known']);
  assert.equal(answered(other.board, reply(43)).outcome, 'known');
  // Somebody else was quicker: theirs comes first, and then ours, both by the channel.
  assert.deepEqual(answered(before, reply(44)), { board: before, outcome: 'ahead' });
  assert.equal(answered(before, reply(43, { reload: true })).outcome, 'anew');
  // Nothing was changed by this batch: the version is somebody else's, whose changes come yet.
  const nothing = answered(before, reply(43, { changes: [], from: undefined }));
  assert.deepEqual(nothing, { board: before, outcome: 'ahead' });
  assert.deepEqual(hear(nothing.board, change(43, changes)), other);
  // Several commits without a gap lead as far as they say, and of several with one, nothing is made twice.
  assert.equal(answered(before, reply(44, { from: 42 })).board.v, 44);
  assert.equal(answered(other.board, reply(44, { from: undefined })).outcome, 'ahead');
});
