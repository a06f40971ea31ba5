// The SDK in Node.js: every scenario over every transport.
import { after, before, describe, test } from 'node:test';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as BinaryCentrifuge } from 'centrifuge/build/protobuf';
import { EventSource } from 'eventsource';
import WebSocket from 'ws';
import { play, scenarios } from './scenarios.mjs';
import { openStage, WAYS } from './stage.mjs';

let stage;

before(async () => {
  stage = await openStage();
});

after(() => stage?.close());

for (const way of WAYS) {
  describe(way.name, () => {
    for (const name of Object.keys(scenarios)) {
      test(name, { timeout: 60_000 }, () =>
        play(name, {
          ...stage,
          ...way,
          Centrifuge: way.isBinary ? BinaryCentrifuge : Centrifuge,
          endpoint: way.endpoint(stage.base),
          options: { websocket: WebSocket, eventsource: EventSource, emulationEndpoint: `${stage.base}/emulation` },
        }));
    }
  });
}
