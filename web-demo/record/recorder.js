/**
 * Records a run: what happens is kept on the device first and told to the server after, in order, as soon as there is a line. Knows
 * no screen and no geolocation; fixes and words come from outside.
 */

import { account } from '../account.js';
import { newId } from '../new-id.js';
import { ApiError, get, post } from '../rest.js';
import { acknowledged, BATCH_MAX, begunAnew, nextStep, skipped, verdictOf, waitMs } from './queue.js';
import { createProgress, isNewFix, mayFollow, takeEntry } from './recording.js';

/** @typedef {import('./recording.js').Head} Head */
/** @typedef {import('./recording.js').Entry} Entry */
/** @typedef {import('./recording.js').Kind} Kind */

/**
 * Why nothing is sent until somebody has decided or done something.
 * @typedef {object} Hold
 * @property {'logged_out' | 'not_yours' | 'gone' | 'over' | 'running' | 'refused_start'} why
 * @property {string} message the server's
 * @property {string | null} other the run that is under way instead
 * @property {string | null} reason for which the run is over
 *
 * @typedef {object} Recorded what a screen shows
 * @property {Head} head
 * @property {import('./recording.js').Progress} progress
 * @property {number} waiting how many fixes the server does not have
 * @property {number} steps how many entries it does not have
 * @property {boolean} failing whether the last try has failed
 * @property {Hold | null} hold
 */

/** @type {Hold} */
const LOGGED_OUT = { why: 'logged_out', message: '', other: null, reason: null };

/**
 * @param {import('./store.js').Store} store
 * @param {() => void} onChange
 */
