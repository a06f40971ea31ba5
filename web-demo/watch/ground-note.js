/** Says why there are no streets where the map has none, so that plain ground does not look like a fault. */

import { element } from '../elements.js';

/** Farther out than this, nobody expects streets. */
const ZOOM_MIN = 11;

/** @param {HTMLElement} panel around the map @param {import('../base-map.js').BaseMap} baseMap */
export function createGroundNote(panel, baseMap) {
  const { map } = baseMap;
  const note = element('p', { class: 'ground-note', hidden: true }, 'No street map here. The lines tell how far north and east.');
  panel.append(note);

  function look() {
    const { lat: latitude, lng: longitude } = map.getCenter();
    note.hidden = map.getZoom() < ZOOM_MIN || baseMap.hasStreets({ latitude, longitude });
  }

  map.on('moveend', look);
  map.on('idle', look);
}
