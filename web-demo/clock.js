/**
 * The server's clock, as well as this page can know it. A device's clock may be minutes off; ages and markers must not be.
 */

/** Samples are forgotten after this long, so that a clock that is set while the page is open is noticed. */
const FORGET_MS = 120_000;

let offset_ms = 0;
let known = false;
let sampled_ms = 0;

/** The time on the server. @returns {number} milliseconds */
export function serverNow() {
  return Date.now() + offset_ms;
}

/**
 * Learns from the time of making that a document carries. The journey only ever makes it look older than it is, so the
 * largest offset seen lately is the best one.
 * @param {number | null} at_ms
 */
export function hear(at_ms) {
  if (at_ms === null) return;
  const local_ms = Date.now();
  const sample_ms = at_ms - local_ms;
  if (known && sample_ms < offset_ms && local_ms - sampled_ms < FORGET_MS) return;
  offset_ms = sample_ms;
  sampled_ms = local_ms;
  known = true;
}
