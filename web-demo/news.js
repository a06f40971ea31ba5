/**
 * What the user's own channel tells, in words. Pure.
 */

import { formatDistance, formatSpan } from './format.js';

/** @typedef {import('./protocol-own.js').OwnChange} OwnChange */
/** @typedef {import('./protocol-own.js').Texts} Texts */

/**
 * @typedef {object} News
 * @property {'unlocked' | 'quiet'} kind what one has achieved oneself is not quiet
 * @property {string} title
 * @property {string[]} lines
 * @property {{href: string, words: string} | null} link
 * @property {string} picture the name of one, of what is unlocked; else empty
 * @property {string} about what it tells of: newer news of the same take its place; empty when it stands for itself
 */

/**
 * The text in the first of these languages that there is, else in English, else in any.
 * @param {Texts} texts
 * @param {readonly string[]} languages as the browser has them
 * @returns {string} empty if there is none
 */
export function inLanguage(texts, languages) {
  for (const language of [...languages, 'en']) {
    const text = texts[language] ?? texts[language.split('-')[0]];
    if (text) return text;
  }
  return Object.values(texts)[0] ?? '';
}

/** @param {string} words like "half-marathon" @returns {string} like "half marathon" */
function unhyphened(words) {
  return words.replace(/[-_]/g, ' ');
}

/**
 * What levels give, and what it is worth: variables are summed over the levels.
 * @param {readonly {name: string, value: string, value_translated: Texts, is_variable?: boolean, isVariable?: boolean}[]} gains
 * @param {readonly string[]} languages
 * @returns {string[]} like ["+10 points", "Badge: shoe"]
 */
export function gainWords(gains, languages) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  /** @type {string[]} */
  const things = [];
  for (const gain of gains) {
    const { name, value, value_translated } = gain;
    const amount = Number(value);
    if ((gain.is_variable || gain.isVariable) && value !== '' && Number.isFinite(amount)) {
      sums.set(name, (sums.get(name) ?? 0) + amount);
      continue;
    }
    const worth = inLanguage(value_translated, languages) || unhyphened(value);
    const thing = name.charAt(0).toUpperCase() + unhyphened(name).slice(1);
    things.push(worth ? `${thing}: ${worth}` : thing);
  }
  const points = [...sums].map(([name, amount]) => {
    const unit = name === 'xp' ? (amount === 1 ? 'point' : 'points') : unhyphened(name);
    return `${amount < 0 ? '−' : '+'}${Math.abs(amount).toLocaleString('en')} ${unit}`;
  });
  return [...points, ...things];
}

/** @param {string} title @param {Partial<News>} [more] @returns {News} */
function quiet(title, more = {}) {
  return { kind: 'quiet', title, lines: [], link: null, picture: '', about: '', ...more };
}

/** @param {number} position from 1 @returns {string} */
function placeWords(position) {
  return position === 1 ? 'in the lead' : `number ${position}`;
}

/** @param {import('./protocol-own.js').UnlockedChange} change @param {readonly string[]} languages @returns {News} */
function unlockedNews({ achievement, new_levels }, languages) {
  const { title, name, level, maxlevel } = achievement;
  const rewards = new_levels.flatMap((each) => each.rewards);
  const gains = gainWords([...rewards, ...new_levels.flatMap((each) => each.properties ?? [])], languages);
  return {
    kind: 'unlocked',
    title: inLanguage(title, languages) || name,
    lines: [maxlevel > 1 ? `Level ${level} of ${maxlevel}` : 'Reached', ...gains],
    link: { href: `/earn#${encodeURIComponent(name || String(achievement.id))}`, words: 'See it' },
    picture: rewards.findLast(({ value }) => value)?.value ?? name,
    about: '',
  };
}

