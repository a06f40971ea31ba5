/**
 * What is watched on the page's connection: a subscription for each run that is looked at closely, one for each cell of the
 * map in view, two for an event. Hands out parsed documents; knows no screen. Recovery is the SDK's.
 */

import { hear, serverNow } from './clock.js';
import { openConnection } from './connection.js';
import {
  eventChannel, mapChannel, parseChange, parseEventChange, parseEventSnapshot, parseFrame, parseSnapshot, positionsChannel, runChannel,
} from './protocol.js';

/** The server allows this many channels on one connection. */
export const CHANNELS_MAX = 128;

/**
 * @typedef {object} Handlers
 * @property {(snapshot: import('./protocol.js').Snapshot, now_ms: number) => void} snapshot a new picture: forget the old one
 * @property {(change: import('./protocol.js').Change, now_ms: number) => void} change
 * @property {() => void} recovered back, with nothing missed
 * @property {() => void} gone the run is no longer to be seen
 *
 * @typedef {object} EventHandlers
 * @property {(snapshot: import('./protocol.js').EventSnapshot) => void} snapshot a new picture: forget the old one
 * @property {(change: import('./protocol.js').EventChange) => void} change
 * @property {(frame: import('./protocol.js').Frame) => void} frame where its runners are
 * @property {() => void} gone the event is no longer to be seen
 *
 * @typedef {import('./protocol.js').Frame | import('./protocol.js').Counts} Told
 */

/** The page's connection, and what can be subscribed to. */
export async function openLive() {
  const client = await openConnection();

  /** @type {Map<string, import('centrifuge').Subscription>} */
  const subscriptions = new Map();

  /** @param {string} id @param {Handlers} handlers @returns {boolean} false when there are too many channels already */
  function watch(id, handlers) {
    if (subscriptions.has(id)) return true;
    if (subscriptions.size >= CHANNELS_MAX) return false;
    const subscription = client.newSubscription(runChannel(id), { recoverable: true, positioned: true });
    subscription.on('subscribed', (context) => {
      const snapshot = parseSnapshot(context.data);
      if (!snapshot) return handlers.recovered();
      hear(snapshot.at_ms);
      handlers.snapshot(snapshot, serverNow());
    });
    subscription.on('publication', (context) => {
      const change = parseChange(context.data);
      if (!change) return;
      hear(change.at_ms);
      handlers.change(change, serverNow());
    });
    subscription.on('unsubscribed', (context) => {
      if (context.code === 0) return;
      subscriptions.delete(id);
      client.removeSubscription(subscription);
      handlers.gone();
    });
    subscriptions.set(id, subscription);
    subscription.subscribe();
    return true;
  }

  /** @param {string} id */
  function unwatch(id) {
    const subscription = subscriptions.get(id);
    if (!subscription) return;
    subscriptions.delete(id);
    subscription.unsubscribe();
    client.removeSubscription(subscription);
  }

  /** @type {Map<string, import('centrifuge').Subscription>} */
  const cells = new Map();

  /** @param {string} cell @param {(frame: Told, whole: boolean) => void} hearFrame */
  function enter(cell, hearFrame) {
    const subscription = client.newSubscription(mapChannel(cell));
    onFrames(subscription, hearFrame);
    cells.set(cell, subscription);
    subscription.subscribe();
  }

  /** @param {string} cell */
  function leave(cell) {
    const subscription = cells.get(cell);
    if (!subscription) return;
    cells.delete(cell);
    subscription.unsubscribe();
    client.removeSubscription(subscription);
  }

  /** @param {number} id @param {EventHandlers} handlers */
  function watchEvent(id, handlers) {
    const subscription = client.newSubscription(eventChannel(id), { recoverable: true, positioned: true });
    subscription.on('subscribed', (context) => {
      const snapshot = parseEventSnapshot(context.data);
      if (!snapshot) return;
      hear(snapshot.at_ms);
      handlers.snapshot(snapshot);
    });
    subscription.on('publication', (context) => {
      const change = parseEventChange(context.data);
      if (!change) return;
      hear(change.at_ms);
      handlers.change(change);
    });
    subscription.on('unsubscribed', (context) => {
      if (context.code !== 0) handlers.gone();
    });
    const positions = client.newSubscription(positionsChannel(id));
    onFrames(positions, (frame) => {
      if (frame.type !== 'counts') handlers.frame(frame);
    });
    subscription.subscribe();
    positions.subscribe();
  }

  /**
   * What happens in an event, without where its runners are.
   * @param {number} id
   * @param {(change: import('./protocol.js').EventChange) => void} hearChange
   * @returns {() => void} to hear no more
   */
  function hearEvent(id, hearChange) {
    const subscription = client.newSubscription(eventChannel(id), { recoverable: true, positioned: true });
    subscription.on('subscribed', (context) => hear(parseEventSnapshot(context.data)?.at_ms ?? null));
    subscription.on('publication', (context) => {
      const change = parseEventChange(context.data);
      if (!change) return;
      hear(change.at_ms);
      hearChange(change);
    });
    subscription.subscribe();
    return () => {
      subscription.unsubscribe();
      client.removeSubscription(subscription);
    };
  }

  return { watch, unwatch, enter, leave, watchEvent, hearEvent };
}

/**
 * What a channel of ticks tells: whole pictures when it is entered, then frames.
 * @param {import('centrifuge').Subscription} subscription
 * @param {(frame: Told, whole: boolean) => void} hearFrame
 */
function onFrames(subscription, hearFrame) {
  const take = (/** @type {unknown} */ data, /** @type {boolean} */ whole) => {
    const frame = parseFrame(data);
    if (!frame) return;
    // A picture may have been written a moment ago, for somebody else.
    if (frame.type === 'positions') hear(frame.at_ms);
    hearFrame(frame, whole);
  };
  subscription.on('subscribed', (context) => take(context.data, true));
  subscription.on('publication', (context) => take(context.data, false));
}
