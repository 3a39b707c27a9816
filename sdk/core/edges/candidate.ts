import type { EdgeListing } from '../../../signaling/protocol/edges.ts';
import type { Kpis } from '../../../signaling/protocol/kpis.ts';
import { type Atom, Belief, sumOf } from './belief.ts';
import * as thresholds from './choice-thresholds.ts';

/** Segments and playlists may fail apart. */
export type Resource = 'segments' | 'playlists';

/** Mean of what an edge took over what it says that it takes, in logarithms; 0 where that is not known. */
class Trust {
  exaggeration: number | null = null;

  measured(took: number, said: number | undefined): void {
    if (!said) return;
    const log = Math.max(-1, Math.log(Math.max(took, Number.MIN_VALUE) / said));
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
  readonly trust = { firstByte: new Trust(), pace: new Trust() };
  /** In a row. */
  #failures = { segments: 0, playlists: 0 };
  failedAtMs = 0;
  /** Times that it was ejected since it last answered. */
  ejections = 0;
  ejectedUntilMs = 0;
  /** Until then a trial is under way. */
  #triedUntilMs = 0;
  #firstByteMs = 0;

  constructor(listing: EdgeListing) {
    this.listing = listing;
  }

  /** In a row, of both kinds. */
  get failures(): number {
    return this.#failures.segments + this.#failures.playlists;
  }

  /** It is left alone, or has to answer a trial before it counts again. */
  get isEjected(): boolean {
    return this.ejections > 0;
  }

  isOnTrial(nowMs: number): boolean {
    return this.isEjected && nowMs >= this.ejectedUntilMs;
  }

  /** One request of a kind that fails may show whether it is well again; `laterMs` after its time. */
  isOpenFor(resource: Resource, nowMs: number, laterMs: number): boolean {
    // On some lines nobody else would look at one that has failed but once.
    const openAtMs = this.isEjected
      ? this.ejectedUntilMs + laterMs
      : this.failedAtMs + thresholds.trialOnceMs;
    return this.#failures[resource] > 0 && nowMs >= Math.max(openAtMs, this.#triedUntilMs);
  }

  tried(nowMs: number): void {
    this.#triedUntilMs = nowMs + thresholds.deadlineMsMax;
  }

  answered(firstByteMs: number, nowMs: number, resource: Resource = 'segments'): void {
    this.#failures[resource] = 0;
    if (this.failures < thresholds.failuresToEject) this.ejections = 0;
    this.#firstByteMs = firstByteMs;
    // Of an edge that fails in one kind the other is of no use.
    if (this.failures >= thresholds.failuresToEject) return;
    this.firstByte.observe(firstByteMs, nowMs);
    this.trust.firstByte.measured(firstByteMs, this.listing.kpis.responseTimeMs);
  }

  gave(bytes: number, transferMs: number, nowMs: number): void {
    // What is small may come in one burst; what follows would wait for a part of another round trip at least.
    const isSmall = bytes < thresholds.sampleBytesMin;
    const tookMs = isSmall
      ? Math.max(transferMs, this.#firstByteMs * thresholds.burstShare)
      : transferMs;
    const msPerKilobyte = (tookMs * 1_000) / bytes;
    this.msPerKilobyte.observe(msPerKilobyte, nowMs);
    const bits = this.listing.kpis.bandwidthBitsPerSecond;
    this.trust.pace.measured(msPerKilobyte, bits && 8e6 / bits);
  }

  failed(nowMs: number, resource: Resource = 'segments'): void {
    // What was under way when it was ejected says nothing new.
    const isNews = !this.isEjected || this.isOnTrial(nowMs);
    this.#failures[resource] += 1;
    this.failedAtMs = nowMs;
    this.firstByte.observe(thresholds.failedMs, nowMs);
    if (!isNews || this.failures < thresholds.failuresToEject) return;
    const ejectedMs = thresholds.ejectedMsMin * 2 ** Math.min(this.ejections, 8);
    this.ejectedUntilMs = nowMs + Math.min(thresholds.ejectedMsMax, ejectedMs);
    this.ejections += 1;
  }

  /** Takes what the edge and others say of it; `usual` is how much edges exaggerate, until this one is known. */
  hear(usual: { firstByte: number; pace: number }): void {
    const { kpis, prior } = this.listing;
    const said = (
      belief: Belief,
      value: number | undefined,
      kind: 'advertised' | 'prior',
      of: number,
    ) => {
      if (value && value > 0) belief.hints.set(kind, { value, weight: of });
      else belief.hints.delete(kind);
    };
    const calibrated = (belief: Belief, value: number | undefined, bias: number) => {
      const weight = thresholds.advertisedWeight * Math.exp(-Math.abs(bias));
      said(belief, value && value * Math.exp(bias), 'advertised', weight);
    };
    const { responseTimeMs, bandwidthBitsPerSecond: bits } = kpis;
    const { firstByte, pace } = this.trust;
    calibrated(this.firstByte, responseTimeMs, firstByte.exaggeration ?? usual.firstByte);
    calibrated(this.msPerKilobyte, bits && 8e6 / bits, pace.exaggeration ?? usual.pace);
    said(this.firstByte, prior?.firstByteMs, 'prior', thresholds.priorWeight);
    said(
      this.msPerKilobyte,
      prior?.bytesPerMs && 1_000 / prior.bytesPerMs,
      'prior',
      thresholds.priorWeight,
    );
  }

  /** What a read of so many bytes may take. What is quicker than `enough` counts as that. */
  atoms(bytes: number, nowMs: number, enough: Kpis = {}): Atom[] {
    const { responseTimeMs = 0, bandwidthBitsPerSecond: bits } = enough;
    return sumOf(
      atLeast(this.firstByte.atoms(nowMs), responseTimeMs),
      atLeast(this.msPerKilobyte.atoms(nowMs), bits ? 8e6 / bits : 0),
      bytes / 1_000,
    );
  }
}

function atLeast(atoms: Atom[], value: number): Atom[] {
  if (value <= 0) return atoms;
  const min = Math.log(value);
  return atoms.map(({ weight, log }) => ({ weight, log: Math.max(min, log) }));
}
