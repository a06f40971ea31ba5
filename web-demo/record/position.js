/**
 * Where this device is, as the browser measures it, and what keeps it from doing so. Knows no run.
 */

import { fixOf } from './recording.js';

/** Without a place for so long, people are told; the device goes on looking. */
const TIMEOUT_MS = 20_000;

/** @typedef {'insecure' | 'missing' | 'denied' | 'unavailable' | 'timeout'} Trouble */

/** What stands in the way before anything was asked. @returns {Trouble | null} */
export function foreseenTrouble() {
  if (!window.isSecureContext) return 'insecure';
  return 'geolocation' in navigator ? null : 'missing';
}

/** Whether the browser will tell without asking first. @returns {Promise<'granted' | 'prompt' | 'denied'>} */
export async function permission() {
  try {
    return (await navigator.permissions.query({ name: 'geolocation' })).state;
  } catch {
    return 'prompt'; // a browser that does not say
  }
}

/**
 * Measures until it is told to stop.
 * @param {{onFix: (fix: import('./recording.js').DeviceFix) => void, onTrouble: (trouble: Trouble | null) => void}} handlers
 */
export function watchPosition({ onFix, onTrouble }) {
  const foreseen = foreseenTrouble();
  if (foreseen) {
    onTrouble(foreseen);
    return { stop() {} };
  }
  const watch = navigator.geolocation.watchPosition(
    (position) => {
      const fix = fixOf(position);
      if (!fix) return;
      onTrouble(null);
      onFix(fix);
    },
    ({ code }) => onTrouble(code === 1 ? 'denied' : code === 3 ? 'timeout' : 'unavailable'),
    { enableHighAccuracy: true, maximumAge: 0, timeout: TIMEOUT_MS },
  );
  return { stop: () => navigator.geolocation.clearWatch(watch) };
}
