/**
 * The live page: who is running now, and what happens. Wires the modules together.
 *
 * Where runners are is told by the cells of the map that are in view.
 */

import { listRuns } from './api.js';
import { cellsOf } from './cells.js';
import { find, setText } from './elements.js';
import { createLiveView } from './live-view.js';
import { openShell } from './shell.js';
import { showAbout } from './watch/about.js';
import { createView } from './view.js';
import { createHappening } from './watch/happening.js';

/** @type {ReturnType<typeof createView> | null} */
let cells = null;
/** @type {import('./base-map.js').BaseMap | null} */
let baseMap = null;

const happening = createHappening();

const live = createLiveView({
  label: 'Map of everybody who is running',
  listRuns: () => listRuns(),
  onRender(all, { answered, connection }) {
    const out = all.filter((runner) => runner.run.state !== 'finished').length;
    setText(find('#count'), answered && out ? out.toLocaleString() : '');
    find('#loading').hidden = answered || connection === 'offline';
    find('#empty').hidden = !answered || all.length > 0;
    find('#unreachable').hidden = answered || connection !== 'offline';
    happening.render();
  },
  onLive(opened) {
    cells = createView({ enter: opened.enter, leave: opened.leave, onSeen, onGone: (id) => live.gone(live.runners.get(id)) });
    happening.open(opened);
    look();
  },
  onLook(shown) {
    baseMap = shown;
    look();
  },
  counts: () => cells?.counts() ?? new Map(),
  listener: happening.listener,
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

// The events had their place here once, and have a page now.
if (location.hash === '#events') location.replace('/events');
else {
  openShell();
  showAbout();
  live.start();
}
