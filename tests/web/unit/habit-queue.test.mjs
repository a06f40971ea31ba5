// Pure: what was tapped and waits: in which order and portions it goes, how it is shown meanwhile, and what is sent again.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { openOutbox } from '../../../web-demo/habit/outbox.js';
import { callOf, inOrder, isFinal, keyOf, nextBatch } from '../../../web-demo/habit/queue.js';
import { newId } from '../../../web-demo/new-id.js';
import { createSender } from '../../../web-demo/habit/sender.js';

const score = (id, task = 'stairs', dir = 'up') => ({ op: 'score', id, task: { id: task, type: 'habit' }, dir });
const entry = (count, op, v = null) => ({ key: keyOf(1_000, count, op.id), op, v });
const reply = (more = {}) => ({ v: 2, from: 1, changes: [], errors: [], was_modified: false, reload: false, ...more });

/** As much of a browser's storage as is used. */
class Shelf extends Map {
  get length() { return this.size; }
  key(index) { return [...this.keys()][index] ?? null; }
  getItem(name) { return this.get(name) ?? null; }
  setItem(name, value) { this.set(name, value); }
  removeItem(name) { this.delete(name); }
}

test('entries_go_in_the_order_in_which_they_were_made', () => {
  const [one, two, later] = [entry(1, score('b')), entry(2, score('a')), { key: keyOf(2_000, 1, 'c'), op: score('c'), v: null }];
  assert.deepEqual(inOrder([later, two, one]), [one, two, later]);
  assert.ok(keyOf(999, 9, 'z') < keyOf(1_000, 1, 'a'));
  assert.deepEqual(nextBatch([later, { ...two, v: 7 }, one]), [one, later], 'what the server has is not sent again');
});

test('a_portion_fits_into_a_frame_and_one_that_is_too_big_goes_alone', () => {
  const big = (count) => entry(count, { op: 'addTask', id: `op${count}`, task: { id: `t${count}`, type: 'todo', text: 'ä'.repeat(15_000) } });
  const entries = [big(1), big(2), entry(3, score('c'))];
  assert.deepEqual(nextBatch(entries), [entries[0]], 'bytes are counted, not letters');
  assert.deepEqual(nextBatch(entries.slice(1)), entries.slice(1));
  const many = Array.from({ length: 800 }, (_, count) => entry(count, score(`s${count}`)));
  assert.equal(nextBatch(many).length, 500);
  const huge = entry(0, { op: 'addTask', id: 'h', task: { id: 'h', type: 'todo', text: 'x'.repeat(90_000) } });
  assert.deepEqual(nextBatch([huge, ...entries]), [huge]);
});

test('each_operation_has_a_call_with_the_same_id', () => {
  const calls = [
    [score('1', 'a/b'), { method: 'POST', path: '/api/tasks/a%2Fb/score?op_id=1', body: { direction: 'up' } }],
    [{ op: 'sortTask', id: '2', task: { id: 'x' }, to: 3 }, { method: 'POST', path: '/api/tasks/x/sort?op_id=2', body: { to: 3 } }],
    [{ op: 'delTask', id: '3', task: { id: 'x', type: 'todo' } }, { method: 'DELETE', path: '/api/tasks/x?op_id=3' }],
    [{ op: 'addTask', id: '4', task: { id: 'x', type: 'todo', text: 't' } }, { method: 'POST', path: '/api/tasks?op_id=4', body: { id: 'x', type: 'todo', text: 't' } }],
    [{ op: 'buy', id: '5', type: 'potion' }, { method: 'POST', path: '/api/tasks/hero/buy?op_id=5', body: { goods: 'potion' } }],
    [{ op: 'revive', id: '6' }, { method: 'POST', path: '/api/tasks/hero/revive?op_id=6' }],
    [{ op: 'clear-completed', id: '7' }, { method: 'POST', path: '/api/tasks/clear-completed?op_id=7' }],
  ];
  for (const [op, call] of calls) assert.deepEqual(callOf({ op }), call);
  const tick = { op: 'set', id: '8', path: 'tasks.x.checklist.2.completed', value: true };
  assert.deepEqual(callOf({ op: tick, item: 'warm up' }), { method: 'PATCH', path: '/api/tasks/x/checklist/warm%20up?op_id=8', body: { completed: true } });
  assert.notEqual(newId(), newId());
});

test('what_waits_outlives_the_window_and_two_windows_see_one_outbox', () => {
  const shelf = new Shelf([['runnity.theme', 'dark'], ['runnity.habits.eve.000-x', '{"op":{"op":"revive","id":"x"},"v":null}'], ['runnity.habits.ann.broken', '{']]);
  const one = openOutbox('ann', shelf, () => {});
  one.add(score('1'));
  one.add({ op: 'set', id: '2', path: 'tasks.x.checklist.0.completed', value: true }, 'item');
  const other = openOutbox('ann', shelf, () => {});
  assert.deepEqual(other.entries(), one.entries());
  assert.deepEqual(other.entries().map(({ op, item }) => [op.id, item]), [['1', undefined], ['2', 'item']]);
  assert.deepEqual([one.isOwn(one.entries()[0]), other.isOwn(one.entries()[0])], [true, false]);
  const [first, second] = one.entries();
  one.acknowledge(first, 5);
  one.prune(4);
  assert.equal(one.entries().length, 2, 'the board does not have it yet');
  one.prune(5);
  assert.deepEqual(one.entries(), [second]);
  assert.deepEqual(openOutbox('ann', shelf, () => {}).entries(), [second]);
  one.drop(second);
  assert.deepEqual([one.entries(), shelf.size], [[], 3], 'others keep theirs');
});

