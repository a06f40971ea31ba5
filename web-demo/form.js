/**
 * Forms: what is wrong stands at its field, what was typed stays, and nothing is sent twice by an impatient hand.
 */

import { element, find, setText } from './elements.js';
import { ApiError, wordsOf } from './rest.js';

let fields = 0;

/**
 * A label, its input, a hint, and room for what is wrong.
 * @param {string} label
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} input its `name` is the field's in the API
 * @param {string} [hint]
 * @returns {HTMLElement}
 */
export function field(label, input, hint = '') {
  fields += 1;
  input.id ||= `field-${fields}`;
  const wrong = element('p', { class: 'wrong', id: `${input.id}-wrong` });
  const shown = hint ? element('p', { class: 'hint', id: `${input.id}-hint` }, hint) : null;
  input.setAttribute('aria-describedby', [shown?.id, wrong.id].filter(Boolean).join(' '));
  return element('div', { class: 'field' }, element('label', { for: input.id }, label), input, shown, wrong);
}

/**
 * Makes a form work: its button rests while the deed is done; a refusal stands at the field that it names, else in `.wrong` of the form.
 * @param {HTMLFormElement} form with a `<p class="wrong" role="alert">` of its own, as its child
 * @param {() => Promise<void>} deed rejected with what is wrong
 */
export function onSubmit(form, deed) {
  let busy = false;
  form.noValidate = true;
  form.addEventListener('submit', async (input) => {
    input.preventDefault();
    if (busy) return;
    busy = true;
    const buttons = /** @type {HTMLButtonElement[]} */ ([...form.querySelectorAll('button[type="submit"]')]);
    for (const button of buttons) button.setAttribute('aria-disabled', 'true');
    clear(form);
    try {
      missing(form);
      await deed();
    } catch (failure) {
      tell(form, failure);
    } finally {
      busy = false;
      for (const button of buttons) button.removeAttribute('aria-disabled');
    }
  });
}

/** The first thing that the browser itself finds missing or wrong is told like all else. @param {HTMLFormElement} form */
function missing(form) {
  for (const input of form.elements) {
    if (!(input instanceof HTMLInputElement || input instanceof HTMLSelectElement || input instanceof HTMLTextAreaElement)) continue;
    if (!input.validity.valid) throw new ApiError(400, input.validationMessage, { field: input.name });
  }
}

/** @param {HTMLFormElement} form */
function clear(form) {
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  for (const words of form.querySelectorAll('.wrong')) setText(words, '');
}

/** Says what is wrong where it is wrong, and leads there. @param {HTMLFormElement} form @param {unknown} failure */
export function tell(form, failure) {
  const name = failure instanceof ApiError && failure.field ? failure.field : '';
  const inputs = [...form.elements].filter((each) => 'name' in each && each.name);
  const input = inputs.find((each) => /** @type {any} */ (each).name === name)
    ?? inputs.find((each) => name.split('.')[0] === /** @type {any} */ (each).name);
  const place = input && form.querySelector(`#${CSS.escape(`${input.id}-wrong`)}`);
  if (input instanceof HTMLElement && place) {
    input.setAttribute('aria-invalid', 'true');
    setText(place, wordsOf(failure));
    input.focus();
  } else {
    setText(find(':scope > .wrong', form), wordsOf(failure));
  }
}
