import {
  type EdgeListing,
  type EdgeNeeds,
  type EdgeReason,
  type EdgeSample,
  type EdgesBody,
  type EdgeWeights,
  edgeWeightsUnlearned,
  pressureOf,
} from '../../../signaling/protocol/edges.ts';
import { unmetKpi } from '../../../signaling/protocol/kpis.ts';
import { hashToUnit } from '../swarm/rendezvous.ts';
import { type Atom, gainBeyond, pessimisticLog } from './belief.ts';
import { Candidate } from './candidate.ts';
import * as thresholds from './choice-thresholds.ts';

/** What is about to be read. */
export interface ReadNeed {
  /** As far as is known; 0 where only the first byte counts. */
  bytes: number;
  /** Media ahead of the playhead; null before playback. */
  bufferMs: number | null;
}

/** One edge as the choice sees it. */
export interface EdgeStats {
  listing: EdgeListing;
  /** Expected time of the next segment, with pessimism; without weights, and with all that speaks for or against it. */
  predictedMs: number;
  scoreMs: number;
  /** Measured last; null before, the first byte also while its reads fail. */
  firstByteMs: number | null;
  bytesPerMs: number | null;
  /** Reads in a row that failed. */
  failures: number;
  isChosen: boolean;
  /** Why it is not considered; null where it is. */
  reason: EdgeReason | 'ejected' | 'trial' | 'insecure' | null;
}

interface Scored {
  candidate: Candidate;
  atoms: Atom[];
  /** What is added to the logarithm of its time. */
  offset: number;
  /** Logarithm of the predicted time, with pessimism, and with the offset. */
  log: number;
  score: number;
}

/** Chooses the edge that the next segment is read from. */
export class EdgeSelector {
  /** Tells viewers apart. */
  viewerId = '';
  /** Edges that other masters of the group read from and that this one leaves to them. */
  taken: ReadonlySet<string> = new Set();
  #candidates = new Map<string, Candidate>();
  #needs: EdgeNeeds | null;
  #isSecure = false;
  #weights: EdgeWeights = edgeWeightsUnlearned;
  #version = 0;
  #chosen: Candidate | null = null;
  /** Its score when it was chosen, or the best since. */
  #chosenScore = 0;

  constructor(needs: EdgeNeeds | null) {
    this.#needs = needs;
  }

