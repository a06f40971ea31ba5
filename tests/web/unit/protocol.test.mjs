// Pure: the page's parsers, held against the AsyncAPI document that the server serves.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  eventChannel, leaderboardChannel, mapChannel, parseChange, parseEventChange, parseEventSnapshot, parseFrame, parseSnapshot,
  parseStandings, positionsChannel, runChannel, timeOf,
} from '../../../web-demo/protocol.js';
import { parseOwnChange } from '../../../web-demo/protocol-own.js';

const asyncapi = JSON.parse(readFileSync(new URL('../../../src/http/asyncapi/document.json', import.meta.url), 'utf8'));
const at = (reference) => reference.slice(2).split('/').reduce((value, name) => value[name], asyncapi);

/** Examples of what the server sends in a channel, by their type. */
function examples(channel) {
  const operations = Object.values(asyncapi.operations);
  const sends = operations.filter((it) => it.action === 'send' && it.channel.$ref === `#/channels/${channel}`);
  const messages = sends.flatMap((operation) => operation.messages).map((it) => at(at(it.$ref).$ref));
  return Object.fromEntries(messages.flatMap((it) => it.examples).map(({ payload }) => [payload.type, payload]));
}

/** Everything of `document` stands in `parsed` too; times are milliseconds there. */
function mirrors(document, parsed, leftOut = []) {
  for (const [name, value] of Object.entries(document)) {
    if (leftOut.includes(name)) continue;
    const isTime = typeof value === 'string' && /T.*Z$/.test(value);
    const found = isTime ? parsed[`${name}_ms`] : parsed[name];
    if (isTime) assert.equal(found, timeOf(value), name);
    else if (value !== null && typeof value === 'object') mirrors(value, found, leftOut);
    else assert.equal(found ?? null, value, name);
  }
}

test('what_the_page_reads_of_a_run_is_what_the_document_says', () => {
  const { snapshot, ...changes } = examples('run');
  assert.ok(runChannel('1') === asyncapi.channels.run.address.replace('{run}', '1'));
  const { run, track } = parseSnapshot(snapshot);
  mirrors(snapshot.run, run, ['visibility', 'created_at', 'destination', 'finished_at']);
  assert.equal(run.finished_at_ms, timeOf(snapshot.run.finished_at));
  const names = ['time_ms', 'latitude', 'longitude', 'elevation_m', 'distance_m'];
  assert.deepEqual(track.map((point) => names.map((name) => point[name])), snapshot.track.fixes);

  const notRead = [];
  for (const [type, document] of Object.entries(changes)) {
    const change = parseChange(document);
    if (!change) notRead.push(type);
    // The channel says which run it is, and a run that changes its state has no new pace.
    else mirrors(document, change, type === 'fixes' ? [] : ['run', 'pace_s_per_km']);
  }
  assert.deepEqual(notRead, ['changed', 'notice']);
});

test('what_the_page_reads_of_an_event_is_what_the_document_says', () => {
  const { snapshot, ...changes } = examples('event');
  assert.equal(eventChannel(17), asyncapi.channels.event.address.replace('{event}', '17'));
  const { event, roster, complete } = parseEventSnapshot(snapshot);
  mirrors(snapshot.event, event);
  assert.deepEqual(roster.map(({ number, id, name }) => [number, id, name]), snapshot.roster);
  assert.equal(complete, true);
  const notRead = [];
  for (const [type, document] of Object.entries(changes)) {
    const change = parseEventChange(document);
    if (!change) notRead.push(type);
    else mirrors(document, change);
  }
  assert.deepEqual(notRead, ['notice']);
});

test('what_is_read_of_a_leaderboard_is_what_the_document_says', () => {
  const { standings } = examples('leaderboard');
  assert.equal(leaderboardChannel('distance_m'), asyncapi.channels.leaderboard.address.replace('{board}', 'distance_m'));
  mirrors(standings, parseStandings(standings));
  for (const document of [null, {}, { type: 'tea' }]) assert.equal(parseStandings(document), null);
  const odd = parseStandings({ type: 'standings', top: [{ position: 'x' }, 1], moved: 'y' });
  assert.deepEqual([odd.top, odd.moved, odd.total], [[], [], 0]);
});

