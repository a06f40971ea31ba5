// Pages: what a page needs before its list can be used is named in its head, so that no module waits for another to be read.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../../../web-demo', import.meta.url));

/** All modules that one imports, and they, but not what is imported when it is needed. */
function reached(module, found = new Set()) {
  if (found.has(module)) return found;
  found.add(module);
  const text = readFileSync(join(WEB, module), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  for (const [, path] of text.matchAll(/^\s*(?:import|export)[^;]*?from '(\.[^']+)';/gms)) reached(normalize(join(dirname(module), path)), found);
  return found;
}

for (const [page, module] of [['index.html', 'main.js'], ['event.html', 'event-page.js'], ['run.html', 'run-page.js'],
  ['earn.html', 'earn/earn-page.js'], ['leaderboards.html', 'earn/leaderboards-page.js'], ['challenges.html', 'earn/challenges-page.js'],
  ['record.html', 'record/record-page.js'], ['my-runs.html', 'record/my-runs.js'],
  ['events.html', 'join/events-page.js'], ['event-new.html', 'join/new-page.js'], ['friends.html', 'join/friends-page.js']]) {
  test(`${page}_names_every_module_that_it_needs_at_once`, () => {
    const named = [...readFileSync(join(WEB, page), 'utf8').matchAll(/<link rel="modulepreload" href="\/([^"]+)">/g)].map(([, path]) => path);
    const wanted = [...reached(module)].filter((path) => !path.startsWith('vendor/'));
    assert.deepEqual(named.filter((path) => !path.startsWith('vendor/')).sort(), wanted.sort());
  });
}
