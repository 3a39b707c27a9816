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
    let sizeBytes: number | null = null;
    let loadedBytes = 0;
    const media = new Media();
    const progress = (bytes: number) => {
      loadedBytes += bytes;
      load.progress?.({
        bytes: loadedBytes,
        sizeBytes,
        tookMs: this.#nowMs() - startedAtMs,
        firstByteMs: firstAtMs - startedAtMs,
      });
    };
    this.#edge.readSegment(
      { url, byteRange, partFrom: 0, partTo: null, firstByteWithinMs },
      {
        onHeaders: (size) => {
          firstAtMs = this.#nowMs();
          sizeBytes = size;
          progress(0);
        },
        onPart: (part, bytes) => {
          this.bytesFromEdge += bytes.byteLength;
          media.put(segmentId, part, bytes);
          progress(bytes.byteLength);
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

  loadPlaylist(url: string, load: Load<string>, withinMs = firstByteWithinMs): () => void {
    const controller = new AbortController();
    this.#edge.readPlaylist(
      url,
      withinMs,
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
