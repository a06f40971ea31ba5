/**
 * The server's documents of achievements, recommendations, leaderboards and challenges: their shapes, and parsers that take
 * nothing on trust. Pure; the counterpart of `protocol.js` for this journey.
 */

import { numberOf, parseTexts, parseUser, timeOf } from '../protocol.js';

/** @typedef {import('../protocol-own.js').Texts} Texts */
/** @typedef {{id: string, name: string}} UserName */

/**
 * @typedef {object} Definition what can be achieved
 * @property {number} id
 * @property {string} name
 * @property {Texts} title
 * @property {Texts} description
 * @property {string} category
 * @property {number} maxlevel
 * @property {string} evaluation `daily`, `weekly`, `monthly` or `yearly` when it begins anew
 * @property {boolean} hasBoard
 * @property {number | null} ends_at_ms the end of its last day
 * @property {{id: number, name: Texts, variable: string | null, operator: 'geq' | 'leq', hasTarget: boolean}[]} goals
 * @property {string[]} moves variables that its levels move
 * @property {string} picture the name of its picture, without a level's number
 * @property {Reward[]} rewards as the first level gives them
 * @property {(number | string)[]} requires
 * @property {(number | string)[]} denies
 *
 * @typedef {object} Reward
 * @property {string} name "badge"
 * @property {string} value "shoe"
 * @property {Texts} value_translated
 * @property {boolean} isVariable it moves a variable by its value
 *
 * @typedef {object} GoalProgress
 * @property {number} id
 * @property {Texts} name
 * @property {number | null} goal of the next level
 * @property {'geq' | 'leq'} operator
 * @property {number | null} value
 * @property {boolean} achieved
 *
 * @typedef {object} Progress how far one is with an achievement
 * @property {Achieved} achievement
 * @property {Texts} description
 * @property {Map<number, number>} levels_achieved by level: when
 * @property {GoalProgress[]} goals
 * @property {Map<number, {rewards: Reward[], goals: (number | null)[]}>} levels what each asks for and gives
 *
 * @typedef {object} Achieved
 * @property {number} id
 * @property {string} name
 * @property {Texts} title
 * @property {string} category
 * @property {number} maxlevel
 * @property {number} level 0: none yet
 * @property {number | null} period_ms when the period began
 *
 * @typedef {object} Reason
 * @property {string} kind
 * @property {number | null} value
 * @property {string} unit
 * @property {{id: number, name: string, title: Texts} | null} achievement
 * @property {string} text in English, by the server
 *
 * @typedef {object} Recommendations
 * @property {{achievement: Achieved, description: Texts, goals: GoalProgress[], reasons: Reason[]}[]} achievements
 * @property {{challenge: ListedChallenge, reasons: Reason[]}[]} challenges
 * @property {{user: UserName, reasons: Reason[]}[]} users
 *
 * @typedef {import('../protocol.js').Standing} Standing
 * @typedef {object} Board a part of a leaderboard
 * @property {string} board
 * @property {string} period
 * @property {number} total
 * @property {Standing | null} me with `around=me`
 * @property {Standing[]} standings
 *
 * @typedef {object} ListedChallenge
 * @property {number} id
 * @property {string} title
 * @property {'first' | 'most'} kind
 * @property {{id: number, name: string, title: Texts, goal: number | null} | null} achievement
 * @property {string | null} variable
 * @property {'geq' | 'leq'} operator
 * @property {number | null} target
 * @property {UserName | null} creator
 * @property {{id: string, name: string} | null} group
 * @property {string} state `come_up`, `current`, `passed`, `cancelled`
 * @property {number} starts_at_ms
 * @property {number} expires_at_ms
 * @property {number} accepted
 * @property {number} pending
 * @property {UserName | null} winner
 * @property {{answer: string, value: number | null, position: number | null, accomplishment: string} | null} own
 *
 * @typedef {ListedChallenge & {standings: ChallengeStanding[], invitations: {user: UserName, answer: string}[]}} Challenge
 *
 * @typedef {object} ChallengeStanding
 * @property {number} position
 * @property {UserName} user
 * @property {number | null} value
 * @property {string} accomplishment
 *
 * @typedef {object} Happened
 * @property {number | null} at_ms
 * @property {string} type
 * @property {{id: number, title: string}} challenge
 * @property {UserName | null} user
 * @property {number | null} value
 */

/** @param {unknown} value @returns {any[]} */
const arrayOf = (value) => (Array.isArray(value) ? value : []);

/** @template T @param {unknown} documents @param {(document: any) => T | null} parse @returns {T[]} */
export function parseAll(documents, parse) {
  /** @type {T[]} */
  const parsed = [];
  for (const document of arrayOf(documents)) {
    const each = parse(document);
    if (each !== null) parsed.push(each);
  }
  return parsed;
}