test('what_is_no_event_is_not_read_as_one', () => {
  for (const document of [null, {}, { type: 'snapshot', event: { id: 'x', state: 'current' } }, { type: 'snapshot', event: { id: 1, state: 'over' } }]) {
    assert.equal(parseEventSnapshot(document), null);
  }
  for (const document of [null, {}, { type: 'joined', number: 'x' }, { type: 'started', event: {} }, { type: 'achievement', achievement: { id: 1 } }, { type: 'tea' }]) {
    assert.equal(parseEventChange(document), null);
  }
});

test('what_the_page_reads_of_the_users_own_channel_is_what_the_document_says', () => {
  const { unlocked, habits, notice, ...others } = examples('user');
  const { achievement, new_levels, run } = parseOwnChange(unlocked);
  mirrors(unlocked.achievement, achievement, ['hidden', 'period']);
  assert.equal(run, unlocked.run);
  const [[level, { rewards, properties }]] = Object.entries(unlocked.new_levels);
  const gained = ({ name, value }) => ({ name, value: String(value), value_translated: {} });
  assert.deepEqual(new_levels, [{
    level: Number(level), rewards: Object.values(rewards).map(gained),
    properties: Object.values(properties).map((each) => ({ ...gained(each), is_variable: each.is_variable })),
  }]);
  const notRead = [];
  for (const [type, document] of Object.entries(others)) {
    const change = parseOwnChange(document);
    if (!change) {
      notRead.push(type);
      continue;
    }
    // Who has done it, or has won, is `user` throughout; places are positions; of a run its length is told; a friend's level is theirs.
    const { by, winner, place, ...rest } = document;
    mirrors(rest, change, ['is_read', 'created_at', 'expires_at', 'standings', 'elapsed_s', 'moving_s', 'pace_s_per_km', 'climb_m', 'descent_m', 'starts_at',
      ...(type === 'run_started' ? ['event'] : [])]);
    if (type.startsWith('challenge_') && (by ?? winner)) assert.deepEqual(change.user, by ?? winner);
    if (place) assert.equal(change.position, place);
    if (type === 'invited') assert.equal(change.starts_at_ms, timeOf(document.starts_at));
  }
  assert.deepEqual(notRead, ['revoked'], 'the SDK is told that by the socket');
  assert.equal(parseOwnChange(habits), null, 'the board has its own parser');
  assert.equal(parseOwnChange({ ...notice, data: { text: 'Rain' } }).text, 'Rain');
  for (const document of [null, {}, { type: 'unlocked' }, { type: 'run_withheld' }, { type: 'message', message: {} }, { type: 'friend_unlocked', achievement: {} },
    { type: 'invited' }, { type: 'friend_asked' }, { type: 'group_invited' }, { type: 'run_finished' }, { type: 'challenge_progress' }]) {
    assert.equal(parseOwnChange(document), null);
  }
});

test('what_the_page_reads_of_where_many_are_is_what_the_document_says', () => {
  assert.equal(positionsChannel(17), asyncapi.channels.positions.address.replace('{event}', '17'));
  assert.equal(mapChannel('01'), asyncapi.channels.map.address.replace('{cell}', '01'));
  for (const channel of ['positions', 'map']) {
    for (const document of Object.values(examples(channel))) {
      const frame = parseFrame(document);
      assert.deepEqual([frame.type, frame.at_ms], [document.type, document.at_ms]);
      if (document.type === 'counts') {
        assert.deepEqual(frame.cells.map(({ cell, count }) => [cell, count]), document.cells);
        continue;
      }
      assert.deepEqual(frame.gone, document.gone ?? []);
      assert.deepEqual(frame.came.map(({ number, id }) => [number, id]), document.came ?? []);
      const rows = frame.runners.map(({ number, latitude, longitude, time_ms, paused }) => [
        number, Math.round(latitude * 1e5) - document.origin[0], Math.round(longitude * 1e5) - document.origin[1],
        (frame.at_ms - time_ms) / 100, ...(paused ? [1] : []),
      ]);
      assert.deepEqual(rows, document.runners);
    }
  }
  for (const document of [null, {}, { type: 'positions' }, { type: 'tea', at_ms: 1 }]) assert.equal(parseFrame(document), null);
  const frame = parseFrame({ type: 'picture', at_ms: 1, runners: [[1, 2], 'x', [1, 'y', 0, 0]], origin: [0, 0], came: [[1]], gone: ['x'] });
  assert.deepEqual([frame.runners, frame.came, frame.gone], [[], [], []]);
});
