import type { Integrity } from '../../../signaling/protocol/index.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { forgetOldest } from '../bounded.ts';
import type { SegmentState } from './segment.ts';

/**
 * By what media of peers is measured before it is played: `signed` by the publisher, `attested` by the signaling
 * server, read alike by two masters at least (`agreement`), or believed (`none`).
 */
export type IntegrityMode = Integrity['mode'] | 'agreement';
/** From the weakest to the strongest. */
const modes: readonly IntegrityMode[] = ['none', 'agreement', 'attested', 'signed'];

/**
 * What of a segment may be passed on. Where peers are checked, only what a descriptor vouches for: what peers sent has
 * been checked before it gets here, and what came from the own edge may differ from what the others' edges give.
 */
export class Trust {
  /** What the room's server offers, and whether nothing new is heard from it. */
  offered: Integrity['mode'] = 'none';
  isCutOff = false;
  #modeMin: IntegrityMode;
  #vouched = new Map<string, { sizeBytes: number; isProof: boolean }>();

  constructor(modeMin: IntegrityMode) {
    this.#modeMin = modeMin;
  }

  /** The strongest that can be had, and never less than the app demands. */
  get mode(): IntegrityMode {
    const { offered, isCutOff } = this;
    const available = offered === 'attested' && isCutOff ? 'agreement' : offered;
    return modes.indexOf(available) > modes.indexOf(this.#modeMin) ? available : this.#modeMin;
  }

  /** False where peers are believed. */
  get checks(): boolean {
    return this.mode !== 'none';
  }

  /** A descriptor came (`isProof`: what differs from it is a lie), or masters agree. */
  vouchedSize(segmentId: string, sizeBytes: number, isProof: boolean): void {
    this.#vouched.delete(segmentId);
    this.#vouched.set(segmentId, { sizeBytes, isProof });
    forgetOldest(this.#vouched, limits.descriptorsKept);
  }

  /** Size that a descriptor gives; null without one. */
  sizeBytes(segmentId: string): number | null {
    return this.#vouched.get(segmentId)?.sizeBytes ?? null;
  }

  /** Whether whoever sent something else lied. */
  isProof(segmentId: string): boolean {
    return this.#vouched.get(segmentId)?.isProof ?? true;
  }

  /** Whether only peers, or the edge, can tell what is vouched for. */
  isBlind(segmentId: string): boolean {
    return this.isCutOff && this.checks && !this.#vouched.has(segmentId);
  }

  /** Whether masters must each read it from their own edge, because only that makes it checkable. */
  needsReaders(segmentId: string): boolean {
    return this.mode === 'agreement' && !this.#vouched.has(segmentId);
  }

  /** Whether what peers would send can be checked, or need not be. */
  canCheck({ segmentId, sizeBytes }: SegmentState): boolean {
    return !this.checks || (sizeBytes !== null && this.sizeBytes(segmentId) === sizeBytes);
  }

  isServable(segment: SegmentState, part: number): boolean {
    return segment.held.has(part) && (!this.checks || segment.vouched.has(part));
  }

  isServableWhole(segment: SegmentState): boolean {
    if (!segment.complete) return false;
    return !this.checks || segment.vouched.size >= segment.partCount;
  }
}
