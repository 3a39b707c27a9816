import { limits } from '../../../signaling/protocol/limits.ts';
import type { SegmentState } from './segment.ts';

/**
 * What of a segment may be passed on. In an attested room only what a descriptor vouches for: what peers sent has been
 * checked before it gets here, and what came from the own edge may differ from what the others' edges give.
 */
export class Trust {
  /** False where the room has no attestor: peers are then believed. */
  attested = false;
  #sizesBytes = new Map<string, number>();

  /** A descriptor came. */
  vouchedSize(segmentId: string, sizeBytes: number): void {
    this.#sizesBytes.delete(segmentId);
    this.#sizesBytes.set(segmentId, sizeBytes);
    if (this.#sizesBytes.size <= limits.descriptorsKept) return;
    for (const oldest of this.#sizesBytes.keys()) {
      this.#sizesBytes.delete(oldest);
      return;
    }
  }

  /** Size that a descriptor gives; null without one. */
  sizeBytes(segmentId: string): number | null {
    return this.#sizesBytes.get(segmentId) ?? null;
  }

  /** Whether what peers would send can be checked, or need not be. */
  canCheck({ segmentId, sizeBytes }: SegmentState): boolean {
    return !this.attested || (sizeBytes !== null && this.sizeBytes(segmentId) === sizeBytes);
  }

  isServable(segment: SegmentState, part: number): boolean {
    return segment.held.has(part) && (!this.attested || segment.vouched.has(part));
  }

  isServableWhole(segment: SegmentState): boolean {
    if (!segment.complete) return false;
    return !this.attested || segment.vouched.size >= segment.partCount;
  }
}
