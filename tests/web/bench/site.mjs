// What the benchmarks of the pages stand on: a demo with many runners, a browser that draws in software, a page that is watched.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { launch } from '../support.mjs';

const BINARY = process.env.RUNNITY_BINARY ?? fileURLToPath(new URL('../../../target/release/runnity', import.meta.url));
const WEB = fileURLToPath(new URL('../../../web-demo', import.meta.url));
const START_MS = 900_000;

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A demo of its own with so many runners; with none, an empty server. */
export async function openSite({ runners }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const command = runners > 0 ? ['demo', '--runners', String(runners)] : ['serve', '--data', `/tmp/runnity-bench-${port}`];
  const child = spawn('nice', ['-n', '2', BINARY, ...command, '--listen', `127.0.0.1:${port}`, '--web', WEB], {
    stdio: 'ignore', env: { ...process.env, RUNNITY_LOG: 'error' },
  });
  process.on('exit', () => child.kill('SIGKILL'));
  const until_ms = Date.now() + START_MS;
  for (;;) {
    if (await isOut(url, runners).catch(() => false)) break;
    if (Date.now() > until_ms) throw new Error(`${runners} runners did not start`);
    await sleep(500);
  }
  return { url, stop: () => child.kill('SIGKILL') };
}

/** Whether all have started: the list ends with a page that is not whole. */
async function isOut(url, runners) {
  if (!(await fetch(`${url}/health`)).ok) return false;
  if (runners === 0) return true;
  const response = await fetch(`${url}/api/runs?state=live&page=${Math.max(1, Math.floor((runners * 0.7) / 200) + 1)}&page_size=200`);
  return (await response.json()).data.length > 0;
}

/** A page on which all are drawn who are in view. */
export async function openWatch(url, { width, height, scale = 1, path = '/', init } = {}) {
  const browser = await launch(['--enable-precise-memory-info', '--js-flags=--expose-gc']);
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: scale });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  if (init) await page.addInitScript(init);
  await page.goto(url + path);
  await page.waitForFunction(() => window.runnity?.drawn().length > 0 && window.runnity.idle());
  return { browser, page };
}

/** Percentile of numbers. */
export function at(values, part) {
  const sorted = values.slice().sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
