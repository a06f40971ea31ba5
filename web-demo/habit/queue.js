/**
 * Operations on their way to the server: what they are called, in which portions they go, and what each is over REST where there is
 * no socket. Pure. Each has an id of its own by which it counts once, however often and by whichever door it is sent.
 */

/** @typedef {import('../protocol-habits.js').HabitOperation} HabitOperation */

/** A frame of the socket has 64 KiB at most; this leaves room for what is around the operations. */
const BATCH_BYTES_MAX = 56 * 1024;
/** So many fit into one commit of the server's, with room to spare. */
const BATCH_LEN_MAX = 500;

/**
 * @typedef {object} Entry
 * @property {string} key by which entries are in their order
 * @property {HabitOperation} op
 * @property {string} [item] of a step's tick: the step's id, which REST asks for
 * @property {number | null} v the version of the board that holds it; `null` while the server has not said that it has it
 */

/** @param {number} now_ms @param {number} count of those before it in this window @param {string} id @returns {string} */
export function keyOf(now_ms, count, id) {
  return `${String(now_ms).padStart(15, '0')}-${String(count).padStart(6, '0')}-${id}`;
}

/** @param {Entry[]} entries @returns {Entry[]} a copy, first made first */
export function inOrder(entries) {
  return [...entries].sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** What is sent next, of those that the server does not have. @param {Entry[]} entries @returns {Entry[]} */
export function nextBatch(entries) {
  const batch = [];
  let bytes = 0;
  for (const entry of inOrder(entries)) {
    if (entry.v !== null) continue;
    bytes += new TextEncoder().encode(JSON.stringify(entry.op)).length + 1;
    if (batch.length && (bytes > BATCH_BYTES_MAX || batch.length >= BATCH_LEN_MAX)) break;
    batch.push(entry);
  }
  return batch;
}

/**
 * The same over REST. `op_id` is the operation's id: the server keeps one list of them for all its doors.
 * @param {Pick<Entry, 'op' | 'item'>} entry
 * @returns {{method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object}}
 */
export function callOf({ op, item = '' }) {
  const task = 'task' in op ? `/api/tasks/${encodeURIComponent(op.task.id)}` : '';
  const once = `?op_id=${encodeURIComponent(op.id)}`;
  switch (op.op) {
    case 'score':
      return { method: 'POST', path: `${task}/score${once}`, body: { direction: op.dir } };
    case 'sortTask':
      return { method: 'POST', path: `${task}/sort${once}`, body: { to: op.to } };
    case 'addTask':
      return { method: 'POST', path: `/api/tasks${once}`, body: op.task };
    case 'delTask':
      return { method: 'DELETE', path: `${task}${once}` };
    case 'buy':
      return { method: 'POST', path: `/api/tasks/hero/buy${once}`, body: { goods: op.type } };
    case 'revive':
      return { method: 'POST', path: `/api/tasks/hero/revive${once}` };
    case 'clear-completed':
      return { method: 'POST', path: `/api/tasks/clear-completed${once}` };
    case 'set': {
      // The one that this page makes: `tasks.<id>.checklist.<index>.completed`, a step's tick.
      const id = encodeURIComponent(op.path.split('.')[1]);
      return { method: 'PATCH', path: `/api/tasks/${id}/checklist/${encodeURIComponent(item)}${once}`, body: { completed: op.value } };
    }
  }
}

/** Whether a refusal is for good: the same again would be refused again. @param {number} status @returns {boolean} */
export function isFinal(status) {
  return status >= 400 && status < 500 && ![401, 403, 408, 425, 429].includes(status);
}