test('a_storage_that_is_full_or_forbidden_loses_nothing_while_the_page_is_open', () => {
  const full = new Shelf();
  full.setItem = () => { throw new Error('full'); };
  for (const storage of [full, null]) {
    const outbox = openOutbox('ann', storage, () => {});
    outbox.add(score('1'));
    assert.deepEqual(outbox.entries().map(({ op }) => op.id), ['1']);
  }
});

/** A sender on a line whose answers are told beforehand. */
function onLine(entries, { socket = [], rest = [], isLive = () => true } = {}) {
  const told = { sent: [], calls: [], answered: [], taken: [], refused: [], later: [] };
  const away = (entry) => entries.splice(entries.indexOf(entry), 1);
  const sender = createSender({
    waiting: () => entries,
    isLive,
    bySocket: async (ops) => {
      told.sent.push(ops.map(({ id }) => id));
      const answer = socket.shift();
      if (answer instanceof Error) throw answer;
      return answer ?? reply();
    },
    byRest: async ({ op }) => {
      told.calls.push(op.id);
      const answer = rest.shift();
      if (answer) throw answer;
    },
    answered: (batch) => { told.answered.push(batch.map(({ op }) => op.id)); batch.forEach(away); },
    taken: (one) => { told.taken.push(one.op.id); away(one); },
    refused: (one, message) => { told.refused.push([one.op.id, message]); away(one); },
    later: (flush, delay_ms) => told.later.push([flush, delay_ms]),
  });
  return { sender, told };
}

test('what_nobody_answered_is_sent_again_with_the_same_ids_and_more_and_more_rarely', async () => {
  const broken = new Error('closed');
  const entries = [entry(1, score('a')), entry(2, score('b'))];
  const { sender, told } = onLine(entries, { socket: [broken, broken] });
  await sender.flush();
  await told.later[0][0]();
  assert.deepEqual(told.later.map(([, delay_ms]) => delay_ms), [1_000, 2_000]);
  await told.later[1][0]();
  assert.deepEqual(told.sent, [['a', 'b'], ['a', 'b'], ['a', 'b']]);
  assert.deepEqual([told.answered, entries], [[['a', 'b']], []]);
});

test('what_is_tapped_meanwhile_goes_after_what_is_under_way', async () => {
  const entries = [entry(1, score('a'))];
  const { sender, told } = onLine(entries);
  const first = sender.flush();
  entries.push(entry(2, score('b')));
  await sender.flush();
  await first;
  assert.deepEqual(told.sent, [['a'], ['b']]);
});

test('one_that_cannot_be_read_does_not_hold_up_the_others', async () => {
  const bad = Object.assign(new Error('bad request'), { code: 107 });
  const { sender, told } = onLine([entry(1, score('a')), entry(2, score('b'))], { socket: [bad, bad, reply()] });
  await sender.flush();
  assert.deepEqual([told.sent, told.refused.map(([id]) => id), told.answered], [[['a', 'b'], ['a'], ['b']], ['a'], [['b']]]);
});

test('without_a_socket_each_goes_by_rest_and_a_refusal_is_told_once', async () => {
  const refusal = Object.assign(new Error('Not enough GP.'), { status: 409 });
  const silence = Object.assign(new Error('no answer'), { status: 0 });
  const entries = [entry(1, score('a')), entry(2, score('b')), entry(3, score('c'))];
  const { sender, told } = onLine(entries, { isLive: () => false, rest: [null, refusal, silence] });
  await sender.flush();
  assert.deepEqual([told.calls, told.taken, told.refused], [['a', 'b', 'c'], ['a'], [['b', 'Not enough GP.']]]);
  assert.deepEqual([entries.map(({ op }) => op.id), told.later.length], [['c'], 1]);
  for (const status of [400, 404, 409, 422]) assert.ok(isFinal(status), status);
  for (const status of [0, 401, 408, 429, 500, 503]) assert.ok(!isFinal(status), status);
});

test('another_window_is_told_what_becomes_of_what_it_shows', () => {
  const events = new EventTarget();
  const told = [];
  const shelf = new Shelf();
  const add = globalThis.addEventListener;
  globalThis.addEventListener = events.addEventListener.bind(events);
  const [one, other] = [openOutbox('ann', shelf, () => {}), openOutbox('ann', shelf, (isGone) => told.push(isGone))];
  globalThis.addEventListener = add;
  // As a browser does, which tells all windows but the one that has written.
  const tell = (key, newValue) => events.dispatchEvent(Object.assign(new Event('storage'), { key, newValue, storageArea: shelf }));
  const name = () => [...shelf.keys()][0];
  one.add(score('1'));
  tell(name(), shelf.get(name()));
  assert.deepEqual(other.entries().map(({ op, v }) => [op.id, v]), [['1', null]]);
  const [entry] = one.entries();
  const key = name();
  one.acknowledge(entry, 8);
  tell(key, shelf.get(key));
  one.prune(8);
  tell(key, null);
  assert.deepEqual(other.entries().map(({ v }) => v), [8], 'in view until its own board is there');
  other.prune(8);
  one.add(score('2'));
  const second = name();
  tell(second, shelf.get(second));
  one.drop(one.entries()[0]);
  tell(second, null);
  assert.deepEqual(other.entries(), []);
  assert.deepEqual(told, [false, false, false, false, true], 'of the last nobody said a version: the board is to be read');
  tell('runnity.theme', 'dark');
  assert.equal(told.length, 5, 'what is not of habits is nothing to it');
});
