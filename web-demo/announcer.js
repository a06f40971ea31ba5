/**
 * Says in words, for screen readers, how the runners do who are looked at or followed: at each whole kilometre (or mile) and when
 * their state changes; of the one that is looked at also now and then. Never more than a listener can bear.
 */

import { sayDistance, sayPace, unitLengthM } from './format.js';
import { setText } from './elements.js';

/** Between two announcements of one runner of whom there is nothing new. */
const QUIET_MS = 30_000;
/** What comes together is said together. */
const TOGETHER_MS = 400;
/** Of so many at once; beyond, how many more. */
const TOGETHER_MAX = 4;

/** @type {Record<string, string>} */
const STATE_WORDS = { planned: 'has not started', live: 'is running', paused: 'has paused', finished: 'has finished' };

/**
 * @typedef {{id: string, unit: number, state: string, said_ms: number}} Said of one runner
 */

/**
 * What is to be said of a runner now, or "". Pure.
 * @param {Said | undefined} said before; none: nothing was
 * @param {import('./runners.js').Runner} runner
 * @param {import('./format.js').Units} units
 * @param {number} now_ms
 * @param {boolean} closely also when there is nothing new for a while
 */
export function wordsFor(said, { run }, units, now_ms, closely) {
  const here = Math.floor(run.distance_m / unitLengthM(units));
  const fresh = said?.id !== run.id;
  const turned = !fresh && run.state !== said.state;
  const reached = !fresh && here > said.unit;
  const due = closely && !fresh && now_ms - said.said_ms > QUIET_MS && run.state === 'live';
  if (!fresh && !turned && !reached && !due) return '';
  const pace = sayPace(run.pace_s_per_km, units);
  const words = `${run.user.name} ${STATE_WORDS[run.state]}: ${sayDistance(run.distance_m, units)}`;
  return pace ? `${words}, ${pace}.` : `${words}.`;
}

/** @param {HTMLElement} region `aria-live="polite"` */
export function createAnnouncer(region) {
  /** By user: somebody's next run is theirs too. @type {Map<string, Said>} */
  const known = new Map();
  let looked = '';
  /** @type {string[]} */
  let waiting = [];
  let timer = 0;

  /** @param {import('./runners.js').Runner} runner @param {import('./format.js').Units} units @param {number} now_ms @param {boolean} closely */
  function hear(runner, units, now_ms, closely) {
    const { run } = runner;
    const said = known.get(run.user.id);
    const words = wordsFor(said, runner, units, now_ms, closely);
    if (!words && said) return '';
    known.set(run.user.id, { id: run.id, unit: Math.floor(run.distance_m / unitLengthM(units)), state: run.state, said_ms: now_ms });
    return words;
  }

  /** @param {string} words */
  function say(words) {
    if (!words) return;
    waiting.push(words);
    timer ||= window.setTimeout(() => {
      timer = 0;
      const rest = waiting.length - TOGETHER_MAX;
      setText(region, [...waiting.slice(0, TOGETHER_MAX), ...(rest > 0 ? [`And ${rest} more.`] : [])].join(' '));
      waiting = [];
    }, TOGETHER_MS);
  }

  return {
    /** The one that is looked at. @param {import('./runners.js').Runner} runner @param {import('./format.js').Units} units @param {number} now_ms */
    follow(runner, units, now_ms) {
      if (looked !== runner.run.id) known.delete(runner.run.user.id);
      looked = runner.run.id;
      say(hear(runner, units, now_ms, true));
    },
    /**
     * Those who are followed. How they stand when the page is opened is in the table; who comes later is said to have started.
     * @param {import('./runners.js').Runner[]} runners @param {import('./format.js').Units} units @param {number} now_ms @param {boolean} first
     */
    followAll(runners, units, now_ms, first) {
      for (const runner of runners) {
        if (runner.run.id === looked) continue;
        const words = hear(runner, units, now_ms, false);
        if (!first) say(words);
      }
    },
    quiet() {
      looked = '';
      waiting = [];
      setText(region, '');
    },
  };
}