  get edges(): EdgeListing[] {
    return [...this.#candidates.values()].map(({ listing }) => listing);
  }

  get chosen(): EdgeListing | null {
    return this.#chosen?.listing ?? null;
  }

  /** The server names the edges; what was learned of those that stay is kept. */
  listed({ edges, weights, version }: Pick<EdgesBody, 'edges' | 'weights' | 'version'>): void {
    const before = this.#candidates;
    this.#candidates = new Map();
    this.#weights = weights;
    this.#version = version;
    for (const listing of edges) {
      const known = before.get(listing.edgeId);
      const isSame = known?.listing.baseUrl === listing.baseUrl;
      const candidate = known && isSame ? known : new Candidate(listing);
      candidate.listing = listing;
      this.#candidates.set(listing.edgeId, candidate);
    }
    if (this.#chosen && this.#candidates.get(this.#chosen.listing.edgeId) !== this.#chosen)
      this.#chosen = null;
    this.#calibrate();
  }

  /** What comes over TLS must stay there: browsers refuse the rest. */
  requireSecure(): void {
    this.#isSecure = true;
  }

  /** It has begun to answer. */
  answered(edgeId: string, firstByteMs: number, nowMs: number): void {
    this.#candidates.get(edgeId)?.answered(firstByteMs, nowMs);
    this.#calibrate();
  }

  /** It has sent so many bytes, from the first to the last. */
  gave(edgeId: string, bytes: number, transferMs: number, nowMs: number): void {
    this.#candidates.get(edgeId)?.gave(bytes, transferMs, nowMs);
  }

  /** It has not begun to answer after so long, and nobody waits any more. */
  late(edgeId: string, waitedMs: number, nowMs: number): void {
    this.#candidates.get(edgeId)?.firstByte.observe(2 * waitedMs, nowMs);
  }

  failed(edgeId: string, nowMs: number): void {
    this.#candidates.get(edgeId)?.failed(nowMs);
  }

  /** The edge to read from; null where none is listed. Stays with the last one unless another is clearly better. */
  choose(need: ReadNeed, nowMs: number): EdgeListing | null {
    const [best, ...others] = this.#ranked(need, nowMs);
    if (!best) return null;
    const current = [best, ...others].find(({ candidate }) => candidate === this.#chosen);
    if (current) this.#chosenScore = Math.min(this.#chosenScore, current.score);
    const isSound = current && !current.candidate.isEjected;
    if (isSound && !this.#leaves(current, best)) return current.candidate.listing;
    // Without need only as many go to the same edge as it can bear.
    const isForced = !current || this.#isWorse(current);
    const next = isForced ? best : [best, ...others].find((each) => this.#admits(current, each));
    if (!next) return current?.candidate.listing ?? null;
    this.#chosen = next.candidate;
    this.#chosenScore = next.score;
    return next.candidate.listing;
  }

  /**
   * The edge that a small read, of use by itself, should go to: an ejected one whose time for a trial has come, or the one
   * of which knowing more is worth most. The chosen one where nothing is to be tried.
   */
  look(need: ReadNeed, nowMs: number): EdgeListing | null {
    const ranked = this.#ranked(need, nowMs);
    const [best, second] = ranked;
    if (!best || this.#isShort(need)) return this.choose(need, nowMs);
    const trial = [...this.#candidates.values()].find(
      (each) => each.isEjected && nowMs >= each.ejectedUntilMs && this.#refusal(each) === null,
    );
    if (trial) return trial.listing;
    let found = best;
    let gain = 0;
    for (const each of ranked) {
      const isBest = each === best;
      const boundLog =
        (isBest ? (second?.score ?? Number.POSITIVE_INFINITY) : best.score) - each.offset;
      const worth = gainBeyond(each.atoms, boundLog, isBest ? -1 : 1);
      if (worth > gain) [found, gain] = [each, worth];
    }
    return found.candidate.listing;
  }

  /** Whether another one could be read from instead. */
  hasOther(than: string): boolean {
    return [...this.#candidates.values()].some(
      (each) => each.listing.edgeId !== than && !each.isEjected && this.#refusal(each) === null,
    );
  }

  /** The next best to the chosen one, for a second try; null where there is none. */
  other(than: string, need: ReadNeed, nowMs: number): EdgeListing | null {
    const next = this.#ranked(need, nowMs).find(
      ({ candidate }) => candidate.listing.edgeId !== than,
    );
    return next?.candidate.listing ?? null;
  }

  /** How long to wait for the first byte where another edge could be asked instead. */
  deadlineMs(edgeId: string, nowMs: number): number {
    const candidate = this.#candidates.get(edgeId);
    if (!candidate) return thresholds.deadlineMsMax;
    const expectedMs = Math.exp(pessimisticLog(candidate.firstByte.atoms(nowMs), 1));
    const deadlineMs = expectedMs * thresholds.deadlineSlack;
    return Math.min(thresholds.deadlineMsMax, Math.max(thresholds.deadlineMsMin, deadlineMs));
  }

  /** What is known before a read, to be told with what came of it. */
  sample(edgeId: string, bytes: number, nowMs: number): Omit<EdgeSample, 'completedMs'> | null {
    const candidate = this.#candidates.get(edgeId);
    if (!candidate) return null;
    const log = pessimisticLog(candidate.atoms(bytes, nowMs), 0);
    const load = pressureOf(candidate.listing.load);
    return { predictedMs: Math.exp(log), load, age: candidate.firstByte.age(nowMs) };
  }

  /** All that are listed, the best first. */
  stats(need: ReadNeed, nowMs: number): EdgeStats[] {
    const all = [...this.#candidates.values()].map((each) => this.#score(each, need, nowMs));
    return all
      .sort((a, b) => a.score - b.score)
      .map(({ candidate, log, score }) => {
        const msPerKilobyte = candidate.msPerKilobyte.value;
        return {
          listing: candidate.listing,
          predictedMs: Math.exp(log),
          scoreMs: Math.exp(score),
          firstByteMs: candidate.failures > 0 ? null : candidate.firstByte.value,
          bytesPerMs: msPerKilobyte && 1_000 / msPerKilobyte,
          failures: candidate.failures,
          isChosen: candidate === this.#chosen,
          reason: this.#refusal(candidate) ?? this.#ejection(candidate, nowMs),
        };
      });
  }

  /** Those that can be read from, the best first. When all are ejected, all of them, in turn: nothing can be lost. */
  #ranked(need: ReadNeed, nowMs: number): Scored[] {
    const allowed = [...this.#candidates.values()].filter((each) => this.#refusal(each) === null);
    const sound = allowed.filter((each) => !each.isEjected);
    const scored = (sound.length > 0 ? sound : allowed).map((each) =>
      this.#score(each, need, nowMs),
    );
    if (sound.length > 0) return scored.sort((a, b) => a.score - b.score);
    return scored.sort((a, b) => a.candidate.ejectedUntilMs - b.candidate.ejectedUntilMs);
  }

  #refusal({ listing }: Candidate): EdgeStats['reason'] {
    if (this.#isSecure && !listing.baseUrl.startsWith('https:')) return 'insecure';
    if (this.#needs === null) return null;
    return unmetKpi(listing.kpis, this.#needs.minimum, this.#needs.isStrict)?.reason ?? null;
  }

  #ejection(candidate: Candidate, nowMs: number): EdgeStats['reason'] {
    if (!candidate.isEjected) return null;
    return nowMs < candidate.ejectedUntilMs ? 'ejected' : 'trial';
  }

  #score(candidate: Candidate, need: ReadNeed, nowMs: number): Scored {
    const { listing } = candidate;
    const atoms = candidate.atoms(need.bytes, nowMs);
    const deviations = this.#isShort(need) ? thresholds.pessimismShort : thresholds.pessimism;
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
    return { candidate, atoms, offset, log, score: Math.max(log, this.#enoughLog(need)) + offset };
  }

  /** What is quicker than the app expects is no better for that. */
  #enoughLog({ bytes }: ReadNeed): number {
    const { responseTimeMs, bandwidthBitsPerSecond } = this.#needs?.expected ?? {};
    if (!responseTimeMs || !bandwidthBitsPerSecond) return Number.NEGATIVE_INFINITY;
    return Math.log(responseTimeMs + (bytes * 8_000) / bandwidthBitsPerSecond);
  }

  #costOffset({ costPerGigabyte }: EdgeListing): number {
    let dearest = 0;
    for (const { listing } of this.#candidates.values())
      dearest = Math.max(dearest, listing.costPerGigabyte ?? 0);
    return dearest > 0 ? (thresholds.costShare * (costPerGigabyte ?? 0)) / dearest : 0;
  }

  #leaves(current: Scored, best: Scored): boolean {
    if (best === current) return false;
    return current.score - best.score > thresholds.hysteresisShare;
  }

  /** It is not what it was when it was chosen. */
  #isWorse({ candidate, score }: Scored): boolean {
    return candidate.failures > 0 || score > this.#chosenScore + thresholds.worseLog;
  }

  #admits(current: Scored | undefined, next: Scored): boolean {
    if (!current || !this.#leaves(current, next)) return false;
    const { edgeId, admits } = next.candidate.listing;
    return hashToUnit(`${this.#version}|${edgeId}|${this.viewerId}`) < admits;
  }

  #isShort({ bufferMs }: ReadNeed): boolean {
    return bufferMs !== null && bufferMs < thresholds.shortBufferMs;
  }

  /** An edge that is not known yet is taken to exaggerate as much as those that are. */
  #calibrate(): void {
    const known = [...this.#candidates.values()].flatMap(({ trust }) => trust.exaggeration ?? []);
    const mean = known.reduce((sum, each) => sum + each, 0) / Math.max(1, known.length);
    for (const candidate of this.#candidates.values()) candidate.hear(mean);
  }
}
