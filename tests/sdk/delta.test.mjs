// The decoders of deltas that the JavaScript SDK has, on the vectors that `src/live/delta/tests.rs` holds the encoder to.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as BinaryCentrifuge } from 'centrifuge/build/protobuf';
import WebSocket from 'ws';

// The SDK has no other door to its decoders.
const codecOf = (Sdk) => new Sdk('ws://localhost', { websocket: WebSocket })._codec;
const [json, binary] = [codecOf(Centrifuge), codecOf(BinaryCentrifuge)];
const vectors = readFileSync(new URL('./delta_vectors.jsonl', import.meta.url), 'utf8').trim().split('\n').map((line) => JSON.parse(line));

for (const { name, is_text, old, new: expected, patch } of vectors) {
  const bytes = (text) => Uint8Array.from(Buffer.from(text, is_text ? 'utf8' : 'hex'));
  const joined = (parts) => Uint8Array.from(Buffer.concat(parts.flatMap(([text, times]) => Array(times).fill(bytes(text)))));
  test(name, () => {
    const { newData } = binary.applyDeltaIfNeeded({ delta: true, data: bytes(patch) }, joined(old));
    assert.ok(Buffer.from(newData).equals(joined(expected)));
    // In the JSON form a patch is a string, and what comes out is read as JSON.
    const document = new TextDecoder().decode(joined(expected));
    if (is_text && document.startsWith('{')) {
      const { newData: read } = json.applyDeltaIfNeeded({ delta: true, data: patch }, joined(old));
      assert.deepEqual(read, JSON.parse(document));
    }
  });
}

test('there are vectors', () => assert.ok(vectors.length > 15));
