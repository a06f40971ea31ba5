// Pure: what one earns, reckoned and in words; documents against the examples that the server publishes.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { applyStandings, boardsOf, periodChoices, periodParameter } from '../../../web-demo/earn/boards.js';
import { applyUnlocked, byCategory, cardsOf, cardsOfCatalogue, isShown } from '../../../web-demo/earn/cards.js';
import { aimWords, applyChallengeChange, barOf, happenedWords, ownWords, quantityOfChallenge, stateWords } from '../../../web-demo/earn/challenge-words.js';
import { parseBoard, parseChallenge, parseDefinition, parseHappened, parseListedChallenge, parseProgress, parseRecommendations } from '../../../web-demo/earn/documents.js';
import { PLAIN, formatInColumn, formatQuantity, quantityOf, readQuantity, unitWord } from '../../../web-demo/earn/quantity.js';
import { reasonWords } from '../../../web-demo/earn/reasons.js';
import { formatPercent, fractionOf, fractionOfAll, leftWords, localInput, ordinal, spanWords, toGoWords, wayWords } from '../../../web-demo/earn/reckoning.js';

const openapi = (file) => JSON.parse(readFileSync(new URL(`../../../src/http/openapi/${file}.json`, import.meta.url), 'utf8')).paths;
const example = (file, path, method = 'get', status = '200') => openapi(file)[path][method].responses[status].example;
const starter = JSON.parse(readFileSync(new URL('../../../src/app/achievements/starter.json', import.meta.url), 'utf8'));
const distance = quantityOf('distance_m');

test('what_is_counted_is_said_in_the_readers_units', () => {
  for (const [variable, value, km, mi] of [
    ['distance_m', 4180, '4.18 km', '2.6 mi'], ['distance_m', 1_000_000, '1,000 km', '621.4 mi'], ['longest_run_m', 42195, '42.2 km', '26.22 mi'],
    ['climb_m', 100, '100 m', '328 ft'], ['moving_s', 26_400, '7 h 20 min', '7 h 20 min'], ['moving_s', 36_000, '10 h', '10 h'], ['moving_s', 40, '40 s', '40 s'],
    ['best_1km_s', 341.6, '5:42', '5:42'], ['runs', 1, '1 run', '1 run'], ['runs', 3, '3 runs', '3 runs'], ['xp', 1200, '1,200 points', '1,200 points'],
    ['push_ups', 20, '20 push ups', '20 push ups'], ['swim_m', 500, '0.5 km', '0.31 mi'], [null, 7, '7', '7'],
  ]) {
    assert.equal(formatQuantity(value, quantityOf(variable), 'km'), km, variable);
    assert.equal(formatQuantity(value, quantityOf(variable), 'mi'), mi, variable);
  }
  assert.deepEqual([formatInColumn(7900, distance, 'km'), formatInColumn(3, quantityOf('runs'), 'km')], ['7.90 km', '3 runs']);
  assert.equal(quantityOf('constructor').title, 'Constructor', 'a name is no property of an object');
});

test('what_one_has_is_never_rounded_up_to_what_one_needs', () => {
  const nearly = { value: 4999.9, goal: 5000, operator: 'geq', achieved: false };
  assert.equal(wayWords(nearly, distance, 'km'), '4.99 of 5 km');
  assert.equal(toGoWords(nearly, distance, 'km'), '0.01 km to go');
  assert.equal(formatPercent(fractionOf(nearly)), '99 %');
  assert.equal(formatPercent(fractionOf({ ...nearly, value: 5000, achieved: true })), '100 %');
  assert.equal(formatQuantity(1100, distance, 'km', 'up'), '1.1 km', 'binary fractions are not rounded up');
});

