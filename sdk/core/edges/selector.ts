import {
  type EdgeListing,
  type EdgeNeeds,
  type EdgeReason,
  type EdgeSample,
  type EdgesBody,
  pressureOf,
} from '../../../signaling/protocol/edges.ts';
import { unmetKpi } from '../../../signaling/protocol/kpis.ts';
import { hashToUnit } from '../swarm/rendezvous.ts';
import { gainBeyond, pessimisticLog } from './belief.ts';
import { Candidate, type Resource } from './candidate.ts';
import * as thresholds from './choice-thresholds.ts';
import { isShort, type ReadNeed, type Scored, Scoring, usualLog } from './scoring.ts';

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

/** Chooses the edge that the next segment is read from. */
export class EdgeSelector {
  readonly #scoring: Scoring;
  #candidates = new Map<string, Candidate>();
  #needs: EdgeNeeds | null;
  #isSecure = false;
  #version = 0;
  #chosen: Candidate | null = null;
  /** What a usual read of it took when it was chosen, or the least since. */
  #chosenLog = 0;

  constructor(needs: EdgeNeeds | null) {
    this.#needs = needs;
    this.#scoring = new Scoring(needs?.expected ?? {});
  }

  /** Tells viewers apart. */
  set viewerId(viewerId: string) {
    this.#scoring.viewerId = viewerId;
  }

  /** Edges that other masters of the group read from and that this one leaves to them. */
  set taken(edgeIds: ReadonlySet<string>) {
    this.#scoring.taken = edgeIds;
  }

