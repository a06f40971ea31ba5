/**
 * The screen while one runs, and the one after: numbers, signs, controls. Shows what the recorder knows; knows no server.
 */

import { element, find, setText } from '../elements.js';
import { formatAge, formatDistanceNumber, formatDuration, formatPaceNumber, unitLengthM } from '../format.js';
import { getUnits } from '../settings.js';
import { averagePace, distanceNow, elapsedNow } from './recording.js';
import { ACCURACY_MAX_M } from './tally.js';
import { askTwice } from './two-steps.js';
import { sayAccuracy, sayFixes, sayLine, saySplit, TROUBLES } from './words.js';

/** A fix older than this is no pace. */
const STALE_MS = 15_000;
const inHand = window.matchMedia('(pointer: coarse)');

/** @typedef {{trouble: import('./position.js').Trouble | null, wake: import('./wake-lock.js').WakeState, isOnline: boolean}} Device */

/** @param {{onTurn: (kind: 'pause' | 'resume' | 'finish') => void}} handlers */
export function createRunning({ onTurn }) {
  const screen = find('.running');
  const controls = find('#controls');
  const announcer = find('#announcer');
  let shownState = '';
  let saidUnits = -1;
  /** @type {(() => void) | null} */
  let takeBack = null;

  /** @param {string} state */
  function showControls(state) {
    if (state === shownState) return;
    takeBack?.();
    const before = shownState;
    shownState = state;
    screen.dataset.state = state;
    const [kind, word, look] = state === 'paused' ? /** @type {const} */ (['resume', 'Go on', 'go']) : /** @type {const} */ (['pause', 'Pause', 'hold']);
    const hadFocus = controls.contains(document.activeElement);
    const turn = element('button', { type: 'button', class: `control ${look}`, onclick: () => onTurn(kind) }, word);
    const finish = element('button', { type: 'button', class: 'control end', onclick: confirmFinish }, 'Finish');
    controls.replaceChildren(turn, finish);
    if (hadFocus) turn.focus();
    if (before) setText(announcer, state === 'paused' ? 'Paused.' : 'Going on.');
  }

  function confirmFinish() {
    takeBack = askTwice(controls, {
      question: 'Finish this run?', back: 'Keep running', sure: 'Finish',
      classes: { back: 'control hold', sure: 'control sure' },
      onSure: () => {
        takeBack = null;
        onTurn('finish');
      },
    });
  }

  /** @param {import('./recorder.js').Recorded} recorded @param {Device} device @param {boolean} isKept @param {boolean} isStranger */
  function render({ head, progress, waiting, steps, failing, hold }, device, isKept, isStranger) {
    showControls(progress.state);
    const now_ms = Date.now();
    const units = getUnits();
    const distance_m = distanceNow(head, progress);
    const elapsed_s = elapsedNow(progress, now_ms);
    const { tally, newest } = progress;
    const isFresh = progress.state === 'live' && tally.position !== null && now_ms - tally.position.time_ms < STALE_MS;
    setText(find('#distance'), formatDistanceNumber(distance_m, units));
    setText(find('#time'), formatDuration(elapsed_s));
    setText(find('#pace'), formatPaceNumber(isFresh ? tally.pace_s_per_km : null, units));
    setText(find('#average'), formatPaceNumber(averagePace(distance_m, elapsed_s), units));
    showUnits();
    showPlace(newest, device, now_ms);
    const held = isStranger ? 'stranger' : hold?.why ?? null;
    const line = sayLine({ held, waiting, steps, failing, hasRun: head.run !== null, isOnline: device.isOnline });
    const refused = head.refused > 0 ? ` ${sayFixes(head.refused)} could not be taken.` : '';
    sign('#line-sign', line.word + refused, line.tone);
    showWake(device.wake);
    find('#keep-sign').hidden = isKept;
    const unitsRun = Math.floor(distance_m / unitLengthM(units));
    if (unitsRun > saidUnits && saidUnits >= 0) setText(announcer, saySplit(unitsRun * unitLengthM(units), units, formatDuration(elapsed_s)));
    saidUnits = unitsRun;
  }

  /** @param {import('./recording.js').DeviceFix | null} newest @param {Device} device @param {number} now_ms */
  function showPlace(newest, { trouble }, now_ms) {
    if (trouble && trouble !== 'timeout') return sign('#place-sign', `${TROUBLES[trouble].title}. ${TROUBLES[trouble].help}`, 'warn');
    if (!newest) return sign('#place-sign', 'Waiting for the first position', 'warn');
    const age_s = Math.max(0, now_ms - newest.time_ms) / 1000;
    const isGood = (newest.accuracy_m ?? 0) <= ACCURACY_MAX_M && age_s < STALE_MS / 1000;
    const isPaused = shownState === 'paused';
    sign('#place-sign', `Position ${formatAge(age_s)}, ${sayAccuracy(newest.accuracy_m, ACCURACY_MAX_M)}`, isPaused ? 'quiet' : isGood ? 'good' : 'warn');
  }

  /** A screen on a desk goes dark when its owner wants it. @param {import('./wake-lock.js').WakeState} wake */
  function showWake(wake) {
    find('#wake-sign').hidden = wake === 'off' || (wake !== 'on' && !inHand.matches);
    if (wake === 'on') sign('#wake-sign', 'The screen stays on', 'quiet');
    else sign('#wake-sign', 'This browser lets the screen go dark, and measures nothing then: keep it on', 'warn');
  }

  /** @param {import('./recorder.js').Recorded} recorded @param {boolean} isKept @param {boolean} isStranger */
  function renderDone({ head, progress, waiting, steps, failing, hold }, isKept, isStranger) {
    const units = getUnits();
    setText(find('#done-distance'), formatDistanceNumber(distanceNow(head, progress), units));
    setText(find('#done-time'), formatDuration(elapsedNow(progress, Date.now())));
    showUnits();
    const isAway = failing || !navigator.onLine;
    const what = waiting > 0 ? sayFixes(waiting) : 'its end';
    let words = 'Saving your run…';
    if (hold || isStranger) words = 'Not everything of it is on the server yet.';
    else if (isAway && steps > 0) words = `No line: ${what} ${waiting > 1 ? 'wait' : 'waits'} on this device. Leave this page open${isKept ? ', or come back to it' : ''}: all is sent when the line is back.`;
    setText(find('#done-words'), words);
  }

  return { render, renderDone };
}

function showUnits() {
  const units = getUnits();
  for (const unit of document.querySelectorAll('.unit')) {
    setText(unit, /** @type {HTMLElement} */ (unit).dataset.unit === 'pace' ? `/${units}` : units);
  }
}

/** @param {string} selector @param {string} words @param {'good' | 'warn' | 'quiet'} tone */
function sign(selector, words, tone) {
  const shown = find(selector);
  shown.dataset.tone = tone;
  setText(shown, words);
}
