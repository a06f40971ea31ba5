/**
 * A canvas above the map, and the map's projection in plain arithmetic: the map is never tilted or turned, so a place on
 * the plane becomes a pixel by one multiplication. Knows nothing of what is drawn.
 */

/** More than this many device pixels to one of ours cannot be told apart while it moves. */
const RATIO_MAX = 2;
/** MapLibre's tiles are this wide at zoom 0. */
const WORLD_PX = 512;

/**
 * @typedef {object} Projection
 * @property {number} zoom
 * @property {number} ratio device pixels to one of ours
 * @property {number} width in CSS pixels
 * @property {number} height
 * @property {number} scale pixels for the whole plane
 * @property {(x: number) => number} left pixels from the left for x on the plane; the copy of the world nearest to the middle
 * @property {(y: number) => number} top
 */

/**
 * @param {any} map MapLibre map
 * @param {string} name class of the canvas
 */
export function createMapCanvas(map, name) {
  const canvas = document.createElement('canvas');
  canvas.className = `map-canvas ${name}`;
  canvas.setAttribute('aria-hidden', 'true');
  map.getCanvasContainer().append(canvas); // later ones lie on top
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  let width = 0;
  let height = 0;
  let ratio = 1;

  function resize() {
    const container = map.getContainer();
    width = container.clientWidth;
    height = container.clientHeight;
    ratio = Math.min(RATIO_MAX, window.devicePixelRatio || 1);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  resize();
  map.on('resize', resize);

  /** @returns {Projection} as the map stands now */
  function projection() {
    const centre = map.getCenter();
    const zoom = map.getZoom();
    const scale = WORLD_PX * 2 ** zoom;
    const centreX = (centre.lng + 180) / 360;
    const centreY = 0.5 - Math.log(Math.tan(Math.PI / 4 + (centre.lat * Math.PI) / 360)) / (2 * Math.PI);
    return {
      zoom, ratio, width, height, scale,
      left: (x) => width / 2 + (x - centreX - Math.round(x - centreX)) * scale,
      top: (y) => height / 2 + (y - centreY) * scale,
    };
  }

  return {
    canvas,
    context,
    projection,
    clear() {
      context.clearRect(0, 0, width, height);
    },
  };
}
