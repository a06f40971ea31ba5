// The pure modules of joining: the form of an event, words of states and roles, invitations.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  changesOf, clockIn, durationWords, fieldOf, instantOf, newValues, placeTyped, planOf, valuesOf, wrongTime,
} from '../../../web-demo/join/event-form.js';
import { draftOf } from '../../../web-demo/join/draft.js';
import { actionsOf, comingWords, firstOf, roleOf, rosterNews, spanWords, stateNews, stateWords, whyNot } from '../../../web-demo/join/words.js';
import { agendaOf } from '../../../web-demo/join/agenda.js';
import { CIRCLES, deedsOf, deedWord, outcomeWords } from '../../../web-demo/join/circles.js';
import { when } from '../../../web-demo/events.js';
import { friendWords, Invitations, offered } from '../../../web-demo/join/invitations.js';
import { parseEach, parseFriend, parseInvitation, parseJoinNews, parseMyEvent, parseShareLink } from '../../../web-demo/join/documents.js';

const START = { latitude: 60.1748, longitude: 24.9402 };
const DOCUMENT = {
  id: 17, name: 'Night run', description: 'Bring a lamp.', private: true, state: 'come_up', date: '2026-11-25', time: '18:00:00',
  time_zone: 'Europe/Helsinki', starts_at: '2026-11-25T16:00:00.000Z', ends_at: '2026-11-25T17:30:00.000Z', duration_s: 5400,
  start: START, destination: null, capacity: 20, participants: 2, creator: { id: 'u1', name: 'Aino' },
  created_at: null, started_at: null, ended_at: null, cancelled_at: null, role: 'creator',
};
const { event } = parseMyEvent(DOCUMENT);
const filled = { ...newValues(Date.parse('2026-11-21T09:10:00Z'), 'Europe/Helsinki'), name: ' Night run ', start: START };

test('a_new_event_is_proposed_for_a_full_hour_on_the_clocks_of_its_zone', () => {
  const values = newValues(Date.parse('2026-11-21T22:10:00Z'), 'Europe/Helsinki');
  assert.deepEqual([values.date, values.time, values.private], ['2026-11-22', '02:00', true]);
  // Clocks of Nepal stand at three quarters when others show the hour.
  assert.equal(newValues(Date.parse('2026-11-21T22:10:00Z'), 'Asia/Kathmandu').time, '05:00');
});

test('a_form_becomes_the_document_that_the_server_takes', () => {
  const { plan } = planOf({ ...filled, capacity: ' 40 ', destination: { latitude: 60.18411111, longitude: 24.94944444 } });
  assert.deepEqual(plan, {
    name: 'Night run', description: '', private: true, date: '2026-11-21', time: '13:00', time_zone: 'Europe/Helsinki', duration_s: 7200,
    capacity: 40, start: START, destination: { latitude: 60.184111, longitude: 24.949444 },
  });
});

test('what_is_missing_is_named_with_its_field', () => {
  for (const [change, field] of [[{ name: ' ' }, 'name'], [{ date: '' }, 'date'], [{ time: '' }, 'time'], [{ start: null }, 'start'], [{ capacity: '3.5' }, 'capacity'], [{ capacity: '0' }, 'capacity']]) {
    assert.equal(planOf({ ...filled, ...change }).wrong?.field, field);
  }
});

test('an_event_goes_into_the_form_and_comes_out_unchanged', () => {
  const before = planOf(valuesOf(event)).plan;
  assert.deepEqual(changesOf(planOf(valuesOf(event)).plan, before), {});
  assert.deepEqual(changesOf(planOf({ ...valuesOf(event), time: '19:30', capacity: '' }).plan, before), { time: '19:30', capacity: null });
});

test('a_time_on_a_clock_is_an_instant_also_when_clocks_change', () => {
  const utc = (date, time, zone) => new Date(instantOf(date, time, zone)).toISOString();
  assert.equal(utc('2026-11-25', '18:00', 'Europe/Helsinki'), '2026-11-25T16:00:00.000Z');
  assert.equal(utc('2026-03-29', '02:30', 'Europe/Helsinki'), '2026-03-29T00:30:00.000Z');
  assert.equal(utc('2026-03-29', '04:30', 'Europe/Helsinki'), '2026-03-29T01:30:00.000Z');
  assert.equal(utc('2026-10-25', '05:00', 'Europe/Helsinki'), '2026-10-25T03:00:00.000Z');
  assert.equal(utc('2026-07-01', '06:15:30', 'America/St_Johns'), '2026-07-01T08:45:30.000Z');
  assert.equal(instantOf('2026-11-25', '18:00', 'Europe/Atlantis'), null);
  assert.equal(instantOf('', '18:00', 'UTC'), null);
  assert.deepEqual(clockIn(Date.parse('2026-11-25T22:00:00Z'), 'Europe/Helsinki'), { date: '2026-11-26', time: '00:00' });
});

