// What the first load of a page weighs in brotli and when it can be used: before the list of runners is there, and with the map.
// node bench/weight.mjs [path] [rounds]
import { constants, brotliCompressSync } from 'node:zlib';
import { at, openSite } from './site.mjs';
import { launch } from '../support.mjs';

const path = process.argv[2] ?? '/';
const rounds = Number(process.argv[3] ?? 7);
const site = await openSite({ runners: 24 });

/** Bodies are the same in all rounds; their sizes are taken in the first. */
async function load(browser, isFirst) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const files = [];
  const reading = [];
  page.on('response', (response) => {
    if (!isFirst || !response.url().startsWith(site.url)) return;
    const order = files.length;
    files.push(null);
    reading.push(response.body().then((body) => {
      const squeezed = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
      files[order] = { url: response.url().slice(site.url.length), bytes: Math.min(squeezed, body.length), type: response.request().resourceType() };
    }, () => {}));
  });
  // In the page itself: a test's own waiting would be measured with it.
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector('.runner-row')) {
        window.usable_ms = performance.now();
        window.before = performance.getEntriesByType('resource').map((each) => each.name);
      } else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    new PerformanceObserver((list) => {
      window.blocked_ms = (window.blocked_ms ?? 0) + list.getEntries().filter(() => window.usable_ms === undefined).reduce((sum, each) => sum + each.duration - 50, 0);
    }).observe({ type: 'longtask', buffered: true });
  });
  await page.goto(site.url + path);
  await page.waitForFunction(() => window.usable_ms !== undefined);
  const { usable_ms, before, blocked_ms } = await page.evaluate(() => ({ usable_ms: window.usable_ms, before: window.before, blocked_ms: window.blocked_ms ?? 0 }));
  await page.waitForFunction(() => window.runnity.drawn().length > 0 && window.runnity.idle(), null, { timeout: 60_000 });
  const drawn_ms = await page.evaluate(() => performance.now());
  await Promise.all(reading);
  await context.close();
  const early = new Set(before.map((each) => each.slice(site.url.length)));
  return { usable_ms, drawn_ms, blocked_ms, files: files.filter(Boolean).map((each) => ({ ...each, early: early.has(each.url) || each.type === 'document' })) };
}

const browser = await launch();
const all = [];
for (let round = 0; round < rounds; round += 1) all.push(await load(browser, round === 0));
const { files } = all[0];
const kb = (list) => (list.reduce((sum, each) => sum + each.bytes, 0) / 1024).toFixed(1);
// Map tiles are asked for by ranges: data, not the page.
const page = files.filter(({ url }) => !/^\/(api|map)\//.test(url));
for (const { url, bytes, early } of page.slice().sort((a, b) => b.bytes - a.bytes)) console.log(`${early ? 'before' : 'after '} ${String(bytes).padStart(7)} ${url}`);
console.log(`before the list is usable: ${kb(page.filter(({ early }) => early))} KiB in ${page.filter(({ early }) => early).length} files; all: ${kb(page)} KiB in ${page.length}`);
console.log(`besides, answers of the API: ${kb(files.filter(({ url }) => url.startsWith('/api/')))} KiB; the map's tiles: ${kb(files.filter(({ url }) => url.startsWith('/map/')))} KiB`);
const times = (name) => all.slice(1).map((each) => each[name]);
console.log(`usable after ${at(times('usable_ms'), 0.5).toFixed(0)} ms (median of ${rounds - 1}; slowest ${Math.max(...times('usable_ms')).toFixed(0)}), of which blocked ${at(times('blocked_ms'), 0.5).toFixed(0)} ms; map drawn after ${at(times('drawn_ms'), 0.5).toFixed(0)} ms`);
await browser.close();
site.stop();
process.exit(0);
