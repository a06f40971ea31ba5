/**
 * The base map: MapLibre with the tiles that the server's configuration names. It knows places and bounds, no runners;
 * those are drawn on canvases above it, so that the map itself stands still and costs nothing.
 */

import { latitudeOf, longitudeOf, mercatorX, mercatorY } from './geo.js';
import { isCalm, isDark, getUnits, onSettings } from './settings.js';
import { CITY_BOUNDS, mapStyle } from './map-style.js';
import { loadMapLibre, loadPmtiles } from './vendor.js';

const BUILTIN = '/map/world-and-helsinki.pmtiles';
/** @type {import('./map-style.js').MapConfig} */
const FALLBACK = { tiles: { kind: 'builtin', url: BUILTIN }, attribution: null };
/** Before anybody is known: the northern Atlantic, with Europe and America on it. */
const WORLD = { center: [-10, 42], zoom: 1.6 };

/** Only where the operator has tiles of their own. @type {typeof import('./map-style-operator.js').operatorLayers | null} */
let operatorLayers = null;

/** @typedef {import('./geo.js').Bounds} Bounds */

/** @returns {Promise<import('./map-style.js').MapConfig>} */
async function loadConfig() {
  try {
    const response = await fetch('/map/config.json');
    const config = response.ok ? await response.json() : null;
    if (!config?.tiles?.url) return FALLBACK;
    return { tiles: config.tiles, attribution: config.attribution ?? null, course: config.course ?? null };
  } catch {
    return FALLBACK;
  }
}

/** @param {string} url @returns {string} absolute, with {z}/{x}/{y} left as they are */
function absolute(url) {
  return /^[a-z]+:/i.test(url) ? url : `${location.origin}${url}`;
}

/**
 * Makes the map.
 * @param {HTMLElement} container
 * @param {string} label what the map is called for a screen reader
 * @returns {Promise<BaseMap>} rejected when the browser has no WebGL
 */
