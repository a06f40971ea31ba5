/**
 * Operations that wait for the server, kept in this browser until it has them: a closed window or an empty battery loses none. Each has
 * a place of its own in the storage, so that two windows never write over each other, and both show what one has tapped.
 */

import { inOrder, keyOf } from './queue.js';

/** @typedef {import('./queue.js').Entry} Entry */

/** A version that no board reaches. */
const UNKNOWN = Number.MAX_SAFE_INTEGER;

/**
 * @param {string} user id: another account in this browser has an outbox of its own
 * @param {Storage | null} storage `null`: it lasts until the page is closed
 * @param {(isGone: boolean) => void} changed by another window; gone: something is done with, and nobody said in which version
 */
export function openOutbox(user, storage, changed) {
  const prefix = `runnity.habits.${user}.`;
  /** @type {Map<string, Entry>} */
  const entries = new Map();
  /** Made in this window, which sends them at once. @type {Set<string>} */
  const own = new Set();
  let count = 0;

  /** @param {string} key @param {string | null} text */
  function take(key, text) {
    try {
      const { op, item, v } = JSON.parse(text ?? '');
      if (typeof op?.op === 'string' && typeof op.id === 'string') entries.set(key, { key, op, ...(item ? { item } : {}), v: typeof v === 'number' ? v : null });
    } catch {
      // something else has written there
    }
  }

  function readAll() {
    entries.clear();
    for (let index = 0; storage && index < storage.length; index += 1) {
      const name = storage.key(index) ?? '';
      if (name.startsWith(prefix)) take(name.slice(prefix.length), storage.getItem(name));
    }
  }

  /** @param {Entry} entry */
  function keep(entry) {
    entries.set(entry.key, entry);
    const { op, item, v } = entry;
    try {
      storage?.setItem(prefix + entry.key, JSON.stringify({ op, item, v }));
    } catch {
      // full, or forbidden: then it lasts until the page is closed
    }
  }

  /** @param {string} key */
  function remove(key) {
    entries.delete(key);
    own.delete(key);
    try {
      storage?.removeItem(prefix + key);
    } catch {
      // as above
    }
  }

  /** @param {StorageEvent} told by another window */
  function hear({ key, newValue, storageArea }) {
    if (storageArea !== storage || (key !== null && !key.startsWith(prefix))) return;
    if (key === null) readAll();
    else if (newValue !== null) take(key.slice(prefix.length), newValue);
    // What the server has stays in view until this window's board has it too.
    const gone = key !== null && newValue === null && entries.get(key.slice(prefix.length));
    const isGone = Boolean(gone && gone.v === null);
    if (gone && isGone) entries.delete(gone.key);
    changed(isGone);
  }

  readAll();
  globalThis.addEventListener?.('storage', hear);
  return {
    /** @returns {Entry[]} in their order */
    entries: () => inOrder([...entries.values()]),
    /** @param {Entry} entry */
    isOwn: (entry) => own.has(entry.key),
    /** @param {Entry['op']} op @param {string} [item] */
    add(op, item) {
      count += 1;
      const key = keyOf(Date.now(), count, op.id);
      own.add(key);
      keep({ key, op, ...(item ? { item } : {}), v: null });
    },
    /** The server has it, on the board of this version. @param {Entry} entry @param {number} v */
    acknowledge(entry, v) {
      if (entries.has(entry.key)) keep({ ...entry, v });
    },
    /** The server has it, nobody knows on which board: the next that is read holds it. @param {Entry} entry */
    take(entry) {
      if (entries.has(entry.key)) entries.set(entry.key, { ...entry, v: UNKNOWN });
    },
    /** It was refused. @param {Entry} entry */
    drop: (entry) => remove(entry.key),
    /** A board of this version has come. @param {number} v */
    prune(v) {
      for (const entry of [...entries.values()]) {
        if (entry.v !== null && entry.v <= v) remove(entry.key);
      }
    },
    /** A board has been read: it holds all that the server had before. @param {Entry[]} known */
    settle(known) {
      for (const entry of known) remove(entry.key);
    },
    close() {
      globalThis.removeEventListener?.('storage', hear);
    },
  };
}
