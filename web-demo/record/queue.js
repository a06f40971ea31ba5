/**
 * What the device has yet to tell the server, and what an answer means for it. Pure.
 *
 * One step at a time, in order: first the run is made, then fixes and what happened between them. A step is over when the server has
 * acknowledged it; until then it stays, whatever becomes of the line, the page or the server. Every step may be sent twice without harm:
 * a repeated fix counts once, all else carries an idempotency key.
 */

import { fixDocument } from './recording.js';

/** The server takes as many fixes in one batch. */
export const BATCH_MAX = 1_000;
const WAIT_MIN_MS = 1_000;
const WAIT_MAX_MS = 30_000;

/** @typedef {import('./recording.js').Head} Head */
/** @typedef {import('./recording.js').Entry} Entry */

/**
 * @typedef {object} Step one request
 * @property {'start' | 'fixes' | 'pause' | 'resume' | 'finish'} kind
 * @property {string} path
 * @property {object | undefined} body
 * @property {string | undefined} key
 * @property {number} seq the last entry that it tells
 * @property {number} count how many entries it tells
 *
 * @typedef {'again' | 'logged_out' | 'not_yours' | 'gone' | 'over' | 'running' | 'refused_start' | 'halve' | 'skip'} Verdict
 */

/**
 * @param {Head} head
 * @param {Entry[]} waiting all entries after the acknowledged one, in order
 * @param {number} [batchMax]
 * @returns {Step | null} null when the server knows everything
 */
export function nextStep(head, waiting, batchMax = BATCH_MAX) {
  const { run } = head;
  if (run === null) {
    const body = { visibility: head.visibility, ...(head.event === null ? {} : { event: head.event }) };
    return { kind: 'start', path: '/api/runs', body, key: head.startKey, seq: head.acknowledged, count: 0 };
  }
  const [first] = waiting;
  if (!first) return null;
  const path = `/api/runs/${run}`;
  if (first.kind !== 'fix') {
    const body = { at: new Date(first.at_ms).toISOString() };
    return { kind: first.kind, path: `${path}/${first.kind}`, body, key: first.key, seq: first.seq, count: 1 };
  }
  const until = waiting.findIndex((entry) => entry.kind !== 'fix');
  const batch = waiting.slice(0, Math.min(until < 0 ? waiting.length : until, batchMax));
  const fixes = batch.flatMap((entry) => (entry.fix ? [fixDocument(entry.fix)] : []));
  const { seq } = batch[batch.length - 1];
  return { kind: 'fixes', path: `${path}/fixes`, body: { fixes }, key: undefined, seq, count: batch.length };
}

/**
 * What the head is after the server has carried a step out.
 * @param {Head} head
 * @param {Step} step
 * @param {{id?: string, distance_m?: number}} answer
 * @param {number} reckoned_m the distance reckoned here at that step
 * @returns {Head}
 */
export function acknowledged(head, step, answer, reckoned_m) {
  if (step.kind === 'start') return { ...head, run: answer.id ?? head.run };
  const told = typeof answer.distance_m === 'number' ? { told_m: answer.distance_m, reckoned_m } : {};
  return { ...head, ...told, acknowledged: step.seq };
}

/**
 * What a refusal means.
 * @param {Step} step
 * @param {number} status 0: there was no answer
 * @returns {Verdict}
 */
export function verdictOf(step, status) {
  if (status === 0 || status === 408 || status === 425 || status === 429 || status >= 500) return 'again';
  if (status === 401) return 'logged_out';
  if (step.kind === 'start') return status === 409 ? 'running' : 'refused_start';
  if (status === 403) return 'not_yours';
  if (status === 404) return 'gone';
  if (status === 409) return 'over';
  if (step.kind === 'fixes' && step.count > 1) return 'halve';
  return 'skip';
}

/** A fix that the server does not take is left out, and counted. @param {Head} head @param {Step} step @returns {Head} */
export function skipped(head, step) {
  return { ...head, acknowledged: step.seq, refused: head.refused + (step.kind === 'fixes' ? 1 : 0) };
}

/**
 * The rest becomes a run of its own, since that one is over or could not be made.
 * @param {Head} head
 * @param {string} key
 * @param {number} reckoned_m the distance reckoned here up to the rest
 * @param {number | null} event that it is run in
 * @returns {Head}
 */
export function begunAnew(head, key, reckoned_m, event) {
  return { ...head, run: null, startKey: key, event, told_m: 0, reckoned_m };
}

/**
 * How long to wait before the next try: twice as long each time, and not all devices at once.
 * @param {number} tries so far, 1 for the first
 * @param {number | null} asked_s what the server asks for
 * @param {number} chance 0 to 1
 * @returns {number} milliseconds
 */
export function waitMs(tries, asked_s, chance) {
  const wait_ms = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** Math.max(0, tries - 1));
  return Math.max((asked_s ?? 0) * 1000, wait_ms * (0.7 + 0.3 * chance));
}