export async function createBaseMap(container, label) {
  const [maplibre, pmtiles, config] = await Promise.all([loadMapLibre(), loadPmtiles(), loadConfig()]);
  if (config.tiles.kind !== 'builtin') ({ operatorLayers } = await import('./map-style-operator.js'));
  const protocol = new pmtiles.Protocol({ metadata: true });
  maplibre.addProtocol('pmtiles', protocol.tile);
  const map = new maplibre.Map({
    container,
    style: styleOf(config),
    ...WORLD,
    maxZoom: 18.5,
    maxPitch: 0,
    pitchWithRotate: false,
    dragRotate: false,
    touchPitch: false,
    attributionControl: false,
    fadeDuration: isCalm() ? 0 : 150,
    canvasContextAttributes: { antialias: false },
    locale: { 'Map.Title': label },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  return new BaseMap(maplibre, map, config);
}

/** @param {import('./map-style.js').MapConfig} config */
function styleOf(config) {
  const { kind, url } = config.tiles;
  return mapStyle(config, {
    dark: isDark(),
    operatorLayers,
    builtinUrl: `pmtiles://${absolute(BUILTIN)}/{z}/{x}/{y}`,
    tilesUrl: kind === 'pmtiles' ? `pmtiles://${absolute(url)}` : absolute(url),
  });
}

/**
 * A middle on one axis from which a view of some width does not reach over the ends; where it is too wide, their middle.
 * @param {number} middle @param {number} low @param {number} high @param {number} wide
 */
function held(middle, low, high, wide) {
  if (wide >= high - low) return (low + high) / 2;
  return Math.max(low + wide / 2, Math.min(high - wide / 2, middle));
}

export class BaseMap {
  /** @param {any} maplibre @param {any} map @param {import('./map-style.js').MapConfig} config */
  constructor(maplibre, map, config) {
    this.map = map;
    this.maplibre = maplibre;
    /** Words that stand on the map, by what they say. @type {Map<string, {marker: any, half: number, high: number}>} */
    this.signs = new Map();
    this.config = config;
    this.dark = isDark();
    this.course = /** @type {object | null} */ (null);
    this.courseAsked = false;
    this.scale = new maplibre.ScaleControl({ unit: getUnits() === 'mi' ? 'imperial' : 'metric', maxWidth: 90 });
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), 'top-right');
    map.addControl(this.scale, 'bottom-left');
    map.addControl(new maplibre.AttributionControl({ compact: false }), 'bottom-right');
    onSettings(() => this.settingsChanged());
    // Tiles that do not come leave plain ground: the runners are still there, so this is no error for people.
    // Layers that an operator's file does not have are expected: one style serves two schemas.
    map.on('error', (/** @type {any} */ failure) => {
      const message = String(failure.error?.message ?? failure);
      if (!message.includes('does not exist on source')) console.info('map:', message);
    });
  }

  /** Where there are streets: [west, south, east, north], or null for everywhere. @returns {number[] | null} */
  streetBounds() {
    if (this.config.tiles.kind === 'builtin') return CITY_BOUNDS;
    return this.map.getSource('own')?.bounds ?? null;
  }

  /** Whether streets lie beneath this place. @param {{latitude: number, longitude: number}} place */
  hasStreets({ latitude, longitude }) {
    const bounds = this.streetBounds();
    if (!bounds) return true;
    const [west, south, east, north] = bounds;
    return longitude > west && longitude < east && latitude > south && latitude < north;
  }

  settingsChanged() {
    this.scale.setUnit(getUnits() === 'mi' ? 'imperial' : 'metric');
    if (this.dark === isDark()) return;
    this.dark = isDark();
    this.map.setStyle(styleOf(this.config), { diff: true });
    if (this.course) this.map.getSource('course')?.setData(this.course);
  }

  /** Draws the course that the demo's runners follow, if this is the demo; asked for when somebody runs there. */
  async showCourse() {
    if (this.courseAsked || !this.config.course) return;
    this.courseAsked = true;
    try {
      const response = await fetch(this.config.course);
      if (!response.ok) return;
      this.course = await response.json();
      if (!this.map.getSource('course')) await new Promise((resolve) => this.map.once('load', resolve));
      this.map.getSource('course').setData(this.course);
    } catch {
      this.courseAsked = false; // the server is away; the next call tries again
    }
  }

  /**
   * Shows a part of the world.
   * @param {Bounds} bounds
   * @param {{animate: boolean, zoomMax?: number}} options
   */
  fit(bounds, { animate, zoomMax = 16 }) {
    const { clientWidth, clientHeight } = this.map.getContainer();
    const rim = Math.round(Math.min(56, Math.min(clientWidth, clientHeight) * 0.09));
    // The buttons lie along the top, the scale along the bottom; names stand to the right of their dots.
    const padding = { top: rim + 40, bottom: rim + 30, left: rim, right: rim + 40 };
    const camera = this.map.cameraForBounds([[bounds.west, bounds.south], [bounds.east, bounds.north]], { padding, maxZoom: zoomMax });
    if (!camera) return;
    const within = this.hasStreets({ latitude: bounds.north, longitude: bounds.west }) && this.hasStreets({ latitude: bounds.south, longitude: bounds.east });
    const center = within ? this.onStreets({ latitude: camera.center.lat, longitude: camera.center.lng }, camera.zoom) : camera.center;
    this.map.easeTo({ center, zoom: camera.zoom, duration: animate && !isCalm() ? 900 : 0 });
  }

  /**
   * The middle nearest to a place on the streets from which no more plain ground is seen than must be.
   * @param {{latitude: number, longitude: number}} place @param {number} zoom
   * @returns {[number, number]} longitude and latitude
   */
  onStreets({ latitude, longitude }, zoom) {
    const bounds = this.streetBounds();
    if (!bounds || !this.hasStreets({ latitude, longitude })) return [longitude, latitude];
    const { clientWidth, clientHeight } = this.map.getContainer();
    const world_px = 512 * 2 ** zoom;
    const [west, south, east, north] = bounds;
    const x = held(mercatorX(longitude), mercatorX(west), mercatorX(east), clientWidth / world_px);
    const y = held(mercatorY(latitude), mercatorY(north), mercatorY(south), clientHeight / world_px);
    return [longitudeOf(x), latitudeOf(y)];
  }

  /** Puts a word at a place, moves it there, or takes it away. @param {{latitude: number, longitude: number} | null} place @param {string} word */
  sign(place, word) {
    const known = this.signs.get(word);
    if (!place) {
      known?.marker.remove();
      this.signs.delete(word);
      return;
    }
    const marker = known?.marker ?? this.newSign(word);
    marker.setLngLat([place.longitude, place.latitude]).addTo(this.map);
    if (known) return;
    const { offsetWidth, offsetHeight } = marker.getElement();
    this.signs.set(word, { marker, half: offsetWidth / 2, high: offsetHeight });
  }

  /** @param {string} word */
  newSign(word) {
    const element = document.createElement('div');
    element.className = 'map-sign';
    element.textContent = word;
    element.setAttribute('role', 'img');
    element.setAttribute('aria-label', word);
    return new this.maplibre.Marker({ element, anchor: 'bottom' });
  }

  /** Moves to a place, no nearer or farther than is needed. @param {{latitude: number, longitude: number}} place */
  goTo(place) {
    const zoom = Math.max(this.map.getZoom(), 15);
    this.map.easeTo({ center: this.onStreets(place, zoom), zoom, duration: isCalm() ? 0 : 700 });
  }

  /** Where words stand, so that no name is written over them. @returns {[number, number, number, number][]} left, top, right, bottom */
  signBoxes() {
    return [...this.signs.values()].map(({ marker, half, high }) => {
      const { x, y } = this.map.project(marker.getLngLat());
      return [x - half - 2, y - high - 2, x + half + 2, y + 2];
    });
  }

  /** What the map shows. @returns {Bounds} */
  bounds() {
    const shown = this.map.getBounds();
    return { west: shown.getWest(), south: shown.getSouth(), east: shown.getEast(), north: shown.getNorth() };
  }
}
