/**
 * What happens, newest first: runs that start, rest and end, events that are held, joined and over. Fed with what the page hears,
 * lists and changes alike; the same news heard twice stands once. Pure: no DOM, no socket; time comes in as an argument.
 */

/** @typedef {import('../protocol.js').Run} Run */
/** @typedef {import('../protocol.js').RunEvent} RunEvent */
/** @typedef {'started' | 'paused' | 'resumed' | 'finished' | 'planned' | 'held' | 'joined' | 'over' | 'cancelled'} Kind */

/** More than anybody reads. */
export const ITEMS_MAX = 80;
/** What happened before is no news. */
const OLD_MS = 24 * 3_600_000;

/**
 * @typedef {object} Item
 * @property {string} key the same for the same news
 * @property {Kind} kind
 * @property {number} at_ms
 * @property {string} name of the runner, or of who joined
 * @property {string | null} run
 * @property {{id: number, name: string} | null} event
 * @property {number} distance_m of a run that is over
 * @property {number} moving_s
 * @property {number | null} starts_at_ms of an event that is planned
 */

/** @param {Partial<Item> & Pick<Item, 'key' | 'kind' | 'at_ms' | 'name'>} item @returns {Item} */
function whole(item) {
  return { run: null, event: null, distance_m: 0, moving_s: 0, starts_at_ms: null, ...item };
}

export function createFeed() {
  /** @type {Item[]} newest first */
  let items = [];
  /** How each run stood when it was last heard of. @type {Map<string, import('../protocol.js').RunState>} */
  const states = new Map();

  /** @param {Item} item @param {number} now_ms @returns {boolean} whether it is news */
  function add(item, now_ms) {
    if (now_ms - item.at_ms > OLD_MS || items.some(({ key }) => key === item.key)) return false;
    const at = items.findIndex(({ at_ms }) => at_ms <= item.at_ms);
    if (at < 0 && items.length >= ITEMS_MAX) return false;
    items.splice(at < 0 ? items.length : at, 0, item);
    items.length = Math.min(items.length, ITEMS_MAX);
    return true;
  }

  /** @param {Run} run @param {number} now_ms @returns {boolean} */
  function hearRun(run, now_ms) {
    const { id, user: { name }, state } = run;
    const before = states.get(id);
    states.set(id, state);
    let isNews = false;
    if (run.started_at_ms !== null) isNews = add(whole({ key: `${id} started`, kind: 'started', at_ms: run.started_at_ms, name, run: id }), now_ms);
    if (state === 'finished' && run.finished_at_ms !== null) {
      const { distance_m, moving_s } = run;
      isNews = add(whole({ key: `${id} finished`, kind: 'finished', at_ms: run.finished_at_ms, name, run: id, distance_m, moving_s }), now_ms) || isNews;
      // Who is back is not resting any more.
      items = items.filter(({ run: of, kind }) => of !== id || (kind !== 'paused' && kind !== 'resumed'));
    } else if (before && before !== state && (state === 'paused' || before === 'paused')) {
      items = items.filter(({ run: of, kind }) => of !== id || (kind !== 'paused' && kind !== 'resumed'));
      const kind = state === 'paused' ? 'paused' : 'resumed';
      isNews = add(whole({ key: `${id} ${kind} ${now_ms}`, kind, at_ms: now_ms, name, run: id }), now_ms) || isNews;
    }
    return isNews;
  }

  /** @param {RunEvent} event @param {number} now_ms @returns {boolean} */
  function hearEvent(event, now_ms) {
    const about = { id: event.id, name: event.name };
    const say = (/** @type {Kind} */ kind, /** @type {number | null} */ at_ms) => at_ms !== null && at_ms <= now_ms
      && add(whole({ key: `event ${event.id} ${kind}`, kind, at_ms, name: event.creator.name, event: about, starts_at_ms: event.starts_at_ms }), now_ms);
    // What an event is called may change after it was told.
    for (const item of items) if (item.event?.id === event.id) item.event = about;
    if (event.state === 'cancelled') {
      items = items.filter((item) => item.event?.id !== event.id || item.kind === 'cancelled');
      return say('cancelled', event.cancelled_at_ms);
    }
    let isNews = say('planned', event.created_at_ms);
    if (event.state === 'come_up') return isNews;
    isNews = say('held', event.started_at_ms ?? event.starts_at_ms) || isNews;
    if (event.state === 'passed') isNews = say('over', event.ended_at_ms ?? event.ends_at_ms) || isNews;
    return isNews;
  }

  return {
    /** Newest first. */
    items: () => items,
    hearRun,
    hearEvent,
    /** @param {{id: number, name: string}} event @param {{id: string, name: string}} user @param {number} at_ms @returns {boolean} */
    hearJoined({ id, name }, user, at_ms) {
      return add(whole({ key: `event ${id} joined ${user.id}`, kind: 'joined', at_ms, name: user.name, event: { id, name } }), at_ms);
    },
    /** @param {number} event @param {string} user who has left, or was sent away */
    hearLeft(event, user) {
      items = items.filter(({ key }) => key !== `event ${event} joined ${user}`);
    },
    /** Not to be seen any more: nothing is told of it. @param {string} run */
    forget(run) {
      states.delete(run);
      items = items.filter((item) => item.run !== run);
    },
    /** Of runs that are neither told nor out, nothing is kept: a page may stay open for days. @param {Set<string>} out */
    tidy(out) {
      for (const id of states.keys()) if (!out.has(id) && !items.some(({ run }) => run === id)) states.delete(id);
    },
  };
}

/**
 * An item in words: parts that are read one after another, some of which lead somewhere.
 * @param {Item} item
 * @param {{distance: (distance_m: number) => string, duration: (seconds: number) => string, when: (at_ms: number) => string}} say
 * @returns {{text: string, href?: string, strong?: boolean}[]}
 */
export function wordsOf(item, say) {
  const run = { text: item.name, href: item.run ? `/runs/${encodeURIComponent(item.run)}` : undefined, strong: true };
  const event = { text: item.event?.name ?? '', href: `/events/${item.event?.id}`, strong: true };
  switch (item.kind) {
    case 'started':
      return [run, { text: ' started a run' }];
    case 'paused':
      return [run, { text: ' is taking a break' }];
    case 'resumed':
      return [run, { text: ' runs on' }];
    case 'finished':
      return [run, { text: ` finished: ${say.distance(item.distance_m)} in ${say.duration(item.moving_s)}` }];
    case 'planned':
      return [{ text: item.name, strong: true }, { text: ' invites to ' }, event, { text: item.starts_at_ms === null ? '' : `, ${say.when(item.starts_at_ms)}` }];
    case 'held':
      return [event, { text: ' has started' }];
    case 'joined':
      return [{ text: item.name, strong: true }, { text: ' joins ' }, event];
    case 'over':
      return [event, { text: ' is over' }];
    default:
      return [event, { text: ' was cancelled' }];
  }
}
