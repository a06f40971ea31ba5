/**
 * The page of one's own runs: by week, each with who sees it, and a way to delete it.
 */

import { account, onAccount } from '../account.js';
import { element, find, setText } from '../elements.js';
import { formatDistance, formatDistanceNumber, formatDuration, formatPace } from '../format.js';
import { askToLogIn } from '../log-in.js';
import { get, getPages, patch, remove, wordsOf } from '../rest.js';
import { getUnits, onSettings } from '../settings.js';
import { openShell } from '../shell.js';
import { averagePace } from './recording.js';
import { openStore } from './store.js';
import { askTwice } from './two-steps.js';
import { lastWeeks, parseOwnRun, weekStart, weeksOf, weeksOn } from './weeks.js';
import { VISIBILITIES } from './words.js';

const WEEKS = 12;
/** More runs than anybody's twelve weeks have. */
const RUNS_MAX = 2_000;
const RETRY_MS = 4_000;

/** @typedef {import('./weeks.js').OwnRun} OwnRun */

/** @type {OwnRun[]} */
let runs = [];
let isLoaded = false;
/** Of this moment on, all is known. */
let from_ms = weeksOn(weekStart(Date.now()), 1 - WEEKS);
let older = false;

/** @param {number} at_ms @param {Intl.DateTimeFormatOptions} parts */
const when = (at_ms, parts) => new Intl.DateTimeFormat(undefined, parts).format(at_ms);
const runsInWords = (/** @type {number} */ count) => (count === 1 ? '1 run' : `${count} runs`);

function render() {
  const own = account();
  for (const part of ['#go', '#older', '#zone']) find(part).hidden = !own;
  if (!own) {
    find('#runs').replaceChildren();
    find('#weeks-card').hidden = true;
    return askToLogIn(find('#ask'), 'Your runs are kept with your account.');
  }
  find('#ask').replaceChildren();
  find('#older').hidden = !older;
  if (!isLoaded) return;
  renderWeeks();
  const weeks = weeksOf(runs);
  find('#runs').replaceChildren(...weeks.flatMap(renderWeek));
  if (weeks.length > 0) return;
  find('#runs').append(element('div', { class: 'empty' },
    element('p', {}, older ? 'No runs in the last twelve weeks.' : 'You have not run yet. Take this device along, and start your first run.'),
    element('a', { class: 'button', href: '/record' }, 'Start a run')));
}

function renderWeeks() {
  const units = getUnits();
  const weeks = lastWeeks(runs, Date.now(), WEEKS);
  const most_m = Math.max(...weeks.map((week) => week.distance_m));
  find('#weeks-card').hidden = most_m === 0;
  const all = weeks.flatMap((week) => week.runs);
  const all_m = all.reduce((sum, run) => sum + run.distance_m, 0);
  const all_s = all.reduce((sum, run) => sum + run.elapsed_s, 0);
  setText(find('#weeks-words'), `${runsInWords(all.length)}, ${formatDistance(all_m, units)} in ${formatDuration(all_s)}`);
  find('#weeks').replaceChildren(...weeks.map(({ starts_ms, distance_m, runs: its }, index) => {
    const day = when(starts_ms, { day: 'numeric', month: 'short' });
    const block = element('span', { class: 'block' });
    block.style.height = `${most_m > 0 ? Math.round((distance_m / most_m) * 96) : 0}px`;
    const isNow = index === WEEKS - 1;
    const amount = distance_m === most_m || isNow ? formatDistanceNumber(distance_m, units).replace(/(\.\d)\d$/, '$1') : '';
    return element('li', {},
      element('span', { class: 'unseen' }, `Week of ${day}: ${formatDistance(distance_m, units)}, ${runsInWords(its.length)}`),
      element('span', { class: 'column', ariaHidden: 'true' }, element('span', { class: 'amount' }, amount), block),
      element('span', { class: 'when', ariaHidden: 'true' }, isNow ? 'Now' : index % 4 === 0 ? day : ''));
  }));
}

/** @param {import('./weeks.js').Week} week */
function renderWeek({ starts_ms, runs: its, distance_m, elapsed_s }) {
  const units = getUnits();
  const isNow = starts_ms === weekStart(Date.now());
  const days = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' }).formatRange(starts_ms, weeksOn(starts_ms, 1) - 1);
  return [
    element('div', { class: 'week-head' },
      element('h2', {}, isNow ? 'This week' : days),
      element('p', {}, `${runsInWords(its.length)} · ${formatDistance(distance_m, units)} · ${formatDuration(elapsed_s)}`)),
    element('ul', { class: 'runs' }, ...its.map(renderRun)),
  ];
}

