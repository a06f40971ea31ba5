// The SDK in a real browser: every scenario over every transport, in a page of the server's origin and of another.
import { after, before, describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { launch } from '../web/support.mjs';
import { scenarios } from './scenarios.mjs';
import { openStage, WAYS } from './stage.mjs';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const SDKS = {
  json: read('./node_modules/centrifuge/dist/centrifuge.js'),
  binary: read('./node_modules/centrifuge/dist/centrifuge.protobuf.js'),
};

let stage;
let browser;
let page;

before(async () => {
  stage = await openStage();
  browser = await launch();
  page = await browser.newPage({ bypassCSP: true });
  for (const name of ['token', 'account', 'cut', 'mend', 'publishElsewhere']) await page.exposeFunction(name, stage[name]);
  const module = { contentType: 'text/javascript', body: read('./scenarios.mjs') };
  await page.route(`${stage.base}/scenarios.mjs`, (route) => route.fulfill(module));
  // The browser lets pages from this machine alone speak to servers on it, so a page of ours must be the frame.
  await page.goto(`${stage.base}/health`);
  for (const [name, content] of Object.entries(SDKS)) {
    await page.addScriptTag({ content });
    await page.evaluate((sdk) => {
      window[sdk] = window.Centrifuge;
    }, name);
  }
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  stage?.close();
});

/** Plays one scenario in the page. `base`: where the page believes the server to be. */
function play(scenario, way, base) {
  const { transport, isBinary } = way;
  return page.evaluate(async ({ scenario, base, endpoint, transport, isBinary }) => {
    const { play } = await import('/scenarios.mjs');
    const { token, account, cut, mend, publishElsewhere } = window;
    await play(scenario, {
      ...{ token, account, cut, mend, publishElsewhere, endpoint, transport, isBinary },
      Centrifuge: isBinary ? window.binary : window.json,
      options: { emulationEndpoint: `${base}/emulation` },
    });
  }, { scenario, base, endpoint: way.endpoint(base), transport, isBinary });
}

for (const way of WAYS) {
  describe(way.name, () => {
    for (const name of Object.keys(scenarios)) {
      test(name, { timeout: 60_000 }, () => play(name, way, stage.base));
    }
  });
  // The same server by another name is another origin: what is posted is asked for first.
  test(`${way.name}, from a page of another origin`, { timeout: 60_000 }, () =>
    play('who_publishes_is_named_and_hears_himself', way, stage.base.replace('127.0.0.1', 'localhost')));
}
