/**
 * What the user's own channel tells, but for the board of habits, which `protocol-habits.js` reads. Pure, like `protocol.js`, whose
 * other half it is.
 */

import { numberOf, parseAchievement, parseTexts, parseUser, timeOf } from './protocol.js';

/**
 * Texts are by language.
 *
 * @typedef {{[language: string]: string}} Texts
 * @typedef {{id: string, name: string}} UserName
 *
 * @typedef {object} UnlockedChange levels of one achievement
 * @property {'unlocked'} type
 * @property {number | null} at_ms
 * @property {{id: number, name: string, title: Texts, level: number, maxlevel: number, category: string}} achievement
 * @property {{level: number, rewards: Gained[], properties: GainedProperty[]}[]} new_levels the lowest first
 * @property {string | null} run the one that has done it
 *
 * @typedef {{name: string, value: string, value_translated: Texts}} Gained
 * @typedef {Gained & {is_variable: boolean}} GainedProperty
 *
 * @typedef {object} MessageChange
 * @property {'message'} type
 * @property {number | null} at_ms
 * @property {{id: number, text: Texts}} message
 *
 * @typedef {object} FriendUnlockedChange
 * @property {'friend_unlocked'} type
 * @property {number | null} at_ms
 * @property {UserName} user
 * @property {{id: number, name: string, title: Texts, level: number}} achievement
 *
 * @typedef {object} RunWithheldChange a run that does not count
 * @property {'run_withheld'} type
 * @property {number | null} at_ms
 * @property {string} run
 * @property {string} reason
 *
 * @typedef {object} RunChange of one's own run
 * @property {'run_started' | 'run_finished' | 'run_deleted'} type
 * @property {number | null} at_ms
 * @property {string} run
 * @property {number} distance_m
 * @property {string | null} reason why it is finished
 *
 * @typedef {object} EventNewsChange
 * @property {'invited' | 'removed' | 'event_started' | 'event_cancelled'} type
 * @property {number | null} at_ms
 * @property {{id: number, name: string}} event
 * @property {UserName | null} user who is invited
 * @property {UserName | null} by who invites
 * @property {number | null} starts_at_ms
 *
 * @typedef {object} FriendChange
 * @property {'friend_asked' | 'friend_accepted' | 'friend_removed'} type
 * @property {number | null} at_ms
 * @property {UserName} user
 *
 * @typedef {object} GroupInvitedChange
 * @property {'group_invited'} type
 * @property {number | null} at_ms
 * @property {{id: string, name: string}} group
 * @property {UserName} by
 *
 * @typedef {'invited' | 'accepted' | 'rejected' | 'started' | 'progress' | 'finished' | 'expired' | 'cancelled'} ChallengeDeed
 * @typedef {object} ChallengeChange
 * @property {`challenge_${ChallengeDeed}`} type
 * @property {number | null} at_ms
 * @property {{id: number, title: string}} challenge
 * @property {UserName | null} user who invites, accepts, rejects, has moved, has finished, or has won if somebody has
 * @property {number | null} value what they have come to, where somebody has moved or finished
 * @property {number | null} position where they stand then, or as the how manyth they have finished
 *
 * @typedef {object} NoticeChange the operator's own words
 * @property {'notice'} type
 * @property {number | null} at_ms
 * @property {string} text
 *
 * @typedef {UnlockedChange | MessageChange | FriendUnlockedChange | RunWithheldChange | RunChange | EventNewsChange | FriendChange
 *   | GroupInvitedChange | ChallengeChange | NoticeChange} OwnChange
 */

/** @param {any} document a reward @returns {Gained} */
function parseGained(document) {
  return { name: String(document?.name ?? ''), value: String(document?.value ?? ''), value_translated: parseTexts(document?.value_translated) };
}

