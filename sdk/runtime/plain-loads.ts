import type { SegmentRequest } from '../core/events.ts';
import type { EdgeReader } from '../ports/edge.ts';
import type { Load, LoadedSegment } from '../ports/loads.ts';
import { Media } from './media.ts';

/** As hls.js waits by default. */
const firstByteWithinMs = 10_000;

/** Loads as plain hls.js would do them: before the room is there, and after it was left. */
export class PlainLoads {
  #edge: EdgeReader;
  #nowMs: () => number;
  bytesFromEdge = 0;

  constructor(edge: EdgeReader, nowMs: () => number) {
    this.#edge = edge;
    this.#nowMs = nowMs;
  }

  /** Returns the function that abandons the load. */
  loadSegment(
    { segmentId, url, byteRange }: SegmentRequest,
    load: Load<LoadedSegment>,
  ): () => void {
    const controller = new AbortController();
    const startedAtMs = this.#nowMs();
    let firstAtMs = startedAtMs;
    const media = new Media();
    this.#edge.readSegment(
      { url, byteRange, partFrom: 0, partTo: null, firstByteWithinMs },
      {
        onHeaders: () => {
          firstAtMs = this.#nowMs();
        },
        onPart: (part, bytes) => {
          this.bytesFromEdge += bytes.byteLength;
          media.put(segmentId, part, bytes, this.#nowMs());
        },
        onEnd: () => {
          const bytes = media.copy(segmentId) ?? new Uint8Array(0);
          load.done({
            bytes,
            transferMs: this.#nowMs() - startedAtMs,
            firstByteMs: firstAtMs - startedAtMs,
          });
        },
        onFailure: (failure) => load.failed(failure),
      },
      controller.signal,
    );
    return () => controller.abort();
  }

  loadPlaylist(url: string, load: Load<string>): () => void {
    const controller = new AbortController();
    this.#edge.readPlaylist(
      url,
      firstByteWithinMs,
      (result) => {
        if ('failure' in result) return load.failed(result.failure);
        this.bytesFromEdge += result.bytes;
        load.done(result.text);
      },
      controller.signal,
    );
    return () => controller.abort();
  }
}
