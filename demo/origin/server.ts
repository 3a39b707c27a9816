/** The HTTP side that origin and edge share: CORS, Range, faults, counters, control. What is served comes from `resolve`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { handleControl, isLoopback } from './control.ts';
import { type Counters, Tally } from './counters.ts';
import { OriginError, toOriginError } from './errors.ts';
import { type Fault, FaultGate, type ResourceKind, wait } from './fault.ts';
import { originLimits } from './limits.ts';
import { parseRange } from './range.ts';

/** Something that can be sent, whole or in part. */
export interface Resource {
  kind: ResourceKind;
  sizeBytes: number;
  /** Bytes `start` up to, not including, `end`, in order. Throws when they cannot be had. */
  read(start: number, end: number, signal: AbortSignal): Iterable<Buffer> | AsyncIterable<Buffer>;
}

/** @throws OriginError whose status is answered; `not_found` for an unknown path. */
export type Resolve = (
  path: string,
  query: URLSearchParams,
  signal: AbortSignal,
) => Promise<Resource>;

export interface LiveServerOptions {
  resolve: Resolve;
  tally?: Tally;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** Default 0: a free one. */
  port?: number | undefined;
  /** Serves `/control/*` to loopback clients. Default false. */
  control?: boolean | undefined;
  /** Added before every answer. Default 0. */
  latencyMs?: number | undefined;
  /** Sent as `X-Edge-Id`. */
  edgeId?: string | undefined;
  /** For faults that hit a share of the requests. Default `Math.random`. */
  random?: (() => number) | undefined;
  /** Another server's, whose faults this one shares. */
  outerGate?: FaultGate | undefined;
}

export interface LiveServer {
  /** `http://127.0.0.1:1234`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly gate: FaultGate;
  readonly connectionCount: number;
  /** @throws OriginError `fault_invalid`. */
  setFault(fault: Fault): void;
  /** Resets every connection; new ones are taken as before. */
  resetConnections(): void;
  counters(): Counters;
  resetCounters(): void;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

const contentTypes: Record<ResourceKind, string> = {
  playlist: 'application/vnd.apple.mpegurl',
  init: 'video/mp4',
  segment: 'video/iso.segment',
};

const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Content-Length, Content-Range, Accept-Ranges, Date, X-Edge-Id',
  'timing-allow-origin': '*',
  // Viewers of one browser stand for viewers on different machines: its HTTP cache must not feed them.
  'cache-control': 'no-store',
};

/** @throws OriginError `listen_failed`. */
export async function startLiveServer(options: LiveServerOptions): Promise<LiveServer> {
  const gate = new FaultGate(options.random ?? Math.random, options.outerGate);
  const tally = options.tally ?? new Tally();
  const sockets = new Set<Socket>();
  const control = {
    fault: () => gate.fault,
    setFault,
    counters: () => tally.snapshot(sockets.size),
    resetCounters: () => tally.reset(),
  };

  function setFault(fault: Fault, keep?: Socket): void {
    gate.setFault(fault);
    if (fault.kind === 'refuse') resetConnections(keep);
  }

  function resetConnections(keep?: Socket): void {
    for (const socket of sockets) if (socket !== keep) socket.resetAndDestroy();
  }

  const server = createServer(
    { keepAliveTimeout: originLimits.keepAliveMs },
    (request, response) => {
      const path = pathOf(request);
      if (options.control && path.startsWith('/control/')) {
        void handleControl(request, response, path, control);
        return;
      }
      void answer(request, response, path, { options, gate, tally });
    },
  );
  server.maxConnections = originLimits.connectionsMax;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // With control on, a loopback client may be about to end the fault: its other requests are reset when read.
    const refused = gate.isRefusing && !(options.control && isLoopback(socket.remoteAddress));
    tally.connection(refused);
    if (refused) socket.resetAndDestroy();
  });
  const url = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);

  return {
    url,
    port: Number(new URL(url).port),
    gate,
    get connectionCount() {
      return sockets.size;
    },
    setFault: (fault) => setFault(fault),
    resetConnections: () => resetConnections(),
    counters: control.counters,
    resetCounters: control.resetCounters,
    async close() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.once('close', resolve));
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

