// Writes beside each large file of a vendored release the same compressed by Brotli: by hand, when a release is vendored.
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const VENDOR = fileURLToPath(new URL('../../web-demo/vendor', import.meta.url));
/** Below, the server compresses well enough in no time. */
const BYTES_MIN = 16 * 1024;

/** The files that are worth it. @returns {string[]} */
export function largeFiles() {
  const all = readdirSync(VENDOR, { recursive: true }).map((name) => join(VENDOR, String(name)));
  return all.filter((path) => /\.(js|mjs|css)$/.test(path) && readFileSync(path).length >= BYTES_MIN);
}

/** What lies compressed beside nothing: its file has gone. @returns {string[]} */
export function orphans() {
  const all = readdirSync(VENDOR, { recursive: true }).map((name) => join(VENDOR, String(name)));
  return all.filter((path) => path.endsWith('.br') && !existsSync(path.slice(0, -3)));
}

/** Whether what lies beside it is this file. @param {string} path */
export function isInStep(path) {
  return existsSync(`${path}.br`) && brotliDecompressSync(readFileSync(`${path}.br`)).equals(readFileSync(path));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of largeFiles().filter((each) => !isInStep(each))) {
    const whole = readFileSync(path);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: whole.length };
    writeFileSync(`${path}.br`, brotliCompressSync(whole, { params }));
  }
}
