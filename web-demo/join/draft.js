/**
 * What was typed of a new event, kept in this window until it is sent or its writer logs out. It is its writer's alone: whoever logs
 * in here afterwards does not see it.
 */

/** @typedef {import('./event-form.js').Values} Values */
/** @typedef {{user: string | null, key: string, values: Partial<Values>}} Draft `key`: it was sent with this one, '' if it was not */

const KEY = 'runnity.event-draft';

/**
 * @param {string | null} text as it was kept @param {string | null} user who looks
 * @returns {Draft | null} null when there is none, or another's; one that was typed without an account is whose log-in comes first
 */
export function draftOf(text, user) {
  try {
    const { user: writer = null, key, values } = JSON.parse(text ?? 'null');
    if (!values || typeof values !== 'object' || (writer !== null && writer !== user)) return null;
    return { user, key: typeof key === 'string' ? key : '', values };
  } catch {
    return null;
  }
}

/** @param {Draft} draft */
export function keepDraft(draft) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // storage may be forbidden: then it is kept as long as the page is open
  }
}

/** Another's is forgotten. @param {string | null} user @returns {Draft | null} */
export function takeDraft(user) {
  try {
    const draft = draftOf(sessionStorage.getItem(KEY), user);
    if (!draft) forgetDraft();
    return draft;
  } catch {
    return null;
  }
}

export function forgetDraft() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // there was nothing kept either
  }
}
