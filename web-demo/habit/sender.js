/**
 * Brings what waits to the server: in its order, a portion at a time, over the socket or by REST where that is away; and again, later,
 * with the same ids, where nobody answered. Knows neither socket nor storage: they are given to it.
 */

import { isFinal, nextBatch } from './queue.js';

/** @typedef {import('./queue.js').Entry} Entry */

const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;
/** What the live protocol says when a batch cannot be read: sent again, it could not either. */
const BAD_REQUEST = 107;

/**
 * @param {object} doors
 * @param {() => Entry[]} doors.waiting those that may be sent, in their order
 * @param {() => boolean} doors.isLive whether the socket is there
 * @param {(ops: Entry['op'][]) => Promise<import('../protocol-habits.js').HabitApplied>} doors.bySocket
 * @param {(entry: Entry) => Promise<void>} doors.byRest rejects with a `status`; 0 when there is no answer
 * @param {(entries: Entry[], reply: import('../protocol-habits.js').HabitApplied) => void} doors.answered
 * @param {(entry: Entry) => void} doors.taken by REST
 * @param {(entry: Entry, message: string) => void} doors.refused
 * @param {(flush: () => void, delay_ms: number) => void} doors.later
 */
export function createSender({ waiting, isLive, bySocket, byRest, answered, taken, refused, later }) {
  let isUnderWay = false;
  let delay_ms = RETRY_MS;

  /** @param {Entry[]} batch @returns {Promise<boolean>} whether somebody has answered */
  async function overSocket(batch) {
    try {
      answered(batch, await bySocket(batch.map((entry) => entry.op)));
      return true;
    } catch (error) {
      if (/** @type {any} */ (error)?.code !== BAD_REQUEST) return false;
      // One of them spoils it. Alone, each says so itself.
      if (batch.length === 1) refused(batch[0], 'This page and the server do not understand each other. Reload the page.');
      else for (const entry of batch) if (!(await overSocket([entry]))) return false;
      return true;
    }
  }

  /** @param {Entry} entry @returns {Promise<boolean>} */
  async function overRest(entry) {
    try {
      await byRest(entry);
      taken(entry);
      return true;
    } catch (error) {
      const { status = 0, message = '' } = /** @type {any} */ (error);
      if (!isFinal(status)) return false;
      refused(entry, message);
      return true;
    }
  }

  async function flush() {
    if (isUnderWay) return;
    isUnderWay = true;
    try {
      for (let batch = nextBatch(waiting()); batch.length; batch = nextBatch(waiting())) {
        if (!(await (isLive() ? overSocket(batch) : overRest(batch[0])))) {
          later(flush, delay_ms);
          delay_ms = Math.min(delay_ms * 2, RETRY_MS_MAX);
          return;
        }
        delay_ms = RETRY_MS;
      }
    } finally {
      isUnderWay = false;
    }
  }

  return {
    flush,
    /** The line is back: no need to wait. */
    hurry() {
      delay_ms = RETRY_MS;
      flush();
    },
  };
}
