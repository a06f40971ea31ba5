/**
 * What stands in the way of sending, with what can be done about it, as a card above the numbers.
 */

import { accountPath } from '../account.js';
import { element } from '../elements.js';
import { post, wordsOf } from '../rest.js';
import { askTwice } from './two-steps.js';
import { sayHold } from './words.js';

/** @typedef {ReturnType<typeof import('./recorder.js').createRecorder>} Recorder */

/**
 * @param {HTMLElement} place
 * @param {Recorder} recorder
 * @param {(run: string | null) => void} leave the recording was thrown away; its run is to be seen there
 */
export function createNotices(place, recorder, leave) {
  let shown = '';

  /** @param {import('./recorder.js').Recorded | null} recorded @param {boolean} isStranger whether somebody else is logged in */
  function render(recorded, isStranger) {
    const hold = recorded?.hold ?? null;
    const now = !recorded ? '' : isStranger ? 'stranger' : hold ? `${hold.why} ${hold.other} ${hold.reason} ${recorded.waiting > 0}` : '';
    if (now === shown) return;
    shown = now;
    if (!recorded || !now) return place.replaceChildren();
    if (isStranger) {
      return card({
        title: 'Another account’s run waits here',
        help: 'It is sent when its runner logs in on this device again.',
      }, [throwAway('Throw it away', null)]);
    }
    if (hold) card(sayHold(hold, recorded.waiting), choices(hold, recorded));
  }

  /** @param {{title: string, help: string}} words @param {(HTMLElement | false)[]} buttons */
  function card({ title, help }, buttons) {
    place.replaceChildren(element('div', { class: 'notice' },
      element('h2', {}, title), element('p', {}, help), element('div', { class: 'row' }, ...buttons)));
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