test('less_is_better_where_time_counts', () => {
  const pace = quantityOf('best_1km_s');
  const goal = (value, achieved = false) => ({ value, goal: 300, operator: 'leq', achieved });
  assert.equal(wayWords(goal(null), pace, 'km'), '5:00 or less');
  assert.equal(wayWords(goal(312), pace, 'km'), '5:12, to be 5:00 or less');
  assert.equal(toGoWords(goal(312), pace, 'km'), '0:12 faster');
  assert.equal(toGoWords(goal(299, true), pace, 'km'), '');
  assert.equal(fractionOf(goal(null)), 0);
  assert.ok(Math.abs(fractionOf(goal(400)) - 0.75) < 1e-9);
  assert.equal(fractionOfAll([goal(299, true), goal(null)]), 0.5);
});

test('what_is_typed_is_read_in_the_units_that_are_shown', () => {
  const read = (text, variable, units = 'km') => readQuantity(text, quantityOf(variable), units);
  assert.equal(read('50', 'distance_m'), 50_000);
  assert.equal(read(' 2,5 ', 'distance_m'), 2500);
  assert.equal(read('1,000', 'distance_m'), 1_000_000);
  assert.equal(read('12,500.5', 'distance_m'), 12_500_500);
  assert.equal(read('1', 'distance_m', 'mi'), 1609.344);
  assert.equal(Math.round(read('328', 'climb_m', 'mi')), 100);
  assert.equal(read('2.5', 'moving_s'), 9000);
  assert.equal(read('1:30:00', 'moving_s'), 5400);
  assert.equal(read('4:45', 'best_1km_s'), 285);
  assert.equal(read('5', 'best_1km_s'), 300);
  for (const text of ['', 'far', '5 km', '1:2', '1e308', '0x10', '1,00,0']) assert.equal(read(text, 'distance_m'), null, text);
  assert.deepEqual([unitWord(distance, 'mi'), unitWord(quantityOf('runs'), 'km'), unitWord(PLAIN, 'km')], ['mi', 'runs', '']);
});

test('places_and_times_left_are_said_in_words', () => {
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 102, 111, 1003].map(ordinal), ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '102nd', '111th', '1,003rd']);
  assert.deepEqual([30_000, 12 * 60_000, 5 * 3_600_000, 47 * 3_600_000, 72 * 3_600_000].map(spanWords), ['1 min', '12 min', '5 h', '47 h', '3 days']);
  assert.deepEqual([leftWords(10, 20, 5), leftWords(0, 86_400_000 * 3, 0), leftWords(0, 20, 20)], ['starts in 1 min', '3 days left', 'over']);
  assert.equal(new Date(localInput(Date.UTC(2026, 10, 28, 18))).getTime(), Date.UTC(2026, 10, 28, 18));
});

test('documents_are_read_as_the_server_publishes_them', () => {
  const [definition] = example('achievements', '/api/achievements').map(parseDefinition);
  assert.deepEqual([definition.id, definition.goals[0].variable, definition.hasBoard, definition.rewards[0].value], [48151, 'runs', true, 'medal-1']);
  const [progress] = example('achievements', '/api/users/{user}/achievements').map(parseProgress);
  assert.deepEqual([progress.achievement.level, progress.goals[0].value, progress.levels_achieved.get(1)], [1, 12, Date.parse('2026-11-21T09:30:00Z')]);
  const board = parseBoard(example('achievements', '/api/variables/{variable}/leaderboard'));
  assert.deepEqual([board.total, board.standings[0].user.name, board.me], [120, 'Veikko', null]);
  const { achievements: [recommended], users: [person] } = parseRecommendations(example('recommendations', '/api/users/{user}/recommendations'));
  assert.deepEqual([recommended.reasons.length, person.user.name], [2, 'Aino']);
  const [listed] = example('challenges', '/api/challenges').map(parseListedChallenge);
  assert.deepEqual([listed.kind, listed.target, listed.own.position], ['first', 50000, 1]);
  const challenge = parseChallenge(example('challenges', '/api/challenges/{challenge}'));
  assert.deepEqual([challenge.standings[0].value, challenge.invitations[0].user.name], [12480.5, 'Veikko']);
  assert.equal(parseHappened(example('challenges', '/api/challenges/feed')[0]).user.name, 'Veikko');
  for (const odd of [null, {}, { id: 'x' }, 7]) {
    for (const parse of [parseDefinition, parseProgress, parseListedChallenge, parseChallenge, parseHappened]) assert.equal(parse(odd), null);
    assert.deepEqual(parseBoard(odd).standings, []);
    assert.deepEqual(parseRecommendations(odd).achievements, []);
  }
});

