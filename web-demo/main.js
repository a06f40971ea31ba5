/**
 * The live page: who is running now, and which events there are. Wires the modules together.
 *
 * Where runners are is told by the cells of the map that are in view.
 */

import { listEvents, listRuns } from './api.js';
import { cellsOf } from './cells.js';
import { createEventList } from './event-list.js';
import { find, setText } from './elements.js';
import { createLiveView } from './live-view.js';
import { openShell } from './shell.js';
import { createView } from './view.js';

/** Events come and go slowly; while they are looked at they are asked for this often. */
const EVENTS_MS = 30_000;
/** The part of the address that shows the events. */
const EVENTS_HASH = '#events';

/** @type {ReturnType<typeof createView> | null} */
let cells = null;
/** @type {import('./base-map.js').BaseMap | null} */
let baseMap = null;

const live = createLiveView({
  label: 'Map of everybody who is running',
  listRuns: () => listRuns(),
  onRender(all, { answered, connection }) {
    const out = all.filter((runner) => runner.run.state !== 'finished').length;
    setText(find('#count'), answered && out ? String(out) : '');
    find('#loading').hidden = answered || connection === 'offline';
    find('#empty').hidden = !answered || all.length > 0;
    find('#unreachable').hidden = answered || connection !== 'offline';
  },
  onLive(opened) {
    cells = createView({ enter: opened.enter, leave: opened.leave, onSeen, onGone: (id) => live.gone(live.runners.get(id)) });
    look();
  },
  onLook(shown) {
    baseMap = shown;
    look();
  },
  counts: () => cells?.counts() ?? new Map(),
});

/** @param {import('./view.js').Seen[]} seen @param {number} at_ms */
function onSeen(seen, at_ms) {
  for (const { id, ...place } of seen) live.placed(live.runners.get(id), id, place, at_ms);
  live.changed();
}

/** The cells in view are watched. */
function look() {
  if (baseMap) cells?.show(cellsOf(baseMap.bounds()));
}

/** The calls that start a run, for this server, ready to be copied. */
function hint() {
  setText(find('#curl'), [
    `curl --json '{"name":"Aino","password":"a long one"}' ${location.origin}/api/users`,
    `curl --json '{"visibility":"public"}' -H 'Authorization: Bearer TOKEN' ${location.origin}/api/runs`,
    `curl --json '{"fixes":[{"time":"${new Date().toISOString().slice(0, 19)}Z","latitude":60.17,"longitude":24.94}]}' -H 'Authorization: Bearer TOKEN' ${location.origin}/api/runs/RUN/fixes`,
  ].join('\n\n'));
}

/** One of two lists is shown: who is running, or which events there are. The address says which. */
function initEvents() {
  const list = createEventList(find('#event-list'));
  const [runnersButton, eventsButton] = [find('#show-runners'), find('#show-events')];

  async function refresh() {
    try {
      const events = await listEvents();
      list.render(events);
      const current = events.filter((event) => event.state === 'current').length;
      setText(find('#event-count'), current ? String(current) : '');
      find('#no-events').hidden = events.length > 0;
    } catch (failure) {
      console.info('events:', failure instanceof Error ? failure.message : failure);
    }
  }

  function show() {
    const isEvents = location.hash === EVENTS_HASH;
    find('#running').hidden = isEvents;
    find('#events').hidden = !isEvents;
    runnersButton.setAttribute('aria-pressed', String(!isEvents));
    eventsButton.setAttribute('aria-pressed', String(isEvents));
    if (isEvents) refresh();
  }

  runnersButton.addEventListener('click', () => history.replaceState(null, '', location.pathname + location.search));
  eventsButton.addEventListener('click', () => history.replaceState(null, '', EVENTS_HASH));
  for (const button of [runnersButton, eventsButton]) button.addEventListener('click', show);
  window.addEventListener('hashchange', show);
  window.setInterval(() => {
    if (!document.hidden && location.hash === EVENTS_HASH) refresh();
  }, EVENTS_MS);
  show();
  if (location.hash !== EVENTS_HASH) refresh();
}

openShell();
hint();
initEvents();
live.start();