test('places_are_typed_with_point_or_comma', () => {
  assert.deepEqual(placeTyped('60,1748', ' 24.9402'), { place: START });
  assert.deepEqual(placeTyped(' ', ''), { place: null });
  assert.match(placeTyped('91', '24').wrong, /latitude/);
  assert.match(placeTyped('60', '').wrong, /longitude/);
  assert.match(placeTyped('north', '24').wrong, /latitude/);
  assert.deepEqual(placeTyped('−60.5', '+.25'), { place: { latitude: -60.5, longitude: 0.25 } });
  for (const text of ['0x10', '1e1', '0b1', '1.2.3', '-', '.', 'Infinity']) {
    assert.equal(placeTyped(text, '24').axis, 'latitude', text);
    assert.equal(placeTyped('60', text).axis, 'longitude', text);
  }
});

test('a_time_that_clocks_leave_out_or_that_is_over_is_told', () => {
  const now_ms = Date.parse('2026-11-21T09:10:00Z');
  const wrong = (change, before = null) => wrongTime({ ...filled, ...change }, now_ms, before && { ...filled, ...before })?.field;
  const gap = { date: '2027-03-28', time: '02:30', time_zone: 'Europe/Berlin' };
  assert.equal(wrong(gap), 'time');
  for (const time of ['01:59', '03:00', '03:30:15']) assert.equal(wrong({ ...gap, time }), undefined);
  assert.equal(wrong({ ...gap, date: '2027-10-31' }), undefined);
  assert.equal(wrong({ ...gap, date: '2027-03-14', time_zone: 'America/New_York' }), 'time');
  assert.equal(wrong(gap, gap), undefined);
  assert.equal(wrong(gap, {}), 'time');
  const past = { date: '2026-11-20' };
  assert.equal(wrong(past), 'date');
  assert.equal(wrong({ date: '0026-11-30' }), 'date');
  assert.equal(wrong(past, {}), 'date');
  assert.equal(wrong(past, past), undefined);
  // What has begun and still lasts starts at once.
  assert.equal(wrong({ time: '10:30' }), undefined);
});

test('a_draft_is_its_writers_alone', () => {
  const values = { name: 'Night run' };
  const kept = (user, key = 'k1') => JSON.stringify({ user, key, values });
  assert.deepEqual(draftOf(kept('u1'), 'u1'), { user: 'u1', key: 'k1', values });
  assert.equal(draftOf(kept('u1'), 'u2'), null);
  assert.equal(draftOf(kept('u1'), null), null);
  assert.deepEqual(draftOf(kept(null), 'u2'), { user: 'u2', key: 'k1', values });
  assert.equal(draftOf(JSON.stringify({ user: 'u1', values }), 'u1').key, '');
  for (const text of [null, '{', '{}', '[]', JSON.stringify(values)]) assert.equal(draftOf(text, 'u1'), null);
});

test('a_field_within_a_place_is_the_fields_own', () => {
  assert.equal(fieldOf('start.longitude'), 'start');
  assert.equal(fieldOf('name'), 'name');
  assert.equal(fieldOf(null), null);
});

test('durations_and_spans_are_words', () => {
  assert.deepEqual([1800, 5400, 7200, 86_400, 180_000, 30].map(durationWords), ['30 min', '1 h 30 min', '2 h', '1 day', '2 days 2 h', '0 min']);
  assert.deepEqual([45_000, 200, 300_000, 7_500_000, 100_000_000, 200_000_000, -5].map(spanWords), ['45 s', '1 s', '5 min', '2 h 5 min', '1 day 3 h', '2 days', '0 s']);
});

test('an_event_says_how_long_until_it_starts_and_that_it_has_begun', () => {
  const at = (text) => Date.parse(`2026-11-25T${text}Z`);
  assert.equal(stateWords(event, at('15:00:00')), 'Starts in 1 h');
  assert.equal(stateWords(event, at('16:00:01')), 'Starts now');
  assert.equal(stateWords({ ...event, state: 'current' }, at('16:30:00')), 'It has begun. 1 h left');
  assert.equal(stateWords({ ...event, state: 'current' }, at('18:30:00')), 'It has begun');
  assert.equal(stateNews({ ...event, state: 'cancelled' }), 'Night run was cancelled.');
  assert.equal(comingWords(1), '1 person is coming');
  assert.equal(rosterNews('joined', 'Veikko', 3), 'Veikko comes too. 3 people are coming.');
  assert.equal(rosterNews('left', '', 2), 'Somebody does not come any more. 2 people are coming.');
});

