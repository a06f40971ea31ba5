/**
 * The only place that knows the vendored releases' versions and how each of them wants to be loaded.
 * They are loaded when they are needed: the list of runners must not wait for the map.
 */

const MAPLIBRE = './vendor/maplibre-gl-6.17.0/';
const PMTILES = './vendor/pmtiles-4.5.0/pmtiles.js';
const CENTRIFUGE = './vendor/centrifuge-5.8.0/centrifuge.js';
const UPLOT = './vendor/uplot-1.6.32/';
const QR = './vendor/qr-0.7.0/qr.js';

/** @param {string} path @returns {string} */
function absolute(path) {
  return new URL(path, import.meta.url).href;
}

/** @param {string} path a classic script @returns {Promise<void>} */
function script(path) {
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = absolute(path);
    element.onload = () => resolve();
    element.onerror = () => reject(new Error(`${path} could not be loaded`));
    document.head.append(element);
  });
}

/** @param {string} path @returns {Promise<void>} */
export function stylesheet(path) {
  return new Promise((resolve) => {
    const element = document.createElement('link');
    element.rel = 'stylesheet';
    element.href = absolute(path);
    element.onload = element.onerror = () => resolve();
    // Before our own sheets, which adjust it.
    document.head.prepend(element);
  });
}

/** All files of the map, for who keeps them for later. @returns {string[]} */
export function mapFiles() {
  const files = ['maplibre-gl.mjs', 'maplibre-gl-worker.mjs'].map((name) => MAPLIBRE + name);
  return [...files, './map-controls.css', PMTILES].map(absolute);
}

/** MapLibre GL; its worker lies beside it and needs no blob; of its style sheet we have what we need. @returns {Promise<any>} the module */
export async function loadMapLibre() {
  const [module] = await Promise.all([
    import(absolute(`${MAPLIBRE}maplibre-gl.mjs`)),
    stylesheet('./map-controls.css'),
  ]);
  return module;
}

/** @returns {Promise<any>} the global `pmtiles` */
export async function loadPmtiles() {
  await script(PMTILES);
  return /** @type {any} */ (globalThis).pmtiles;
}

/** @returns {Promise<typeof import('centrifuge').Centrifuge>} */
export async function loadCentrifuge() {
  await import(absolute(CENTRIFUGE));
  return /** @type {any} */ (globalThis).Centrifuge;
}

/** @returns {Promise<any>} the global `uPlot` */
export async function loadUplot() {
  await Promise.all([script(`${UPLOT}uPlot.iife.min.js`), stylesheet(`${UPLOT}uPlot.min.css`)]);
  return /** @type {any} */ (globalThis).uPlot;
}

/** Writes QR codes. @returns {Promise<(text: string, output: 'raw', options: {ecc: 'low' | 'medium', border: number}) => boolean[][]>} rows of dark modules */
export async function loadQr() {
  return (await import(absolute(QR))).encodeQR;
}
