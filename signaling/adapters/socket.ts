import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { CloseReason } from '../core/index.ts';
import type { Limits, ServerErrorCode, ServerFrame } from '../protocol/index.ts';
import { addressOf } from './addresses.ts';
import type { Metrics } from './metrics.ts';
import { originAllowed } from './origins.ts';
import { addressKey, type Buckets, createBucket, createBuckets } from './rates.ts';

/** One socket as the rest of the server sees it. */
export interface Connection {
  readonly connectionId: string;
  /** Names the viewer's network without telling its address. */
  readonly network: string;
  /** `joining` while the token is being checked. */
  state: 'opened' | 'joining' | 'joined' | 'closed';
  /** Drops the frame when the connection is closed. */
  send(frame: ServerFrame): void;
  /** The same for a frame that goes to many and is made into text once. */
  sendText(type: ServerFrame['type'], text: string): void;
  /** Answers with an error, counts it, and closes. */
  refuse(code: ServerErrorCode, message: string, retryAfterMs?: number): void;
  close(reason: CloseReason): void;
}

export interface SocketHandlers {
  text(connection: Connection, text: string): void;
  /** Once for each connection, as soon as nothing more comes of it. */
  closed(connection: Connection): void;
}

export interface SocketOptions {
  limits: Limits;
  metrics: Metrics;
  /** Origins whose pages may connect; null allows pages of this machine. */
  origins: readonly string[] | null;
  /** Header in which a trusted proxy puts the address of the viewer, as its last entry. */
  addressHeader: string | null;
  networkNameOf: (address: string) => string;
  nowMs: () => number;
  handlers: SocketHandlers;
}

export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly count: number;
  /** Waits for the close handshakes up to `closeWithinMs`, then cuts. */
  close(): Promise<void>;
}

const closeCodes: Partial<Record<CloseReason, number>> = {
  left: 1000,
  shutdown: 1001,
  frame_too_large: 1009,
  internal: 1011,
  rate_limited: 1013,
  room_full: 1013,
  server_full: 1013,
  replaced: 4000,
  silent: 4001,
};
const policyViolation = 1008;

/** Takes WebSockets in and holds each to its limits. */
export function createSockets(options: SocketOptions): Sockets {
  const { limits } = options;
  const perMinute = limits.joinsPerMinutePerAddressMax;
  const joins = createBuckets(perMinute / 60, perMinute, limits.addressesMax);
  const open = new Set<WebSocket>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.payloadBytesMax,
    // Absent from the package's types; how long it waits for the other side's close frame.
    ...{ closeTimeout: limits.closeWithinMs },
  });
  return {
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (webSocket) => {
        open.add(webSocket);
        webSocket.on('close', () => open.delete(webSocket));
        accept(webSocket, request, options, joins, open.size);
      });
    },
    get count() {
      return open.size;
    },
    async close() {
      const closed = [...open].map((webSocket) => once(webSocket, 'close'));
      for (const webSocket of open) webSocket.close(closeCodes.shutdown, 'shutdown');
      const timer = new AbortController();
      const late = setTimeout(limits.closeWithinMs, undefined, { signal: timer.signal });
      await Promise.race([Promise.allSettled(closed), late]);
      timer.abort();
      await late.catch(() => {});
      for (const webSocket of open) webSocket.terminate();
      server.close();
    },
  };
}

function accept(
  webSocket: WebSocket,
  request: IncomingMessage,
  options: SocketOptions,
  joins: Buckets,
  openCount: number,
): void {
  const { limits, nowMs } = options;
  const address = addressOf(request, options.addressHeader);
  const connection = connect(webSocket, options.networkNameOf(address), options);
  // The upgrade is done first so that the page learns the code: browsers hide a refused handshake's answer.
  if (!originAllowed(request.headers.origin, options.origins)) {
    connection.refuse('origin_refused', 'pages of this origin may not connect');
  } else if (openCount > limits.connectionsMax) {
    connection.refuse('server_full', 'too many connections', limits.reconnectSpreadMinMs);
  } else if (!joins.take(addressKey(address), nowMs())) {
    connection.refuse('rate_limited', 'too many joins from this address', 60_000);
  } else listen(webSocket, connection, options);
}

function listen(webSocket: WebSocket, connection: Connection, options: SocketOptions): void {
  const { limits, metrics, nowMs, handlers } = options;
  const frames = createBucket(limits.framesPerSecondMax, limits.framesBurstMax, nowMs());
  const joinTimer = globalThis.setTimeout(() => {
    if (connection.state !== 'joined') connection.refuse('join_timeout', 'no join came in time');
  }, limits.joinWithinMs);
  webSocket.on('close', () => clearTimeout(joinTimer));
  webSocket.on('message', (data: RawData, binary: boolean) => {
    if (connection.state === 'closed') return;
    const bytes = (data as Buffer).length;
    metrics.received(bytes);
    if (!frames.take(nowMs())) {
      connection.refuse('rate_limited', 'too many frames', 1_000);
      // Nothing more is read of a flood; the close timeout ends it.
      webSocket.pause();
    } else if (binary) connection.refuse('frame_invalid', 'frames are text');
    else if (bytes > limits.frameBytesMax)
      connection.refuse('frame_too_large', 'frame is too large');
    else handlers.text(connection, String(data));
  });
}

function connect(
  webSocket: WebSocket,
  network: string,
  { limits, metrics, handlers }: SocketOptions,
): Connection {
  const connection: Connection = {
    connectionId: randomUUID(),
    network,
    state: 'opened',
    send(frame) {
      if (connection.state !== 'closed') connection.sendText(frame.type, JSON.stringify(frame));
    },
    sendText(type, text) {
      if (connection.state === 'closed') return;
      metrics.sent(type, text.length);
      webSocket.send(text);
      if (webSocket.bufferedAmount <= limits.socketBufferBytesMax) return;
      metrics.slowReader();
      webSocket.terminate();
      end();
    },
    refuse(code, message, retryAfterMs) {
      if (connection.state === 'closed') return;
      metrics.refused(code);
      connection.send({ type: 'error', code, message, fatal: true, retryAfterMs });
      connection.close(code);
    },
    close(reason) {
      if (connection.state === 'closed') return;
      webSocket.close(closeCodes[reason] ?? policyViolation, reason);
      end();
    },
  };
  function end(): void {
    if (connection.state === 'closed') return;
    connection.state = 'closed';
    handlers.closed(connection);
  }
  webSocket.on('close', end);
  webSocket.on('error', (error: Error & { code?: string }) => {
    // ws closes by itself after any of these: a frame above its maximum, bad UTF-8, a broken frame.
    if (connection.state === 'closed' || !error.code?.startsWith('WS_ERR')) return;
    const tooLarge = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
    metrics.refused(tooLarge ? 'frame_too_large' : 'frame_invalid');
    end();
  });
  return connection;
}
