/**
 * What stands in the way of sending, with what can be done about it, as a card above the numbers.
 */

import { accountPath } from '../account.js';
import { element, setText } from '../elements.js';
import { post, wordsOf } from '../rest.js';
import { askTwice } from './two-steps.js';
import { sayHold, sayStranger } from './words.js';

/** @typedef {ReturnType<typeof import('./recorder.js').createRecorder>} Recorder */

/**
 * @param {HTMLElement} place
 * @param {Recorder} recorder
 * @param {(run: string | null) => void} leave the recording was thrown away; its run is to be seen there
 */
export function createNotices(place, recorder, leave) {
  let shown = '';
  /** @type {HTMLElement | null} */
  let help = null;

  /** @param {import('./recorder.js').Recorded | null} recorded @param {boolean} isStranger whether somebody else is logged in */
  function render(recorded, isStranger) {
    const hold = recorded?.hold ?? null;
    const now = !recorded ? '' : isStranger ? 'stranger' : hold ? `${hold.why} ${hold.other} ${hold.reason} ${recorded.waiting > 0}` : '';
    const words = !recorded || !now ? null : isStranger ? sayStranger(recorded.waiting) : hold && sayHold(hold, recorded.waiting);
    // The number goes on while one runs; a question that stands there, and the focus, stay.
    if (now === shown) return recount(words?.help);
    shown = now;
    if (!recorded || !words) return place.replaceChildren();
    card(words, isStranger || !hold ? [throwAway('Throw it away', null)] : choices(hold, recorded));
  }

  /** @param {string | undefined} words what the help says now; a screen reader has heard it, and would hear it at each fix */
  function recount(words) {
    if (!help || !words || help.textContent === words) return;
    help.setAttribute('aria-live', 'off');
    setText(help, words);
  }

  /** @param {{title: string, help: string}} words @param {(HTMLElement | false)[]} buttons */
  function card(words, buttons) {
    help = element('p', {}, words.help);
    place.replaceChildren(element('div', { class: 'notice' },
      element('h2', {}, words.title), help, element('div', { class: 'row' }, ...buttons)));
  }

  /** @param {import('./recorder.js').Hold} hold @param {import('./recorder.js').Recorded} recorded @returns {(HTMLElement | false)[]} */
  function choices(hold, { head, progress, waiting }) {
    const hasMore = waiting > 0 || progress.state !== 'finished';
    switch (hold.why) {
      case 'logged_out':
        return [element('a', { class: 'button', href: `${accountPath('/record')}#log-in` }, 'Log in')];
      case 'running': {
        const { other } = hold;
        if (other === null) return [button('Try again', () => recorder.release()), throwAway('Throw this one away', null)];
        return [button('Go on with that run', () => recorder.adopt(other)), button('Finish that run first', () => finishOther(other, head.event), 'plain')];
      }
      case 'over':
        return [hasMore && button('Save the rest as a run of its own', () => recorder.anew()), throwAway('Leave it at that', head.run)];
      case 'gone':
        return [button('Save the rest as a run of its own', () => recorder.anew()), throwAway('Throw it away', null)];
      case 'refused_start':
        return [head.event !== null && button('Run without the event', () => recorder.anew()), throwAway('Throw it away', null)];
      default:
        return [throwAway('Throw it away', null)];
    }
  }

  /** @param {string} other @param {number | null} event */
  async function finishOther(other, event) {
    try {
      await post(`/api/runs/${encodeURIComponent(other)}/finish`);
      await recorder.anew(event);
    } catch (failure) {
      place.querySelector('.notice')?.append(element('p', { class: 'wrong', role: 'alert' }, wordsOf(failure)));
    }
  }

  /** @param {string} words @param {() => unknown} onclick @param {string} [look] */
  function button(words, onclick, look = '') {
    return element('button', { type: 'button', class: `button ${look}`, onclick }, words);
  }

  /** @param {string} words @param {string | null} run to be looked at afterwards */
  function throwAway(words, run) {
    return button(words, () => askTwice(/** @type {HTMLElement} */ (place.querySelector('.row')), {
      question: 'What is not sent is lost then.', back: 'Keep it', sure: words,
      onSure: async () => {
        await recorder.discard();
        leave(run);
      },
    }), 'danger');
  }

  return { render };
}
