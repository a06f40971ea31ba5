/**
 * The recording on this device: one head, its entries. Outlives the page, the tab and the browser. Knows nothing of what they mean.
 *
 * Where the browser keeps nothing (some private windows), all of it stays in the page; `kept` says so.
 */

const DATABASE = 'runnity-recording';
const HEADS = 'heads';
const ENTRIES = 'entries';
/** There is one recording. */
const HEAD = 'head';

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

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(HEADS);
    request.result.createObjectStore(ENTRIES, { keyPath: 'seq' });
  };
  return answer(request);
}

/** @returns the store; what it resolves is on the device */
export async function openStore() {
  /** @type {IDBDatabase | null} */
  let database = null;
  try {
    database = await openDatabase();
  } catch (failure) {
    console.info('recording:', failure instanceof Error ? failure.message : failure);
  }
  const kept = database !== null;

  /**
   * @param {(heads: IDBObjectStore, entries: IDBObjectStore) => void} write
   * @returns {Promise<void>} when it is kept
   */
  function change(write) {
    if (!database) return Promise.resolve();
    const transaction = database.transaction([HEADS, ENTRIES], 'readwrite');
    write(transaction.objectStore(HEADS), transaction.objectStore(ENTRIES));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  return {
    kept,
    /** @returns {Promise<{head: Head, entries: Entry[]} | null>} */
    async load() {
      if (!database) return null;
      const transaction = database.transaction([HEADS, ENTRIES]);
      const [head, entries] = await Promise.all([
        answer(transaction.objectStore(HEADS).get(HEAD)),
        answer(transaction.objectStore(ENTRIES).getAll()),
      ]);
      return head ? { head, entries } : null;
    },
    /** In place of whatever was there. @param {Head} head */
    begin: (head) => change((heads, entries) => {
      entries.clear();
      heads.put(head, HEAD);
    }),
    /** @param {Head} head */
    putHead: (head) => change((heads) => heads.put(head, HEAD)),
    /** @param {Entry} entry */
    append: (entry) => change((_, entries) => entries.put(entry)),
    clear: () => change((heads, entries) => {
      entries.clear();
      heads.clear();
    }),
  };
}
