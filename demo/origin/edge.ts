/**
 * A caching edge in front of the origin; several make the demo's and the tests' set of edges.
 *
 *   const edge = await startEdge({ originUrl: origin.url, edgeId: 'edge-a', control: true });
 *   edge.playlistUrl                                              // http://127.0.0.1:PORT/live/main.m3u8
 *   edge.setFault({ kind: 'throttle', bytesPerSecond: 200_000 })  // see fault.ts; { kind: 'none' } ends it
 *   edge.counters().segments['/live/high/1004.m4s']?.copies       // see counters.ts
 *   const line = await edge.openLine()                            // a port with faults of its own, for one viewer
 *   meanCopiesPerSegment(edgeA.counters(), edgeB.counters())      // from counters.ts
 *   await edge.close();
 *
 * The same paths as the origin. A file asked for by many at once is fetched once and passed on while it arrives.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import { type Counters, Tally } from './counters.ts';
import { EdgeCache, GrowingFile, toResource } from './edge-cache.ts';
import { OriginError, toOriginError } from './errors.ts';
import { type Fault, FaultGate } from './fault.ts';
import { originLimits } from './limits.ts';
import { type LiveServer, type Resource, startLiveServer } from './server.ts';

export interface EdgeOptions {
  /** `Origin.url`. */
  originUrl: string;
  /** Sent as `X-Edge-Id`. */
  edgeId: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: a free one. */
  port?: number;
  /** Serves `/control/*` to loopback clients. Default false. */
  control?: boolean;
  /** Added before every answer. Default 0. */
  latencyMs?: number;
  /** Width of its line, which all connections share. Default: whatever the machine gives. */
  bytesPerSecondMax?: number;
  /** How long a playlist is served without asking the origin again, 0 to 200. Default 200. */
  playlistTtlMs?: number;
  /** Silence of the origin after which a request fails. Default 4000. */
  upstreamTimeoutMs?: number;
  /** Default 16 MiB. */
  cacheBytesMax?: number;
  /** For faults that hit a share of the requests. Default `Math.random`. */
  random?: () => number;
}

/** One viewer's own way to an edge: its faults hit nobody else. What it sends counts as the edge's. */
export interface EdgeLine {
  readonly port: number;
  /** Those of the edge come on top. @throws OriginError `fault_invalid`. */
  setFault(fault: Fault): void;
  readonly connectionCount: number;
  /** Frees the port. */
  close(): Promise<void>;
}

export interface Edge {
  readonly edgeId: string;
  /** `http://127.0.0.1:1234`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** The multivariant playlist. */
  readonly playlistUrl: string;
  readonly fault: Fault;
  /** @throws OriginError `fault_invalid`. */
  setFault(fault: Fault): void;
  /** Stays open until the edge is closed. @throws OriginError `listen_failed`. */
  openLine(): Promise<EdgeLine>;
  counters(): Counters;
  resetCounters(): void;
  /** Ends connections, fetches and port. Can be called again. */
  close(): Promise<void>;
}

/** @throws OriginError `option_invalid`, `fault_invalid` for a line too narrow or too wide, or `listen_failed`. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  if (!URL.canParse(options.originUrl))
    throw new OriginError('option_invalid', 'originUrl is not a URL');
  const tally = new Tally();
  const upstream = new Upstream(options, tally);
  const serving = {
    ...options,
    tally,
    resolve: (path: string, query: URLSearchParams) => upstream.resolve(path, query),
    outerGate: uplinkOf(options),
  };
  const server = await startLiveServer(serving);
  const lines = new Set<LiveServer>();
  let isClosed = false;
  return {
    edgeId: options.edgeId,
    url: server.url,
    port: server.port,
    playlistUrl: `${server.url}/live/main.m3u8`,
    get fault() {
      return server.gate.fault;
    },
    setFault(fault) {
      server.setFault(fault);
      if (fault.kind === 'refuse') for (const line of lines) line.resetConnections();
    },
    async openLine() {
      const line = await startLiveServer({
        ...serving,
        port: 0,
        control: false,
        outerGate: server.gate,
      });
      lines.add(line);
      if (isClosed) await line.close();
      return {
        port: line.port,
        get connectionCount() {
          return line.connectionCount;
        },
        setFault: (fault) => line.setFault(fault),
        close() {
          lines.delete(line);
          return line.close();
        },
      };
    },
    counters: server.counters,
    resetCounters: server.resetCounters,
    async close() {
      isClosed = true;
      upstream.close();
      await Promise.all([server, ...lines].map((each) => each.close()));
    },
  };
}

/** A narrow line is a throttle that no fault replaces. */
function uplinkOf({ bytesPerSecondMax, random = Math.random }: EdgeOptions): FaultGate {
  const gate = new FaultGate(random);
  if (bytesPerSecondMax !== undefined)
    gate.setFault({ kind: 'throttle', bytesPerSecond: bytesPerSecondMax });
  return gate;
}

