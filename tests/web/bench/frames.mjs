// Frames a second in a browser that draws in software, while a crowd moves: on a desktop and on a phone, at rest and while the map is dragged.
// node bench/frames.mjs [seconds] [runners]
import { at, openSite, openWatch, sleep } from './site.mjs';

const seconds = Number(process.argv[2] ?? 10);
const runners = Number(process.argv[3] ?? 1000);
const SCREENS = [['desktop', { width: 1440, height: 900, scale: 1 }], ['phone', { width: 390, height: 844, scale: 2 }]];

/** Notes each frame of the page, and each picture of the runners with what it cost. */
function note() {
  window.frames_ms = [];
  window.pictures_ms = [];
  const tick = (time_ms) => {
    window.frames_ms.push(time_ms);
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (this.canvas.classList.contains('runner-canvas')) window.pictures_ms.push(performance.now());
    return clear.apply(this, box);
  };
}

const perSecond = (stamps) => ((stamps.length - 1) / (stamps[stamps.length - 1] - stamps[0])) * 1000;
const gaps = (stamps) => stamps.slice(1).map((stamp, index) => stamp - stamps[index]);

async function measure(page, name, meanwhile) {
  await page.evaluate(() => { window.frames_ms.length = 0; window.pictures_ms.length = 0; });
  await meanwhile();
  const { frames, pictures, drawn } = await page.evaluate(() => ({ frames: window.frames_ms, pictures: window.pictures_ms, drawn: window.runnity.drawn().length }));
  console.log(`${name}: ${drawn} runners in view; ${perSecond(frames).toFixed(1)} frames/s, median ${at(gaps(frames), 0.5).toFixed(1)} ms, p95 ${at(gaps(frames), 0.95).toFixed(1)} ms; `
    + `runners drawn anew ${perSecond(pictures).toFixed(1)} times/s, p95 ${at(gaps(pictures), 0.95).toFixed(1)} ms`);
}

const site = await openSite({ runners });
for (const [name, screen] of SCREENS) {
  const { browser, page } = await openWatch(site.url, { ...screen, init: note });
  await sleep(3_000);
  await measure(page, `${name}, the view that opens`, () => sleep(seconds * 1000));
  const box = await page.locator('.map').boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await measure(page, `${name}, dragged`, async () => {
    await page.mouse.move(x, y);
    await page.mouse.down();
    const until_ms = Date.now() + seconds * 1000;
    for (let step = 0; Date.now() < until_ms; step += 1) {
      await page.mouse.move(x + 90 * Math.sin(step / 20), y + 60 * Math.cos(step / 20));
      await sleep(16);
    }
    await page.mouse.up();
  });
  // Farther out, so that the whole course is in view.
  await page.locator('.maplibregl-canvas').focus();
  await page.keyboard.press('-');
  await sleep(3_000);
  await measure(page, `${name}, farther out`, () => sleep(seconds * 1000));
  await browser.close();
}
site.stop();
process.exit(0);
