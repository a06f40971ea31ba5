/**
 * Layers for an operator's own tiles: raster pictures, or vector tiles with the layer names of the Protomaps basemap
 * (`kind`) or of OpenMapTiles (`class`). Both schemas are drawn by one list: a layer that a file does not have draws nothing.
 */

import { FONT, ROAD_WIDTHS, width } from './map-look.js';

/** @typedef {import('./map-look.js').Palette} Palette */

/** What kinds of road, in both schemas, are drawn as which of our classes. @type {Record<string, string[]>} */
const ROADS = {
  path: ['path', 'pedestrian', 'track'],
  service: ['service'],
  minor: ['minor_road', 'minor', 'other'],
  mid: ['medium_road', 'secondary', 'tertiary'],
  major: ['major_road', 'highway', 'motorway', 'trunk', 'primary'],
};
const GREEN = ['park', 'grass', 'forest', 'wood', 'nature_reserve', 'golf_course', 'cemetery', 'recreation_ground', 'pitch',
  'garden', 'meadow', 'scrub', 'national_park', 'zoo', 'playground'];

/** The kind of a feature in either schema. */
const KIND = ['coalesce', ['get', 'kind'], ['get', 'class'], ''];

/** @param {string[]} kinds */
function isOf(kinds) {
  return ['in', KIND, ['literal', kinds]];
}

/**
 * @param {'builtin' | 'pmtiles' | 'raster' | 'vector'} kind
 * @param {Palette} colours
 */
export function operatorLayers(kind, colours) {
  if (kind === 'raster') return [{ id: 'own', type: 'raster', source: 'own', paint: { 'raster-fade-duration': 0 } }];
  return [...areas(colours), ...roads(colours), ...labels(colours)];
}

/** @param {Palette} colours */
function areas(colours) {
  /** @param {string} layer @param {string} colour @param {object} [more] */
  const fill = (layer, colour, more = {}) => ({
    id: `own-${layer}`, type: 'fill', source: 'own', 'source-layer': layer, paint: { 'fill-color': colour }, ...more,
  });
  return [
    // Streets are known here, so land and sea are too, at every zoom.
    fill('earth', colours.ground),
    fill('landuse', colours.green, { filter: isOf(GREEN) }),
    fill('landcover', colours.green, { filter: isOf(GREEN) }),
    fill('park', colours.green),
    fill('water', colours.water, { filter: ['==', ['geometry-type'], 'Polygon'] }),
    { id: 'own-boundaries', type: 'line', source: 'own', 'source-layer': 'boundaries', maxzoom: 12,
      paint: { 'line-color': colours.border, 'line-width': 0.8, 'line-dasharray': [3, 2] } },
    ...['buildings', 'building'].map((layer) => fill(layer, colours.building, {
      minzoom: 13.5, paint: { 'fill-color': colours.building, 'fill-outline-color': colours.buildingEdge },
    })),
  ];
}

/** @param {Palette} colours */
function roads(colours) {
  const round = { 'line-cap': 'round', 'line-join': 'round' };
  /** @type {Record<string, string>} */
  const colourOf = { path: colours.path, service: colours.minor, minor: colours.minor, mid: colours.mid, major: colours.major };
  const layers = [];
  for (const casing of [true, false]) {
    for (const [name, kinds] of Object.entries(ROADS)) {
      if (casing && name === 'path') continue;
      for (const layer of ['roads', 'transportation']) {
        layers.push({
          id: `own-${layer}-${name}${casing ? '-casing' : ''}`, type: 'line', source: 'own', 'source-layer': layer,
          filter: isOf(kinds), layout: round, minzoom: name === 'major' ? 6 : name === 'mid' ? 9 : 12,
          paint: {
            'line-color': casing ? colours.casing : colourOf[name],
            'line-width': width(ROAD_WIDTHS[name], casing ? 1.5 : 0),
          },
        });
      }
    }
  }
  return layers;
}

/** @param {Palette} colours */
function labels(colours) {
  const paint = { 'text-color': colours.text, 'text-halo-color': colours.textHalo, 'text-halo-width': 1.5 };
  const name = ['coalesce', ['get', 'name'], ''];
  return [
    ...['roads', 'transportation_name'].map((layer) => ({
      id: `own-${layer}-name`, type: 'symbol', source: 'own', 'source-layer': layer, minzoom: 14, paint,
      layout: { 'symbol-placement': 'line', 'text-field': name, 'text-font': FONT, 'text-size': 11.5, 'text-padding': 4 },
    })),
    ...['places', 'place'].map((layer) => ({
      id: `own-${layer}`, type: 'symbol', source: 'own', 'source-layer': layer, minzoom: 4, maxzoom: 14, paint,
      filter: isOf(['locality', 'city', 'town', 'village', 'suburb', 'neighbourhood']),
      layout: { 'text-field': name, 'text-font': FONT, 'text-size': 12.5, 'text-padding': 8 },
    })),
  ];
}