/** @param {unknown} value @returns {'geq' | 'leq'} */
const operatorOf = (value) => (value === 'leq' ? 'leq' : 'geq');

/** The variable of a condition, when all of it is about one. @param {any} term @returns {string | null} */
function variableOf(term) {
  if (term?.type === 'literal') return typeof term.variable === 'string' ? term.variable : null;
  const names = new Set(arrayOf(term?.terms).map(variableOf));
  if (names.size === 1) return [...names][0];
  // Runs early or late are runs all the same.
  return names.size > 1 && [...names].every((name) => name?.endsWith('runs')) ? 'runs' : null;
}

/** What the first level gives: of formulas, those are read that a child can reckon. @param {any} document @returns {Reward | null} */
function parseAssigned(document) {
  const value = typeof document?.value === 'string' ? document.value.replace(/\$\{level\}/g, '1') : '';
  const multiple = /^(\d+(?:\.\d+)?)\*level(?:\^\d+)?$/.exec(value);
  if (!multiple && (value.includes('${') || value.includes('level') || (numberOf(document?.from_level) ?? 1) > 1)) return null;
  return parseReward({ ...document, value: multiple ? multiple[1] : value, value_translated: document.translations });
}

/** The badge that levels give, like "bolt" of `bolt-${level}`. @param {unknown} rewards @returns {string} */
function pictureOf(rewards) {
  const value = arrayOf(rewards).map((each) => each?.value).find((each) => typeof each === 'string' && each);
  return value ? value.replace(/-?\$\{.*$/, '') : '';
}

/** @param {any} document @returns {Definition | null} */
export function parseDefinition(document) {
  const id = numberOf(document?.id);
  if (id === null) return null;
  const ends = typeof document.valid_end === 'string' ? timeOf(`${document.valid_end}T23:59:59`) : null;
  return {
    id,
    name: String(document.name ?? ''),
    title: parseTexts(document.title),
    description: parseTexts(document.description),
    category: String(document.category ?? ''),
    maxlevel: numberOf(document.maxlevel) ?? 1,
    evaluation: String(document.evaluation ?? ''),
    hasBoard: typeof document.relevance === 'string' && document.relevance !== 'own' && document.view !== 'own',
    ends_at_ms: ends,
    goals: parseAll(document.goals, (goal) => ({
      id: numberOf(goal?.id) ?? 0,
      name: parseTexts(goal?.name),
      variable: variableOf(goal?.condition?.term),
      operator: operatorOf(goal?.operator),
      hasTarget: typeof goal?.goal === 'string',
    })),
    moves: arrayOf(document.properties).filter((each) => each?.is_variable === true).map((each) => String(each.name)),
    rewards: [
      ...parseAll(document.rewards, (each) => parseAssigned({ name: 'badge', ...each })),
      ...parseAll(document.properties, parseAssigned),
    ],
    picture: pictureOf(document.rewards) || String(document.name ?? ''),
    requires: arrayOf(document.requires),
    denies: arrayOf(document.denies),
  };
}

/** @param {any} document a reward, or a property that is gained @returns {Reward | null} */
export function parseReward(document) {
  if (typeof document?.name !== 'string') return null;
  return {
    name: document.name,
    value: String(document.value ?? ''),
    value_translated: parseTexts(document.value_translated),
    isVariable: document.is_variable === true,
  };
}

/** @param {any} document @returns {Achieved | null} */
function parseAchieved(document) {
  const id = numberOf(document?.id);
  if (id === null) return null;
  return {
    id,
    name: String(document.name ?? ''),
    title: parseTexts(document.title),
    category: String(document.category ?? ''),
    maxlevel: numberOf(document.maxlevel) ?? 1,
    level: numberOf(document.level) ?? 0,
    period_ms: timeOf(document.period),
  };
}

/** @param {any} document @returns {GoalProgress | null} */
function parseGoal(document) {
  const id = numberOf(document?.id);
  if (id === null) return null;
  const { goal, value, achieved } = document;
  return {
    id, name: parseTexts(document.name), goal: numberOf(goal), operator: operatorOf(document.operator), value: numberOf(value), achieved: achieved === true,
  };
}

/** What a level gives. @param {any} document @returns {Reward[]} */
export function parseGains(document) {
  const of = (/** @type {any} */ gains) => parseAll(Object.values(gains ?? {}), parseReward);
  return [...of(document?.rewards), ...of(document?.properties)];
}

/** @param {any} document @returns {Progress | null} */
export function parseProgress(document) {
  const achievement = parseAchieved(document?.achievement);
  if (!achievement) return null;
  const times = Object.entries(document.levels_achieved ?? {}).map(([level, at]) => /** @type {const} */ ([Number(level), timeOf(at) ?? 0]));
  const levels = Object.entries(document.levels ?? {}).map(([level, each]) => /** @type {const} */ ([
    Number(level), { rewards: parseGains(each), goals: arrayOf(/** @type {any} */ (each)?.goals).map((goal) => numberOf(goal?.goal)) },
  ]));
  return {
    achievement,
    description: parseTexts(document.description),
    levels_achieved: new Map(times),
    goals: parseAll(document.goals, parseGoal),
    levels: new Map(levels),
  };
}

/** @param {any} document @returns {Reason | null} */
function parseReason(document) {
  if (typeof document?.kind !== 'string') return null;
  const { kind, value, unit, achievement, text } = document;
  const opened = parseAchieved(achievement);
  return {
    kind, value: numberOf(value), unit: String(unit ?? ''), text: String(text ?? ''),
    achievement: opened && { id: opened.id, name: opened.name, title: opened.title },
  };
}

/** @param {any} document @returns {Recommendations} */
export function parseRecommendations(document) {
  return {
    achievements: parseAll(document?.achievements, (each) => {
      const achievement = parseAchieved(each?.achievement);
      return achievement && {
        achievement, description: parseTexts(each.description), goals: parseAll(each.goals, parseGoal), reasons: parseAll(each.reasons, parseReason),
      };
    }),
    challenges: parseAll(document?.challenges, (each) => {
      const challenge = parseListedChallenge(each?.challenge);
      return challenge && { challenge, reasons: parseAll(each.reasons, parseReason) };
    }),
    users: parseAll(document?.users, (each) => (each?.user ? { user: parseUser(each.user), reasons: parseAll(each.reasons, parseReason) } : null)),
  };
}

/** @param {any} row @returns {Standing | null} */
function parseStanding(row) {
  const position = numberOf(row?.position);
  const value = numberOf(row?.value);
  return position === null || value === null ? null : { position, user: parseUser(row.user), value };
}

/** @param {any} document @returns {Board} */
export function parseBoard(document) {
  return {
    board: String(document?.board ?? ''),
    period: String(document?.period ?? 'all'),
    total: numberOf(document?.total) ?? 0,
    me: parseStanding(document?.me),
    standings: parseAll(document?.standings, parseStanding),
  };
}

/** @param {any} document @returns {ListedChallenge | null} */
export function parseListedChallenge(document) {
  const id = numberOf(document?.id);
  if (id === null) return null;
  const { achievement, own, group } = document;
  const about = parseAchieved(achievement);
  return {
    id,
    title: String(document.title ?? ''),
    kind: document.kind === 'most' ? 'most' : 'first',
    achievement: about && { id: about.id, name: about.name, title: about.title, goal: numberOf(achievement.goal) },
    variable: typeof document.variable === 'string' ? document.variable : null,
    operator: operatorOf(document.operator),
    target: numberOf(document.target),
    creator: document.creator ? parseUser(document.creator) : null,
    group: group ? { id: String(group.id), name: String(group.name) } : null,
    state: String(document.state ?? ''),
    starts_at_ms: timeOf(document.starts_at) ?? 0,
    expires_at_ms: timeOf(document.expires_at) ?? 0,
    accepted: numberOf(document.accepted) ?? 0,
    pending: numberOf(document.pending) ?? 0,
    winner: document.winner ? parseUser(document.winner) : null,
    own: own ? {
      answer: String(own.answer), value: numberOf(own.value), position: numberOf(own.position), accomplishment: String(own.accomplishment ?? ''),
    } : null,
  };
}

/** @param {any} row @returns {ChallengeStanding | null} */
export function parseChallengeStanding(row) {
  const position = numberOf(row?.position);
  if (position === null) return null;
  return { position, user: parseUser(row.user), value: numberOf(row.value), accomplishment: String(row.accomplishment ?? 'unfinished') };
}

/** @param {any} document @returns {Challenge | null} */
export function parseChallenge(document) {
  const listed = parseListedChallenge(document);
  return listed && {
    ...listed,
    standings: parseAll(document.standings, parseChallengeStanding),
    invitations: parseAll(document.invitations, (each) => (each?.user ? { user: parseUser(each.user), answer: String(each.answer) } : null)),
  };
}

/** @param {any} document @returns {Happened | null} */
export function parseHappened(document) {
  const id = numberOf(document?.challenge?.id);
  if (id === null) return null;
  return {
    at_ms: timeOf(document.at),
    type: String(document.type ?? ''),
    challenge: { id, title: String(document.challenge.title ?? '') },
    user: document.user ? parseUser(document.user) : null,
    value: numberOf(document.value),
  };
}
