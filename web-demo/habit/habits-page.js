/**
 * The page of habits: opens the board of who is logged in, and puts it away with the log-out, in this window or another.
 */

import { account, onAccount } from '../account.js';
import { onConnection, onOwn, openConnection } from '../connection.js';
import { element, find } from '../elements.js';
import { askToLogIn } from '../log-in.js';
import { HABIT_APPLY, parseHabitApplied, parseHabitBoard } from '../protocol-habits.js';
import { ApiError, get, patch, post, remove } from '../rest.js';
import { openShell } from '../shell.js';
import { createBoardPage } from './board-page.js';
import { openOutbox } from './outbox.js';
import { callOf } from './queue.js';
import { createStore } from './store.js';

const page = find('#content');
/** @type {import('../connection.js').Connection} */
let connection = 'connecting';
/** @type {{id: string, store: ReturnType<typeof createStore>, screen: ReturnType<typeof createBoardPage>} | null} */
let opened = null;

async function readBoard() {
  const board = parseHabitBoard(await get('/api/tasks/board'));
  if (!board) throw new ApiError(0, 'The answer is not a board.');
  return board;
}

/** @param {import('../protocol-habits.js').HabitOperation[]} operations @param {number | undefined} v */
async function apply(operations, v) {
  const client = await openConnection();
  const { data } = await client.rpc(HABIT_APPLY, v === undefined ? { operations } : { operations, v });
  const reply = parseHabitApplied(data);
  if (!reply) throw new ApiError(0, 'The answer is none to operations.');
  return reply;
}

/** @param {import('./queue.js').Entry} entry */
async function call(entry) {
  const { method, path, body } = callOf(entry);
  if (method === 'DELETE') await remove(path);
  else if (method === 'PATCH') await patch(path, body);
  else await post(path, body);
}

/** @returns {Storage | null} */
function storage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** @param {string} id of the user */
function open(id) {
  const screen = createBoardPage(page, {
    act: (op, item) => store.act(op, item),
    // Where the socket is there, the change comes by itself.
    stale: () => void (connection === 'live' || store.read()),
  });
  const outbox = openOutbox(id, storage(), (isGone) => store.elsewhere(isGone));
  const store = createStore(outbox, {
    read: readBoard,
    apply,
    call,
    isLive: () => connection === 'live',
    changed: screen.draw,
    told: screen.tell,
    refused: screen.refuse,
    failed: screen.fail,
  });
  opened = { id, store, screen };
  screen.line(connection === 'live');
  store.start();
}

function close() {
  opened?.store.close();
  opened?.screen.close();
  opened = null;
  page.replaceChildren();
}

function show() {
  const id = account()?.id ?? null;
  if (id !== null && id === opened?.id) return;
  close();
  if (id !== null) return open(id);
  page.append(element('h1', { class: 'board-title' }, 'Habits'), element('div', { id: 'stranger' }));
  askToLogIn(find('#stranger'), 'Habits, dailies, to-dos and rewards: your own board, the same on all your devices. A run can tick them for you. It needs an account, so that it is yours alone.');
}

openShell();
show();
onAccount(show);
onConnection((next) => {
  connection = next;
  opened?.screen.line(next === 'live');
});
onOwn({
  change: (data) => opened?.store.hear(data),
  subscribed: ({ recovered }) => opened?.store.subscribed(recovered),
});