interface AnswerContext {
  options: LiveServerOptions;
  gate: FaultGate;
  tally: Tally;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  context: AnswerContext,
): Promise<void> {
  const { gate, tally, options } = context;
  const kind = kindOf(path);
  tally.request(kind);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const admission = await gate.admit(kind === 'other' ? 'playlist' : kind, gone.signal);
    if (options.latencyMs) await wait(options.latencyMs, gone.signal);
    if (gone.signal.aborted) return tally.abort();
    if (admission.type === 'reset') return reset(request, tally);
    for (const [name, value] of Object.entries(corsHeaders)) response.setHeader(name, value);
    if (options.edgeId) response.setHeader('x-edge-id', options.edgeId);
    if (admission.type === 'error') {
      tally.error();
      return endWithError(response, admission.status, 'fault', 'an error that was asked for');
    }
    if (request.method === 'OPTIONS') return preflight(response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new OriginError('method_not_allowed', `${request.method} is not answered`);
    }
    await send(
      request,
      response,
      path,
      await options.resolve(path, queryOf(request), gone.signal),
      gone.signal,
      context,
    );
  } catch (error) {
    if (gone.signal.aborted) return tally.abort();
    // A status cannot be taken back: a broken transfer must not look complete.
    if (response.headersSent) return reset(request, tally);
    const { status, code, message } = toOriginError(error);
    tally.error();
    endWithError(response, status, code, message);
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  resource: Resource,
  gone: AbortSignal,
  { gate, tally }: AnswerContext,
): Promise<void> {
  const { kind, sizeBytes } = resource;
  if (kind === 'segment') tally.segmentRequest(path, sizeBytes);
  const range = kind === 'playlist' ? null : parseRange(request.headers.range, sizeBytes);
  response.setHeader('content-type', contentTypes[kind]);
  if (kind !== 'playlist') response.setHeader('accept-ranges', 'bytes');
  if (range === 'unsatisfiable') {
    tally.error();
    response.writeHead(416, { 'content-range': `bytes */${sizeBytes}`, 'content-length': 0 }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  if (range) response.setHeader('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`);
  response.writeHead(range ? 206 : 200, { 'content-length': end - start });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  for await (const block of resource.read(start, end, gone)) {
    for (let at = 0; at < block.length; ) {
      const chunk = block.subarray(at, at + gate.chunkBytes(kind));
      if (!(await gate.pace(kind, chunk.length, gone))) return reset(request, tally);
      if (!(await write(response, chunk))) return tally.abort();
      tally.sent(kind, path, sizeBytes, chunk.length);
      at += chunk.length;
    }
  }
  response.end();
}

/** True once the bytes are with the operating system, false when the connection ended before. */
function write(response: ServerResponse, chunk: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const closed = (): void => resolve(false);
    response.once('close', closed);
    response.write(chunk, (error) => {
      response.off('close', closed);
      resolve(!error);
    });
    if (response.destroyed) closed();
  });
}

function reset(request: IncomingMessage, tally: Tally): void {
  tally.abort();
  request.socket.resetAndDestroy();
}

function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, HEAD, OPTIONS',
    'access-control-allow-headers': 'Range, Content-Type',
    'access-control-max-age': '600',
  });
  response.end();
}

function endWithError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
): void {
  response.removeHeader('accept-ranges');
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ code, message }));
}

function kindOf(path: string): ResourceKind | 'other' {
  if (path.endsWith('.m3u8')) return 'playlist';
  if (path.endsWith('/init.mp4')) return 'init';
  return path.endsWith('.m4s') ? 'segment' : 'other';
}

/** Without the query: a token in it does not change what is asked for. Empty when it is not a usable path. */
function pathOf(request: IncomingMessage): string {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  return path.length <= originLimits.pathLengthMax && /^(\/[\w-][\w.-]*)+$/.test(path) ? path : '';
}

function queryOf(request: IncomingMessage): URLSearchParams {
  return new URLSearchParams((request.url ?? '').split('?', 2)[1] ?? '');
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new OriginError('listen_failed', error.message, error)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${name}:${address.port}`;
}
