/**
 * The page's one connection: a Centrifuge client for who is logged in, for the share link that the page was opened with, or for a
 * spectator. Reconnecting, back-off and recovery are the SDK's. Knows no document and no screen.
 */

import { account, forget, onAccount } from './account.js';
import { held } from './held.js';
import { heardUntil, keepHeard } from './heard.js';
import { loadCentrifuge } from './vendor.js';

/** Without a connection for this long the page says "offline" instead of "reconnecting". */
const OFFLINE_AFTER_MS = 8_000;
/** When the server has closed the connection for good, we still ask again, but rarely. */
const RETRY_AFTER_MS = 15_000;
/** Changes that may have come between two pages. */
const BETWEEN_MAX = 50;
/** The token is not good, or not any more. */
const UNKNOWN = 3500;

/**
 * @typedef {'connecting' | 'live' | 'reconnecting' | 'offline'} Connection
 *
 * @typedef {object} OwnHandlers
 * @property {(data: any) => void} [change] what is told on the user's own channel, to which the server subscribes
 * @property {(context: {recovered: boolean}) => void} [subscribed] the channel is heard from here on; where nothing was recovered, what was
 *   told meanwhile is not heard of any more
 */

/** @type {Promise<import('centrifuge').Centrifuge> | null} */
let opened = null;
/** @type {Connection} */
let told = 'connecting';
/** @type {Set<(connection: Connection) => void>} */
const listeners = new Set();
/** @type {Set<OwnHandlers>} */
const own = new Set();
/** Whether the own channel is heard now: who asks later is told at once. */
let ownSubscribed = false;

/** @param {Connection} connection */
function tell(connection) {
  if (connection === told) return;
  told = connection;
  for (const listener of listeners) listener(connection);
}

/** Calls back with how the line is, now and whenever that changes. @param {(connection: Connection) => void} listener */
export function onConnection(listener) {
  listeners.add(listener);
  listener(told);
}

/** @param {OwnHandlers} handlers @returns {() => void} to listen no more */
export function onOwn(handlers) {
  own.add(handlers);
  if (ownSubscribed) handlers.subscribed?.({ recovered: false });
  return () => own.delete(handlers);
}

/** @returns {Promise<import('centrifuge').Centrifuge>} the same for all who ask */
export function openConnection() {
  opened ??= open();
  return opened;
}

async function open() {
  const Centrifuge = await loadCentrifuge();
  const client = new Centrifuge(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/connection/websocket`, {
    name: 'runnity-web',
    token: held.secret || account()?.token || '',
    minReconnectDelay: 300,
    maxReconnectDelay: 6_000,
    maxServerPingDelay: 10_000,
  });
  report(client);
  hearOwn(client);
  onAccount((next) => {
    if (held.secret) return;
    client.disconnect();
    client.setToken(next?.token ?? '');
    client.connect();
  });
  client.connect();
  return client;
}

/** @param {import('centrifuge').Centrifuge} client */
function hearOwn(client) {
  const isOwn = (/** @type {string} */ channel) => channel.startsWith('#');
  const hear = (/** @type {unknown} */ data) => {
    for (const { change } of own) change?.(data);
  };
  client.on('subscribed', async ({ channel, recovered, streamPosition: here }) => {
    if (!isOwn(channel)) return;
    ownSubscribed = true;
    for (const { subscribed } of own) subscribed?.({ recovered });
    const before = heardUntil(channel);
    if (here) keepHeard(channel, here);
    if (recovered || !here || before?.epoch !== here.epoch || before.offset >= here.offset) return;
    try {
      // Told between the page before and this one: a run's end unlocks something while its page opens.
      const { publications } = await client.history(channel, { since: before, limit: BETWEEN_MAX });
      for (const { offset = 0, data } of publications) if (offset <= here.offset) hear(data);
    } catch (failure) {
      console.info('between pages:', failure instanceof Error ? failure.message : failure);
    }
  });
  for (const gone of /** @type {const} */ (['subscribing', 'unsubscribed'])) {
    client.on(gone, ({ channel }) => {
      if (isOwn(channel)) ownSubscribed = false;
    });
  }
  client.on('publication', ({ channel, data, offset }) => {
    if (!isOwn(channel)) return;
    hear(data);
    const epoch = heardUntil(channel)?.epoch;
    if (offset !== undefined && epoch !== undefined) keepHeard(channel, { epoch, offset });
  });
}

/** Turns the SDK's states into the sign that people see. @param {import('centrifuge').Centrifuge} client */
function report(client) {
  let everConnected = false;
  let offlineTimer = 0;
  const calm = () => {
    clearTimeout(offlineTimer);
    offlineTimer = 0;
  };
  client.on('connected', () => {
    calm();
    everConnected = true;
    tell('live');
  });
  client.on('connecting', () => {
    if (told !== 'offline') tell(everConnected ? 'reconnecting' : 'connecting');
    offlineTimer ||= window.setTimeout(() => tell('offline'), OFFLINE_AFTER_MS);
  });
  client.on('disconnected', ({ code }) => {
    // Our own word, on the way to another account.
    if (code === 0) return;
    if (code === UNKNOWN) {
      // The link is over: what is there instead says so. A log-in that is over leaves a spectator.
      if (held.secret) return location.reload();
      const token = account()?.token;
      if (token) return forget(token);
    }
    calm();
    tell('offline');
    window.setTimeout(() => client.connect(), RETRY_AFTER_MS);
  });
  window.addEventListener('offline', () => tell('offline'));
  window.addEventListener('online', () => {
    if (client.state === 'connected') tell('live');
  });
}
