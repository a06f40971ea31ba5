/**
 * The user's own channel, to which the server subscribes whoever is logged in. Reconnecting and recovery are the SDK's: what came
 * while the line was cut is heard afterwards. Hands out parsed documents; knows no screen.
 */

import { parseOwnChange } from './protocol-own.js';
import { loadCentrifuge } from './vendor.js';

/** @returns {string} */
function socketUrl() {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/connection/websocket`;
}

/**
 * @param {string} token of the log-in
 * @param {(change: import('./protocol-own.js').OwnChange) => void} onChange
 * @returns {Promise<{close: () => void}>}
 */
export async function openOwn(token, onChange) {
  const Centrifuge = await loadCentrifuge();
  const client = new Centrifuge(socketUrl(), { name: 'runnity-web', token, maxReconnectDelay: 6_000 });
  client.on('publication', ({ channel, data }) => {
    const change = channel.startsWith('#') ? parseOwnChange(data) : null;
    if (change) onChange(change);
  });
  client.connect();
  return { close: () => client.disconnect() };
}
