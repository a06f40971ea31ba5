// What the browser tests stand on: a browser, a phone that runs, a line that can be cut. Knows no page.
import net from 'node:net';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const DEADLINE_MS = 30_000;
export const ARTIFACTS = process.env.ARTIFACTS ?? fileURLToPath(new URL('./artifacts', import.meta.url));
mkdirSync(ARTIFACTS, { recursive: true });
const AXE = readFileSync(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** The server under test; started by the caller. Without it these tests fail: they must not pass unseen. */
export function serverUrl() {
  const url = process.env.RUNNITY_URL;
  if (!url) throw new Error('RUNNITY_URL must name a running server, like http://127.0.0.1:8000');
  return url.replace(/\/$/, '');
}

/** @param {string[]} more flags */
export function launch(more = []) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...more] });
}

/**
 * A page that notes everything a page must not do: errors, violations of the policy, requests to other origins. `as`: who is logged in.
 * @returns {Promise<{page: import('playwright-core').Page, context: import('playwright-core').BrowserContext, faults: string[]}>}
 */
export async function openPage(browser, url, { width = 1280, height = 800, theme = 'light', expected = [], as, ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, ...(as ? { storageState: loggedIn(url, as) } : {}), ...more });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const faults = [];
  const note = (fault) => {
    if (!expected.some((pattern) => pattern.test(fault))) faults.push(fault);
  };
  const { origin, host } = new URL(url);
  page.on('console', (message) => {
    if (message.type() === 'error') note(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => note(`error: ${error.stack}`));
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin) note(`other origin: ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== host) note(`other origin: ${socket.url()}`);
  });
  await page.exposeFunction('noteViolation', (text) => note(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (violation) => {
      window.noteViolation(`${violation.violatedDirective} ${violation.blockedURI} ${violation.sourceFile}`);
    });
  });
  await page.goto(url);
  return { page, context, faults };
}

/** What axe finds that keeps people out. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
export async function grave(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations.filter((each) => ['serious', 'critical'].includes(each.impact));
  return found.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`);
}

/** What a browser keeps in which this person has logged in. @param {string} url @param {Phone} phone */
function loggedIn(url, { id, name, token }) {
  const account = { name: 'runnity.account', value: JSON.stringify({ id, name, token }) };
  return { cookies: [], origins: [{ origin: new URL(url).origin, localStorage: [account] }] };
}

/** Waits until `look` in the page gives something true, and gives that. */
export async function until(page, look, argument, timeout = DEADLINE_MS) {
  const handle = await page.waitForFunction(look, argument, { timeout, polling: 100 });
  return handle.jsonValue();
}

/** A call of our REST API → its `data`. */
export async function call(url, path, { token, method = 'POST', body } = {}) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.data;
}

/** Metres a second that the phone runs. */
const SPEED_MPS = 3.2;
const METRES_PER_DEGREE = 111_195;

/**
 * A runner of our own, on Unioninkatu in Helsinki: signs up, starts a public run and has `before_s` seconds of it behind it.
 */
export class Phone {
  static async start(url, { name, ...run } = {}) {
    return (await Phone.signUp(url, name)).begin(run);
  }

  /** Somebody who does not run yet. */
  static async signUp(url, name = 'Test Runner') {
    const phone = new Phone();
    phone.url = url;
    phone.name = `${name} ${randomBytes(3).toString('hex')}`;
    phone.password = randomBytes(12).toString('hex');
    const { name: known, password } = phone;
    const account = await call(url, '/api/users', { body: { name: known, password, visibility: 'public' } });
    Object.assign(phone, { id: account.id, token: account.token });
    return phone;
  }

  async begin({ before_s = 0, visibility = 'public', event } = {}) {
    this.run = (await call(this.url, '/api/runs', { token: this.token, body: { visibility, event } })).id;
    this.begun_ms = Date.now() - before_s * 1000;
    this.sent_s = -1;
    await this.catchUp();
    return this;
  }

  /** A fix for each second since the last one that was sent, up to now. */
  async catchUp() {
    const now_s = Math.floor((Date.now() - this.begun_ms) / 1000);
    const fixes = [];
    for (let second = this.sent_s + 1; second <= now_s; second += 1) fixes.push(this.fix(second));
    for (let from = 0; from < fixes.length; from += 1000) {
      await call(this.url, `/api/runs/${this.run}/fixes`, { token: this.token, body: { fixes: fixes.slice(from, from + 1000) } });
    }
    this.sent_s = now_s;
  }

  fix(second) {
    // Up and down the street, 600 m each way.
    const along_m = (second * SPEED_MPS) % 1200;
    const north_m = along_m < 600 ? along_m : 1200 - along_m;
    return {
      time: new Date(this.begun_ms + second * 1000).toISOString(),
      latitude: 60.1688 + north_m / METRES_PER_DEGREE,
      longitude: 24.9508 - north_m / METRES_PER_DEGREE / 3.6,
      elevation_m: 10 + 6 * Math.sin(second / 60),
      accuracy_m: 5,
    };
  }

  /** Runs on in the background, a fix a second, until `stop`. */
  keepRunning() {
    this.timer = setInterval(() => this.catchUp().catch(() => {}), 1000);
    return this;
  }

  stop() {
    clearInterval(this.timer);
  }

  /** @param {'pause' | 'resume' | 'finish'} what */
  async say(what) {
    await call(this.url, `/api/runs/${this.run}/${what}`, { token: this.token });
  }
}

/** An event of this runner's that is under way → its id. */
export async function holdEvent(phone, { name, ...more }) {
  const begun = new Date(Date.now() - 600_000).toISOString();
  const plan = { name, date: begun.slice(0, 10), time: begun.slice(11, 19), time_zone: 'UTC', private: false, ...more };
  const body = { ...plan, start: { latitude: 60.1699, longitude: 24.9508 } };
  return (await call(phone.url, '/api/events', { token: phone.token, body })).id;
}

/** A line to the server that can be cut and mended. */
export async function openLine(url) {
  const target = new URL(url);
  const sockets = new Set();
  let cut = false;
  const server = net.createServer((client) => {
    if (cut) return client.destroy();
    const upstream = net.connect(Number(target.port || 80), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut() {
      cut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      cut = false;
    },
    close() {
      this.cut();
      server.close();
    },
  };
}