const definition = (name, more = {}) => parseDefinition({
  id: starter.achievements.findIndex((each) => each.name === name) + 1, relevance: 'own', view: 'everyone', evaluation: 'immediately', maxlevel: 1,
  ...starter.achievements.find((each) => each.name === name), ...more,
});
const progressOf = ({ id, name, title, maxlevel, goals }, level, value, goal, levels = {}) => parseProgress({
  achievement: { id, name, title, category: '', hidden: false, maxlevel, level, period: null }, description: { en: 'Run.' }, levels_achieved: level ? { [level]: '2026-11-21T09:30:00Z' } : {},
  goals: goals.map((each) => ({ id: each.id, name: {}, goal, operator: each.operator, value, achieved: level >= maxlevel })), levels,
});

test('a_card_says_how_far_one_is_and_what_opens_it', () => {
  const marathon = definition('marathon');
  const ultra = definition('ultra');
  const rank = definition('runner_level');
  const known = [marathon, ultra, rank];
  const levels = { 1: { rewards: { 5: { name: 'badge', value: 'marathon' } }, properties: { 4: { name: 'xp', is_variable: true, value: 250 } }, goals: [] } };
  const progress = [progressOf(marathon, 0, 21_000, 42_195, levels), progressOf(ultra, 0, 21_000, 50_000), progressOf(rank, 2, 130, 450)];
  const [first, second, third] = cardsOf(progress, known, ['fi']);
  assert.deepEqual([first.title, first.state, first.gains, first.picture], ['Maraton', 'open', ['+250 points', 'Badge: marathon'], 'marathon']);
  assert.deepEqual([second.state, second.opens_by], ['locked', [{ id: marathon.id, title: 'Maraton' }]]);
  assert.deepEqual([first.isRank, third.isRank, third.goals[0].quantity.many], [false, true, 'points']);
  assert.deepEqual(cardsOf([progressOf(marathon, 1, 42_195, 42_195), progress[1]], known, []).map(({ state }) => state), ['reached', 'open']);
  assert.deepEqual(['all', 'under_way', 'reached', 'locked'].map((show) => [first, second, third].filter((card) => isShown(card, show)).length), [3, 2, 1, 1]);
  const [catalogue] = cardsOfCatalogue([marathon], ['en']);
  const worth = (name) => cardsOfCatalogue([definition(name)], ['en'])[0].gains;
  assert.deepEqual([worth('total_distance'), worth('regular')], [['+30 points', 'Badge: road 1'], ['+20 points', 'Badge: calendar 1']]);
  assert.deepEqual(cardsOfCatalogue(known, []).map(({ state }) => state), ['open', 'locked', 'open']);
  assert.deepEqual([definition('regular').picture, definition('weekly_20_km').picture], ['calendar', 'weekly_20_km']);
  assert.deepEqual([catalogue.title, catalogue.gains], ['Marathon', ['+250 points', 'Badge: marathon']]);
  assert.deepEqual(byCategory([{ category: '' }, { category: 'runs' }]).map(([category]) => category), ['runs', '']);
});

test('an_unlock_moves_its_card_at_once', () => {
  const regular = definition('regular');
  const levels = { 2: { rewards: {}, properties: {}, goals: [{ goal: 20 }] } };
  const before = [progressOf(regular, 0, 9, 10, levels)];
  const change = (level) => ({ type: 'unlocked', at_ms: 7, achievement: { id: regular.id, level }, new_levels: [{ level, rewards: [], properties: [] }], run: null });
  const [after] = applyUnlocked(before, change(1));
  assert.deepEqual([after.achievement.level, after.goals[0].goal, after.levels_achieved.get(1)], [1, 20, 7]);
  assert.equal(before[0].achievement.level, 0, 'what was known is not touched');
  assert.equal(applyUnlocked([after], change(1))[0], after, 'heard twice is heard once');
  assert.equal(cardsOf(applyUnlocked(before, change(10)), [regular], [])[0].state, 'reached');
});

