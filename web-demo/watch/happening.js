/**
 * What happens, on the live page: one of two lists that are shown there. First from lists, then from what the page hears: runs by the
 * map's cells and by their list, events by the channels of those that are under way or soon will be.
 */

import { getRun, listEvents, listFinished } from '../api.js';
import { serverNow } from '../clock.js';
import { find } from '../elements.js';
import { getUnits } from '../settings.js';
import { createFeed } from './feed.js';

/** @typedef {import('../protocol.js').RunEvent} RunEvent */
/** @typedef {Awaited<ReturnType<typeof import('../live.js').openLive>>} Live */

/** Lists are asked for this often, while somebody looks at the page. */
const REFRESH_MS = 30_000;
const FINISHED_LEN = 30;
/** Events whose channels are heard: the page has other uses for channels too. */
const EVENTS_HEARD_MAX = 16;
/** Of so many runs that have left the list it is asked at once how they ended. */
const ENDED_MAX = 10;
const HASH = '#happening';

export function createHappening() {
  const feed = createFeed();
  /** How it is shown is loaded when somebody wants to see it. @type {ReturnType<typeof import('./feed-view.js').createFeedView> | null} */
  let view = null;
  let isLoading = false;
  const buttons = { runners: find('#show-runners'), happening: find('#show-happening') };
  /** @type {Map<number, {event: RunEvent, stop: () => void}>} */
  const heard = new Map();
  /** Who was out in the list before. @type {Set<string>} */
  let out = new Set();
  /** @type {Live | null} */
  let live = null;
  let answered = false;

  const isShown = () => location.hash === HASH;

  async function loadView() {
    if (isLoading) return;
    isLoading = true;
    try {
      const { createFeedView } = await import('./feed-view.js');
      view = createFeedView(find('#feed'), find('#feed-announcer'));
      render();
    } catch {
      isLoading = false; // the line is gone: the next time that there is something to show
    }
  }

  function render() {
    if (!view && isShown()) loadView();
    view?.render(feed.items(), { units: getUnits(), now_ms: serverNow(), isShown: isShown() });
    find('#no-news').hidden = !answered || feed.items().length > 0;
  }

  function show() {
    find('#running').hidden = isShown();
    find('#happening').hidden = !isShown();
    buttons.runners.setAttribute('aria-pressed', String(!isShown()));
    buttons.happening.setAttribute('aria-pressed', String(isShown()));
    render();
  }

  /** @param {import('../protocol.js').Run} run */
  function hearRun(run) {
    if (feed.hearRun(run, serverNow())) render();
  }

  /** @param {import('../protocol.js').Run[]} runs */
  function hearRuns(runs) {
    const before = out;
    out = new Set(runs.map(({ id }) => id));
    for (const run of runs) feed.hearRun(run, serverNow());
    feed.tidy(out);
    const ended = [...before].filter((id) => !out.has(id)).slice(0, ENDED_MAX);
    Promise.all(ended.map((id) => getRun(id).then(hearRun, () => feed.forget(id)))).then(render);
  }

  /** @param {RunEvent} event */
  function hearEvent(event) {
    feed.hearEvent(event, serverNow());
    const known = heard.get(event.id);
    if (known) known.event = event;
    const isOn = event.state === 'current' || event.state === 'come_up';
    if (known && !isOn) {
      known.stop();
      heard.delete(event.id);
    }
    if (known || !isOn || !live || heard.size >= EVENTS_HEARD_MAX) return;
    heard.set(event.id, { event, stop: live.hearEvent(event.id, (change) => hearChange(event.id, change)) });
  }

  /** @param {number} id @param {import('../protocol.js').EventChange} change */
  function hearChange(id, change) {
    const event = heard.get(id)?.event;
    if (!event || change.type === 'achievement') return;
    if (change.type === 'joined') feed.hearJoined(event, change.user, change.at_ms ?? serverNow());
    else if (change.type === 'left') feed.hearLeft(id, change.user.id);
    else if ('event' in change) hearEvent(change.event);
    render();
  }

  async function refresh() {
    try {
      const [finished, events] = await Promise.all([listFinished(FINISHED_LEN), listEvents()]);
      for (const run of finished) feed.hearRun(run, serverNow());
      events.forEach(hearEvent);
      answered = true;
      render();
    } catch (failure) {
      console.info('feed:', failure instanceof Error ? failure.message : failure);
    }
  }

  buttons.runners.addEventListener('click', () => history.replaceState(null, '', location.pathname + location.search));
  buttons.happening.addEventListener('click', () => history.replaceState(null, '', HASH));
  for (const button of Object.values(buttons)) button.addEventListener('click', show);
  window.addEventListener('hashchange', show);
  show();

  return {
    render,
    /** @param {Live} opened */
    open(opened) {
      live = opened;
      refresh();
      window.setInterval(() => {
        if (!document.hidden) refresh();
      }, REFRESH_MS);
    },
    /** @type {import('../live-view.js').Listener} */
    listener: { runs: hearRuns, run: hearRun, hidden: feed.forget },
  };
}
