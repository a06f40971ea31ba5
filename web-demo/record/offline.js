/**
 * Asks the browser to keep this page for when there is no line (see /sw.js). Without that, the page only has to be open already.
 */

import { mapFiles } from '../vendor.js';

/** The map is loaded when one runs; it shall be there in a tunnel too. */
const LATER = '/record/own-map.js';

export async function keepPage() {
  if (!('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register('/sw.js', { scope: '/record' });
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType('resource').map((entry) => entry.name);
    active?.postMessage({ loaded: [`${location.origin}/record`, ...loaded], later: [location.origin + LATER, ...mapFiles()] });
  } catch (failure) {
    console.info('offline:', failure instanceof Error ? failure.message : failure);
  }
}