export function createRecorder(store, onChange) {
  /** @type {Head | null} */
  let head = null;
  let progress = createProgress();
  /** All that the server has not acknowledged, in order. @type {Entry[]} */
  let waiting = [];
  /** @type {Hold | null} */
  let hold = null;
  let tries = 0;
  let batchMax = BATCH_MAX;
  let isSending = false;
  let isMine = false;
  let timer = 0;

  /** Forgets what the page knows, not what the device keeps. */
  function reset() {
    head = null;
    progress = createProgress();
    waiting = [];
    hold = null;
    tries = 0;
    batchMax = BATCH_MAX;
  }

  /** This window records from now on: what is on the device is taken up. */
  async function open() {
    isMine = true;
    reset();
    const kept = await store.load();
    if (kept) {
      head = kept.head;
      for (const entry of kept.entries) takeEntry(progress, entry);
      waiting = kept.entries.filter((entry) => entry.seq > kept.head.acknowledged);
      forgetReckoned();
    }
    onChange();
    wake();
  }

  /** Another window records. */
  function close() {
    isMine = false;
    clearTimeout(timer);
    reset();
    onChange();
  }

  /** @param {{user: string, visibility: import('./recording.js').Visibility, event: number | null}} choice */
  async function begin({ user, visibility, event }) {
    if (head || !isMine) return;
    reset();
    head = {
      user, visibility, event, begun_ms: Date.now(), run: null, startKey: newId(), acknowledged: 0, told_m: 0, reckoned_m: 0, refused: 0,
    };
    await store.begin(head);
    onChange();
    wake();
  }

  /** @param {Kind} kind @param {import('./recording.js').DeviceFix | null} [fix] */
  function append(kind, fix = null) {
    if (!head || !isMine) return;
    const entry = { seq: progress.seq + 1, kind, at_ms: Date.now(), key: fix ? '' : newId(), fix };
    takeEntry(progress, entry);
    waiting.push(entry);
    onChange();
    // Kept first, told after: the page may be gone in between.
    store.append(entry).then(() => tries === 0 && wake());
  }

  /** @param {import('./recording.js').DeviceFix} fix */
  function fix(fix) {
    if (head && isNewFix(progress, fix)) append('fix', fix);
  }

  /** @param {'pause' | 'resume' | 'finish'} kind */
  function turn(kind) {
    if (head && mayFollow(progress.state, kind)) append(kind);
  }

  /** Sends what there is now, however long it was to be waited. */
  function wake() {
    clearTimeout(timer);
    if (!isSending) send();
  }

  async function send() {
    isSending = true;
    try {
      while (isMine && head && !hold && account()?.id === head.user) {
        const step = nextStep(head, waiting, batchMax);
        if (!step || !(await carryOut(step))) break;
      }
    } finally {
      isSending = false;
    }
  }

  /** @param {import('./queue.js').Step} step @returns {Promise<boolean>} whether to go on at once */
  async function carryOut(step) {
    const recording = head;
    try {
      const answer = await post(step.path, step.body, { key: step.key });
      if (head !== recording || !recording) return false; // thrown away meanwhile
      tries = 0;
      batchMax = BATCH_MAX;
      await settle(acknowledged(recording, step, answer ?? {}, progress.reckoned.get(step.seq) ?? 0));
      follow(answer?.state);
      return true;
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      return head === recording && refused(step, failure);
    }
  }

  /** @param {Head} next of which the server has more than before */
  async function settle(next) {
    head = next;
    waiting = waiting.filter((entry) => entry.seq > next.acknowledged);
    forgetReckoned();
    // Before anybody is told: whoever sees that it is over clears the store, and this would write it back.
    const kept = store.putHead(next);
    onChange();
    await kept;
  }

  /** A run may be paused or finished elsewhere, or at its destination. @param {string | undefined} state as the server knows it */
  function follow(state) {
    if (waiting.some((entry) => entry.kind !== 'fix')) return;
    if (state === 'finished') turn('finish');
    else if (state === 'paused') turn('pause');
    else if (state === 'live') turn('resume');
  }

  /** @param {import('./queue.js').Step} step @param {ApiError} failure @returns {Promise<boolean>} whether to go on at once */
  async function refused(step, failure) {
    const verdict = verdictOf(step, failure.status);
    if (!head) return false;
    if (verdict === 'halve') {
      batchMax = Math.max(1, Math.floor(step.count / 2));
      return true;
    }
    if (verdict === 'skip') {
      await settle(skipped(head, step));
      return true;
    }
    if (verdict === 'again') {
      tries += 1;
      timer = window.setTimeout(wake, waitMs(tries, failure.retry_after_s, Math.random()));
    } else {
      hold = { why: verdict, message: failure.message, other: null, reason: null };
      await explain(hold, head);
    }
    onChange();
    return false;
  }

  /** What is more to say of it; without an answer, that is nothing. @param {Hold} hold @param {Head} head */
  async function explain(hold, head) {
    try {
      if (hold.why === 'running') {
        const lists = await Promise.all(['live', 'paused'].map((state) => get(`/api/runs?user=me&state=${state}&page=1&page_size=1`)));
        hold.other = lists.flat()[0]?.id ?? null;
      }
      if (hold.why === 'over') hold.reason = (await get(`/api/runs/${head.run}`))?.finish_reason ?? null;
    } catch {
      // then only the server's message is shown
    }
  }

  function forgetReckoned() {
    const until = head?.acknowledged ?? 0;
    for (const seq of progress.reckoned.keys()) if (seq < until) progress.reckoned.delete(seq);
  }

  /** What was in the way is not any more. @param {Partial<Head>} [change] */
  async function release(change = {}) {
    hold = null;
    tries = 0;
    if (head) await settle({ ...head, ...change });
    wake();
  }

  return {
    open, close, begin, fix, turn, wake, release,
    /** What the server would not take becomes a run of its own. @param {number | null} [event] that it is run in */
    anew(event = null) {
      if (!head) return undefined;
      const reckoned_m = head.acknowledged === 0 ? 0 : progress.reckoned.get(head.acknowledged) ?? progress.tally.distance_m;
      return release(begunAnew(head, newId(), reckoned_m, event));
    },
    /** The run that is under way already is the one that is recorded. @param {string} run */
    adopt: (run) => release({ run }),
    /** The recording is over, or unwanted: nothing of it stays on the device. */
    async discard() {
      reset();
      await store.clear();
      onChange();
    },
    /** @returns {Recorded | null} null when nothing is recorded */
    recorded() {
      if (!head) return null;
      const fixes = waiting.filter((entry) => entry.kind === 'fix').length;
      const nobody = account() ? null : LOGGED_OUT;
      return { head, progress, waiting: fixes, steps: waiting.length + (head.run === null ? 1 : 0), failing: tries > 0, hold: hold ?? nobody };
    },
  };
}
