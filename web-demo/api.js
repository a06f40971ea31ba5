/**
 * Runs, their tracks and events, as the pages that watch ask for them: parsed. Knows no screen.
 */

import { parseEvent, parseFix, parseRun } from './protocol.js';
import { ApiError, get } from './rest.js';

/** Runs in one answer; the server's bound is 200. */
const PAGE_SIZE = 200;
/** So many answers make a list: more runners than a page shows smoothly. */
const RUNS_PAGES_MAX = 10;
/** Fixes in one answer, and answers for one track: what a day's run at one fix a second needs. */
const FIXES_PAGE_SIZE = 5000;
const FIXES_PAGES_MAX = 20;
/** Events of each kind that are listed: what people look through. */
const EVENTS_PAGE_SIZE = 30;

/**
 * Who is out there: live runs and paused ones.
 * @param {number | null} [event] only those that are run in this event
 * @returns {Promise<import('./protocol.js').Run[]>}
 */
export async function listRuns(event = null) {
  const more = event === null ? '' : `&event=${event}`;
  const answers = await Promise.all(['live', 'paused'].map((state) => pagesOfRuns(`state=${state}${more}`, RUNS_PAGES_MAX)));
  return answers.flat();
}

/** Who has been out lately, and is back. @param {number} count @returns {Promise<import('./protocol.js').Run[]>} */
export async function listFinished(count) {
  return parseRuns(await get(`/api/runs?state=finished&page=1&page_size=${count}`));
}

/** One page after the other, so that a long list does not keep a small device busy. @param {string} query @param {number} pages_max */
async function pagesOfRuns(query, pages_max) {
  /** @type {Map<string, import('./protocol.js').Run>} */
  const runs = new Map(); // somebody who starts meanwhile moves all others one place on
  for (let page = 1; page <= pages_max; page += 1) {
    const documents = await get(`/api/runs?${query}&page=${page}&page_size=${PAGE_SIZE}`);
    for (const run of parseRuns(documents)) runs.set(run.id, run);
    if (documents.length < PAGE_SIZE) break;
  }
  return [...runs.values()];
}

/** @param {any[]} documents @returns {import('./protocol.js').Run[]} those that are whole */
function parseRuns(documents) {
  const runs = [];
  for (const document of documents) {
    const run = parseRun(document);
    if (run) runs.push(run);
  }
  return runs;
}

/** @param {string} id @returns {Promise<import('./protocol.js').Run>} with splits */
export async function getRun(id) {
  const run = parseRun(await get(`/api/runs/${encodeURIComponent(id)}`));
  if (!run) throw new ApiError(0, 'The answer is not a run.');
  return run;
}

/** The whole track. @param {string} id @returns {Promise<import('./protocol.js').Fix[]>} in order of time */
export async function getFixes(id) {
  const fixes = [];
  for (let page = 1; page <= FIXES_PAGES_MAX; page += 1) {
    const path = `/api/runs/${encodeURIComponent(id)}/fixes?page=${page}&page_size=${FIXES_PAGE_SIZE}`;
    const documents = await get(path);
    for (const document of documents) {
      const fix = parseFix(document);
      if (fix) fixes.push(fix);
    }
    if (documents.length < FIXES_PAGE_SIZE) break;
  }
  return fixes;
}

/** What the link shows that this page was opened with. @returns {Promise<{run: string | null, event: number | null, invites: boolean}>} */
export async function getHeldLink() {
  const link = await get('/api/share-links/current');
  return {
    run: typeof link?.run === 'string' ? link.run : null,
    event: typeof link?.event === 'number' ? link.event : null,
    invites: link?.invites === true,
  };
}

/** Public events: current ones, those to come soonest first, those that have passed latest first. */
export async function listEvents() {
  const states = ['current', 'come_up', 'passed'];
  const answers = await Promise.all(states.map((state) => get(`/api/events?state=${state}&page=1&page_size=${EVENTS_PAGE_SIZE}`)));
  const events = [];
  for (const document of answers.flat()) {
    const event = parseEvent(document);
    if (event) events.push(event);
  }
  return events;
}

/** @param {number} id @returns {Promise<import('./protocol.js').RunEvent>} */
export async function getEvent(id) {
  const event = parseEvent(await get(`/api/events/${id}`));
  if (!event) throw new ApiError(0, 'The answer is not an event.');
  return event;
}
