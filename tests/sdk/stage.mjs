// What the scenarios stand on: the ways to the server, a line that can be cut, tokens, and somebody else who publishes.
import { createHmac } from 'node:crypto';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { openLine } from '../web/support.mjs';

function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set, as tests/sdk/run does`);
  return value;
}

const url = given('RUNNITY_URL');
const secret = given('TOKEN_SECRET');
const asSocket = (base) => base.replace(/^http/, 'ws');

const websocket = (base) => `${asSocket(base)}/connection/websocket`;
const emulated = (transport) => (base) => [{ transport, endpoint: `${base}/connection/${transport}` }];
const behindAWall = (base) => [
  { transport: 'websocket', endpoint: `${asSocket(base)}/connection/swallowed` },
  ...emulated('http_stream')(base),
];

/** Every way to the server that the SDK knows, in both forms where there are two. */
export const WAYS = [
  { name: 'WebSocket, JSON', transport: 'websocket', isBinary: false, endpoint: websocket },
  { name: 'WebSocket, Protobuf', transport: 'websocket', isBinary: true, endpoint: websocket },
  { name: 'HTTP stream, JSON', transport: 'http_stream', isBinary: false, endpoint: emulated('http_stream') },
  { name: 'HTTP stream, Protobuf', transport: 'http_stream', isBinary: true, endpoint: emulated('http_stream') },
  { name: 'SSE, JSON', transport: 'sse', isBinary: false, endpoint: emulated('sse') },
  { name: 'no WebSocket gets through', transport: 'http_stream', isBinary: false, endpoint: behindAWall },
];

/** A token as the operator's own back end would make it (HS256). */
export function token(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** Somebody with an account here → their token. */
export async function account(name) {
  const body = JSON.stringify({ name, password: 'correct horse' });
  const response = await fetch(`${url}/api/users`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (!response.ok) throw new Error(`no account: ${response.status} ${await response.text()}`);
  return (await response.json()).data.token;
}

/** Everything on this side, for all scenarios of one file. */
export async function openStage() {
  const line = await openLine(url);
  const other = new Centrifuge(websocket(url), { websocket: WebSocket });
  other.connect();
  await other.ready(20_000);
  return {
    base: line.url,
    token,
    account,
    cut: () => line.cut(),
    mend: () => line.mend(),
    /** Publishes each of them, over a socket that is never cut. */
    async publishElsewhere(channel, documents) {
      const subscription = other.newSubscription(channel);
      subscription.subscribe();
      await subscription.ready(20_000);
      for (const document of documents) await subscription.publish(document);
      subscription.unsubscribe();
      other.removeSubscription(subscription);
    },
    close() {
      other.disconnect();
      line.close();
    },
  };
}
