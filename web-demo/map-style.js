/**
 * MapLibre styles: the world and the streets of the built-in map, light and dark. Pure: data in, style document out.
 * An operator's own tiles are drawn by map-style-operator.js, with the same colours and widths.
 */

import { FONT, palette, ROAD_WIDTHS, width } from './map-look.js';

/** Where the built-in file has streets: [west, south, east, north]. */
export const CITY_BOUNDS = [24.9351762, 60.164155, 24.9534145, 60.179113];
/** The built-in world ends at this zoom and the city begins at that one; between, the world is enlarged. */
const WORLD_ZOOM_MAX = 5;
const CITY_ZOOM_MIN = 12;
const CITY_ZOOM_MAX = 16;
/** Above these zooms the coarse world can no longer tell land from sea: it fades into plain ground. */
const COARSE_FROM = 8.5;
const COARSE_TO = 10.5;

const OSM = '<a href="https://www.openstreetmap.org/copyright" rel="noopener" target="_blank">© OpenStreetMap contributors</a>';
const NATURAL_EARTH = 'Natural Earth';

/** @typedef {import('./map-look.js').Palette} Palette */
/** @typedef {{kind: 'builtin' | 'pmtiles' | 'raster' | 'vector', url: string}} Tiles */
/** @typedef {{tiles: Tiles, attribution: string | null, course?: string | null}} MapConfig */

/**
 * The whole style.
 * @param {MapConfig} config
 * @param {{dark: boolean, builtinUrl: string, tilesUrl: string, operatorLayers: typeof import('./map-style-operator.js').operatorLayers | null}} options
 *   `…Url` as the tile loader wants them; the operator's layers where there are tiles of the operator's
 */
export function mapStyle(config, { dark, builtinUrl, tilesUrl, operatorLayers }) {
  const colours = palette(dark);
  const own = config.tiles.kind !== 'builtin';
  return {
    version: 8,
    name: dark ? 'Runnity dark' : 'Runnity light',
    sources: {
      world: { type: 'vector', tiles: [builtinUrl], minzoom: 0, maxzoom: WORLD_ZOOM_MAX, attribution: NATURAL_EARTH },
      ...(own ? ownSource(config, tilesUrl) : citySource(builtinUrl)),
      course: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
    },
    layers: [
      ...worldLayers(colours),
      ...(own ? (operatorLayers?.(config.tiles.kind, colours) ?? []) : cityLayers(colours)),
      ...courseLayers(colours),
      ...(own ? [] : labelLayers(colours)),
      ...countryLayers(colours),
    ],
  };
}

/** @param {string} url */
function citySource(url) {
  return {
    city: {
      type: 'vector', tiles: [url], minzoom: CITY_ZOOM_MIN, maxzoom: CITY_ZOOM_MAX, bounds: CITY_BOUNDS, attribution: OSM,
    },
    edge: { type: 'geojson', data: edgeOfCity() },
  };
}

/** @param {MapConfig} config @param {string} url */
function ownSource(config, url) {
  // Left out when the operator has given none: then the file's own counts.
  const attribution = config.attribution === null ? {} : { attribution: config.attribution };
  switch (config.tiles.kind) {
    case 'raster':
      return { own: { type: 'raster', tiles: [url], tileSize: 256, ...attribution } };
    case 'pmtiles':
      return { own: { type: 'vector', url, ...attribution } };
    default:
      return { own: { type: 'vector', tiles: [url], maxzoom: 14, ...attribution } };
  }
}

/** The rim of the city's extract: streets end there in the middle of a block, so it is blurred into the ground. */
function edgeOfCity() {
  const [west, south, east, north] = CITY_BOUNDS;
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: ring } };
}

/** @param {Palette} colours */
function worldLayers(colours) {
  const fading = (/** @type {string} */ from) => [
    'interpolate', ['linear'], ['zoom'], COARSE_FROM, from, COARSE_TO, colours.ground,
  ];
  return [
    { id: 'sea', type: 'background', paint: { 'background-color': fading(colours.sea) } },
    { id: 'land', type: 'fill', source: 'world', 'source-layer': 'land', maxzoom: COARSE_TO,
      paint: { 'fill-color': fading(colours.land), 'fill-antialias': true } },
    { id: 'borders', type: 'line', source: 'world', 'source-layer': 'borders', minzoom: 2, maxzoom: COARSE_TO,
      paint: { 'line-color': fading(colours.border), 'line-width': 0.8, 'line-dasharray': [3, 2] } },
  ];
}

