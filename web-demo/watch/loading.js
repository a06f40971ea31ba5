/** Says that the map is coming while it is: it is large, and a grey field looks like a fault. */

/** Sooner than this nobody reads. */
const AFTER_MS = 250;
/** By then it is no news that something does not come. */
const LATEST_MS = 20_000;

/** @param {HTMLElement} panel around the map */
export function createLoadingSign(panel) {
  const sign = document.createElement('p');
  sign.className = 'map-loading';
  sign.setAttribute('role', 'status');
  panel.append(sign);
  const timer = window.setTimeout(() => {
    sign.textContent = 'Drawing the map…';
  }, AFTER_MS);

  function end() {
    clearTimeout(timer);
    sign.remove();
  }

  return {
    end,
    /** When all that is in view is drawn, or has failed to come. @param {any} map MapLibre map */
    endWith(map) {
      if (map.loaded()) end();
      else map.once('idle', end);
      window.setTimeout(end, LATEST_MS);
    },
  };
}
