/**
 * What the next turn of the day will do, in a quiet line.
 */

import { element, setText } from '../elements.js';
import { parseHabitForecast } from '../protocol-habits.js';
import { get } from '../rest.js';
import { sayForecast } from './words.js';

/** After the last change, so long until it is reckoned anew. */
const FORECAST_MS = 1_200;
const FORECAST_MS_MAX = 3_600_000;
/** The new day has begun by then. */
const TURNED_MS = 1_500;

/** Asked for when there is rest, and when the turn has come: the server turns the day then. */
export function createForecast() {
  const node = element('p', { class: 'forecast muted small' });
  let timer = 0;
  let isClosed = false;

  async function ask() {
    let forecast = null;
    try {
      forecast = parseHabitForecast(await get('/api/tasks/cron-preview'));
    } catch {
      // what stood there may be wrong by now
    }
    if (isClosed) return;
    setText(node, forecast ? sayForecast(forecast, new Date()) : '');
    if (forecast) again(Math.min(Math.max(0, forecast.at_ms - Date.now()) + TURNED_MS, FORECAST_MS_MAX));
  }

  /** @param {number} delay_ms */
  function again(delay_ms) {
    clearTimeout(timer);
    timer = window.setTimeout(ask, delay_ms);
  }

  return {
    node,
    /** The board is another. */
    later: () => again(FORECAST_MS),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
