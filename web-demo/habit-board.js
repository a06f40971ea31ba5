/**
 * A board of habits in memory, brought up to date by what the user's own channel tells: read once, and never as a whole again
 * while no version is missed. Pure: it knows neither socket nor screen, and changes no board that it is given.
 *
 * Where the subscription to the channel begins without having recovered (`subscribed` with `recovered: false`), changes may be missing of
 * which nothing will ever tell: the board is read anew then, too. Changes come in the order of their versions. What one has sent oneself comes back as a change too, of the version that the reply
 * told: whichever is heard first is applied, and the other is known by then.
 */

/**
 * @typedef {import('./protocol-habits.js').HabitTask} HabitTask
 * @typedef {import('./protocol-habits.js').HabitEffect} HabitEffect
 *
 * @typedef {object} HabitBoard a full reading
 * @property {number} v
 * @property {import('./protocol-habits.js').HabitStats} stats
 * @property {{[name: string]: any}} user what else the user has, where the paths of `set` lead: `flags`, `items`, `preferences` and more
 * @property {import('./protocol-habits.js').HabitTag[]} tags
 * @property {HabitTask[]} habits
 * @property {HabitTask[]} dailies
 * @property {HabitTask[]} todos
 * @property {HabitTask[]} rewards
 *
 * @typedef {object} Heard
 * @property {HabitBoard} board
 * @property {'applied' | 'known' | 'ahead' | 'anew'} outcome `known`: it was in the board already; `ahead`: others' changes come first,
 *   and this one comes again on the channel; `anew`: the board has to be read anew
 */

/** Where the tasks of a type stand in the board. */
export const LISTS = /** @type {const} */ ({ habit: 'habits', daily: 'dailies', todo: 'todos', reward: 'rewards' });
const NAMES = Object.values(LISTS);

/**
 * A change on the user's own channel.
 * @param {HabitBoard} board
 * @param {import('./protocol-habits.js').HabitsChange} change
 * @returns {Heard}
 */
export function hear(board, change) {
  if (change.v <= board.v) return { board, outcome: 'known' };
  if (change.v > board.v + 1 || change.reload) return { board, outcome: 'anew' };
  return applied(board, change);
}

/**
 * The reply to operations that one has sent oneself.
 * @param {HabitBoard} board
 * @param {import('./protocol-habits.js').HabitApplied} reply
 * @returns {Heard}
 */
export function answered(board, reply) {
  if (reply.v <= board.v) return { board, outcome: 'known' };
  // It tells of this batch alone. What others did before it, or meanwhile, comes by the channel, and so does this, in its place.
  if (reply.from !== board.v) return { board, outcome: 'ahead' };
  return reply.reload ? { board, outcome: 'anew' } : applied(board, reply);
}

/** @param {HabitBoard} board @param {{v: number, changes: HabitEffect[]}} told @returns {Heard} */
function applied(board, { v, changes }) {
  return { board: { ...changes.reduce(afterEffect, board), v }, outcome: 'applied' };
}

/** @param {HabitBoard} board @param {HabitEffect} effect @returns {HabitBoard} of the same version */
export function afterEffect(board, effect) {
  switch (effect.change) {
    case 'task_added': {
      const name = LISTS[effect.task.type];
      return { ...board, [name]: board[name].toSpliced(effect.index, 0, effect.task) };
    }
    case 'task_changed':
      return put(board, effect.id, effect.now);
    case 'task_removed': {
      const name = LISTS[effect.type];
      return { ...board, [name]: board[name].filter((task) => task.id !== effect.id) };
    }
    case 'task_sorted': {
      const name = LISTS[effect.type];
      const task = board[name][effect.from];
      return { ...board, [name]: board[name].toSpliced(effect.from, 1).toSpliced(effect.to, 0, task) };
    }
    case 'stats':
      return { ...board, stats: effect.now };
    case 'unlocked':
      return set(board, ['flags', effect.flag], true);
    case 'dropped': {
      const sort = effect.kind === 'egg' ? 'eggs' : 'hatchingPotions';
      const found = set(board, ['items', sort, effect.name], effect.now);
      return set(found, ['items', 'lastDrop'], { date: Date.parse(effect.at), count: effect.today });
    }
    case 'bought':
      return set(board, ['items', effect.slot], effect.piece);
    case 'revived':
      return effect.lost === null ? board : set(board, ['items', effect.lost], 0);
    case 'user_set':
      return set(board, effect.path.split('.'), effect.value);
    case 'tags_changed':
      return { ...board, tags: effect.tags };
    case 'day_turned': {
      const turned = effect.tasks.reduce((so_far, { id, ...now }) => put(so_far, id, now), board);
      return set(turned, ['lastCron'], Date.parse(effect.at));
    }
    // Only to be shown: what they come to is told besides.
    case 'levelled':
    case 'died':
      return board;
  }
}

/**
 * Members of a task that are others now; one that is `null` is taken away.
 * @param {HabitBoard} board @param {string} id @param {{[member: string]: unknown}} now @returns {HabitBoard}
 */
function put(board, id, now) {
  const name = NAMES.find((it) => board[it].some((task) => task.id === id));
  if (!name) return board;
  const changed = (/** @type {HabitTask} */ task) => {
    const members = Object.entries({ ...task, ...now }).filter(([, value]) => value !== null);
    return /** @type {any} */ (Object.fromEntries(members));
  };
  return { ...board, [name]: board[name].map((task) => (task.id === id ? changed(task) : task)) };
}

/** @param {HabitBoard} board @param {string[]} path @param {unknown} value @returns {HabitBoard} */
function set(board, path, value) {
  return { ...board, user: within(board.user, path, value) };
}

/** @param {any} place @param {string[]} path @param {unknown} value @returns {any} */
function within(place, [name, ...rest], value) {
  const inner = rest.length ? within(place?.[name], rest, value) : value;
  return Array.isArray(place) ? place.with(Number(name), inner) : { ...place, [name]: inner };
}
