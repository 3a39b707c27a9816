import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createEdgeDirectory, createMessages, createRooms, Learning } from '../core/index.ts';
import {
  limits as defaults,
  edgeWeightsUnlearned,
  type IceServer,
  type Limits,
  type VerificationKey,
} from '../protocol/index.ts';
import { createNetworkNames } from './addresses.ts';
import { type Attestor, createAttestor } from './attestor.ts';
import { createEdgeRoutes } from './edge-routes.ts';
import { createEdges } from './edges.ts';
import { SignalingError } from './errors.ts';
import { createGate } from './gate.ts';
import { createHttp } from './http.ts';
import { createLog } from './log.ts';
import { createLoop, type Loop } from './loop.ts';
import { createRoomMessages } from './messages.ts';
import { createMetrics } from './metrics.ts';
import { isLoopback } from './origins.ts';
import { createSigner } from './signer.ts';
import { createSockets, type Sockets } from './socket.ts';
import { readStaticEdges, type StaticEdge } from './static-edges.ts';
import { createSteering } from './steering.ts';
import { isStreamUrls, type StreamUrls } from './stream-url.ts';
import { createTokens, type EdgeTokenRequest, type TokenRequest } from './tokens.ts';

export interface SignalingOptions {
  /** Default `127.0.0.1`. Anything but loopback needs `key` and `origins`. */
  host?: string | undefined;
  /** Default 0: any free port. */
  port?: number | undefined;
  /** HS256 secret of at least 32 bytes, or an Ed25519 public key as JWK or PEM. Default: a fresh secret. */
  key?: string | undefined;
  /** Signs resume keys, at least 32 bytes. Default derives from an HS256 `key`; else fresh at each start. */
  resumeSecret?: string | undefined;
  /** Origins whose pages may connect, `*` for all. Default: pages served from this machine. */
  origins?: readonly string[] | undefined;
  /** Header with the viewer's address as last entry, such as `x-forwarded-for`, set by a trusted proxy. */
  addressHeader?: string | undefined;
  /** Always there, beside those that register. */
  edges?: StaticEdge[] | undefined;
  iceServers?: IceServer[] | undefined;
  /** Multivariant playlists by room: the server reads these streams and vouches for their segments. */
  streams?: Readonly<Record<string, StreamUrls>> | undefined;
  /** Public keys of publishers by room, `*` for all: what they signed is passed on, and no media is read. */
  publishers?: Readonly<Record<string, VerificationKey>> | undefined;
  /** Signs what it vouches for, and what viewers are told of edges: private ECDSA P-256 key as JWK. Default: fresh at each start. */
  attestorKey?: string | undefined;
  limits?: Partial<Limits> | undefined;
  /** Takes structured lines, JSON without line end. Default: nothing is logged. */
  log?: ((line: string) => void) | undefined;
}

