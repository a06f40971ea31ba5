/**
 * The page behind a share link: a run's page or an event's, for somebody without an account. Both are the pages
 * that everybody else sees; here they are opened with the link's secret. It stays in the address, for people pass it on.
 */

import { getHeldLink } from './api.js';
import { find } from './elements.js';
import { held } from './held.js';
import { ApiError } from './rest.js';
import { openShell } from './shell.js';

/** While the server does not answer, it is asked again. */
const RETRY_MS = 4_000;

const unknown = find('#unknown');

/** Puts another page's content in place of this one's. @param {string} path @param {string} styles */
async function adopt(path, styles) {
  const page = new DOMParser().parseFromString(await (await fetch(path)).text(), 'text/html');
  const main = page.querySelector('main');
  if (!main) throw new Error(`${path} has no content`);
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = styles;
  const ready = new Promise((resolve) => link.addEventListener('load', resolve));
  document.head.append(link);
  await ready;
  find('main').replaceWith(document.adoptNode(main));
}

async function open() {
  held.secret = location.hash.slice(1);
  openShell();
  const link = await getHeldLink();
  held.run = link.run;
  held.event = link.event;
  if (held.run !== null) {
    await adopt('/run.html', '/run-page.css');
    await import('./run-page.js');
  } else if (held.event !== null) {
    await adopt('/event.html', '/live-page.css');
    await import('./event-page.js');
  }
}

async function start() {
  // Another link in the same window is another page.
  window.addEventListener('hashchange', () => location.reload());
  for (;;) {
    try {
      return await open();
    } catch (failure) {
      if (failure instanceof ApiError && failure.status > 0 && failure.status < 500) break;
      console.info('link:', failure instanceof Error ? failure.message : failure);
      await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
    }
  }
  find('#opening').hidden = true;
  unknown.hidden = false;
  document.title = 'This link is over · Runnity';
  find('#connection').hidden = true;
}

start();
