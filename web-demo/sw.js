/**
 * Lets the page of the own run open without a line. Its scope is /record: it stands between the server and that page alone.
 *
 * The network comes first, always: what is kept is what the server gave last, for when it gives nothing. Of the API nothing is kept,
 * nor of the map's tiles.
 */

const CACHE = 'runnity-record-1';
const PAGE = '/record';
/** A line that is there and carries nothing, as at the mouth of a tunnel, is waited for this long. */
const PATIENCE_MS = 4_000;
const PASSED_BY = /^\/(api|map|connection|docs)(\/|$)/;

/** What a service worker has and a page has not. @type {any} */
const worker = globalThis;

worker.addEventListener('install', () => worker.skipWaiting());
worker.addEventListener('activate', (/** @type {any} */ waking) => waking.waitUntil(begin()));
worker.addEventListener('message', (/** @type {any} */ told) => told.waitUntil(keepAll(told.data?.loaded ?? [], told.data?.later ?? [])));
worker.addEventListener('fetch', (/** @type {any} */ asked) => {
  if (isOurs(asked.request)) asked.respondWith(answer(asked));
});

async function begin() {
  for (const name of await caches.keys()) if (name.startsWith('runnity-') && name !== CACHE) await caches.delete(name);
  await worker.clients.claim();
}

/** @param {Request} request */
function isOurs({ method, url }) {
  const { origin, pathname } = new URL(url);
  return method === 'GET' && origin === location.origin && !PASSED_BY.test(pathname);
}

/** The page is the same, whatever stands behind its path. @param {Request} request */
function nameOf({ url }) {
  const { pathname } = new URL(url);
  return pathname === PAGE ? PAGE : url;
}

/** @param {any} asked a fetch of the page @returns {Promise<Response>} */
async function answer(asked) {
  const { request } = asked;
  const cache = await caches.open(CACHE);
  const fetched = fetch(request).then((response) => {
    if (response.ok && response.type === 'basic') asked.waitUntil(cache.put(nameOf(request), response.clone()));
    return response;
  });
  fetched.catch(() => {}); // it is asked after below, or nobody waits for it any more
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  try {
    const first = await Promise.race([fetched, late]);
    if (first) return first;
  } catch {
    // no line
  }
  return (await cache.match(nameOf(request))) ?? fetched;
}

/**
 * What the page had loaded before this worker was there; and what it will load, with all that this imports, as the server has it now.
 * @param {string[]} loaded @param {string[]} later
 */
async function keepAll(loaded, later) {
  const cache = await caches.open(CACHE);
  const isFresh = new Set(loaded);
  const all = new Set([...loaded, ...later]);
  for (const url of all) {
    const request = new Request(url);
    if (!isOurs(request)) continue;
    const isFixed = url.includes('/vendor/'); // its version is in its path
    try {
      const kept = isFixed || isFresh.has(url) ? await cache.match(nameOf(request)) : undefined;
      const response = kept ?? (await fetch(request));
      if (!response.ok) continue;
      if (!kept) await cache.put(nameOf(request), response.clone());
      if (isFixed || !url.endsWith('.js')) continue;
      for (const [, path] of (await response.text()).matchAll(/ from '(\.[^']+)'/g)) all.add(new URL(path, url).href);
    } catch {
      return; // no line: the next visit keeps it
    }
  }
}