export interface Signaling {
  /** WebSocket URL of this server. */
  readonly url: string;
  readonly port: number;
  /** True when no key was configured: tokens of `issueToken` die with this server. */
  readonly keyGenerated: boolean;
  /**
   * For a viewer of a room, or for an edge.
   * @throws SignalingError `key_cannot_sign` with a public key, `config_invalid`
   */
  issueToken(request: TokenRequest | EdgeTokenRequest): Promise<string>;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /** Says bye to everybody, waits for the sockets up to two seconds, ends. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a signaling server and resolves when it listens.
 * @throws SignalingError `key_required`, `key_invalid`, `signing_key_invalid`, `config_invalid`, `listen_failed`
 */
export async function startSignaling(options: SignalingOptions = {}): Promise<Signaling> {
  const host = options.host ?? '127.0.0.1';
  checkExposure(host, options);
  const parts = assemble(options);
  const { http, sockets, loop, attestor, edges, tokens, metrics, log, limits } = parts;
  http.maxConnections = limits.connectionsMax + 1_000;
  http.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  const port = await listen(http, host, options.port ?? 0);
  const url = `ws://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  log.info('listening', { url });
  let closing: Promise<void> | null = null;
  return {
    url,
    port,
    keyGenerated: tokens.generated,
    issueToken: tokens.issueToken,
    metrics: metrics.text,
    close() {
      parts.isClosing = true;
      edges.close();
      parts.messages.close();
      closing ??= end(http, sockets, loop, attestor);
      return closing;
    },
  };
}

/** Everything but the socket that it listens on. */
function assemble(options: SignalingOptions) {
  const limits: Limits = { ...defaults, ...options.limits };
  const log = createLog(options.log ?? (() => {}), limits.logLinesPerSecondMax);
  const tokens = createTokens({ key: options.key, resumeSecret: options.resumeSecret, limits });
  const signer = createSigner(options.attestorKey);
  const { edges: staticEdges = [], iceServers = [] } = options;
  const edgesKey = signer.publicKey;
  const rooms = createRooms({ limits, random: Math.random, iceServers, edgesKey });
  const directory = createEdgeDirectory({
    limits,
    edges: readStaticEdges(staticEdges, limits),
    learning: new Learning(edgeWeightsUnlearned),
  });
  const messagesCore = createMessages({ limits });
  const metrics = createMetrics(() => ({
    ...rooms.stats(),
    sockets: sockets.count,
    attestedRooms: attestor.count,
    edges: directory.stats(),
    messages: messagesCore.stats(),
  }));
  const shared = {
    ...{ limits, metrics, log, tokens, signer, nowMs },
    origins: options.origins ?? null,
    addressHeader: options.addressHeader?.toLowerCase() ?? null,
    networkNameOf: createNetworkNames(),
  };
  const attestor = createAttestor({
    ...shared,
    streams: checkStreams(options.streams ?? {}),
    publishers: options.publishers ?? {},
    edgeUrls: staticEdges.map(({ baseUrl }) => baseUrl),
  });
  const loop = createLoop({ rooms, metrics, log, nowMs });
  const { connections } = loop;
  const edges = createEdges({ ...shared, directory, connections });
  const messages = createRoomMessages({ ...shared, messages: messagesCore, connections });
  const handlers = createGate({ loop, tokens, attestor, edges, messages, log });
  const sockets = createSockets({ ...shared, handlers });
  const healthy = () => !parts.isClosing;
  const edgeRoutes = createEdgeRoutes({ ...shared, edges, healthy });
  const steering = createSteering({
    survey: (request) => directory.survey(request, nowMs()),
    limits,
    random: Math.random,
    refused: metrics.refused,
  });
  const http = createHttp({ ...shared, healthy, edgeRoutes, steering });
  const parts = { ...shared, http, sockets, loop, attestor, edges, messages, isClosing: false };
  return parts;
}

/** Epochs follow this clock: it never jumps, and goes on over restarts. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function checkExposure(host: string, options: SignalingOptions): void {
  if (isLoopback(host)) return;
  if (options.key === undefined) {
    throw new SignalingError('key_required', `without a key only loopback is served, not ${host}`);
  }
  if (options.origins === undefined) {
    throw new SignalingError('config_invalid', 'origins: name the sites whose pages may connect');
  }
}

function checkStreams(streams: Readonly<Record<string, StreamUrls>>): typeof streams {
  for (const [room, urls] of Object.entries(streams)) {
    if (isStreamUrls(urls)) continue;
    throw new SignalingError(
      'config_invalid',
      `streams: those of ${room} are no http or https URLs`,
    );
  }
  return streams;
}

async function listen(http: Server, host: string, port: number): Promise<number> {
  try {
    http.listen(port, host);
    await once(http, 'listening');
  } catch (cause) {
    throw new SignalingError('listen_failed', `cannot listen on ${host}:${port}`, { cause });
  }
  return (http.address() as AddressInfo).port;
}

async function end(http: Server, sockets: Sockets, loop: Loop, attestor: Attestor): Promise<void> {
  attestor.close();
  const closed = once(http, 'close');
  http.close();
  loop.handle({ type: 'shutdown' });
  await sockets.close();
  http.closeAllConnections();
  loop.close();
  await closed;
}
