/**
 * The recording on this device: one head, its entries. Outlives the page, the tab and the browser. Knows nothing of what they mean.
 *
 * Where the browser keeps nothing (some private windows, a full disk, data that were cleared on the way), all of it stays in the page;
 * `kept` says so. Nothing here rejects, or takes longer than a few seconds: a run is recorded and sent whatever becomes of the store.
 */

const DATABASE = 'runnity-recording';
const HEADS = 'heads';
const ENTRIES = 'entries';
/** There is one recording. */
const HEAD = 'head';
/** Some browsers never answer. */
const PATIENCE_MS = 4_000;
/** While a browser clears its data, it closes whatever is opened. */
const REOPEN_MS = 1_000;

/** @typedef {import('./recording.js').Head} Head */
/** @typedef {import('./recording.js').Entry} Entry */
/** @typedef {Awaited<ReturnType<typeof openStore>>} Store */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {unknown} failure */
const note = (failure) => console.info('recording:', failure instanceof Error ? failure.message : failure);

/** @param {number} wait_ms @returns {Promise<undefined>} */
const pause = (wait_ms) => new Promise((resolve) => setTimeout(resolve, wait_ms));

/** @template T @param {Promise<T>} asked @returns {Promise<T | undefined>} undefined when there is no answer in time */
function soon(asked) {
  return Promise.race([asked, pause(PATIENCE_MS)]);
}

/** @returns {Promise<IDBDatabase>} */
async function openDatabase() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(HEADS);
    request.result.createObjectStore(ENTRIES, { keyPath: 'seq' });
  };
  const opening = answer(request);
  const database = await soon(opening);
  if (database) return database;
  opening.then((late) => late.close(), () => {});
  throw new Error('the database does not open');
}

/** @typedef {(heads: IDBObjectStore, entries: IDBObjectStore) => void} Write */

/** All of it or nothing. @param {IDBDatabase} database @param {Write} write @returns {Promise<void>} */
function carryOut(database, write) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction([HEADS, ENTRIES], 'readwrite');
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
    try {
      write(transaction.objectStore(HEADS), transaction.objectStore(ENTRIES));
    } catch (failure) {
      reject(failure);
      transaction.abort();
    }
  });
}

/** @returns the store; what it resolves is on the device, as long as `kept` */
export async function openStore() {
  /** @type {IDBDatabase | null} */
  let database = null;
  /** What is in the database, or should be: a new one is filled with it. @type {Head | null} */
  let known = null;
  /** @type {Entry[]} */
  let knownEntries = [];
  /** Whether what is in the database is what is known here; else it is nobody's to clear. */
  let isOurs = false;
  let mayReopen = true;
  try {
    database = await openDatabase();
  } catch (failure) {
    note(failure);
  }

  /** @param {Write} write */
  async function attempt(write) {
    const used = database;
    if (!used) return;
    try {
      await carryOut(used, write);
      isOurs = true;
    } catch (failure) {
      note(failure);
      if (database === used) await reopen(used);
    }
  }

  /** Once: a disk that is full stays so, and everything is written anew. @param {IDBDatabase} lost */
  async function reopen(lost) {
    database = null;
    lost.close();
    if (!mayReopen) return;
    mayReopen = false;
    try {
      await pause(REOPEN_MS);
      const opened = await openDatabase();
      // What is written from here on comes after this.
      database = opened;
      await carryOut(opened, (heads, entries) => {
        heads.clear();
        entries.clear();
        if (known) heads.put(known, HEAD);
        for (const entry of knownEntries) entries.put(entry);
      });
    } catch (failure) {
      note(failure);
      database?.close();
      database = null;
    }
  }

  /** @param {Write} write */
  const change = async (write) => void (await soon(attempt(write)));

  /** @returns {Promise<{head: Head, entries: Entry[]} | null>} */
  async function read() {
    if (!database) return known && { head: known, entries: [...knownEntries] };
    const transaction = database.transaction([HEADS, ENTRIES]);
    const [head, entries] = await Promise.all([
      answer(transaction.objectStore(HEADS).get(HEAD)),
      answer(transaction.objectStore(ENTRIES).getAll()),
    ]);
    isOurs = true;
    known = head ?? null;
    knownEntries = head ? entries : [];
    return head ? { head, entries: [...entries] } : null;
  }

  return {
    /** Whether the device keeps what is written. */
    get kept() {
      return database !== null;
    },
    async load() {
      try {
        return (await soon(read())) ?? null;
      } catch (failure) {
        note(failure);
        return null;
      }
    },
    /** In place of whatever was there. @param {Head} head */
    begin(head) {
      known = head;
      knownEntries = [];
      return change((heads, entries) => {
        entries.clear();
        heads.put(head, HEAD);
      });
    },
    /** @param {Head} head */
    putHead(head) {
      known = head;
      return change((heads) => heads.put(head, HEAD));
    },
    /** @param {Entry} entry */
    append(entry) {
      knownEntries.push(entry);
      return change((_, entries) => entries.put(entry));
    },
    /** Even where no more could be written: what is left there would come back as a run that is not over. */
    async clear() {
      known = null;
      knownEntries = [];
      /** @type {Write} */
      const write = (heads, entries) => {
        entries.clear();
        heads.clear();
      };
      if (database || !isOurs) return change(write);
      try {
        const opened = await openDatabase();
        await soon(carryOut(opened, write));
        opened.close();
      } catch (failure) {
        note(failure);
      }
    },
  };
}
