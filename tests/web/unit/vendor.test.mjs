import { test } from 'node:test';
import assert from 'node:assert/strict';
import { relative } from 'node:path';
import { isInStep, largeFiles, orphans } from '../compress-vendor.mjs';

test('what_lies_compressed_beside_a_release_s_file_is_that_file', () => {
  const files = largeFiles();
  assert.ok(files.length >= 4);
  assert.deepEqual(orphans(), []);
  for (const path of files) assert.ok(isInStep(path), `${relative('.', path)}: run node compress-vendor.mjs`);
});
