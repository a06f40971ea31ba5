/**
 * Start and destination, chosen on the map: by a tap, by dragging a marker, by the cross in the map's middle and two buttons, by the
 * device's own place, or typed as numbers. Without a map the typed way remains.
 */

import { element, setText } from '../elements.js';
import { formatDistance } from '../format.js';
import { distanceM } from '../geo.js';
import { getUnits, onSettings } from '../settings.js';
import { placeTyped, placeWords } from './event-form.js';

/** @typedef {import('../protocol.js').Place} Place */
/** @typedef {'start' | 'destination'} Kind */
/** @typedef {'latitude' | 'longitude'} Axis */

/** @type {Record<Kind, {word: string, letter: string}>} */
const KINDS = { start: { word: 'Start', letter: 'S' }, destination: { word: 'Destination', letter: 'D' } };
/** @type {Axis[]} */
const AXES = ['latitude', 'longitude'];
/** How long the device may look for where it is, and how old an answer may be. */
const GEOLOCATION = { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 };
/** Closer than this, and a tap means a place. */
const EXACT_ZOOM = 12;
/** Streets of so little land are looked at from near. */
const EXTRACT_DEGREES = 0.05;

/** @param {(places: Record<Kind, Place | null>) => void} onChange */
export function createPlacePicker(onChange) {
  /** @type {Record<Kind, Place | null>} */
  const places = { start: null, destination: null };
  /** @type {Partial<Record<Kind, any>>} */
  const markers = {};
  /** @type {import('../base-map.js').BaseMap | null} */
  let baseMap = null;

  const said = element('p', { class: 'hint', role: 'status', id: 'where-said' });
  const facts = element('p', { class: 'where-facts muted small', role: 'status' });
  const mapRoot = element('div', { class: 'map', id: 'map' });
  const panel = element('div', { class: 'map-panel where-map' }, mapRoot, element('div', { class: 'cross', ariaHidden: 'true' }));
  const how = element('p', { class: 'hint' }, 'Tap the map where it starts, then where it leads if it leads somewhere. Markers can be dragged. By keyboard: move the map, and put them at the cross.');
  const noMap = element('p', { class: 'hint', hidden: true }, 'The map needs WebGL, which this browser does not offer. Type the places as numbers.');
  const putWrong = { start: element('p', { class: 'wrong', id: 'put-start-wrong' }), destination: element('p', { class: 'wrong', id: 'put-destination-wrong' }) };
  const put = { start: putButton('start'), destination: putButton('destination') };
  const away = element('button', { type: 'button', class: 'button quiet small', hidden: true, onclick: () => set('destination', null, 'There is no destination now.') }, 'No destination');
  const mine = element('button', { type: 'button', class: 'button plain small', id: 'my-place', onclick: useMyPlace }, 'Use my place');
  mine.hidden = !('geolocation' in navigator);
  const typed = { start: typedFields('start'), destination: typedFields('destination') };
  const typing = element('details', { class: 'typing' }, element('summary', {}, 'Type latitude and longitude'),
    typed.start.shown, typed.destination.shown);

  const shown = element('section', { class: 'where', ariaLabelledby: 'where-title' },
    element('h2', { id: 'where-title' }, 'Where'),
    how, panel, noMap,
    element('div', { class: 'row' }, put.start, put.destination, mine, away),
    putWrong.start, putWrong.destination,
    said, facts, typing);

  /** The field's name is the API's, so that what is wrong with it is said there. @param {Kind} kind */
  function putButton(kind) {
    return element('button', {
      type: 'button', class: 'button plain small', name: kind, id: `put-${kind}`, ariaDescribedby: `put-${kind}-wrong`, disabled: true,
      onclick: () => baseMap && set(kind, centre(baseMap)),
    }, `Put ${kind} here`);
  }

  /** @param {Kind} kind */
  function typedFields(kind) {
    const wrongId = `${kind}-typed-wrong`;
    const input = (/** @type {string} */ name) => element('input', {
      id: `${kind}-${name}`, inputmode: 'text', autocomplete: 'off', ariaDescribedby: wrongId, onchange: changed,
    });
    const latitude = input('latitude');
    const longitude = input('longitude');
    const wrong = element('p', { class: 'wrong', role: 'alert', id: wrongId });
    /** Whether it is still to be read: sending the form may have done so. */
    let isUnread = false;
    function changed() {
      isUnread = true;
      afterPress(() => {
        if (isUnread) read();
      });
    }
    function read() {
      isUnread = false;
      const answer = placeTyped(latitude.value, longitude.value);
      // Half a place is no mistake yet: the other half may follow.
      const half = !latitude.value.trim() !== !longitude.value.trim();
      if (half) return;
      if ('wrong' in answer) return sayWrong(kind, answer.wrong, answer.axis);
      if (same(places[kind], answer.place)) return sayWrong(kind, '');
      set(kind, answer.place);
      if (answer.place) baseMap?.goTo(answer.place);
    }
    const label = (/** @type {HTMLInputElement} */ of, /** @type {string} */ words) => element('div', { class: 'field' }, element('label', { for: of.id }, words), of);
    const field = element('fieldset', {}, element('legend', { class: 'label' }, KINDS[kind].word),
      element('div', { class: 'fields' }, label(latitude, 'Latitude'), label(longitude, 'Longitude')), wrong);
    return { shown: field, latitude, longitude, wrong, read };
  }

  /** @param {Kind} kind @param {string} message '' when nothing is @param {Axis} [axis] the one that is wrong */
  function sayWrong(kind, message, axis) {
    setText(typed[kind].wrong, message);
    for (const each of AXES) {
      if (each === axis) typed[kind][each].setAttribute('aria-invalid', 'true');
      else typed[kind][each].removeAttribute('aria-invalid');
    }
  }

  /** Says what is wrong with what is typed, and leads there. @param {Kind} kind @param {string} message @param {Axis} axis */
  function pointOut(kind, message, axis) {
    typing.open = true;
    sayWrong(kind, message, axis);
    typed[kind][axis].focus();
  }

  /** @param {Kind} kind @param {Place | null} place @param {string} [words] besides where it is */
  function set(kind, place, words = '') {
    places[kind] = place;
    const { latitude, longitude } = typed[kind];
    latitude.value = place ? place.latitude.toFixed(6) : '';
    longitude.value = place ? place.longitude.toFixed(6) : '';
    sayWrong(kind, '');
    setText(said, words);
    setText(putWrong[kind], '');
    mark(kind);
    showFacts();
    onChange({ ...places });
  }

  function showFacts() {
    const { start, destination } = places;
    away.hidden = !destination;
    const words = [];
    if (start) words.push(`Start: ${placeWords(start)}.`);
    if (destination) words.push(`Destination: ${placeWords(destination)}.`);
    if (start && destination) words.push(`${formatDistance(distanceM(start, destination), getUnits())} as the crow flies.`);
    setText(facts, words.join(' '));
  }

  /** @param {Kind} kind */
  function mark(kind) {
    if (!baseMap) return;
    const place = places[kind];
    if (!place) {
      markers[kind]?.remove();
      delete markers[kind];
      return;
    }
    const { maplibre, map } = baseMap;
    if (!markers[kind]) {
      const { word, letter } = KINDS[kind];
      const pin = element('div', { class: 'pin', 'data-kind': kind, role: 'img', ariaLabel: word }, element('span', { ariaHidden: 'true' }, letter));
      const marker = new maplibre.Marker({ element: pin, anchor: 'bottom', draggable: true }).setLngLat([place.longitude, place.latitude]).addTo(map);
      marker.on('dragend', () => {
        const { lat, lng } = marker.getLngLat().wrap();
        set(kind, { latitude: lat, longitude: lng });
      });
      markers[kind] = marker;
    }
    markers[kind].setLngLat([place.longitude, place.latitude]);
  }

  /** @param {{lngLat: any}} tap */
  function tapped({ lngLat }) {
    const { lat, lng } = lngLat.wrap();
    const place = { latitude: lat, longitude: lng };
    const kind = places.start ? 'destination' : 'start';
    if (places[kind]) return setText(said, 'Both are set. Drag a marker to move it, or put it at the cross.');
    set(kind, place);
    // From afar a tap is some kilometres wide: one comes closer, and corrects it.
    if (baseMap && baseMap.map.getZoom() < EXACT_ZOOM) baseMap.goTo(place);
  }

  function useMyPlace() {
    setText(said, 'Looking for where you are…');
    mine.setAttribute('aria-disabled', 'true');
    navigator.geolocation.getCurrentPosition(({ coords: { latitude, longitude } }) => {
      mine.removeAttribute('aria-disabled');
      baseMap?.goTo({ latitude, longitude });
      if (places.start) setText(said, 'The map shows where you are.');
      else set('start', { latitude, longitude });
    }, ({ code }) => {
      mine.removeAttribute('aria-disabled');
      setText(said, code === 1 ? 'The browser does not let the page know where you are.' : 'Your place was not found. Choose it on the map.');
    }, GEOLOCATION);
  }

  async function showMap() {
    try {
      const { createBaseMap } = await import('../base-map.js');
      baseMap = await createBaseMap(mapRoot, 'Map for choosing start and destination');
    } catch (failure) {
      console.info('map:', failure instanceof Error ? failure.message : failure);
      how.hidden = panel.hidden = put.start.hidden = put.destination.hidden = true;
      noMap.hidden = false;
      typing.open = true;
      return;
    }
    baseMap.map.on('click', tapped);
    put.start.disabled = put.destination.disabled = false;
    mark('start');
    mark('destination');
    look();
    onSettings(showFacts);
  }

  /** Goes where the event is, or where there are streets. */
  function look() {
    if (!baseMap) return;
    if (places.start) return baseMap.goTo(places.start);
    const bounds = baseMap.streetBounds();
    if (!bounds) return;
    const [west, south, east, north] = bounds;
    // Of a small extract one sees streets, not its edges.
    if (north - south < EXTRACT_DEGREES) baseMap.goTo({ latitude: (south + north) / 2, longitude: (west + east) / 2 });
    else baseMap.fit({ west, south, east, north }, { animate: false, zoomMax: 14 });
  }

  return {
    shown,
    showMap,
    /** @param {Record<Kind, Place | null>} known */
    fill(known) {
      set('start', known.start);
      set('destination', known.destination);
      look();
    },
    /** Takes what is typed. Whether that is no place; it is pointed out. @returns {boolean} */
    isWrong() {
      for (const kind of /** @type {Kind[]} */ (['start', 'destination'])) {
        const answer = placeTyped(typed[kind].latitude.value, typed[kind].longitude.value);
        if (!('wrong' in answer)) {
          typed[kind].read();
          continue;
        }
        pointOut(kind, answer.wrong, answer.axis);
        return true;
      }
      return false;
    },
    /** Whether there is no start, though without a map; it is pointed out. @param {string} message @returns {boolean} */
    lacksTypedStart(message) {
      if (places.start || !how.hidden) return false;
      pointOut('start', message, 'latitude');
      return true;
    },
    /** For tests and the curious. */
    look: () => ({ places: { ...places }, zoom: baseMap?.map.getZoom() ?? null, idle: baseMap?.map.loaded() ?? false }),
  };
}

/** Whether both are written alike: what is typed may be what the map has told, to a tenth of a metre. @param {Place | null} one @param {Place | null} other */
function same(one, other) {
  const words = (/** @type {Place | null} */ place) => place && AXES.map((axis) => place[axis].toFixed(6)).join();
  return words(one) === words(other);
}

let isPressed = false;
window.addEventListener('mousedown', () => { isPressed = true; }, true);
window.addEventListener('mouseup', () => { isPressed = false; }, true);

/**
 * A field is left when the mouse goes down on something else. What is then said would move that from under the mouse, and the click
 * would be lost: it is said after the click.
 * @param {() => void} deed
 */
function afterPress(deed) {
  if (!isPressed) return deed();
  window.addEventListener('mouseup', () => window.setTimeout(deed), { once: true, capture: true });
}

/** @param {import('../base-map.js').BaseMap} baseMap @returns {Place} */
function centre(baseMap) {
  const { lat, lng } = baseMap.map.getCenter().wrap();
  return { latitude: lat, longitude: lng };
}