/** @param {OwnRun} run */
function renderRun(run) {
  const units = getUnits();
  const title = when(run.begun_ms, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  const state = { planned: 'Planned', live: 'Live', paused: 'Paused', finished: '' }[run.state];
  const pace = averagePace(run.distance_m, run.moving_s);
  const wrong = element('p', { class: 'wrong', role: 'alert' });
  const deeds = element('div', { class: 'deeds' }, chooser(run, title, wrong), element('button', {
    type: 'button', class: 'button danger', ariaLabel: `Delete the run of ${title}`,
    onclick: () => askTwice(deeds, {
      question: 'Delete it for good?', back: 'Keep it', sure: 'Delete', onSure: () => deleteRun(run, title, row, wrong),
    }),
  }, 'Delete'));
  const row = element('li', { class: 'run-row' },
    element('div', {},
      element('a', { class: 'to-run', href: `/runs/${run.id}` }, title),
      state && element('span', { class: 'chip' }, state),
      element('p', { class: 'numbers' },
        element('b', {}, formatDistance(run.distance_m, units)), element('span', {}, formatDuration(run.elapsed_s)),
        pace !== null && element('span', {}, formatPace(pace, units)),
        run.event !== null && element('a', { href: `/events/${run.event}` }, 'In an event'),
        run.withheld && element('span', {}, `Does not count: ${run.withheld}`))),
    deeds, wrong);
  if (run.state !== 'finished') row.querySelector('.chip')?.setAttribute('data-state', run.state);
  return row;
}

/** Who sees a run. @param {OwnRun} run @param {string} title @param {HTMLElement} wrong */
function chooser(run, title, wrong) {
  const select = element('select', { ariaLabel: `Who sees the run of ${title}` },
    ...Object.entries(VISIBILITIES).map(([value, { word }]) => element('option', { value, selected: value === run.visibility }, word)));
  select.addEventListener('change', async () => {
    select.disabled = true;
    setText(wrong, '');
    try {
      const changed = parseOwnRun(await patch(`/api/runs/${run.id}`, { visibility: select.value }));
      if (changed) run.visibility = changed.visibility;
      setText(find('#announcer'), VISIBILITIES[run.visibility].help);
    } catch (failure) {
      setText(wrong, wordsOf(failure));
    }
    select.value = run.visibility;
    select.disabled = false;
    select.focus();
  });
  return select;
}

/** @param {OwnRun} run @param {string} title @param {HTMLElement} row @param {HTMLElement} wrong */
async function deleteRun(run, title, row, wrong) {
  row.setAttribute('aria-busy', 'true');
  try {
    await remove(`/api/runs/${run.id}`);
    runs = runs.filter((each) => each !== run);
    render();
    setText(find('#announcer'), `The run of ${title} is deleted.`);
    find('#content').focus({ preventScroll: true });
  } catch (failure) {
    row.removeAttribute('aria-busy');
    setText(wrong, wordsOf(failure));
  }
}

/** Runs of so many weeks, and whether there are older ones. @param {number} until_ms */
async function loadUntil(until_ms) {
  const period = `from=${encodeURIComponent(new Date(from_ms).toISOString())}&until=${encodeURIComponent(new Date(until_ms).toISOString())}`;
  const [documents, before] = await Promise.all([
    getPages(`/api/runs?user=me&${period}`, RUNS_MAX),
    get(`/api/runs?user=me&until=${encodeURIComponent(new Date(from_ms).toISOString())}&page=1&page_size=1`),
  ]);
  const known = new Set(runs.map((run) => run.id));
  for (const document of documents) {
    const run = parseOwnRun(document);
    if (run && !known.has(run.id)) runs.push(run);
  }
  older = before.length > 0;
  return parseOwnRun(before[0])?.begun_ms ?? null;
}

let olderThan_ms = /** @type {number | null} */ (null);

async function load() {
  if (!account()) return render();
  try {
    olderThan_ms = await loadUntil(Date.now() + 86_400_000);
    isLoaded = true;
    setText(find('#wrong'), '');
  } catch (failure) {
    setText(find('#wrong'), `${wordsOf(failure)} Trying again…`);
    window.setTimeout(load, RETRY_MS);
  }
  render();
}

async function loadOlder() {
  if (olderThan_ms === null) return;
  const button = /** @type {HTMLButtonElement} */ (find('#older'));
  button.setAttribute('aria-disabled', 'true');
  const until_ms = from_ms;
  from_ms = weeksOn(weekStart(olderThan_ms), 1 - WEEKS);
  try {
    olderThan_ms = await loadUntil(until_ms);
    setText(find('#wrong'), '');
  } catch (failure) {
    from_ms = until_ms;
    setText(find('#wrong'), wordsOf(failure));
  }
  button.removeAttribute('aria-disabled');
  render();
}

async function showWhatWaits() {
  const kept = await (await openStore()).load();
  find('#waits').hidden = kept === null;
}

openShell();
setText(find('#zone'), `Days and times are those of ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`);
find('#older').addEventListener('click', loadOlder);
onSettings(render);
onAccount(() => {
  runs = [];
  isLoaded = false;
  load();
});
showWhatWaits();
load();
