// Pure: where a log-in leads back to.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { backTo } from '../../../web-demo/account/next.js';

const ORIGIN = 'http://127.0.0.1:8000';

test('a_log_in_leads_back_to_a_page_of_ours_and_nowhere_else', () => {
  const table = [
    ['/keys', '/keys'], ['/events/17#invite', '/events/17#invite'], ['/record?event=17&wait=1', '/record?event=17&wait=1'], ['/s', '/s'],
    ['/account', null], ['//example.com/', null], ['https://example.com/', null], ['/\\example.com', null], ['javascript:alert(1)', null], ['', null],
  ];
  for (const [next, path] of table) {
    assert.equal(backTo(`?next=${encodeURIComponent(next)}`, ORIGIN), path === null ? null : ORIGIN + path, next);
  }
  // Whatever the path is, it is one of ours.
  for (const next of ['/.//example.com/x', '/..//example.com', '/%2e//example.com', '/a/..//example.com']) {
    const url = backTo(`?next=${encodeURIComponent(next)}`, ORIGIN);
    assert.ok(url === null || new URL(url).origin === ORIGIN && url.startsWith(`${ORIGIN}/`), `${next}: ${url}`);
  }
});
