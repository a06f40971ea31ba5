/**
 * News in a corner of the page: what was unlocked stays until it is put away, the rest goes by itself. Names are people's words:
 * text, never markup. The region is a polite one, so that a screen reader says them when it has said what it was saying.
 */

/** Beyond, the oldest go: so many fit on a phone. */
const TOASTS_MAX = 3;
/** For how long what is quiet stays. */
const QUIET_MS = 12_000;

/** @param {HTMLElement} region `aria-live="polite"`, there from the beginning */
export function createToasts(region) {
  /** @param {Element} toast */
  function putAway(toast) {
    const hadFocus = toast.contains(document.activeElement);
    toast.remove();
    const next = region.querySelector('button');
    if (hadFocus) (next ?? region).focus();
  }

  /** @param {import('./news.js').News} news */
  function show({ kind, title, lines }) {
    const toast = document.createElement('article');
    toast.className = `toast ${kind}`;
    const words = document.createElement('div');
    const heading = document.createElement('h2');
    heading.textContent = title;
    words.append(heading, ...lines.map((line) => {
      const paragraph = document.createElement('p');
      paragraph.textContent = line;
      return paragraph;
    }));
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'toast-away';
    button.textContent = '×';
    button.setAttribute('aria-label', `Dismiss ${title}`);
    button.addEventListener('click', () => putAway(toast));
    toast.append(words, button);
    region.append(toast);
    while (region.childElementCount > TOASTS_MAX && region.firstElementChild) putAway(region.firstElementChild);
    if (kind === 'quiet') leaveLater(toast);
  }

  /** Nothing goes away from under a pointer or the keyboard. @param {Element} toast */
  function leaveLater(toast) {
    window.setTimeout(() => {
      if (!toast.isConnected) return;
      if (toast.matches(':hover, :focus-within')) leaveLater(toast);
      else putAway(toast);
    }, QUIET_MS);
  }

  return {
    show,
    clear() {
      region.replaceChildren();
    },
  };
}
