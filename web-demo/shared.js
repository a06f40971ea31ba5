/**
 * The page behind a share link: a run's page or an event's, for somebody without an account. Both are the pages
 * that everybody else sees; here they are opened with the link's secret. It stays in the address, for people pass it on.
 */

import { getHeldLink } from './api.js';
import { find } from './elements.js';
import { held, takeHeld } from './held.js';
import { ApiError } from './rest.js';
import { openShell } from './shell.js';

/** While the server does not answer, it is asked again. */
const RETRY_MS = 4_000;

const unknown = find('#unknown');

/** Puts another page's content in place of this one's, with its style sheets. @param {string} path */
async function adopt(path) {
  const page = new DOMParser().parseFromString(await (await fetch(path)).text(), 'text/html');
  const main = page.querySelector('main');
  if (!main) throw new Error(`${path} has no content`);
  await Promise.all([...page.querySelectorAll('link[rel="stylesheet"]')].map((sheet) => addSheet(sheet.getAttribute('href') ?? '')));
  find('main').replaceWith(document.adoptNode(main));
}

/** @param {string} href */
async function addSheet(href) {
  if (document.querySelector(`link[href="${CSS.escape(href)}"]`)) return;
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = href;
  const ready = new Promise((resolve) => link.addEventListener('load', resolve));
  document.head.append(link);
  await ready;
}

async function open() {
  held.secret = location.hash.slice(1) || takeHeld();
  // Whoever has signed up meanwhile is back with the link in hand.
  if (!location.hash && held.secret) history.replaceState(null, '', `/s#${held.secret}`);
  openShell();
  const link = await getHeldLink();
  held.run = link.run;
  held.event = link.event;
  held.invites = link.invites;
  if (held.run !== null) {
    await adopt('/run.html');
    await import('./run-page.js');
  } else if (held.event !== null) {
    await adopt('/event.html');
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