  get edges(): EdgeListing[] {
    return [...this.#candidates.values()].map(({ listing }) => listing);
  }

  get chosen(): EdgeListing | null {
    return this.#chosen?.listing ?? null;
  }

  /** The server names the edges; what was learned of those that stay is kept. */
  listed(body: Pick<EdgesBody, 'edges' | 'weights' | 'version'>): void {
    const { edges, version } = body;
    const before = this.#candidates;
    this.#candidates = new Map();
    this.#scoring.listed(body);
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
  answered(edgeId: string, firstByteMs: number, nowMs: number, resource?: Resource): void {
    this.#candidates.get(edgeId)?.answered(firstByteMs, nowMs, resource);
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

  failed(edgeId: string, nowMs: number, resource?: Resource): void {
    this.#candidates.get(edgeId)?.failed(nowMs, resource);
  }

  /** The edge to read from; null where none is listed. Stays with the last one unless another is clearly better. */
  choose(need: ReadNeed, nowMs: number): EdgeListing | null {
    const [best, ...others] = this.#ranked(need, nowMs);
    if (!best) {
      this.#chosen = null;
      return null;
    }
    const current = [best, ...others].find(({ candidate }) => candidate === this.#chosen);
    if (current) this.#chosenLog = Math.min(this.#chosenLog, usualLog(current, nowMs));
    const isSound = current && !current.candidate.isEjected;
    if (isSound && !this.#leaves(current, best)) return current.candidate.listing;
    // Without need only as many go to the same edge as it can bear.
    const isForced = !current || this.#isWorse(current, nowMs);
    const next = isForced ? best : [best, ...others].find((each) => this.#admits(current, each));
    if (!next) return current?.candidate.listing ?? null;
    this.#chosen = next.candidate;
    this.#chosenLog = usualLog(next, nowMs);
    return next.candidate.listing;
  }

  /**
   * The edge that a small read, of use by itself, should go to: an ejected one whose time for a trial has come, or the one
   * of which knowing more is worth most. The chosen one where nothing is to be tried.
   */
  look(need: ReadNeed, nowMs: number, resource: Resource = 'segments'): EdgeListing | null {
    const ranked = this.#ranked(need, nowMs);
    const [best, second] = ranked;
    const trial = this.trial(need, nowMs, resource);
    if (trial) return trial;
    if (!best || isShort(need)) return this.choose(need, nowMs);
    let found = best;
    let gain = thresholds.gainMin;
    for (const each of ranked) {
      const isBest = each === best;
      const boundLog =
        (isBest ? (second?.score ?? Number.POSITIVE_INFINITY) : best.score) - each.offset;
      const worth = gainBeyond(each.atoms, boundLog, isBest ? -1 : 1);
      if (worth > gain) [found, gain] = [each, worth];
    }
    return found.candidate.listing;
  }

  /**
   * An edge that has failed and whose time has come: the next read of this kind goes there, and no other until that is
   * answered. None where all are ejected, since then they come in turn.
   */
  trial(need: ReadNeed, nowMs: number, resource: Resource): EdgeListing | null {
    const allowed = this.#allowed();
    if (allowed.every(({ isEjected }) => isEjected)) return null;
    const laterMs = isShort(need) ? thresholds.trialShortMs : 0;
    const trial = allowed.find((each) => each.isOpenFor(resource, nowMs, laterMs));
    trial?.tried(nowMs);
    return trial?.listing ?? null;
  }

  get failingCount(): number {
    return this.#allowed().filter(({ failures }) => failures > 0).length;
  }

  /** Whether another one could be read from instead. */
  hasOther(than: string): boolean {
    return this.#allowed().some((each) => each.listing.edgeId !== than && !each.isEjected);
  }

  /** The next best to the chosen one, for a second try; null where there is none. */
  other(than: string, need: ReadNeed, nowMs: number): EdgeListing | null {
    return this.#next(than, need, nowMs)?.candidate.listing ?? null;
  }

  /** What that one would take for it. */
  elsewhereMs(than: string, need: ReadNeed, nowMs: number): number | null {
    const next = this.#next(than, need, nowMs);
    return next ? Math.exp(next.log) : null;
  }

  #next(than: string, need: ReadNeed, nowMs: number): Scored | undefined {
    return this.#ranked(need, nowMs).find(({ candidate }) => candidate.listing.edgeId !== than);
  }

  /** How long to wait for the first byte where another edge could be asked instead. */
  deadlineMs(edgeId: string, nowMs: number): number {
    const candidate = this.#candidates.get(edgeId);
    if (!candidate) return thresholds.deadlineMsMax;
    const expectedMs = ({ firstByte }: Candidate) =>
      Math.exp(pessimisticLog(firstByte.atoms(nowMs), 1));
    const deadlineMs = expectedMs(candidate) * thresholds.deadlineSlack;
    // Where all edges are slow, as on a bad line, each would be cut off every time and never be measured.
    const bestMs = Math.min(...this.#allowed().map(expectedMs)) * thresholds.slowSlack;
    const most = Math.min(thresholds.deadlineMsSlow, Math.max(thresholds.deadlineMsMax, bestMs));
    return Math.min(most, Math.max(thresholds.deadlineMsMin, deadlineMs));
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
    const all = [...this.#candidates.values()].map((each) =>
      this.#scoring.score(each, need, nowMs),
    );
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

  /**
   * Those that can be read from, the best first. Where each has failed last they come in turn; where all are ejected all
   * of them do: nothing can be lost.
   */
  #ranked(need: ReadNeed, nowMs: number): Scored[] {
    const scored = this.#allowed().map((each) => this.#scoring.score(each, need, nowMs));
    const sound = scored.filter(({ candidate }) => !candidate.isEjected);
    if (sound.some(({ candidate }) => candidate.failures === 0))
      return sound.sort((a, b) => a.score - b.score);
    const inTurn = sound.length > 0 ? sound : scored;
    return inTurn.sort((a, b) => a.candidate.failedAtMs - b.candidate.failedAtMs);
  }

  #allowed(): Candidate[] {
    return [...this.#candidates.values()].filter((each) => this.#refusal(each) === null);
  }

  #refusal({ listing }: Candidate): EdgeStats['reason'] {
    if (this.#isSecure && !listing.baseUrl.startsWith('https:')) return 'insecure';
    if (this.#needs === null) return null;
    return unmetKpi(listing.kpis, this.#needs.minimum, this.#needs.isStrict)?.reason ?? null;
  }

  #ejection(candidate: Candidate, nowMs: number): EdgeStats['reason'] {
    if (!candidate.isEjected) return null;
    return candidate.isOnTrial(nowMs) ? 'trial' : 'ejected';
  }

  #leaves(current: Scored, best: Scored): boolean {
    if (best === current) return false;
    const isFailing = current.candidate.failures > 0;
    return isFailing || current.score - best.score > thresholds.hysteresisShare;
  }

  /** It is not what it was when it was chosen. What is said of its load is no need to leave: all would, at once. */
  #isWorse(current: Scored, nowMs: number): boolean {
    const isSlower = usualLog(current, nowMs) > this.#chosenLog + thresholds.worseLog;
    return current.candidate.failures > 0 || isSlower;
  }

  #admits(current: Scored | undefined, next: Scored): boolean {
    if (!current || !this.#leaves(current, next)) return false;
    const { edgeId, admits } = next.candidate.listing;
    return hashToUnit(`${this.#version}|${edgeId}|${this.#scoring.viewerId}`) < admits;
  }

  /** An edge that is not known yet is taken to exaggerate as much as those that are. */
  #calibrate(): void {
    const candidates = [...this.#candidates.values()];
    const meanOf = (kind: keyof Candidate['trust']) => {
      const known = candidates.flatMap(({ trust }) => trust[kind].exaggeration ?? []);
      return known.reduce((sum, each) => sum + each, 0) / Math.max(1, known.length);
    };
    const usual = { firstByte: meanOf('firstByte'), pace: meanOf('pace') };
    for (const candidate of candidates) candidate.hear(usual);
  }
}