/** @param {Palette} colours */
function countryLayers(colours) {
  return [0, 1, 2, 3, 4].map((rank) => ({
    id: `countries-${rank}`, type: 'symbol', source: 'world', 'source-layer': 'countries',
    minzoom: 1.6 + rank * 0.9, maxzoom: 7, filter: ['==', ['get', 'r'], rank],
    layout: {
      'text-field': ['get', 'n'], 'text-font': FONT, 'text-size': 13 - rank * 0.6, 'text-max-width': 7,
      'text-letter-spacing': 0.04, 'text-padding': 6,
    },
    paint: { 'text-color': colours.country, 'text-halo-color': colours.land, 'text-halo-width': 1.4 },
  }));
}

/** @param {Palette} colours @param {string} layer @param {string} colour @param {object} [more] */
function area(colours, layer, colour, more = {}) {
  return { id: layer, type: 'fill', source: 'city', 'source-layer': layer, paint: { 'fill-color': colour }, ...more };
}

/** @param {Palette} colours */
function cityLayers(colours) {
  const roads = { source: 'city', 'source-layer': 'roads', type: 'line' };
  const round = { 'line-cap': 'round', 'line-join': 'round' };
  const classes = ['service', 'minor', 'mid', 'major'];
  const colourOf = { service: colours.minor, minor: colours.minor, mid: colours.mid, major: colours.major };
  const isPath = ['in', ['get', 'c'], ['literal', ['path', 'cycle', 'ped']]];
  return [
    area(colours, 'railyard', colours.railyard),
    area(colours, 'green', colours.green),
    area(colours, 'plaza', colours.plaza),
    area(colours, 'water', colours.water),
    { id: 'rail', source: 'city', 'source-layer': 'rail', type: 'line', minzoom: 13,
      paint: { 'line-color': colours.rail, 'line-width': width([0.4, 0.9, 1.6]) } },
    area(colours, 'building', colours.building, {
      minzoom: 13, paint: {
        'fill-color': colours.building, 'fill-outline-color': colours.buildingEdge,
        'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0, 14, 1],
      },
    }),
    { ...roads, id: 'paths', minzoom: 14, filter: isPath, layout: round,
      paint: { 'line-color': colours.path, 'line-width': width(ROAD_WIDTHS.path) } },
    ...classes.map((name) => ({
      ...roads, id: `${name}-casing`, filter: ['==', ['get', 'c'], name], layout: round, minzoom: name === 'service' ? 14.5 : 12,
      paint: { 'line-color': colours.casing, 'line-width': width(ROAD_WIDTHS[name], name === 'service' ? 0.8 : 1.5) },
    })),
    ...classes.map((name) => ({
      ...roads, id: name, filter: ['==', ['get', 'c'], name], layout: round, minzoom: name === 'service' ? 14.5 : 12,
      paint: { 'line-color': colourOf[/** @type {keyof typeof colourOf} */ (name)], 'line-width': width(ROAD_WIDTHS[name]) },
    })),
    edgeLayer(colours),
  ];
}

/** @param {Palette} colours */
function edgeLayer(colours) {
  const wide = ['interpolate', ['exponential', 2], ['zoom'], 12, 7, 18, 7 * 64];
  return {
    id: 'edge', type: 'line', source: 'edge', layout: { 'line-join': 'round' },
    paint: { 'line-color': colours.ground, 'line-width': wide, 'line-blur': ['interpolate', ['exponential', 2], ['zoom'], 12, 3, 18, 3 * 64] },
  };
}

/** @param {Palette} colours */
function courseLayers(colours) {
  const line = { source: 'course', type: 'line', minzoom: 11, layout: { 'line-cap': 'round', 'line-join': 'round' } };
  const wide = ['interpolate', ['linear'], ['zoom'], 11, 1.6, 14, 3, 17, 4.5];
  const wideCase = ['interpolate', ['linear'], ['zoom'], 11, 3, 14, 5.5, 17, 8];
  return [
    { ...line, id: 'course-case', paint: { 'line-color': colours.courseCase, 'line-width': wideCase, 'line-opacity': 0.85 } },
    { ...line, id: 'course', paint: { 'line-color': colours.course, 'line-width': wide, 'line-opacity': 0.9 } },
  ];
}

/** @param {Palette} colours */
function labelLayers(colours) {
  return [{
    id: 'streets', type: 'symbol', source: 'city', 'source-layer': 'streets', minzoom: 14,
    layout: {
      'symbol-placement': 'line', 'symbol-spacing': 420, 'text-field': ['get', 'n'], 'text-font': FONT,
      'text-size': ['interpolate', ['linear'], ['zoom'], 14, 10, 16, 11.5, 18, 13], 'text-max-angle': 30, 'text-padding': 4,
    },
    paint: { 'text-color': colours.text, 'text-halo-color': colours.textHalo, 'text-halo-width': 1.5 },
  }];
}
