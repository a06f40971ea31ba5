/**
 * Says in words, for screen readers, how the selected runner is doing: at each whole kilometre (or mile), when the state
 * changes, and otherwise not more often than a listener can bear.
 */

import { sayDistance, sayPace, unitLengthM } from './format.js';
import { setText } from './elements.js';

/** Between two announcements of one runner. */
const QUIET_MS = 30_000;

/** @type {Record<string, string>} */
const STATE_WORDS = { planned: 'has not started', live: 'is running', paused: 'has paused', finished: 'has finished' };

/** @param {HTMLElement} region `aria-live="polite"` */
export function createAnnouncer(region) {
  let id = '';
  let unit = -1;
  let state = '';
  let said_ms = 0;

  /**
   * @param {import('./runners.js').Runner} runner
   * @param {import('./format.js').Units} units
   * @param {number} now_ms
   */
  function follow(runner, units, now_ms) {
    const { run } = runner;
    const here = Math.floor(run.distance_m / unitLengthM(units));
    const fresh = run.id !== id;
    const turned = run.state !== state;
    const due = now_ms - said_ms > QUIET_MS;
    if (!fresh && !turned && !due && !(here > unit)) return;
    if (!fresh && !turned && due && run.state !== 'live') return;
    id = run.id;
    unit = here;
    state = run.state;
    said_ms = now_ms;
    const pace = sayPace(run.pace_s_per_km, units);
    const words = `${run.user.name} ${STATE_WORDS[run.state]}: ${sayDistance(run.distance_m, units)}`;
    setText(region, pace ? `${words}, ${pace}.` : `${words}.`);
  }

  return {
    follow,
    quiet() {
      id = '';
      setText(region, '');
    },
  };
}
