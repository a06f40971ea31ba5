/**
 * The page to come back to after a log-in. Pure.
 */

/**
 * @param {string} search of the page's address
 * @param {string} origin our own
 * @returns {string | null} a page of ours, or null: nobody is led elsewhere by a link that somebody has sent
 */
export function backTo(search, origin) {
  const next = new URLSearchParams(search).get('next');
  if (!next || !next.startsWith('/')) return null;
  try {
    const url = new URL(next, origin);
    if (url.origin !== origin || url.pathname === '/account') return null;
    // Whole: of `/.//elsewhere` the path alone would be the name of another host.
    return url.href;
  } catch {
    return null;
  }
}
