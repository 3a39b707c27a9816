/** What a server has sent: the evidence for copies per segment. */
import type { ResourceKind } from './fault.ts';
import { originLimits } from './limits.ts';

export interface SegmentCounter {
  sizeBytes: number;
  requests: number;
  /** Body bytes handed to the network, aborted answers included. */
  bytesSent: number;
  /** `bytesSent / sizeBytes`: full-equivalent copies. */
  copies: number;
}

/** A snapshot; counts since the start or the last reset. Bytes are body bytes, without HTTP headers. */
export interface Counters {
  requests: Record<ResourceKind | 'other', number>;
  bytes: Record<ResourceKind, number>;
  /** Answers with a status of 400 or above. */
  errors: number;
  /** Answers whose connection ended before their last byte. */
  aborted: number;
  connections: { accepted: number; refused: number; open: number };
  /** By path, `/live/high/1234.m4s`. */
  segments: Record<string, SegmentCounter>;
  /** Of an edge: what it asked of the origin. Zero at the origin. */
  upstream: { requests: number; bytes: number };
}

export class Tally {
  #requests: Counters['requests'] = { playlist: 0, init: 0, segment: 0, other: 0 };
  #bytes: Counters['bytes'] = { playlist: 0, init: 0, segment: 0 };
  #errors = 0;
  #aborted = 0;
  #accepted = 0;
  #refused = 0;
  #upstream = { requests: 0, bytes: 0 };
  readonly #segments = new Map<
    string,
    { sizeBytes: number; requests: number; bytesSent: number }
  >();

  request(kind: ResourceKind | 'other'): void {
    this.#requests[kind]++;
  }

  error(): void {
    this.#errors++;
  }

  abort(): void {
    this.#aborted++;
  }

  connection(refused: boolean): void {
    if (refused) this.#refused++;
    else this.#accepted++;
  }

  upstreamRequest(): void {
    this.#upstream.requests++;
  }

  upstreamBytes(byteCount: number): void {
    this.#upstream.bytes += byteCount;
  }

  segmentRequest(path: string, sizeBytes: number): void {
    this.#segment(path, sizeBytes).requests++;
  }

  sent(kind: ResourceKind, path: string, sizeBytes: number, byteCount: number): void {
    this.#bytes[kind] += byteCount;
    if (kind === 'segment') this.#segment(path, sizeBytes).bytesSent += byteCount;
  }

  snapshot(openConnections: number): Counters {
    const segments: Record<string, SegmentCounter> = {};
    for (const [path, { sizeBytes, requests, bytesSent }] of this.#segments) {
      segments[path] = { sizeBytes, requests, bytesSent, copies: bytesSent / sizeBytes };
    }
    return {
      requests: { ...this.#requests },
      bytes: { ...this.#bytes },
      errors: this.#errors,
      aborted: this.#aborted,
      connections: { accepted: this.#accepted, refused: this.#refused, open: openConnections },
      segments,
      upstream: { ...this.#upstream },
    };
  }

  reset(): void {
    this.#requests = { playlist: 0, init: 0, segment: 0, other: 0 };
    this.#bytes = { playlist: 0, init: 0, segment: 0 };
    this.#errors = 0;
    this.#aborted = 0;
    this.#accepted = 0;
    this.#refused = 0;
    this.#upstream = { requests: 0, bytes: 0 };
    this.#segments.clear();
  }

  #segment(path: string, sizeBytes: number): { requests: number; bytesSent: number } {
    let segment = this.#segments.get(path);
    if (segment) return segment;
    if (this.#segments.size >= originLimits.segmentCountersMax) {
      const oldest = this.#segments.keys().next();
      if (!oldest.done) this.#segments.delete(oldest.value);
    }
    segment = { sizeBytes, requests: 0, bytesSent: 0 };
    this.#segments.set(path, segment);
    return segment;
  }
}

/**
 * Mean over all segments that anyone asked for, of the copies that all given servers sent together.
 * @returns NaN when no segment was asked for.
 */
export function meanCopiesPerSegment(...counters: Counters[]): number {
  const copies = new Map<string, number>();
  for (const { segments } of counters) {
    for (const [path, segment] of Object.entries(segments)) {
      copies.set(path, (copies.get(path) ?? 0) + segment.copies);
    }
  }
  return [...copies.values()].reduce((sum, item) => sum + item, 0) / copies.size;
}
