// From a fix's way to the server to the marker's first move towards it on the screen, with a fix each second: among all on the live
// page, where a tick tells, and on the run's own page, where its channel does. Each leg of the way turns, so that a move tells which fix it follows.
// node bench/latency.mjs [fixes]
import { at, openSite, openWatch, sleep } from './site.mjs';
import { call, Phone } from '../support.mjs';

const count = Number(process.argv[2] ?? 40);
const LEG_M = 8;
const METRES_PER_DEGREE = 111_195;
/** So far on the way to it is a move. */
const MOVED_M = 0.15;

/** Where the runner is after so many legs: north and east in turn. */
function placeOf(leg) {
  const north_m = Math.ceil(leg / 2) * LEG_M;
  const east_m = Math.floor(leg / 2) * LEG_M;
  return { latitude: 60.1688 + north_m / METRES_PER_DEGREE, longitude: 24.94 + east_m / METRES_PER_DEGREE / Math.cos((60.17 * Math.PI) / 180) };
}

/** How far along the way a place is: it goes north and east alone. */
const alongM = (latitude, longitude) => (latitude - 60.1688) * METRES_PER_DEGREE + (longitude - 24.94) * METRES_PER_DEGREE * Math.cos((60.17 * Math.PI) / 180);

/** Notes where the marker is, frame by frame. */
function note(id) {
  window.places = [];
  const look = () => {
    const here = window.runnity.drawn().find((each) => each.id === id);
    if (here) window.places.push([Date.now(), here.latitude, here.longitude]);
    requestAnimationFrame(look);
  };
  look();
}

const site = await openSite({ runners: 0 });
const phone = await Phone.signUp(site.url, 'Latency');
phone.run = (await call(site.url, '/api/runs', { token: phone.token, body: { visibility: 'public' } })).id;
let leg = 0;
async function send() {
  const sent_ms = Date.now();
  const fix = { time: new Date(sent_ms).toISOString(), accuracy_m: 4, ...placeOf(leg) };
  leg += 1;
  await call(site.url, `/api/runs/${phone.run}/fixes`, { token: phone.token, body: { fixes: [fix] } });
  return { leg: leg - 1, sent_ms, stored_ms: Date.now() };
}
await send();

for (const [name, path] of [['live page (tick)', '/'], ['run page (channel)', `/runs/${phone.run}`]]) {
  const { browser, page } = await openWatch(site.url, { width: 1280, height: 800, path });
  await page.evaluate(note, phone.run);
  const sent = [];
  for (let index = 0; index < count + 6; index += 1) {
    const each = await send();
    if (index >= 6) sent.push(each);
    // Not in step with the server's ticks.
    await sleep(Math.max(0, each.sent_ms + 1007 - Date.now()));
  }
  await sleep(3000);
  const places = await page.evaluate(() => window.places);
  const waits = [];
  for (const { leg: which, sent_ms } of sent) {
    const first = places.find(([time_ms, latitude, longitude]) => time_ms >= sent_ms && alongM(latitude, longitude) > (which - 1) * LEG_M + MOVED_M);
    if (first) waits.push(first[0] - sent_ms);
  }
  console.log(`${name}: ${waits.length} of ${sent.length} fixes; to the first move p50 ${at(waits, 0.5)} ms, p95 ${at(waits, 0.95)} ms, longest ${Math.max(...waits)} ms`);
  await browser.close();
}
site.stop();
process.exit(0);
