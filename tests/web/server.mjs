// Servers of a test's own, on both stores, that can be killed and started again. Knows no page.
import { test } from 'node:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEADLINE_MS, launch } from './support.mjs';

const BINARY = process.env.RUNNITY_BINARY ?? fileURLToPath(new URL('../../target/debug/runnity', import.meta.url));
/** The pages as they stand in the sources: the binary may be of an hour ago. */
const WEB = fileURLToPath(new URL('../../web-demo', import.meta.url));
export const ADMIN_TOKEN = 'an-admin-token-for-tests-only';
/** A journey with two browsers, a kill and a cut line, on a machine that does other things too. */
const JOURNEY_MS = 120_000;

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function until(look, what) {
  const deadline_ms = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline_ms) {
    if (await look().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${what} did not come`);
}

const answers = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => {
    socket.destroy();
    resolve(true);
  });
  socket.on('error', () => resolve(false));
});

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A Redis of the test's own. */
async function startRedis(folder) {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: 'ignore' });
  await until(() => answers(port), 'Redis');
  return { url: `redis://127.0.0.1:${port}/0`, stop: () => end(child) };
}

/**
 * A server on a free port.
 * @param {{store?: 'embedded' | 'redis', args?: string[]}} [options]
 */
export async function startServer({ store = 'embedded', args = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'runnity-web-'));
  const redis = store === 'redis' ? await startRedis(folder) : null;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const where = redis ? ['--redis', redis.url] : ['--data', join(folder, 'data')];
  const flags = ['serve', '--listen', `127.0.0.1:${port}`, ...where, '--web', WEB, '--catalogue', 'starter', '--admin-token', ADMIN_TOKEN, ...args];
  let child;
  const start = async () => {
    child = spawn(BINARY, flags, { stdio: 'ignore', env: { ...process.env, RUNNITY_LOG: 'error' } });
    await until(async () => (await fetch(`${url}/health/ready`)).ok, 'the server');
  };
  await start();
  return {
    url,
    store,
    /** As a machine that dies: no goodbye. */
    kill: () => end(child),
    start,
    async restart() {
      await end(child);
      await start();
    },
    async stop() {
      await end(child);
      await redis?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The test on a server of its own with the embedded store, and on one with Redis.
 * @param {string} name
 * @param {(site: {server: Awaited<ReturnType<typeof startServer>>, browser: import('playwright-core').Browser}) => Promise<void>} journey
 */
export function onEachStore(name, journey) {
  for (const store of /** @type {const} */ (['embedded', 'redis'])) {
    test(`${name}_on_${store}`, { timeout: JOURNEY_MS }, async () => {
      const server = await startServer({ store });
      const browser = await launch();
      try {
        await journey({ server, browser });
      } finally {
        await browser.close();
        await server.stop();
      }
    });
  }
}
