/**
 * What is told to a user of achievements and challenges, in words. Pure.
 */

/**
 * @typedef {object} News
 * @property {'unlocked' | 'quiet'} kind what one has done oneself is not quiet
 * @property {string} title
 * @property {string[]} lines
 */

/**
 * The text in the first of these languages that there is, else in English, else in any.
 * @param {import('./protocol-own.js').Texts} texts
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

/**
 * @param {import('./protocol-own.js').OwnChange} change
 * @param {readonly string[]} languages
 * @returns {News}
 */
export function newsOf(change, languages) {
  switch (change.type) {
    case 'unlocked': {
      const { achievement, new_levels } = change;
      const title = inLanguage(achievement.title, languages) || achievement.name;
      const level = achievement.maxlevel > 1 ? `Level ${achievement.level} of ${achievement.maxlevel}` : 'Reached';
      const rewards = new_levels.flatMap((it) => it.rewards).map(({ name, value, value_translated }) => {
        const worth = inLanguage(value_translated, languages) || value;
        return worth ? `${name}: ${worth}` : name;
      });
      return { kind: 'unlocked', title, lines: [level, ...rewards] };
    }
    case 'message':
      return { kind: 'quiet', title: inLanguage(change.message.text, languages), lines: [] };
    case 'friend_unlocked': {
      const title = inLanguage(change.achievement.title, languages) || change.achievement.name;
      return { kind: 'quiet', title: `${change.user.name}: ${title}`, lines: [`Level ${change.achievement.level}`] };
    }
    case 'run_withheld':
      return { kind: 'quiet', title: 'A run of yours does not count', lines: [change.reason] };
    case 'challenge_invited':
      return { kind: 'quiet', title: change.challenge.title, lines: [`${change.user?.name ?? 'Somebody'} challenges you`] };
    case 'challenge_finished':
      return { kind: 'quiet', title: change.challenge.title, lines: [`${change.user?.name ?? 'Somebody'} has reached it`] };
    case 'challenge_expired':
      return { kind: 'quiet', title: change.challenge.title, lines: [change.user ? `${change.user.name} has won` : 'Nobody has won'] };
  }
}
