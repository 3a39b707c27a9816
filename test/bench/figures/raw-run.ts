import type { Counters } from '../../../demo/origin/counters.ts';
import type { Span } from '../pages/progress-meter.ts';
import type { ViewerReport } from '../pages/viewer.ts';

/** What was sent of one segment by all edges together. */
export interface SegmentBytes {
  mediaSequence: number;
  sizeBytes: number;
  sentBytes: number;
}

/** What the servers and the browser had counted at one time. */
export interface Moment {
  /** In ms since the epoch, as all times here. */
  atMs: number;
  processorSeconds: number | null;
  edgeSegmentBytes: number;
  playlistRequests: number;
  /** By path. */
  segments: ReadonlyMap<string, SegmentBytes>;
}

/** Everything that one run of one mode measured, before it is made into figures. */
export interface RawRun {
  /** Before the first viewer joined. */
  started: Moment;
  settledStart: Moment;
  settledEnd: Moment;
  outage: Span | null;
  viewers: readonly ViewerReport[];
  /** Viewers that could not start or crashed, errors that pages did not catch. */
  failures: readonly string[];
  publishedAtMs(mediaSequence: number): number;
}

export function segmentBytesOf(counters: readonly Counters[]): Map<string, SegmentBytes> {
  const segments = new Map<string, SegmentBytes>();
  for (const [path, { sizeBytes, bytesSent }] of counters.flatMap((item) =>
    Object.entries(item.segments),
  )) {
    const mediaSequence = Number(/(\d+)\.m4s$/.exec(path)?.[1]);
    const sentBytes = (segments.get(path)?.sentBytes ?? 0) + bytesSent;
    segments.set(path, { mediaSequence, sizeBytes, sentBytes });
  }
  return segments;
}
