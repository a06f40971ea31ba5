/** Says that the map is coming while it is: it is large, and a grey field looks like a fault. */

/** Sooner than this nobody reads. */
const AFTER_MS = 250;

/** @param {HTMLElement} panel around the map */
export function createLoadingSign(panel) {
  const sign = document.createElement('p');
  sign.className = 'map-loading';
  sign.setAttribute('role', 'status');
  panel.append(sign);
  const timer = window.setTimeout(() => {
    sign.textContent = 'Drawing the map…';
  }, AFTER_MS);

  return {
    end() {
      clearTimeout(timer);
      sign.remove();
    },
  };
}
