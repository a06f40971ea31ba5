/**
 * Calls of the server's REST API: the envelope is taken off, and what goes wrong is one kind of error. Knows no document and no
 * screen.
 *
 * Reads are asked for with the share link that the page was opened with, if it was; else, and for every write, as who is logged in.
 */

import { account, forget } from './account.js';
import { held } from './held.js';

const DEADLINE_MS = 10_000;
/** The server's bound. */
const PAGE_SIZE = 200;

/** What was not a success. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 when there was no answer at all
   * @param {string} message for people
   * @param {{field?: string | null, retry_after_s?: number | null}} [more] the field that is wrong; when to come again
   */
  constructor(status, message, { field = null, retry_after_s = null } = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.field = field;
    this.retry_after_s = retry_after_s;
  }

  /** Whether the same may go well later: the server is away or busy. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** In words, for whoever waits. @param {unknown} failure @returns {string} */
export function wordsOf(failure) {
  return failure instanceof Error ? failure.message : String(failure);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{body?: unknown, key?: string, token?: string}} [more] `key`: the same call with the same key happens once
 * @returns {Promise<any>} the envelope's `data`; null where there is none
 */
async function call(method, path, { body, key, token } = {}) {
  const own = account()?.token ?? '';
  const secret = token ?? (method === 'GET' ? held.secret || own : own || held.secret);
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: 'application/json',
        ...(secret ? { Authorization: `Bearer ${secret}` } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(key ? { 'Idempotency-Key': key } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  } catch {
    throw new ApiError(0, 'The server does not answer.');
  }
  if (response.status === 204) return null;
  let answer = null;
  try {
    answer = await response.json();
  } catch {
    throw new ApiError(response.ok ? 0 : response.status, 'The answer is not JSON.');
  }
  if (response.ok) return answer?.data ?? null;
  if (response.status === 401 && secret === own && own) forget(own);
  throw new ApiError(response.status, String(answer?.error?.message ?? response.statusText), {
    field: typeof answer?.error?.field === 'string' ? answer.error.field : null,
    retry_after_s: Number(response.headers.get('Retry-After')) || null,
  });
}

/** @param {string} path @returns {Promise<any>} */
export function get(path) {
  return call('GET', path);
}

/** All pages of a list, up to so many. @param {string} path @param {number} len_max @returns {Promise<any[]>} */
export async function getPages(path, len_max) {
  const all = [];
  const page_size = Math.min(PAGE_SIZE, len_max);
  for (let page = 1; all.length < len_max; page += 1) {
    const documents = await get(`${path}${path.includes('?') ? '&' : '?'}page=${page}&page_size=${page_size}`);
    if (!Array.isArray(documents)) break;
    all.push(...documents);
    if (documents.length < page_size) break;
  }
  return all.slice(0, len_max);
}

/** @param {string} path @param {unknown} [body] @param {{key?: string, token?: string}} [more] @returns {Promise<any>} */
export function post(path, body, more = {}) {
  return call('POST', path, { body, ...more });
}

/** @param {string} path @param {unknown} body @returns {Promise<any>} */
export function patch(path, body) {
  return call('PATCH', path, { body });
}

/** @param {string} path @param {unknown} [body] @returns {Promise<any>} */
export function put(path, body) {
  return call('PUT', path, { body });
}

/** @param {string} path @param {unknown} [body] @param {{token?: string}} [more] @returns {Promise<null>} */
export function remove(path, body, more = {}) {
  return call('DELETE', path, { body, ...more });
}
