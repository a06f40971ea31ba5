/**
 * Names that nobody else gives: of operations, and of requests that are to happen once.
 */

/** @returns {string} */
export function newId() {
  // `randomUUID` is missing where a page does not come from a safe origin: in a club's own network, say.
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
