/**
 * One user's board on this device, kept in step with the server's: read once, moved on by what the own channel tells and by the
 * replies to what was tapped here. What is tapped is shown at once and waits in the outbox until the server has it; what the server says
 * wins. Knows no screen; the ways to the server are given to it.
 */

import { answered as withReply, hear as withChange } from '../habit-board.js';
import { newId } from '../new-id.js';
import { parseHabitsChange } from '../protocol-habits.js';
import { createSender } from './sender.js';
import { viewOf } from './view.js';

/**
 * @typedef {import('../habit-board.js').HabitBoard} HabitBoard
 * @typedef {import('../protocol-habits.js').HabitOperation} HabitOperation
 * @typedef {import('../protocol-habits.js').HabitEffect} HabitEffect
 * @typedef {import('./queue.js').Entry} Entry
 * @typedef {import('./view.js').View} View
 *
 * @typedef {object} Ways to the server, and back to the screen
 * @property {() => Promise<HabitBoard>} read the whole board
 * @property {(operations: HabitOperation[], v: number | undefined) => Promise<import('../protocol-habits.js').HabitApplied>} apply over the socket
 * @property {(entry: Entry) => Promise<void>} call over REST
 * @property {() => boolean} isLive whether the socket is there
 * @property {(view: View) => void} changed
 * @property {(effects: HabitEffect[]) => void} told what has happened, here or elsewhere
 * @property {(message: string) => void} refused
 * @property {(failure: unknown) => void} failed to read the board; it is tried again
 */

/**
 * Each of a union without its id.
 * @template T
 * @typedef {T extends unknown ? Omit<T, 'id'> : never} WithoutId
 */

const REREAD_MS = 1_500;
const REREAD_MS_MAX = 30_000;
/** What another window has tapped, it sends itself. If it is closed before, this one does. */
const ORPHAN_MS = 5_000;

/**
 * @param {ReturnType<typeof import('./outbox.js').openOutbox>} outbox
 * @param {Ways} ways
 */
export function createStore(outbox, ways) {
  /** @type {HabitBoard | null} */
  let board = null;
  let isClosed = false;
  let isReading = false;
  let isToBeReadAgain = false;
  let reread_ms = REREAD_MS;
  /** Heard while a reading is under way, which may not hold it. @type {import('../protocol-habits.js').HabitsChange[]} */
  let meanwhile = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let sendTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let readTimer;

  const sender = createSender({
    waiting: () => (isClosed ? [] : outbox.entries().filter((entry) => entry.v === null && (outbox.isOwn(entry) || isOrphan(entry)))),
    isLive: ways.isLive,
    bySocket: (operations) => ways.apply(operations, board?.v),
    byRest: ways.call,
    answered,
    taken(entry) {
      outbox.take(entry);
      show();
      read();
    },
    refused,
    later(flush, delay_ms) {
      clearTimeout(sendTimer);
      sendTimer = setTimeout(flush, delay_ms);
    },
  });

  function show() {
    if (board && !isClosed) ways.changed(viewOf(board, outbox.entries()));
  }

  /** @param {import('../habit-board.js').Heard} heard @param {HabitEffect[]} effects */
  function take({ board: next, outcome }, effects) {
    board = next;
    outbox.prune(board.v);
    if (outcome === 'anew') read();
    show();
    if (outcome === 'applied') ways.told(effects);
  }

  /** @param {Entry[]} batch @param {import('../protocol-habits.js').HabitApplied} reply */
  function answered(batch, reply) {
    if (isClosed) return;
    const faults = new Map(reply.errors.map(({ index, message }) => [index, message]));
    batch.forEach((entry, index) => {
      const fault = faults.get(index);
      if (fault === undefined) outbox.acknowledge(entry, reply.v);
      else refused(entry, fault);
    });
    if (board) take(withReply(board, reply), reply.changes);
    else read();
  }

  /** @param {Entry} entry @param {string} message */
  function refused(entry, message) {
    outbox.drop(entry);
    show();
    ways.refused(message);
  }

  async function read() {
    if (isReading) {
      isToBeReadAgain = true;
      return;
    }
    clearTimeout(readTimer);
    [isReading, isToBeReadAgain, meanwhile] = [true, false, []];
    // What the server has said that it has, is in what is read from now on.
    const known = outbox.entries().filter((entry) => entry.v !== null);
    try {
      const next = await ways.read();
      if (isClosed) return;
      reread_ms = REREAD_MS;
      outbox.settle(known);
      board = next;
      for (const change of meanwhile) {
        const heard = withChange(board, change);
        board = heard.board;
        isToBeReadAgain ||= heard.outcome === 'anew';
      }
      outbox.prune(board.v);
    } catch (failure) {
      if (isClosed) return;
      ways.failed(failure);
      isToBeReadAgain = false;
      readTimer = setTimeout(read, reread_ms);
      reread_ms = Math.min(reread_ms * 2, REREAD_MS_MAX);
    } finally {
      isReading = false;
    }
    show();
    if (isToBeReadAgain) read();
  }

  return {
    read,
    start() {
      read();
      sender.flush();
      setTimeout(sender.flush, ORPHAN_MS);
    },
    /** @param {unknown} data of the own channel */
    hear(data) {
      const change = parseHabitsChange(data);
      if (!change || isClosed) return;
      if (isReading) meanwhile.push(change);
      if (board) take(withChange(board, change), change.changes);
    },
    /** The own channel is heard from here on. @param {boolean} recovered */
    subscribed(recovered) {
      if (!recovered || !board) read();
      sender.hurry();
    },
    /** @param {WithoutId<HabitOperation>} op @param {string} [item] */
    act(op, item) {
      outbox.add(/** @type {HabitOperation} */ ({ ...op, id: newId() }), item);
      show();
      sender.flush();
    },
    /** Another window has tapped, or the server has answered it. @param {boolean} isGone */
    elsewhere(isGone) {
      show();
      if (isGone) read();
      setTimeout(sender.flush, ORPHAN_MS);
    },
    close() {
      isClosed = true;
      clearTimeout(sendTimer);
      clearTimeout(readTimer);
      outbox.close();
    },
  };
}

/** @param {Entry} entry @returns {boolean} nobody sends it, it seems */
function isOrphan(entry) {
  return Date.now() - Number(entry.key.split('-')[0]) >= ORPHAN_MS - 500;
}
