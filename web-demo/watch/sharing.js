/**
 * Handing a run on. Its runner makes a link that opens it for whoever has it, also if the run is private; everybody else hands on
 * the page's address. The secret of a link is told once and stays on this page.
 */

import { account } from '../account.js';
import { element, find, setText } from '../elements.js';
import { held } from '../held.js';
import { newId } from '../new-id.js';
import { post, wordsOf } from '../rest.js';

/** A link to a run that is over has no end of its own: it gets one. */
const OVER_MS = 30 * 24 * 3_600_000;

/** @typedef {import('../protocol.js').Run} Run */

/** @param {() => Run | null} getRun */
export function createSharing(getRun) {
  const button = /** @type {HTMLButtonElement} */ (find('#share'));
  const panel = find('#share-panel');
  /** A link that was made is made once. @type {string | null} */
  let made = null;
  /** The same for all attempts, so that one whose answer was lost does not make two. */
  const key = newId();

  const said = element('p', { class: 'share-said', role: 'status' });
  const input = element('input', { type: 'text', id: 'share-link', readonly: true, spellcheck: 'false', ariaLabel: 'The link', onfocus: () => input.select() });
  const copy = element('button', { type: 'button', class: 'share-copy', onclick: () => copyLink() }, 'Copy');
  const hint = element('p', { class: 'share-hint' });
  const row = element('div', { class: 'share-row', hidden: true }, input, copy);
  panel.append(row, hint, said);

  const isOwn = () => !held.secret && account() !== null && account()?.id === getRun()?.user.id;

  async function copyLink() {
    try {
      await navigator.clipboard.writeText(input.value);
      setText(said, 'Copied. Paste it where your friends are.');
    } catch {
      row.hidden = false;
      input.select();
      setText(said, 'The link is selected: copy it with the keyboard or a long press.');
    }
  }

  /** @param {Run} run @returns {Promise<string>} */
  async function makeLink(run) {
    const ends_at = run.state === 'finished' ? { ends_at: new Date(Date.now() + OVER_MS).toISOString() } : {};
    const link = await post('/api/share-links', { run: run.id, ...ends_at }, { key });
    return new URL(String(link?.path), location.origin).href;
  }

  async function share() {
    const run = getRun();
    if (!run) return;
    panel.hidden = false;
    setText(said, '');
    if (isOwn()) {
      made ??= await makeLink(run);
      setText(hint, run.state === 'finished' ? 'Whoever has this link sees the run for 30 days, without an account.'
        : 'Whoever has this link sees the run, without an account, until an hour after its end.');
    }
    input.value = made ?? location.href;
    row.hidden = made === null;
    if ('share' in navigator && (await handOn(`${run.user.name} on Runnity`, input.value))) return;
    if (made === null) await copyLink();
    else copy.focus();
  }

  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    try {
      await share();
    } catch (failure) {
      setText(said, wordsOf(failure));
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
}

/** @param {string} title @param {string} url @returns {Promise<boolean>} whether the device has taken it, or its owner has thought better of it */
async function handOn(title, url) {
  try {
    await navigator.share({ title, url });
    return true;
  } catch (failure) {
    return failure instanceof DOMException && failure.name === 'AbortError';
  }
}