test('roles_follow_the_roster', () => {
  const roster = [{ id: 'u1' }, { id: 'u2' }];
  assert.equal(roleOf(event, roster, 'u1', null), 'creator');
  assert.equal(roleOf(event, roster, 'u2', 'invited'), 'participant');
  assert.equal(roleOf(event, roster, 'u3', 'invited'), 'invited');
  assert.equal(roleOf(event, roster, 'u3', null), null);
  assert.equal(roleOf(event, roster, null, 'invited'), null);
});

test('what_one_may_do_follows_from_role_and_state', () => {
  const may = (change, role, more = {}) => actionsOf({ event: { ...event, ...change }, role, loggedIn: true, byLink: false, ...more });
  assert.deepEqual(may({}, 'creator'), ['ready', 'start', 'edit', 'cancel']);
  assert.deepEqual(may({ state: 'current' }, 'creator'), ['run', 'end', 'edit', 'cancel']);
  assert.deepEqual(may({}, 'participant'), ['ready', 'leave']);
  assert.deepEqual(may({ state: 'current' }, 'participant'), ['run', 'leave']);
  assert.deepEqual(may({}, 'invited'), ['accept', 'decline']);
  assert.deepEqual(may({ participants: 20 }, 'invited'), ['decline']);
  assert.deepEqual(may({}, null), []);
  assert.deepEqual(may({}, null, { byLink: true, loggedIn: false }), ['join']);
  assert.deepEqual(may({ private: false }, null, { loggedIn: false }), ['join']);
  assert.deepEqual(may({ private: false, participants: 20 }, null), []);
  for (const state of ['passed', 'cancelled']) assert.deepEqual(may({ state }, 'creator'), []);
});

test('a_maker_is_led_to_start_when_the_time_is_near', () => {
  const first = (role, wait_ms, change = {}) => firstOf({ event: { ...event, ...change }, role, loggedIn: true, byLink: false }, event.starts_at_ms - wait_ms);
  assert.equal(first('creator', 2 * 3_600_000), null);
  assert.equal(first('creator', 600_000), 'start');
  assert.equal(first('creator', -600_000, { state: 'current' }), 'run');
  assert.equal(first('participant', 2 * 3_600_000), 'ready');
  assert.equal(first('invited', 0), 'accept');
  assert.equal(first(null, 0), null);
});

test('whoever_cannot_join_is_told_why', () => {
  const standing = { event, role: null, loggedIn: true, byLink: false };
  assert.match(whyNot(standing), /private/);
  assert.match(whyNot({ ...standing, event: { ...event, participants: 20 } }), /full/);
  assert.equal(whyNot({ ...standing, byLink: true }), '');
  assert.equal(whyNot({ ...standing, role: 'participant' }), '');
});

const user = (id, name) => ({ id, name });
const sent = (id, name, state = 'invited') => parseInvitation({ user: user(id, name), by: user('u1', 'Aino'), invited_at: '2026-11-21T09:31:00Z', state });

test('invitations_wait_until_somebody_comes_declines_or_they_are_withdrawn', () => {
  const invitations = new Invitations();
  invitations.replace([sent('u2', 'Veikko'), sent('u3', 'Eero', 'declined')]);
  invitations.add([sent('u4', 'Maija')]);
  invitations.told(user('u5', 'Liisa'), user('u1', 'Aino'));
  invitations.told(user('u2', 'Veikko'), user('u1', 'Aino'));
  const names = () => invitations.waiting().map((each) => each.user.name);
  assert.deepEqual(names(), ['Veikko', 'Maija', 'Liisa']);
  assert.deepEqual(invitations.declined().map((each) => each.user.name), ['Eero']);
  assert.equal(invitations.has('u3'), false);
  invitations.told(user('u3', 'Eero'), user('u1', 'Aino'));
  assert.equal(invitations.has('u3'), true);
  invitations.remove('u2');
  assert.deepEqual(names(), ['Eero', 'Maija', 'Liisa']);
});

