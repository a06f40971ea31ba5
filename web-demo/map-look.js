/**
 * How the map looks: colours of map and runners, light and dark, widths of roads, the font of labels.
 * The style sheet has the colours of the page around.
 */

/**
 * @typedef {object} Palette
 * @property {string} ground land where no street map is, and beneath the streets
 * @property {string} sea
 * @property {string} land of the world map
 * @property {string} border @property {string} country
 * @property {string} water @property {string} green @property {string} plaza @property {string} railyard
 * @property {string} building @property {string} buildingEdge
 * @property {string} major @property {string} mid @property {string} minor @property {string} path
 * @property {string} casing @property {string} rail
 * @property {string} text @property {string} textHalo
 * @property {string} course @property {string} courseCase
 * @property {string} grid lines of the graticule @property {string} gridText
 * @property {string} ring around a runner @property {string} name @property {string} nameHalo
 * @property {string} trackCase
 * @property {string[]} runners by colour number
 * @property {string[]} paces slow to fast
 */

/** @type {Palette} */
const LIGHT = {
  ground: '#f3f1ec', sea: '#c9dfec', land: '#f3f1ec', border: '#cfc6b8', country: '#7d7566',
  water: '#c9dfec', green: '#d6e6cd', plaza: '#ece7dd', railyard: '#ebe8e2',
  building: '#e4dfd6', buildingEdge: '#d3ccc0',
  major: '#ffffff', mid: '#ffffff', minor: '#ffffff', path: '#fbfaf7', casing: '#d5cdc0', rail: '#c4bdb2',
  text: '#6a6459', textHalo: '#faf9f6', course: '#4338ca', courseCase: '#ffffff',
  grid: 'rgba(106, 100, 89, 0.16)', gridText: '#726b5e',
  ring: '#ffffff', name: '#1b1f24', nameHalo: 'rgba(255, 255, 255, 0.92)', trackCase: '#ffffff',
  runners: ['#e8590c', '#1971c2', '#2b8a3e', '#c2255c', '#6741d9', '#0c8599', '#9c36b5', '#a16207',
    '#5c6770', '#7c4a1e', '#5c7c11', '#087f5b'],
  paces: ['#3b4cc0', '#5a5fd0', '#8a55c8', '#b548ae', '#d6456f', '#e8633a', '#ef8a17'],
};

/** @type {Palette} */
const DARK = {
  ground: '#161b21', sea: '#0b1a26', land: '#1f2730', border: '#37424d', country: '#8793a0',
  water: '#0b1a26', green: '#17251e', plaza: '#1b222a', railyard: '#191f26',
  building: '#1e252d', buildingEdge: '#29323c',
  major: '#46525f', mid: '#3a444f', minor: '#2f3842', path: '#27303a', casing: '#0f1317', rail: '#333d47',
  text: '#98a4b0', textHalo: '#12161b', course: '#8ea2ff', courseCase: '#0a0d11',
  grid: 'rgba(152, 164, 176, 0.13)', gridText: '#8a96a3',
  ring: '#0d1116', name: '#f3f6f9', nameHalo: 'rgba(10, 13, 17, 0.9)', trackCase: '#0a0d11',
  runners: ['#ff8a4c', '#4dabf7', '#51cf66', '#ff6b9d', '#a98bff', '#3bc9db', '#da77f2', '#fcc419',
    '#b8c2cc', '#e0a878', '#a9e34b', '#63e6be'],
  paces: ['#748ffc', '#8f86f7', '#b07df0', '#d874d8', '#f476a5', '#ff8f6b', '#ffc14d'],
};

/** @param {boolean} dark @returns {Palette} */
export function palette(dark) {
  return dark ? DARK : LIGHT;
}

/** MapLibre has no glyph files here: it draws labels with the device's own font. */
export const FONT = ['sans-serif'];

/** The page's font, for what is written on canvases. */
export const FAMILY = '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';

/** Widths by zoom, exponential as streets look right. @param {[number, number, number]} widths at z13, z16, z18 @param {number} [more] */
export function width([at13, at16, at18], more = 0) {
  return ['interpolate', ['exponential', 1.5], ['zoom'], 13, at13 + more * 0.4, 16, at16 + more, 18, at18 + more];
}

/** @type {Record<string, [number, number, number]>} */
export const ROAD_WIDTHS = {
  major: [1.8, 9, 22], mid: [1.3, 7, 17], minor: [0.8, 4.6, 12], service: [0.3, 2.2, 6], path: [0.3, 1.1, 2.4],
};
