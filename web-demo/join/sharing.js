/**
 * Links to an event: made, shown with a QR code, copied, handed on, taken back. A link's secret is told once; it stays on this page.
 */

import { element, setText } from '../elements.js';
import { newId } from '../new-id.js';
import { deedButton, whileBusy, wrongPlace } from './busy.js';
import { listLinks, makeLink, revokeLink } from './calls.js';
import { createQr } from './qr.js';

/**
 * @param {number} id of the event
 * @param {{name: () => string, maker: boolean}} event only its maker's links let people in
 */
export function createSharing(id, { name, maker }) {
  const invites = element('input', { type: 'checkbox', id: 'link-invites', checked: true });
  const choice = element('label', { class: 'check' }, invites, 'Whoever has the link may join');
  choice.hidden = !maker;
  const wrong = wrongPlace();
  const said = element('p', { class: 'hint', role: 'status' });
  const fresh = element('div', { class: 'fresh-link', hidden: true });
  const list = element('ul', { class: 'people-list', role: 'list', ariaLabel: 'Links that were made' });
  const make = deedButton('Make a link', '', async () => {
    const link = await makeLink(id, maker && invites.checked, newId());
    await showFresh(link);
    await load();
  }, wrong);
  make.id = 'make-link';

  /** @param {import('./documents.js').ShareLink} link */
  async function showFresh({ path, invites: lets_in }) {
    const url = new URL(path, location.origin).href;
    const text = element('input', { type: 'text', id: 'link', readonly: true, value: url, spellcheck: 'false', onfocus: () => text.select() });
    const copy = deedButton('Copy', 'plain', async () => {
      await copyText(url, text);
      setText(said, 'The link is copied.');
    }, wrong);
    const hand = 'share' in navigator ? deedButton('Share…', 'plain', () => handOn(name(), url), wrong) : null;
    fresh.replaceChildren(
      await createQr(url, `QR code of the link to ${name()}`),
      element('div', { class: 'field' }, element('label', { for: text.id }, 'The link'), text,
        element('p', { class: 'hint' }, lets_in
          ? 'Whoever opens it sees the event and can join. It is shown this once.'
          : 'Whoever opens it sees the event, without an account. It is shown this once.')),
      element('p', { class: 'row' }, copy, hand));
    fresh.hidden = false;
    text.focus();
  }

  async function load() {
    try {
      const links = await listLinks(id);
      list.replaceChildren(...links.map(createRow));
      list.hidden = links.length === 0;
    } catch (failure) {
      console.info('links:', failure instanceof Error ? failure.message : failure);
    }
  }

  /** @param {import('./documents.js').ShareLink} link */
  function createRow(link) {
    const made = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(link.created_at_ms ?? 0);
    const button = element('button', { type: 'button', class: 'button plain small', ariaLabel: `Take back the link of ${made}` }, 'Take back');
    button.addEventListener('click', () => whileBusy(button, async () => {
      await revokeLink(link.id);
      setText(said, 'The link opens nothing any more.');
      fresh.hidden = true;
      fresh.replaceChildren();
      await load();
      make.focus();
    }, wrong));
    return element('li', {}, element('span', {}, link.invites ? 'Lets people join' : 'To look only', element('span', { class: 'muted small' }, ` · ${made}`)), button);
  }

  list.hidden = true;
  load();
  return { shown: element('div', { class: 'sharing' }, choice, make, wrong, fresh, said, list), load };
}

/** @param {string} url @param {HTMLInputElement} input which is selected where the clipboard is not to be had */
async function copyText(url, input) {
  try {
    await navigator.clipboard.writeText(url);
  } catch {
    input.select();
    throw new Error('The browser does not let the page copy. The link is selected: copy it with the keyboard or a long press.');
  }
}

/** @param {string} title @param {string} url */
async function handOn(title, url) {
  try {
    await navigator.share({ title, text: `Join ${title}`, url });
  } catch (failure) {
    // Whoever changes their mind has done nothing wrong.
    if (!(failure instanceof DOMException && failure.name === 'AbortError')) throw failure;
  }
}