test('reasons_are_in_the_readers_units_and_language', () => {
  const reason = (kind, value, more = {}) => ({ kind, value, unit: '', achievement: null, text: 'as the server says', ...more });
  const said = (each, quantity = distance, units = 'km') => reasonWords(each, quantity, units, ['fi']);
  assert.equal(said(reason('to_go', 820)), '0.82 km to go');
  assert.equal(said(reason('to_go', 820), distance, 'mi'), '0.51 mi to go');
  assert.equal(said(reason('to_go', 820), null), 'as the server says');
  assert.equal(said(reason('less', 12), quantityOf('best_1km_s')), '0:12 faster');
  assert.equal(said(reason('at_most', 360), quantityOf('best_1km_s')), '6:00 or less');
  assert.equal(said(reason('place', 2100), null), '2.10 km from you');
  assert.equal(said(reason('place', 300), null), '300 m from you');
  assert.equal(said(reason('opens', null, { achievement: { id: 1, name: 'x', title: { en: 'Marathon', fi: 'Maraton' } } })), 'opens Maraton');
  assert.equal(said(reason('alike', 28)), 'has run about as far as you in the last 28 days');
  assert.equal(said(reason('friends', 3)), 'as the server says');
});

const standing = (id, position, value) => ({ position, user: { id, name: id }, value });
const told = (top, more = {}) => ({ type: 'standings', at_ms: 1, board: 'distance_m', period: 'all', total: 3, top, moved: top, ...more });

test('rows_of_a_board_move_by_what_is_told', () => {
  const board = { board: 'distance_m', period: 'all', total: 3, me: standing('b', 2, 20), standings: [standing('a', 1, 30), standing('b', 2, 20), standing('c', 3, 10)] };
  const after = applyStandings(board, told([standing('b', 1, 40)]), 'geq');
  assert.deepEqual(after.board.standings, [standing('b', 1, 40), standing('a', 2, 30), standing('c', 3, 10)]);
  assert.deepEqual([after.board.me.position, after.isStale], [1, false]);
  assert.deepEqual(applyStandings(board, told([standing('c', 1, 5)]), 'leq').board.standings.map(({ user }) => user.id), ['c', 'b', 'a']);
  assert.deepEqual(applyStandings(board, told([standing('c', 3, 20)]), 'geq').board.standings.map(({ user }) => user.id), ['a', 'c', 'b'], 'of two alike the later id comes first');
  const unknown = applyStandings(board, told([standing('blocked', 1, 99)]), 'geq');
  assert.deepEqual([unknown.isStale, unknown.board.standings.length], [true, 3], 'whom the reader may not see is not shown');
  assert.equal(applyStandings(board, told([], { total: 4 }), 'geq').isStale, true);
  assert.deepEqual(applyStandings(board, told([standing('c', 1, 99)], { period: '2026-11-16' }), 'geq'), { board, isStale: true });
});

test('boards_and_their_periods_are_those_that_there_are', () => {
  const boards = boardsOf([{ name: 'climb_m', leaderboard: true }, { name: 'distance_m', leaderboard: true }, { name: 'early_runs', leaderboard: false }],
    [definition('first_run'), definition('weekly_20_km'), definition('total_distance')], ['fi']);
  assert.deepEqual(boards.map(({ key, title, periods }) => [key, title, periods]), [
    ['distance_m', 'Distance', 'sum'], ['climb_m', 'Climb', 'sum'], ['14', 'Kaksikymmentä viikossa', 'weekly'], ['10', 'Eteenpäin', 'once'],
  ]);
  assert.deepEqual(periodChoices('weekly').map(({ words }) => words), ['This week', 'Last week']);
  assert.equal(periodChoices('once').length, 1);
  const at = (periods, choice) => periodParameter(periods, choice, '2026-11-22');
  assert.deepEqual([at('sum', 'all'), at('sum', 'week:before'), at('sum', 'month:before'), at('weekly', ''), at('weekly', 'before'), at('daily', 'before'), at('yearly', 'before')],
    ['all', 'week:2026-11-15', 'month:2026-10-31', '', '2026-11-15', '2026-11-21', '2025-12-31']);
});

