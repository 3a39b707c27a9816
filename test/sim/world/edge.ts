import type { FetchFailure } from '../../../sdk/core/events.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import type { Clock } from './clock.ts';
import { Pipe } from './pipes.ts';
import type { Random } from './random.ts';
import type { LiveStream } from './stream.ts';

/** What an edge does to whoever asks: refuse the connection, swallow it, answer with an error, or crawl. */
export type Fault = (
  | { kind: 'dead' }
  | { kind: 'blackhole' }
  | { kind: 'status'; status: number }
  | { kind: 'throttle'; bitsPerSecond: number }
  | { kind: 'offline' }
) & {
  /** What it concerns. Default both. */
  of?: Resource;
  /** So many of the requests; answers that have begun go on. Default all. */
  share?: number;
};

export type Resource = 'segments' | 'playlists';

export interface EdgeSpec {
  edgeId: string;
  firstByteMs: number;
  /** What comes on top for this viewer. Default nothing. */
  distanceMs?: (viewer: string) => number;
  /** Of one connection. */
  bitsPerSecond: number;
  /** Of all connections together; infinite when not given. */
  uplinkBitsPerSecond?: number;
}

export interface Download {
  url: string;
  /** Bytes of the resource, and the byte after the last. */
  range: { start: number; end: number | null };
  firstByteWithinMs: number;
  /** Default 3 s. */
  stalledAfterMs?: number | undefined;
  /** All bytes come through here. */
  downlink: Pipe;
  viewer: string;
  headers(sizeBytes: number): void;
  body(bytes: number): void;
  ended(): void;
  failed(failure: FetchFailure): void;
}

/** The adapter gives up when nothing more comes for so long. */
const stalledAfterMs = 3_000;

const shareMs = 25;

/** Origin and edge in one: serves the stream, with faults by viewer, and counts what it gave. */
export class EdgeServer {
  readonly edgeId: string;
  readonly baseUrl: string;
  servedBytes = 0;
  /** The server does not hear it, whatever viewers get. */
  isSilent = false;
  readonly playlistPolls = new Map<string, number>();
  /** Told of all media that leaves. */
  onServed: (path: string, viewer: string, bytes: number) => void = () => {};
  /** Told of everything that is asked for. */
  onRequest: (viewer: string, resource: Resource) => void = () => {};
  /** Told of who asks for something, or is being given it, and will not get it. */
  onFailure: (viewer: string) => void = () => {};
  #clock: Clock;
  #stream: LiveStream;
  #spec: EdgeSpec;
  #random: Random;
  #shared: Pipe | null;
  #faults = new Map<string, Fault>();
  #faultOfAll: Fault | null = null;

  constructor(clock: Clock, stream: LiveStream, spec: EdgeSpec, random: Random) {
    this.edgeId = spec.edgeId;
    this.baseUrl = `https://${spec.edgeId}.example/live`;
    this.#clock = clock;
    this.#stream = stream;
    this.#spec = spec;
    this.#random = random;
    this.#shared = spec.uplinkBitsPerSecond ? new Pipe(clock, spec.uplinkBitsPerSecond) : null;
  }

  setFault(viewer: string, fault: Fault | null): void {
    if (fault) this.#faults.set(viewer, fault);
    else this.#faults.delete(viewer);
  }

  /** For every viewer without a fault of its own; those that are exempt are let through. */
  setFaultOfAll(fault: Fault | null): void {
    this.#faultOfAll = fault;
  }

  exempt: (viewer: string) => boolean = () => false;

  /** All connections together give no more than this from now on; null for no such bound. */
  setUplink(bitsPerSecond: number | null): void {
    this.#shared = bitsPerSecond === null ? null : new Pipe(this.#clock, bitsPerSecond);
  }

  fault(viewer: string, resource: Resource): Fault | null {
    const fault = this.#faults.get(viewer) ?? (this.exempt(viewer) ? null : this.#faultOfAll);
    return fault && (fault.of ?? resource) === resource ? fault : null;
  }

  /** Returns the function that aborts. */
  playlist(
    viewer: string,
    url: string,
    withinMs: number,
    done: (text: string) => void,
    failed: (failure: FetchFailure) => void,
  ): () => void {
    const path = this.#pathOf(url);
    this.playlistPolls.set(viewer, (this.playlistPolls.get(viewer) ?? 0) + 1);
    return this.#answer(viewer, 'playlists', withinMs, failed, (nowMs) => {
      if (path === 'master.m3u8') done(this.#stream.multivariant());
      else done(this.#stream.playlist(nowMs));
    });
  }