/** @param {import('./protocol-own.js').ChallengeChange} change @param {string} me the reader's id @returns {News} */
function challengeNews({ type, challenge, user, position }, me) {
  const isMe = user !== null && user.id === me;
  const who = user === null ? 'Somebody' : isMe ? 'You' : user.name;
  const has = isMe ? 'have' : 'has';
  const link = { href: `/challenges#${challenge.id}`, words: type === 'challenge_invited' ? 'Answer' : 'See the standings' };
  const said = (/** @type {string} */ line, about = '') => quiet(challenge.title, { lines: [line], link, about });
  switch (type) {
    case 'challenge_invited': return said(`${who} challenges you`);
    case 'challenge_accepted': return said(`${who} ${isMe ? 'take' : 'takes'} part`);
    case 'challenge_rejected': return said(`${who} ${isMe ? 'take' : 'takes'} no part`);
    case 'challenge_started': return said('It has started');
    case 'challenge_progress': return said(`${who} ${isMe ? 'are' : 'is'} ${placeWords(position ?? 1)} now`, `progress of ${challenge.id}`);
    case 'challenge_finished': return said(`${who} ${has} reached it${position === 1 ? ', first of all' : ''}`);
    case 'challenge_expired': return said(user ? `It is over: ${isMe ? 'you have' : `${user.name} has`} won` : 'It is over: nobody has won');
    default: return said('It is cancelled');
  }
}

/** @param {import('./protocol-own.js').EventNewsChange} change @param {string} me @returns {News} */
function eventNews({ type, event, user, by, starts_at_ms }, me) {
  const link = { href: `/events/${event.id}`, words: 'See the event' };
  switch (type) {
    case 'invited': {
      const when = starts_at_ms === null ? [] : [formatSpan(starts_at_ms, starts_at_ms)];
      const others = user !== null && me !== '' && user.id !== me;
      const inviter = by && by.id === me ? 'You have' : `${by?.name ?? 'Somebody'} has`;
      return quiet(event.name, { lines: [others ? `${inviter} invited ${user.name}` : `${by?.name ?? 'Somebody'} invites you`, ...when], link });
    }
    case 'removed': return quiet(event.name, { lines: ['You were removed from this event'] });
    case 'event_started': return quiet(event.name, { lines: ['It has started'], link });
    default: return quiet(event.name, { lines: ['It is cancelled'], link });
  }
}

/** @param {import('./protocol-own.js').RunChange} change @param {import('./format.js').Units} units @returns {News | null} */
function runNews({ type, run, distance_m, reason }, units) {
  /** @type {Record<string, string>} */
  const why = { inactive: 'Nothing was heard of it for long', arrived: 'You have arrived', superseded: 'Another run was started' };
  // What one has said oneself needs no telling.
  if (type !== 'run_finished' || reason === null || !Object.hasOwn(why, reason)) return null;
  return quiet('Your run is finished', { lines: [why[reason], formatDistance(distance_m, units)], link: { href: `/runs/${run}`, words: 'See the run' } });
}

/**
 * @param {OwnChange} change
 * @param {readonly string[]} languages as the browser has them
 * @param {{me?: string, units?: import('./format.js').Units}} [reader] the id of whoever is told, and how they measure
 * @returns {News | null} null when there is nothing to tell
 */
export function newsOf(change, languages, { me = '', units = 'km' } = {}) {
  switch (change.type) {
    case 'unlocked':
      return unlockedNews(change, languages);
    case 'message':
      return quiet(inLanguage(change.message.text, languages), { link: { href: '/earn', words: 'See how far you are' } });
    case 'friend_unlocked': {
      const title = inLanguage(change.achievement.title, languages) || change.achievement.name;
      const link = { href: `/earn#${encodeURIComponent(change.achievement.name || String(change.achievement.id))}`, words: 'See yours' };
      return quiet(`${change.user.name}: ${title}`, { lines: [change.achievement.level > 1 ? `Level ${change.achievement.level}` : 'Reached'], link });
    }
    case 'run_withheld':
      return quiet('A run of yours does not count', { lines: [change.reason], link: { href: `/runs/${change.run}`, words: 'See the run' } });
    case 'run_started':
    case 'run_finished':
    case 'run_deleted':
      return runNews(change, units);
    case 'invited':
    case 'removed':
    case 'event_started':
    case 'event_cancelled':
      return eventNews(change, me);
    case 'friend_asked':
      return quiet(change.user.name, { lines: ['Asks to be friends'], link: { href: '/friends', words: 'Answer' } });
    case 'friend_accepted':
      return quiet(change.user.name, { lines: ['You are friends now'], link: { href: '/friends', words: 'See your friends' } });
    case 'friend_removed':
      return null; // nobody is told aloud that they are no friend any more
    case 'group_invited':
      return quiet(change.group.name, { lines: [`${change.by.name} invites you to this group`], link: { href: '/friends', words: 'Answer' } });
    case 'notice':
      return quiet(change.text);
    default:
      return challengeNews(change, me);
  }
}
