// Whether memory stays steady while a crowd is watched for half an hour: the heap after a forced collection, documents, nodes, listeners.
// node bench/memory.mjs [minutes] [runners]
import { openSite, openWatch, sleep } from './site.mjs';

const minutes = Number(process.argv[2] ?? 30);
const runners = Number(process.argv[3] ?? 1000);

const site = await openSite({ runners });
const { browser, page } = await openWatch(site.url, { width: 1280, height: 800 });
const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable');
await cdp.send('HeapProfiler.enable');

async function sample() {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const value = (name) => metrics.find((each) => each.name === name)?.value ?? 0;
  const known = await page.evaluate(() => ({ known: window.runnity.runners().length, drawn: window.runnity.drawn().length }));
  return { heap_mb: value('JSHeapUsedSize') / 1e6, nodes: value('Nodes'), listeners: value('JSEventListeners'), ...known };
}

// Everything that is made once is made.
await page.locator('.runner-row').nth(2).click();
await sleep(20_000);
const samples = [];
for (let minute = 0; minute <= minutes; minute += 1) {
  const each = await sample();
  samples.push(each);
  console.log(`${String(minute).padStart(2)} min: ${each.heap_mb.toFixed(2)} MB, ${each.nodes} nodes, ${each.listeners} listeners; ${each.known} runners known, ${each.drawn} drawn`);
  if (minute < minutes) await sleep(60_000);
}
const [first, last] = [samples[0], samples[samples.length - 1]];
console.log(`over ${minutes} minutes: ${(last.heap_mb - first.heap_mb).toFixed(2)} MB, ${last.nodes - first.nodes} nodes, ${last.listeners - first.listeners} listeners`);
await browser.close();
site.stop();
process.exit(0);