  /** Returns the function that aborts. */
  download(download: Download): () => void {
    let aborted = false;
    const path = this.#pathOf(download.url);
    const stop = this.#answer(
      download.viewer,
      'segments',
      download.firstByteWithinMs,
      download.failed,
      (nowMs) => {
        const size = this.#stream.sizeOf(path, nowMs);
        if (size === null) return download.failed({ status: 404, reason: 'status' });
        download.headers(size);
        this.#body(download, path, Math.min(size, download.range.end ?? size), () => aborted);
      },
    );
    return () => {
      aborted = true;
      stop();
    };
  }

  #pathOf(url: string): string {
    return url.slice(this.baseUrl.length + 1).split('?', 1)[0] as string;
  }

  #answer(
    viewer: string,
    resource: Resource,
    withinMs: number,
    failed: (failure: FetchFailure) => void,
    go: (nowMs: number) => void,
  ): () => void {
    let aborted = false;
    const later = (delayMs: number, run: () => void) =>
      this.#clock.after(delayMs, () => !aborted && run());
    this.onRequest(viewer, resource);
    const drawn = this.fault(viewer, resource);
    const isSpared = drawn?.share !== undefined && !this.#random.chance(drawn.share);
    const fault = isSpared ? null : drawn;
    if (fault && fault.kind !== 'throttle') this.onFailure(viewer);
    if (fault?.kind === 'dead') later(30, () => failed({ status: null, reason: 'network' }));
    else if (fault?.kind === 'offline') later(5, () => failed({ status: null, reason: 'offline' }));
    else if (fault?.kind === 'status')
      later(this.#spec.firstByteMs, () => failed({ status: fault.status, reason: 'status' }));
    else if (fault?.kind === 'blackhole')
      later(withinMs, () => failed({ status: null, reason: 'first_byte_timeout' }));
    else {
      const nearMs = this.#spec.firstByteMs * this.#random.between(0.7, 1.6);
      const firstByteMs = nearMs + (this.#spec.distanceMs?.(viewer) ?? 0);
      if (firstByteMs > withinMs)
        later(withinMs, () => failed({ status: null, reason: 'first_byte_timeout' }));
      else later(firstByteMs, () => go(this.#clock.nowMs));
    }
    return () => {
      aborted = true;
    };
  }

  #body(download: Download, path: string, end: number, isAborted: () => boolean): void {
    let offset = download.range.start;
    const next = (): void => {
      if (isAborted()) return;
      if (offset >= end) return download.ended();
      const fault = this.fault(download.viewer, 'segments');
      if (fault && fault.kind !== 'throttle' && fault.share === undefined)
        return this.#cut(download, fault, isAborted);
      // Connections that share little each get it in small shares.
      const shareBytes = Math.ceil((this.#shared?.bytesPerMs ?? Infinity) * shareMs);
      const bytes = Math.min(limits.chunkBytes, shareBytes, end - offset);
      const bitsPerSecond = Math.min(
        this.#spec.bitsPerSecond,
        fault?.kind === 'throttle' ? fault.bitsPerSecond : Infinity,
      );
      const sentAtMs = Math.max(
        this.#clock.nowMs + (bytes * 8_000) / bitsPerSecond,
        this.#shared?.take(bytes) ?? 0,
      );
      offset += bytes;
      this.servedBytes += bytes;
      this.onServed(path, download.viewer, bytes);
      this.#clock.at(sentAtMs, () => {
        this.#clock.at(download.downlink.take(bytes), () => {
          if (isAborted()) return;
          download.body(bytes);
          next();
        });
      });
    };
    next();
  }

  #cut(download: Download, fault: Fault, isAborted: () => boolean): void {
    const silent = fault.kind === 'blackhole';
    this.onFailure(download.viewer);
    const reason = silent ? 'stalled' : fault.kind === 'offline' ? 'offline' : 'network';
    this.#clock.after(
      silent ? Math.min(stalledAfterMs, download.stalledAfterMs ?? stalledAfterMs) : 10,
      () => !isAborted() && download.failed({ status: null, reason }),
    );
  }
}