const challenge = (more = {}) => parseChallenge({
  ...example('challenges', '/api/challenges/{challenge}'),
  standings: [['a', 30_000], ['b', 20_000], ['c', null]].map(([id, value], index) => ({ position: index + 1, user: { id, name: id.toUpperCase() }, value, accomplishment: 'unfinished' })),
  ...more,
});

test('a_challenge_says_what_it_is_about_and_who_leads', () => {
  const words = (more, variable, units = 'km') => aimWords(challenge(more), quantityOf(variable), units, ['fi']);
  assert.equal(words({}, 'distance_m'), 'First to 50 km · distance');
  assert.equal(words({}, 'distance_m', 'mi'), 'First to 31.07 mi · distance');
  assert.equal(words({ variable: 'runs', target: 5 }, 'runs'), 'First to 5 runs');
  assert.equal(words({ kind: 'most', target: null }, 'runs'), 'Who has the most at the end: runs');
  const about = { variable: null, achievement: { id: 24, name: 'fast_kilometre', title: { en: 'A fast kilometre', fi: 'Nopea kilometri' }, goal: 5 }, target: 300, operator: 'leq' };
  assert.equal(words(about, 'best_1km_s'), 'First to 5:00 or less · Nopea kilometri');
  assert.equal(quantityOfChallenge(challenge(about), [{ id: 24, goals: [{ id: 5, variable: 'best_1km_s' }] }]).kind, 'time');
  assert.equal(ownWords(challenge(), 'b'), 'You are 2nd of 3');
  assert.equal(ownWords(challenge(), 'c'), 'Nothing of yours counts yet');
  assert.equal(ownWords(challenge(), 'x'), '');
  assert.equal(ownWords(challenge({ winner: { id: 'b', name: 'B' } }), 'b'), 'You have won');
  assert.equal(ownWords(challenge({ state: 'passed' }), 'b'), 'Nobody has won');
  assert.equal(stateWords(challenge({ state: 'cancelled' }), 0), 'cancelled');
  assert.deepEqual([barOf(25_000, challenge()), barOf(null, challenge()), barOf(15_000, challenge({ kind: 'most', target: null }))], [0.5, 0, 0.5]);
});

test('standings_of_a_challenge_move_by_what_is_told', () => {
  const progress = (id, value, position) => ({ type: 'challenge_progress', at_ms: 1, challenge: { id: 1, title: '' }, user: { id, name: id }, value, position });
  const moved = applyChallengeChange(challenge(), progress('c', 40_000, 1));
  assert.deepEqual(moved.standings.map(({ position, user, value }) => [position, user.id, value]), [[1, 'c', 40_000], [2, 'a', 30_000], [3, 'b', 20_000]]);
  assert.equal(applyChallengeChange(challenge(), progress('stranger', 1, 1)), null, 'it is read again');
  assert.equal(applyChallengeChange(challenge(), { ...progress('a', 1, 1), type: 'challenge_finished' }), null);
  const happened = (type, user) => happenedWords({ at_ms: 1, type, challenge: { id: 1, title: '' }, user, value: null }, 'a');
  const [a, b] = [{ id: 'a', name: 'A' }, { id: 'b', name: 'B' }];
  assert.deepEqual([happened('finished', b), happened('finished', a), happened('accepted', a), happened('created', a), happened('expired', null), happened('started', null)],
    ['B has reached it', 'You have reached it', 'You take part', 'You made this challenge', 'It is over', 'It has started']);
});
