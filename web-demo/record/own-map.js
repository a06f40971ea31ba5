/**
 * The own track on a small map. Comes by a dynamic import when the run is under way; the page is whole without it.
 */

import { createBaseMap } from '../base-map.js';
import { arrive } from '../motion.js';
import { createRunnerLayer } from '../runner-layer.js';
import { createRunner } from '../runners.js';
import { isCalm, isDark } from '../settings.js';
import { createTrackLayer } from '../track-layer.js';

/** A street and the next corner. */
const ZOOM = 16;

/**
 * @param {HTMLElement} container
 * @param {HTMLElement} follow the button that leads back to the runner
 * @param {string} name
 */
export async function createOwnMap(container, follow, name) {
  const baseMap = await createBaseMap(container, 'Map of your track');
  const { map } = baseMap;
  const trackLayer = createTrackLayer(baseMap, isDark);
  const runner = createRunner({
    id: 'own', user: { id: 'own', name }, state: 'live', event: null, started_at_ms: null, finished_at_ms: null, finish_reason: null,
    position: null, distance_m: 0, elapsed_s: 0, moving_s: 0, pace_s_per_km: null, climb_m: 0, descent_m: 0, fixes: 0, splits: [],
  }, Date.now(), 0);
  const layer = createRunnerLayer({
    map, runners: () => [runner], now: Date.now, isDark, isCalm, onPick: () => {}, track: trackLayer.shown,
  });
  layer.select('own');
  let touched = false;
  let shown = false;
  map.on('movestart', (/** @type {any} */ input) => {
    if (!input.originalEvent) return;
    touched = true;
    follow.hidden = false;
  });
  map.on('resize', () => keepInView(false));
  follow.addEventListener('click', () => {
    touched = false;
    follow.hidden = true;
    keepInView(true);
  });

  /** @param {boolean} animate */
  function keepInView(animate) {
    const { position } = runner.run;
    if (touched || !position) return;
    const centre = /** @type {[number, number]} */ ([position.longitude, position.latitude]);
    if (!shown || !animate || isCalm()) map.jumpTo({ center: centre, zoom: shown ? map.getZoom() : ZOOM });
    else map.easeTo({ center: centre, duration: 700 });
    shown = true;
  }

  /** @param {import('./recording.js').Progress} progress */
  function render({ track, tally, state }) {
    runner.run.state = state === 'paused' ? 'paused' : 'live';
    runner.track = track;
    const { position } = tally;
    if (position && position.time_ms !== runner.run.position?.time_ms) {
      arrive(runner.motion, [position], Date.now());
      runner.run.position = position;
      keepInView(true);
    }
    trackLayer.show({ points: track, colour: runner.colour, byPace: false, until_ms: runner.motion.playhead_ms });
    layer.wake();
  }

  return { render, idle: () => map.loaded(), drawn: layer.drawn };
}
