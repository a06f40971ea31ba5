/**
 * Up to where this window has heard a channel, so that the next page goes on from there. After a while away, what was told then is no
 * news any more.
 */

/** @typedef {{epoch: string, offset: number}} Position */

const KEY = 'runnity.heard';
const FRESH_MS = 60_000;

/** @param {string} channel @param {Position} position */
export function keepHeard(channel, { epoch, offset }) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ channel, epoch, offset, at_ms: Date.now() }));
  } catch {
    // then what is told between two pages is seen where it is listed
  }
}

/** @param {string} channel @returns {Position | null} null: not heard lately */
export function heardUntil(channel) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    if (kept?.channel !== channel || Date.now() - kept.at_ms > FRESH_MS) return null;
    return { epoch: String(kept.epoch), offset: Number(kept.offset) };
  } catch {
    return null;
  }
}