/** The edge's side towards the origin. */
class Upstream {
  readonly #options: EdgeOptions;
  readonly #tally: Tally;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #closing = new AbortController();
  readonly #cache: EdgeCache;
  /** Requests whose head has not come yet, so that a second client waits for the first one's. */
  readonly #pending = new Map<string, Promise<Resource>>();
  readonly #playlistAtMs = new Map<string, number>();

  constructor(options: EdgeOptions, tally: Tally) {
    this.#options = options;
    this.#tally = tally;
    this.#cache = new EdgeCache(options.cacheBytesMax ?? originLimits.cacheBytesMax);
  }

  async resolve(file: string, query: URLSearchParams): Promise<Resource> {
    if (!/^\/live\/([\w-]+\/)?[\w-]+\.(m3u8|mp4|m4s|jsonl)$/.test(file)) {
      throw new OriginError('not_found', 'no such file');
    }
    // Each set of delivery directives has an answer of its own.
    const path = changes(file) ? file + deliveryDirectives(query) : file;
    const cached = this.#isFresh(path) ? this.#cache.get(path) : null;
    if (cached) return cached;
    let pending = this.#pending.get(path);
    if (!pending) {
      pending = this.#fetch(path).finally(() => this.#pending.delete(path));
      this.#pending.set(path, pending);
    }
    return await pending;
  }

  close(): void {
    this.#closing.abort();
    this.#agent.destroy();
  }

  #isFresh(path: string): boolean {
    if (!changes(path)) return true;
    const ttlMs = Math.min(200, this.#options.playlistTtlMs ?? 200);
    return performance.now() - (this.#playlistAtMs.get(path) ?? -Infinity) < ttlMs;
  }

  async #fetch(path: string): Promise<Resource> {
    const isPlaylist = changes(path);
    const kind = isPlaylist ? 'playlist' : path.endsWith('/init.mp4') ? 'init' : 'segment';
    this.#tally.upstreamRequest();
    const response = await this.#request(path);
    const sizeBytes = Number(response.headers['content-length'] ?? Number.NaN);
    if (
      response.statusCode !== 200 ||
      !(sizeBytes > 0 && sizeBytes <= originLimits.segmentBytesMax)
    ) {
      response.resume();
      if (response.statusCode === 404)
        throw new OriginError('not_found', 'the origin has no such file');
      if (response.statusCode === 400)
        throw new OriginError('reload_refused', 'the origin refused to wait');
      throw new OriginError('upstream_invalid', `the origin answered ${response.statusCode}`);
    }
    const file = new GrowingFile(sizeBytes);
    const receiving = this.#receive(path, response, file);
    // A playlist is passed on whole: half of one is of no use, and its age counts from its arrival.
    if (isPlaylist) {
      await receiving;
      if (!file.isComplete) throw new OriginError('upstream_unreachable', 'the playlist broke off');
      this.#playlistAtMs.set(path, performance.now());
    }
    this.#cache.add(path, kind, file);
    return toResource(kind, file);
  }

  #request(path: string): Promise<IncomingMessage> {
    const timeoutMs = this.#options.upstreamTimeoutMs ?? 4_000;
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, this.#options.originUrl), {
        agent: this.#agent,
        signal: this.#closing.signal,
        timeout: timeoutMs,
      });
      outgoing.once('response', resolve);
      outgoing.once('timeout', () => {
        outgoing.destroy(
          new OriginError('upstream_timeout', `the origin was silent for ${timeoutMs} ms`),
        );
      });
      outgoing.on('error', (error) => reject(upstreamError(error)));
      outgoing.end();
    });
  }

  /** Never rejects: readers of the file meet the failure. */
  async #receive(path: string, response: IncomingMessage, file: GrowingFile): Promise<void> {
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        file.append(chunk);
        this.#tally.upstreamBytes(chunk.length);
      }
      if (!file.isComplete) throw new Error('the transfer broke off');
    } catch (error) {
      file.fail(upstreamError(error));
      this.#cache.remove(path);
    }
  }
}

/** Playlists and a publisher's descriptors grow; everything else stays as it is. */
function changes(path: string): boolean {
  return /\.(m3u8|jsonl)(\?.*)?$/.test(path);
}

/** The query of a request that the origin holds until it can answer; empty for any other. */
function deliveryDirectives(query: URLSearchParams): string {
  const kept = [...query].filter(([name, value]) => name.startsWith('_HLS_') && value.length < 20);
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept)}`;
}

function upstreamError(error: unknown): OriginError {
  if (error instanceof OriginError) return error;
  return new OriginError(
    'upstream_unreachable',
    `the origin failed: ${toOriginError(error).message}`,
    error,
  );
}
