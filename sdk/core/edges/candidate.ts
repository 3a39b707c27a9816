import type { EdgeListing } from '../../../signaling/protocol/edges.ts';
import { type Atom, Belief, sumOf } from './belief.ts';
import * as thresholds from './choice-thresholds.ts';

/** Mean of what an edge took over what it says that it takes, in logarithms; 0 where that is not known. */
class Trust {
  exaggeration: number | null = null;

  measured(took: number, said: number | undefined): void {
    if (!said) return;
    // Beyond this it is no matter of words any more.
    const log = Math.max(-1, Math.min(3, Math.log(took / said)));
    this.exaggeration =
      this.exaggeration === null
        ? log
        : this.exaggeration + (log - this.exaggeration) * thresholds.trustWeight;
  }
}

/** One edge that can be chosen, and all that this viewer has learned of it. */
export class Candidate {
  listing: EdgeListing;
  readonly firstByte = new Belief(thresholds.firstByteKind);
  readonly msPerKilobyte = new Belief(thresholds.msPerKilobyteKind);
  readonly trust = new Trust();
  /** In a row. */
  failures = 0;
  failedAtMs = 0;
  /** Times that it was ejected since it last answered. */
  ejections = 0;
  ejectedUntilMs = 0;

  constructor(listing: EdgeListing) {
    this.listing = listing;
  }

  /** It is left alone, or has to answer a trial before it counts again. */
  get isEjected(): boolean {
    return this.ejections > 0;
  }

  isOnTrial(nowMs: number): boolean {
    return this.isEjected && nowMs >= this.ejectedUntilMs;
  }

  answered(firstByteMs: number, nowMs: number): void {
    this.failures = 0;
    this.ejections = 0;
    this.firstByte.observe(firstByteMs, nowMs);
    this.trust.measured(firstByteMs, this.listing.kpis.responseTimeMs);
  }

  gave(bytes: number, transferMs: number, nowMs: number): void {
    this.msPerKilobyte.observe((transferMs * 1_000) / bytes, nowMs);
  }

  failed(nowMs: number): void {
    // What was under way when it was ejected says nothing new.
    const isNews = !this.isEjected || this.isOnTrial(nowMs);
    this.failures += 1;
    this.failedAtMs = nowMs;
    this.firstByte.observe(thresholds.failedMs, nowMs);
    if (!isNews || this.failures < thresholds.failuresToEject) return;
    const ejectedMs = thresholds.ejectedMsMin * 2 ** Math.min(this.ejections, 8);
    this.ejectedUntilMs = nowMs + Math.min(thresholds.ejectedMsMax, ejectedMs);
    this.ejections += 1;
  }

  /** Takes what the edge and others say of it; `exaggeration` of edges in general, until this one is known. */
  hear(exaggeration: number): void {
    const { kpis, prior } = this.listing;
    const bias = this.trust.exaggeration ?? exaggeration;
    const weight = thresholds.advertisedWeight * Math.exp(-Math.abs(bias));
    const said = (
      belief: Belief,
      value: number | undefined,
      kind: 'advertised' | 'prior',
      of: number,
    ) => {
      if (value && value > 0) belief.hints.set(kind, { value, weight: of });
      else belief.hints.delete(kind);
    };
    const { responseTimeMs, bandwidthBitsPerSecond: bits } = kpis;
    said(this.firstByte, responseTimeMs && responseTimeMs * Math.exp(bias), 'advertised', weight);
    said(this.msPerKilobyte, bits && 8e6 / bits, 'advertised', weight);
    said(this.firstByte, prior?.firstByteMs, 'prior', thresholds.priorWeight);
    said(
      this.msPerKilobyte,
      prior?.bytesPerMs && 1_000 / prior.bytesPerMs,
      'prior',
      thresholds.priorWeight,
    );
  }

  /** What a read of so many bytes may take. */
  atoms(bytes: number, nowMs: number): Atom[] {
    return sumOf(this.firstByte.atoms(nowMs), this.msPerKilobyte.atoms(nowMs), bytes / 1_000);
  }
}
