/**
 * A QR code as a picture: dark on white in both themes, with the quiet rim that cameras need.
 */

import { element, picture } from '../elements.js';
import { loadQr } from '../vendor.js';

/** Light modules on each side: less is against the standard, and some cameras give up. */
const RIM = 4;

/** All dark modules as one outline: a square each. @param {boolean[][]} rows @returns {string} */
export function outlineOf(rows) {
  return rows.map((row, top) => row.map((dark, left) => (dark ? `M${left} ${top}h1v1h-1z` : '')).join('')).join('');
}

/**
 * @param {string} text that the code says
 * @param {string} label what it is for, for a screen reader
 * @returns {Promise<Element>} a figure
 */
export async function createQr(text, label) {
  const encode = await loadQr();
  const rows = encode(text, 'raw', { ecc: 'medium', border: RIM });
  return element('figure', { class: 'qr' },
    picture('svg', { viewBox: `0 0 ${rows.length} ${rows.length}`, role: 'img', 'aria-label': label, 'shape-rendering': 'crispEdges' },
      picture('rect', { width: rows.length, height: rows.length, fill: '#fff' }),
      picture('path', { d: outlineOf(rows), fill: '#000' })));
}
