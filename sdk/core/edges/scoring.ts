import {
  type EdgeListing,
  type EdgeNeeds,
  type EdgesBody,
  edgeWeightsUnlearned,
  pressureOf,
} from '../../../signaling/protocol/edges.ts';
import { hashToUnit } from '../swarm/rendezvous.ts';
import { type Atom, pessimisticLog } from './belief.ts';
import type { Candidate } from './candidate.ts';
import * as thresholds from './choice-thresholds.ts';

/** What is about to be read. */
export interface ReadNeed {
  /** As far as is known; 0 where only the first byte counts. */
  bytes: number;
  /** Media ahead of the playhead; null before playback. */
  bufferMs: number | null;
}

export interface Scored {
  candidate: Candidate;
  atoms: Atom[];
  /** What is added to the logarithm of its time. */
  offset: number;
  /** Logarithm of the predicted time, with pessimism, and with the offset. */
  log: number;
  score: number;
}

/** What a read from an edge would take, with all that speaks for or against that edge. The lower the better. */
export class Scoring {
  /** Tells viewers apart. */
  viewerId = '';
  /** Edges that other masters of the group read from and that this one leaves to them. */
  taken: ReadonlySet<string> = new Set();
  #expected: EdgeNeeds['expected'];
  #weights = edgeWeightsUnlearned;
  #dearest = 0;

  constructor(expected: EdgeNeeds['expected']) {
    this.#expected = expected;
  }

  listed({ edges, weights }: Pick<EdgesBody, 'edges' | 'weights'>): void {
    this.#weights = weights;
    this.#dearest = Math.max(0, ...edges.map(({ costPerGigabyte }) => costPerGigabyte ?? 0));
  }

  score(candidate: Candidate, need: ReadNeed, nowMs: number): Scored {
    const { listing } = candidate;
    // What is quicker than the app expects is no better for that.
    const atoms = candidate.atoms(need.bytes, nowMs, this.#expected);
    const deviations = isShort(need) ? thresholds.pessimismShort : thresholds.pessimism;
    const log = pessimisticLog(atoms, deviations);
    const { load, age } = this.#weights;
    const ofAge = candidate.firstByte.age(nowMs);
    const offset =
      // What was measured just now has the load in it.
      load * pressureOf(listing.load) * ofAge +
      age * ofAge +
      this.#costOffset(listing) +
      // Of two that are close, each viewer prefers another, and two masters of a group never the same.
      thresholds.closeShare * hashToUnit(`${listing.edgeId}|${this.viewerId}`) +
      (this.taken.has(listing.edgeId) ? 2 * thresholds.closeShare : 0);
    return { candidate, atoms, offset, log, score: log + offset };
  }

  #costOffset({ costPerGigabyte }: EdgeListing): number {
    if (this.#dearest <= 0) return 0;
    return (thresholds.costShare * (costPerGigabyte ?? 0)) / this.#dearest;
  }
}

export function isShort({ bufferMs }: ReadNeed): boolean {
  return bufferMs !== null && bufferMs < thresholds.shortBufferMs;
}

/** Of a read of the usual size: those of different sizes are not to be compared with one another. */
export function usualLog({ candidate }: Scored, nowMs: number): number {
  return pessimisticLog(candidate.atoms(thresholds.usualBytes, nowMs), thresholds.pessimism);
}
