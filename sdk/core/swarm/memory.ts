import type { Context } from '../context.ts';
import type { SegmentState } from './segment.ts';

/** Segments known only by what peers say of them. A correct peer speaks of the live window only. */
const emptyStatesMax = 256;

/** Keeps the segments within memory and storage: the least recently used go first. */
export class Memory {
  readonly segments = new Map<string, SegmentState>();
  #context: Context;
  #isServing: (segmentId: string) => boolean;
  #forgotten: (segment: SegmentState) => void;

  constructor(
    context: Context,
    isServing: (segmentId: string) => boolean,
    forgotten: (segment: SegmentState) => void,
  ) {
    this.#context = context;
    this.#isServing = isServing;
    this.#forgotten = forgotten;
  }

  use(segment: SegmentState): void {
    segment.lastUsedMs = this.#context.nowMs;
    // Map order is then the order of use.
    this.segments.delete(segment.segmentId);
    this.segments.set(segment.segmentId, segment);
  }

  /** Makes room after something was added. */
  trim(): void {
    const { memoryBytesMax, storageBytesMax } = this.#context.options;
    let memoryBytes = 0;
    let storageBytes = 0;
    let empty = 0;
    for (const segment of this.segments.values()) {
      const bytes = heldBytes(segment);
      if (segment.place === 'memory') memoryBytes += bytes;
      else storageBytes += bytes;
      if (bytes === 0 && !segment.active) empty += 1;
    }
    for (const segment of [...this.segments.values()]) {
      // A read that is about to end still speaks of its segment.
      if (segment.active || segment.loads.size > 0 || segment.fetch) continue;
      const bytes = heldBytes(segment);
      if (bytes === 0) {
        if (empty > emptyStatesMax) {
          this.#forget(segment);
          empty -= 1;
        }
      } else if (segment.place === 'memory' && memoryBytes > memoryBytesMax) {
        // Its bytes are about to be written to a link.
        if (this.#isServing(segment.segmentId)) continue;
        memoryBytes -= bytes;
        if (segment.complete && storageBytesMax > 0) {
          segment.place = 'storage';
          storageBytes += bytes;
          this.#context.emit({ type: 'storeSegment', segmentId: segment.segmentId });
        } else this.#forget(segment);
      } else if (segment.place === 'storage' && storageBytes > storageBytesMax) {
        storageBytes -= bytes;
        this.#context.emit({ type: 'dropStored', segmentId: segment.segmentId });
        this.#forget(segment);
      }
    }
  }

  #forget(segment: SegmentState): void {
    this.segments.delete(segment.segmentId);
    if (segment.held.size > 0 && segment.place === 'memory') {
      this.#context.emit({ type: 'dropSegment', segmentId: segment.segmentId });
    }
    this.#forgotten(segment);
  }
}

function heldBytes(segment: SegmentState): number {
  if (segment.complete) return segment.sizeBytes ?? 0;
  let bytes = 0;
  for (const part of segment.held) bytes += segment.partBytes(part);
  return bytes;
}