/** @param {any} data @returns {UnlockedChange | null} */
function parseUnlocked(data) {
  const achievement = parseAchievement(data.achievement);
  if (!achievement) return null;
  const levels = Object.entries(data.new_levels ?? {}).map(([level, /** @type {any} */ gains]) => ({
    level: Number(level),
    rewards: Object.values(gains?.rewards ?? {}).map(parseGained),
    properties: Object.values(gains?.properties ?? {}).map((/** @type {any} */ each) => ({ ...parseGained(each), is_variable: each?.is_variable === true })),
  }));
  levels.sort((one, other) => one.level - other.level);
  const { maxlevel, category } = data.achievement;
  return {
    type: 'unlocked',
    at_ms: timeOf(data.at),
    achievement: { ...achievement, maxlevel: numberOf(maxlevel) ?? achievement.level, category: String(category ?? '') },
    new_levels: levels,
    run: typeof data.run === 'string' ? data.run : null,
  };
}

/** @param {any} data @returns {EventNewsChange | null} */
function parseEventNews(data) {
  const id = numberOf(data.event?.id);
  if (id === null) return null;
  return {
    type: data.type,
    at_ms: timeOf(data.at),
    event: { id, name: String(data.event.name ?? '') },
    user: data.user ? parseUser(data.user) : null,
    by: data.by ? parseUser(data.by) : null,
    starts_at_ms: timeOf(data.starts_at),
  };
}

/** @param {any} data @returns {ChallengeChange | null} */
function parseChallengeChange(data) {
  const id = numberOf(data.challenge?.id);
  if (id === null) return null;
  const person = data.by ?? data.user ?? data.winner;
  return {
    type: data.type,
    at_ms: timeOf(data.at),
    challenge: { id, title: String(data.challenge.title ?? '') },
    user: person ? parseUser(person) : null,
    value: numberOf(data.value),
    position: numberOf(data.position) ?? numberOf(data.place),
  };
}

/** @param {any} data of a notice @returns {string} empty when it holds no words */
function noticeText(data) {
  const text = typeof data === 'string' ? data : data?.text ?? data?.message ?? data?.cheer;
  return typeof text === 'string' ? text : '';
}

/** @param {any} data of a publication on the user's own channel @returns {OwnChange | null} null for what is no news of this kind */
export function parseOwnChange(data) {
  const at_ms = timeOf(data?.at);
  switch (data?.type) {
    case 'unlocked':
      return parseUnlocked(data);
    case 'message': {
      const id = numberOf(data.message?.id);
      return id === null ? null : { type: data.type, at_ms, message: { id, text: parseTexts(data.message.text) } };
    }
    case 'friend_unlocked': {
      const achievement = parseAchievement(data.achievement);
      return achievement && { type: data.type, at_ms, user: parseUser(data.user), achievement };
    }
    case 'run_withheld': {
      const { run, reason } = data;
      return typeof run === 'string' && typeof reason === 'string' ? { type: data.type, at_ms, run, reason } : null;
    }
    case 'run_started':
    case 'run_finished':
    case 'run_deleted': {
      const { type, run, reason } = data;
      if (typeof run !== 'string') return null;
      return { type, at_ms, run, distance_m: numberOf(data.distance_m) ?? 0, reason: typeof reason === 'string' ? reason : null };
    }
    case 'invited':
    case 'removed':
    case 'event_started':
    case 'event_cancelled':
      return parseEventNews(data);
    case 'friend_asked':
    case 'friend_accepted':
    case 'friend_removed':
      return data.user ? { type: data.type, at_ms, user: parseUser(data.user) } : null;
    case 'group_invited':
      return data.group ? { type: data.type, at_ms, group: { id: String(data.group.id), name: String(data.group.name) }, by: parseUser(data.by) } : null;
    case 'notice': {
      const text = noticeText(data.data);
      return text ? { type: data.type, at_ms, text } : null;
    }
    default:
      return /^challenge_(invited|accepted|rejected|started|progress|finished|expired|cancelled)$/.test(data?.type) ? parseChallengeChange(data) : null;
  }
}
