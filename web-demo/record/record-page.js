/**
 * The page of the own run: before, on the way, after. Wires the device (position, screen, windows), the recorder and the screens
 * together.
 */

import { account, onAccount } from '../account.js';
import { onConnection } from '../connection.js';
import { element, find, setText } from '../elements.js';
import { openLive } from '../live.js';
import { askToLogIn } from '../log-in.js';
import { onSettings } from '../settings.js';
import { openShell } from '../shell.js';
import { createNotices } from './notices.js';
import { keepPage } from './offline.js';
import { foreseenTrouble, permission, watchPosition } from './position.js';
import { createReady } from './ready.js';
import { createRecorder } from './recorder.js';
import { createRunning } from './running.js';
import { openStore } from './store.js';
import { ACCURACY_MAX_M } from './tally.js';
import { createWakeLock } from './wake-lock.js';
import { createWindowLock } from './window-lock.js';
import { sayAccuracy, TROUBLES } from './words.js';

const TICK_MS = 1_000;
const MAP_RETRY_MS = 15_000;
/** The place from before the start is its first fix, if it is no older. */
const WARM_MS = 3_000;

/** @typedef {{user: string, visibility: import('./recording.js').Visibility, event: number | null}} Choice */

const page = find('#content');
const asked = Number(new URLSearchParams(location.search).get('event'));
const eventId = Number.isSafeInteger(asked) && asked > 0 ? asked : null;

/** What this window is for. @type {'loading' | 'elsewhere' | 'mine'} */
let role = 'loading';
/** A start that waits for a position, or for the others. @type {{choice: Choice, forOthers: boolean} | null} */
let pending = null;
/** @type {import('./recording.js').DeviceFix | null} */
let newest = null;
/** @type {import('./running.js').Device} */
const device = { trouble: null, wake: 'off', isOnline: navigator.onLine };
/** @type {{stop: () => void} | null} */
let watching = null;
/** @type {Awaited<ReturnType<typeof import('./own-map.js').createOwnMap>> | 'coming' | 'missing' | null} */
let map = null;
let isLeaving = false;

// A database that takes its time is no reason for an empty page.
openShell();
const store = await openStore();
const recorder = createRecorder(store, render);
const running = createRunning({ onTurn: recorder.turn });
const notices = createNotices(find('#notices'), recorder, leave);
const doneNotices = createNotices(find('#done-notices'), recorder, leave);
const ready = createReady(eventId, { onStart: start });
const wakeLock = createWakeLock((wake) => {
  device.wake = wake;
  render();
});
const windowLock = createWindowLock({
  onMine() {
    role = 'mine';
    recorder.open().then(measureIfAllowed);
  },
  onLost() {
    role = 'elsewhere';
    pending = null;
    stopMeasuring();
    recorder.close();
    windowLock.takeWhenFree();
  },
});

/** @returns {'loading' | 'ask' | 'elsewhere' | 'ready' | 'finding' | 'running' | 'done'} */
function screen() {
  if (role !== 'mine') return role;
  const recorded = recorder.recorded();
  if (recorded) return recorded.progress.state === 'finished' ? 'done' : 'running';
  if (!account()) return 'ask';
  return pending ? 'finding' : 'ready';
}

function render() {
  if (isLeaving) return;
  const shows = screen();
  const recorded = recorder.recorded();
  const hasTurned = page.dataset.shows !== shows;
  page.dataset.shows = shows;
  const isUnderWay = shows === 'running';
  const isStranger = recorded !== null && account() !== null && account()?.id !== recorded.head.user;
  document.body.classList.toggle('under-way', isUnderWay);
  wakeLock.want((isUnderWay && !isStranger) || shows === 'finding');
  if (recorded) {
    find('#controls').hidden = isStranger;
    notices.render(isUnderWay ? recorded : null, isStranger);
    doneNotices.render(isUnderWay ? null : recorded, isStranger);
    if (isUnderWay) renderRunning(recorded, isStranger);
    else {
      running.renderDone(recorded, store.kept, isStranger);
      stopMeasuring();
      if (recorded.steps === 0) leaveDone(recorded.head.run);
    }
  }
  if (shows === 'ask') askToLogIn(find('#ask'), 'Runs are recorded with an account: it says whose they are, and who may see them.');
  if (shows === 'ready' || shows === 'finding') renderPlace();
  if (hasTurned) turned(shows);
}

