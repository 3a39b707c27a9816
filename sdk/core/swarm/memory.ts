import * as limits from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { Wanted } from '../events.ts';
import type { SegmentState } from './segment.ts';

type SegmentWanted = Extract<Wanted, { type: 'segmentWanted' }>;

/** Segments of which nothing is held and that the player once wanted: far more than a live window. */
const ownEmptyMax = 256;
/** Where the browser has no more room: so much of what fitted is kept, that the next segments fit too. */
const storageKeptShare = 0.9;

export interface MemoryListener {
  /** Its bytes are not in memory any more; they may come back from storage. */
  left(segment: SegmentState): void;
  /** Nothing of it is known any more. */
  forgotten(segment: SegmentState): void;
}

/** Keeps the segments within memory and storage: the least recently used go first. */
export class Memory {
  readonly segments = new Map<string, SegmentState>();
  #context: Context;
  #listener: MemoryListener;
  #storageBytesMax: number;

  constructor(context: Context, listener: MemoryListener) {
    this.#context = context;
    this.#listener = listener;
    this.#storageBytesMax = context.options.storageBytesMax;
  }

  /** Loads that wait for what no edge is bringing. */
  waiting(): SegmentWanted[] {
    return [...this.segments.values()].flatMap((segment) => {
      const { segmentId, source, durationMs, loads, complete, isBeingFetched } = segment;
      if (!source || complete || isBeingFetched) return [];
      const request = { segmentId, ...source, durationMs };
      return [...loads].map(([loadId, deadlineMs]) => ({
        type: 'segmentWanted' as const,
        ...{ loadId, request, deadlineMs },
      }));
    });
  }

  use(segment: SegmentState): void {
    segment.lastUsedMs = this.#context.nowMs;
    // Map order is then the order of use.
    this.segments.delete(segment.segmentId);
    this.segments.set(segment.segmentId, segment);
  }

  /** Makes room after something was added. */
  trim(): void {
    const { memoryBytesMax } = this.#context.options;
    const storageBytesMax = this.#storageBytesMax;
    let { memoryBytes, storageBytes } = this.#count();
    this.#trimEmpty();
    for (const segment of [...this.segments.values()]) {
      const bytes = heldBytes(segment);
      if (bytes === 0 || isInUse(segment)) continue;
      if (segment.place === 'memory' && memoryBytes > memoryBytesMax) {
        memoryBytes -= bytes;
        if (segment.complete && storageBytesMax > 0) {
          segment.place = 'storage';
          segment.inMemory = false;
          storageBytes += bytes;
          this.#context.emit({ type: 'storeSegment', segmentId: segment.segmentId });
          this.#listener.left(segment);
        } else this.#forget(segment);
      } else if (segment.place === 'storage' && storageBytes > storageBytesMax) {
        storageBytes -= bytes;
        this.#context.emit({ type: 'dropStored', segmentId: segment.segmentId });
        this.#forget(segment);
      }
    }
  }

  /** The segment did not fit behind memory: the oldest make room there, or the newest would never be stored again. */
  storeFailed(): void {
    this.#storageBytesMax = this.#count().storageBytes * storageKeptShare;
    this.trim();
  }

  /** The peer is gone: what only it spoke of goes too, the rest is charged to another that does. */
  peerClosed(peer: string): void {
    for (const segment of [...this.segments.values()]) {
      if (segment.causedBy !== peer) continue;
      segment.causedBy = segment.peers.keys().next().value ?? null;
      if (segment.causedBy === null && isEmpty(segment)) this.#forget(segment);
    }
  }

  #count(): { memoryBytes: number; storageBytes: number } {
    let memoryBytes = 0;
    let storageBytes = 0;
    for (const segment of this.segments.values()) {
      if (segment.place === 'memory') memoryBytes += heldBytes(segment);
      else storageBytes += heldBytes(segment);
    }
    return { memoryBytes, storageBytes };
  }

  /** Segments of which nothing is held: each peer's own oldest make room for what it speaks of next. */
  #trimEmpty(): void {
    const counts = new Map<string | null, number>();
    for (const segment of this.segments.values())
      if (isEmpty(segment)) counts.set(segment.causedBy, (counts.get(segment.causedBy) ?? 0) + 1);
    for (const segment of [...this.segments.values()]) {
      const { causedBy } = segment;
      const count = counts.get(causedBy) ?? 0;
      const countMax = causedBy === null ? ownEmptyMax : limits.segmentsAnnouncedMax;
      if (count <= countMax || !isEmpty(segment)) continue;
      this.#forget(segment);
      counts.set(causedBy, count - 1);
    }
  }

  #forget(segment: SegmentState): void {
    this.segments.delete(segment.segmentId);
    if (segment.inMemory) {
      segment.inMemory = false;
      this.#context.emit({ type: 'dropSegment', segmentId: segment.segmentId });
    }
    this.#listener.forgotten(segment);
  }
}

/** A read that is about to end still speaks of its segment. */
function isInUse(segment: SegmentState): boolean {
  return segment.active || segment.loads.size > 0 || segment.fetch !== null;
}

function isEmpty(segment: SegmentState): boolean {
  return heldBytes(segment) === 0 && !isInUse(segment);
}

function heldBytes(segment: SegmentState): number {
  if (segment.complete) return segment.sizeBytes ?? 0;
  let bytes = 0;
  for (const part of segment.held) bytes += segment.partBytes(part);
  return bytes;
}