test('friends_are_offered_first_and_nobody_twice', () => {
  const offer = offered({
    typed: 've k', friends: [user('u2', 'Veikko Korhonen'), user('u6', 'Vesa')],
    found: [user('u7', 'Veera Kallio'), user('u2', 'Veikko Korhonen'), user('u8', 'Venla Koski')], without: new Set(['u8']),
  });
  assert.deepEqual(offer.map((each) => [each.user.id, each.friend]), [['u2', true], ['u7', false]]);
  assert.equal(offered({ typed: '', friends: [user('u2', 'Veikko')], found: [], without: new Set() }).length, 1);
});

test('friendship_is_said_in_both_directions', () => {
  const say = (state, lists_you = false) => friendWords(parseFriend({ user: user('u2', 'Veikko'), state, lists_you }));
  assert.equal(say('friend', true), 'You see each other’s runs.');
  assert.match(say('friend'), /you do not see theirs/);
  assert.match(say('listed', true), /they do not see yours/);
});

test('broken_documents_are_none', () => {
  assert.equal(parseMyEvent({ ...DOCUMENT, role: 'king' }).role, null);
  assert.equal(parseMyEvent({}), null);
  assert.equal(parseFriend({ user: {}, state: 'friend' }), null);
  assert.equal(parseInvitation({ user: user('u2', 'V'), state: 'perhaps' }), null);
  assert.equal(parseShareLink({ event: 17 }), null);
  assert.deepEqual(parseEach(null, parseFriend), []);
});

test('the_own_channels_news_are_told_apart', () => {
  assert.deepEqual(parseJoinNews({ type: 'invited', user: user('u2', 'V'), by: user('u1', 'A'), event: { id: 17, name: 'Night run' } }), {
    type: 'invited', user: user('u2', 'V'), by: user('u1', 'A'), event: { id: 17, name: 'Night run' },
  });
  assert.deepEqual(parseJoinNews({ type: 'event_started', event: { id: 17, name: 'Night run' } }), { type: 'event_started', event: { id: 17, name: 'Night run' } });
  assert.deepEqual(parseJoinNews({ type: 'friend_asked', user: user('u2', 'V') }), { type: 'friend_asked', user: user('u2', 'V') });
  assert.equal(parseJoinNews({ type: 'unlocked' }), null);
  assert.equal(parseJoinNews({ type: 'invited', event: {} }), null);
});

test('own_events_stand_soonest_first_and_invitations_apart', () => {
  const mine = (id, role, state, starts_at) => parseMyEvent({ ...DOCUMENT, id, role, state, starts_at });
  const agenda = agendaOf([
    mine(1, 'creator', 'come_up', '2026-11-27T16:00:00Z'), mine(2, 'participant', 'current', '2026-11-25T16:00:00Z'),
    mine(3, 'invited', 'come_up', '2026-11-26T16:00:00Z'), mine(4, 'invited', 'passed', '2026-11-20T16:00:00Z'),
    mine(5, 'participant', 'passed', '2026-11-19T16:00:00Z'), mine(6, 'creator', 'cancelled', '2026-11-21T16:00:00Z'),
  ]);
  const ids = Object.fromEntries(Object.entries(agenda).map(([name, events]) => [name, events.map((each) => each.event.id)]));
  assert.deepEqual(ids, { invitations: [3], ahead: [2, 1], over: [6, 5] });
});

test('what_one_may_do_with_people_follows_from_what_there_is', () => {
  assert.deepEqual(CIRCLES.map(({ state }) => [state, deedsOf(state)]), [
    ['asking', ['accept', 'decline', 'block']], ['friend', ['remove', 'block']], ['asked', ['withdraw']], ['listed', ['ask', 'block']], ['blocked', ['unblock']],
  ]);
  assert.deepEqual(deedsOf('none'), ['ask', 'block']);
  assert.equal(deedWord('ask', 'listed'), 'Accept too');
  assert.equal(deedWord('ask', 'none'), 'Ask to be friends');
  assert.equal(outcomeWords({ user: user('u2', 'Veikko'), state: 'asked', lists_you: false }), 'Veikko is asked.');
});

test('an_event_elsewhere_says_the_time_there_too', () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  assert.doesNotMatch(when({ ...event, time_zone: here }), /\(/);
  assert.doesNotMatch(when({ ...event, time_zone: 'Europe/Atlantis' }), /\(/);
  // No clock of a person's own is a quarter of an hour off this one.
  assert.match(when({ ...event, time_zone: 'Asia/Kathmandu' }), /\((09:45 PM|21:45) in Kathmandu\)/);
});
