/**
 * The page of one event: when it is, who takes part, and where those are who are running. Wires the modules together; also for
 * somebody who came by a share link.
 *
 * The event's own channel tells who comes and goes, and what becomes of it; its channel of positions tells where its runners are.
 */

import { account, onAccount } from './account.js';
import { getEvent, listRuns } from './api.js';
import { applyEventChange, eventKnown, EVENT_WORDS, participantsWords, when } from './events.js';
import { find, setText } from './elements.js';
import { boundsOf } from './geo.js';
import { held } from './held.js';
import { createLiveView } from './live-view.js';
import { askToLogIn } from './log-in.js';
import { ApiError } from './rest.js';
import { openShell } from './shell.js';

/** While the server does not answer, it is asked again. */
const RETRY_MS = 4_000;
/** Names that are shown of those who are not running: more than anybody reads. */
const ROSTER_SHOWN_MAX = 200;

const page = find('#event-page');
const id = held.event ?? Number(location.pathname.split('/').filter(Boolean)[1]);
/** @type {import('./events.js').Known | null} */
let known = null;
/** @type {import('./base-map.js').BaseMap | null} */
let map = null;
/** What one may do here: comes when the page stands. @type {ReturnType<typeof import('./join/event-actions.js').createEventActions> | null} */
let actions = null;
/** The roster as it is shown, so that it is written only when it differs. */
let written = '';

/** @type {Record<import('./protocol.js').EventState, string>} */
const NOBODY_WORDS = {
  current: 'Nobody is running right now. As soon as somebody starts, they appear here and on the map.',
  come_up: 'It has not started. Those who warm up are shown here from an hour before.',
  passed: 'The event is over, and everybody is back.',
  cancelled: 'The event was cancelled.',
};
/** What the table of those is called who are out. @type {Record<import('./protocol.js').EventState, string>} */
const RUNNING_WORDS = { current: 'Running now', come_up: 'Warming up', passed: 'Still out', cancelled: 'Out all the same' };

const view = createLiveView({
  label: 'Map of the event',
  listRuns: () => listRuns(id),
  onRender(all) {
    if (known) render(known, all);
  },
  onLive(live) {
    live.watchEvent(id, {
      snapshot(snapshot) {
        known = eventKnown(snapshot);
        signPlaces();
        view.changed();
      },
      change(change) {
        if (known) applyEventChange(known, change);
        actions?.told(change);
        signPlaces();
        view.changed();
      },
      frame: placeAll,
      gone: showUnknown,
    });
  },
  onLook(baseMap) {
    if (map) return;
    map = baseMap;
    signPlaces();
    // Until somebody is out: then the camera goes there.
    if (view.runners.byId.size === 0) lookAtPlaces(baseMap);
  },
});

function signPlaces() {
  if (!known) return;
  map?.sign(known.event.start, 'Start');
  map?.sign(known.event.destination, 'Destination');
}

/** @param {import('./base-map.js').BaseMap} baseMap */
function lookAtPlaces(baseMap) {
  const { start, destination } = known?.event ?? { start: null, destination: null };
  const bounds = start && destination && boundsOf([start, destination]);
  if (bounds) baseMap.fit(bounds, { animate: false });
  else if (start) baseMap.goTo(start);
}

/** Runners by the users that they are: whoever begins another run is that run's. */
function byUser() {
  /** @type {Map<string, import('./runners.js').Runner>} */
  const found = new Map();
  for (const runner of view.runners.byId.values()) {
    if (runner.run.state !== 'finished' || !found.has(runner.run.user.id)) found.set(runner.run.user.id, runner);
  }
  return found;
}

/** @param {import('./protocol.js').Frame} frame */
function placeAll(frame) {
  const runners = byUser();
  for (const { number, ...place } of frame.runners) {
    const participant = known?.roster.get(number);
    if (!participant) continue;
    const runner = runners.get(participant.id);
    view.placed(runner?.run.state === 'finished' ? undefined : runner, `${number} ${runner?.run.id}`, place, frame.at_ms);
  }
  for (const number of frame.gone) view.gone(runners.get(known?.roster.get(number)?.id ?? ''));
  view.changed();
}

/** @param {import('./events.js').Known} event @param {import('./runners.js').Runner[]} all */
function render({ event, roster }, all) {
  page.dataset.shows = 'event';
  document.title = `${event.name} · Runnity`;
  setText(find('#event-name'), event.name);
  setText(find('#state'), EVENT_WORDS[event.state]);
  find('#state').dataset.state = event.state;
  setText(find('#when'), when(event));
  setText(find('#description'), event.description);
  setText(find('#people'), participantsWords(event));
  setText(find('#creator'), `held by ${event.creator.name}`);
  const out = all.filter((runner) => runner.run.state !== 'finished').length;
  setText(find('#count'), out ? String(out) : '');
  setText(find('#running-word'), out ? RUNNING_WORDS[event.state] : 'Just back');
  find('#running-title').hidden = all.length === 0;
  find('#nobody').hidden = all.length > 0;
  setText(find('#nobody'), NOBODY_WORDS[event.state]);
  const running = new Set(all.map((runner) => runner.run.user.id));
  const others = [...roster.values()].filter((participant) => !running.has(participant.id));
  find('#roster-title').hidden = others.length === 0;
  setText(find('#roster-word'), all.length > 0 ? 'Also taking part' : 'Taking part');
  setText(find('#others'), String(others.length));
  writeRoster(others.sort((a, b) => a.number - b.number).slice(0, ROSTER_SHOWN_MAX), others.length);
  if (known) actions?.show(known);
}

/** Names are other people's words: text, never markup. @param {import('./protocol.js').Participant[]} shown @param {number} len */
function writeRoster(shown, len) {
  const names = shown.map((participant) => participant.name);
  if (len > shown.length) names.push(`and ${len - shown.length} more`);
  const now = names.join('\n');
  if (now === written) return;
  written = now;
  find('#roster').replaceChildren(...names.map((name) => {
    const item = document.createElement('li');
    item.textContent = name;
    return item;
  }));
}

function showUnknown() {
  page.dataset.shows = 'unknown';
  document.title = 'This event is not here · Runnity';
  find('#connection').hidden = true;
  if (account()) return;
  askToLogIn(find('#unknown-log-in'), 'If you are invited, log in to see it.');
  // Perhaps in another window.
  onAccount((own) => own && location.reload());
}

async function start() {
  openShell();
  for (;;) {
    try {
      known = { event: await getEvent(id), roster: new Map() };
      break;
    } catch (failure) {
      if (failure instanceof ApiError && !failure.isPassing) return showUnknown();
      console.info('event:', failure instanceof Error ? failure.message : failure);
      await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
    }
  }
  import('./join/event-actions.js').then(({ createEventActions }) => {
    actions = createEventActions(find('#event-actions'), id);
    view.changed();
  });
  await view.start();
}

start();
