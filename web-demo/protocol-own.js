/**
 * What the user's own channel tells of achievements and challenges, as far as the pages show it. Pure, like `protocol.js`, whose other half it is.
 */

import { numberOf, parseAchievement, parseTexts, parseUser, timeOf } from './protocol.js';

/**
 * Texts are by language.
 *
 * @typedef {{[language: string]: string}} Texts
 *
 * @typedef {object} UnlockedChange levels of one achievement
 * @property {'unlocked'} type
 * @property {number | null} at_ms
 * @property {{id: number, name: string, title: Texts, level: number, maxlevel: number}} achievement
 * @property {{level: number, rewards: Gained[]}[]} new_levels the lowest first
 *
 * @typedef {{name: string, value: string, value_translated: Texts}} Gained
 *
 * @typedef {object} MessageChange
 * @property {'message'} type
 * @property {number | null} at_ms
 * @property {{id: number, text: Texts}} message
 *
 * @typedef {object} FriendUnlockedChange
 * @property {'friend_unlocked'} type
 * @property {number | null} at_ms
 * @property {{id: string, name: string}} user
 * @property {{id: number, name: string, title: Texts, level: number}} achievement
 *
 * @typedef {object} RunWithheldChange a run that does not count
 * @property {'run_withheld'} type
 * @property {number | null} at_ms
 * @property {string} run
 * @property {string} reason
 *
 * @typedef {object} ChallengeChange
 * @property {'challenge_invited' | 'challenge_finished' | 'challenge_expired'} type
 * @property {number | null} at_ms
 * @property {{id: number, title: string}} challenge
 * @property {{id: string, name: string} | null} user who invites, has finished, or has won if somebody has
 *
 * @typedef {UnlockedChange | MessageChange | FriendUnlockedChange | RunWithheldChange | ChallengeChange} OwnChange
 */

/** @param {any} document a reward @returns {Gained} */
function parseGained(document) {
  return { name: String(document?.name ?? ''), value: String(document?.value ?? ''), value_translated: parseTexts(document?.value_translated) };
}

/** @param {any} data of a publication on the user's own channel @returns {OwnChange | null} null for what this page does not show */
export function parseOwnChange(data) {
  const at_ms = timeOf(data?.at);
  switch (data?.type) {
    case 'unlocked': {
      const achievement = parseAchievement(data.achievement);
      if (!achievement) return null;
      const levels = Object.entries(data.new_levels ?? {}).map(([level, /** @type {any} */ gains]) => (
        { level: Number(level), rewards: Object.values(gains?.rewards ?? {}).map(parseGained) }));
      levels.sort((one, other) => one.level - other.level);
      const maxlevel = numberOf(data.achievement.maxlevel) ?? achievement.level;
      return { type: data.type, at_ms, achievement: { ...achievement, maxlevel }, new_levels: levels };
    }
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
    case 'challenge_invited':
    case 'challenge_finished':
    case 'challenge_expired': {
      const id = numberOf(data.challenge?.id);
      if (id === null) return null;
      const person = data.by ?? data.user ?? data.winner;
      const challenge = { id, title: String(data.challenge.title ?? '') };
      return { type: data.type, at_ms, challenge, user: person ? parseUser(person) : null };
    }
    default:
      return null;
  }
}