/** @param {import('./recorder.js').Recorded} recorded @param {boolean} isStranger whose way is not that of the run */
function renderRunning(recorded, isStranger) {
  if (isStranger) stopMeasuring();
  else measure();
  running.render(recorded, device, store.kept, isStranger);
  if (map === null) showMap();
  else if (typeof map === 'object') map.render(recorded.progress);
}

/** @param {string} shows */
function turned(shows) {
  setText(find('#title'), shows === 'running' ? 'Your run' : 'Run');
  document.title = shows === 'running' ? 'Running · Runnity' : 'Run · Runnity';
  if (shows === 'ready') ready.load();
  if (shows === 'finding') find('#cancel').focus();
  if (shows === 'done' || shows === 'running') page.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function renderPlace() {
  const { trouble } = device;
  const accuracy = newest ? sayAccuracy(newest.accuracy_m, ACCURACY_MAX_M) : '';
  setText(find('#ready-place'), trouble ? '' : newest ? `Your position is known: ${accuracy}` : watching ? 'Finding your position…' : '');
  const card = trouble ? () => element('div', { class: 'card trouble', role: 'alert' },
    element('h3', {}, TROUBLES[trouble].title), element('p', {}, TROUBLES[trouble].help),
    trouble === 'denied' && element('button', { type: 'button', class: 'button plain', onclick: tryAgain }, 'Try again')) : null;
  for (const place of [find('#ready-trouble'), find('#finding-trouble')]) {
    if (place.dataset.trouble === String(trouble)) continue;
    place.dataset.trouble = String(trouble);
    place.replaceChildren(...(card ? [card()] : []));
  }
  if (!pending) return;
  setText(find('#finding-title'), pending.forOthers ? 'Waiting for the start' : 'Finding your position…');
  const event = ready.chosen()?.event;
  const others = `${event?.name ?? 'The event'}: your run begins by itself when it is started. Leave this page open.${newest ? ' Your position is known.' : ''}`;
  setText(find('#finding-words'), pending.forOthers ? others : 'Your run begins with the first position. It helps to stand where there is sky.');
}

function tryAgain() {
  stopMeasuring();
  measure();
}

function measure() {
  watching ??= watchPosition({
    onFix(fix) {
      newest = fix;
      if (pending && !pending.forOthers) begin();
      recorder.fix(fix);
      if (!recorder.recorded()) render();
    },
    onTrouble(trouble) {
      if (trouble === device.trouble) return;
      device.trouble = trouble;
      if (trouble === 'denied' && pending) pending = null;
      render();
    },
  });
}

function stopMeasuring() {
  watching?.stop();
  watching = null;
}

/** Whoever has said yes before sees before the start that there is a position; whoever was not asked is asked then. */
async function measureIfAllowed() {
  device.trouble = foreseenTrouble();
  if (!device.trouble && account() && screen() === 'ready' && (await permission()) === 'granted') measure();
  render();
}

/** @param {{visibility: import('./recording.js').Visibility, event: number | null, withOthers: boolean}} chosen */
function start({ visibility, event, withOthers }) {
  const own = account();
  if (!own || recorder.recorded() || pending) return;
  pending = { choice: { user: own.id, visibility, event }, forOthers: withOthers };
  const isWarm = newest !== null && Date.now() - newest.time_ms < WARM_MS;
  // Who stands still is not told a place again: it is asked for anew.
  if (!isWarm) tryAgain();
  if (withOthers && event !== null) waitForOthers(event);
  else if (isWarm) begin();
  render();
}

async function begin() {
  if (!pending) return;
  const { choice } = pending;
  pending = null;
  await recorder.begin(choice);
  if (newest && Date.now() - newest.time_ms < WARM_MS) recorder.fix(newest);
  render();
}

let isListening = false;

/** @param {number} event */
async function waitForOthers(event) {
  if (isListening) return;
  isListening = true;
  const started = () => {
    if (pending?.forOthers) begin();
  };
  const over = () => {
    if (!pending?.forOthers) return;
    pending = null;
    render();
  };
  const live = await openLive();
  live.watchEvent(event, {
    snapshot: ({ event: now }) => (now.state === 'current' ? started() : now.state !== 'come_up' && over()),
    change(change) {
      if (change.type === 'started') started();
      if (change.type === 'cancelled' || change.type === 'ended') over();
    },
    frame() {},
    gone: over,
  });
}

async function showMap() {
  map = 'coming';
  try {
    const { createOwnMap } = await import('./own-map.js');
    map = await createOwnMap(find('#map'), find('#follow'), account()?.name ?? 'You');
    render();
  } catch (failure) {
    console.info('map:', failure instanceof Error ? failure.message : failure);
    const isAway = !navigator.onLine || recorder.recorded()?.failing;
    // Its modules come when the line is back; where there is no WebGL, it never comes.
    map = isAway ? 'coming' : 'missing';
    document.body.classList.toggle('no-map', !isAway);
    if (isAway) window.setTimeout(() => (map = null), MAP_RETRY_MS);
  }
}

/** All is on the server. @param {string | null} run */
async function leaveDone(run) {
  isLeaving = true;
  await store.clear();
  location.replace(run ? `/runs/${run}` : '/my-runs');
}

/** Nothing is kept any more. @param {string | null} run */
function leave(run) {
  if (run) location.assign(`/runs/${run}`);
  else stopMeasuring();
  measureIfAllowed();
}

async function open() {
  render();
  if (await windowLock.tryTake()) return;
  // Nothing is recorded there: it only stands open.
  if (!(await store.load())) return void windowLock.takeOver();
  role = 'elsewhere';
  render();
  windowLock.takeWhenFree();
}

find('#take-over').addEventListener('click', () => windowLock.takeOver());
find('#cancel').addEventListener('click', () => {
  pending = null;
  render();
  find('#start').focus();
});
onAccount(() => {
  if (account() && recorder.recorded()?.hold?.why === 'logged_out') recorder.release();
  recorder.wake();
  render();
});
onConnection((connection) => {
  if (connection === 'live') recorder.wake();
});
onSettings(render);
for (const change of ['online', 'offline']) {
  window.addEventListener(change, () => {
    device.isOnline = navigator.onLine;
    recorder.wake();
    render();
  });
}
window.addEventListener('beforeunload', (input) => {
  // Nothing is lost, but nothing is measured either while the page is away. What only the page knows is lost with it.
  if (screen() === 'running' || (screen() === 'done' && !store.kept && !isLeaving)) input.preventDefault();
});
window.setInterval(render, TICK_MS);
open();
keepPage();

/** What the page knows, for tests and for the curious. Reading only. */
Object.defineProperty(window, 'runnity', {
  value: Object.freeze({
    idle: () => typeof map === 'object' && map !== null && map.idle(),
    drawn: () => (typeof map === 'object' && map !== null ? map.drawn() : []),
    recorded() {
      const recorded = recorder.recorded();
      return recorded && {
        run: recorded.head.run, state: recorded.progress.state, waiting: recorded.waiting, steps: recorded.steps, hold: recorded.hold?.why ?? null,
        reckoned_m: recorded.progress.tally.distance_m, elapsed_s: recorded.progress.tally.elapsed_ms / 1000, told_m: recorded.head.told_m, seq: recorded.progress.seq, newest_ms: recorded.progress.newest?.time_ms ?? null,
      };
    },
  }),
});
