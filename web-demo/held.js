/**
 * What a page was opened with: a share link's secret, and what it shows. Empty on all other pages. The secret stands behind
 * the address's `#`, which browsers send to nobody.
 */

export const held = {
  secret: '',
  /** @type {string | null} the run that the link shows */
  run: null,
  /** @type {number | null} the event that the link shows */
  event: null,
};
