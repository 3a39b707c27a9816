import { Budget } from '../../../sdk/core/edges/budget.ts';
import * as thresholds from '../../../sdk/core/edges/choice-thresholds.ts';
import type { ReadNeed } from '../../../sdk/core/edges/scoring.ts';
import { EdgeSelector } from '../../../sdk/core/edges/selector.ts';
import { type EdgeListing, edgeWeightsUnlearned } from '../../../signaling/protocol/edges.ts';
import * as limits from '../../../signaling/protocol/limits.ts';

/** A way to choose edges. Indices name them; times are ms of one clock. */
export interface Policy {
  /** Told once of the first-byte time of each. */
  start(firstByteMs: readonly number[]): void;
  /** The edge that one small read before the decision goes to; null for none. */
  look(nowMs: number): number | null;
  looked(edge: number, firstByteMs: number | null, nowMs: number): void;
  /** `without`: those that have failed for this very read. */
  choose(nowMs: number, without: ReadonlySet<number>): number;
  /** The edge that the first part is read from before the rest, to learn how fast it is; null for none. */
  probe(nowMs: number): number | null;
  /** How long it waits for a first byte. */
  deadlineMs(edge: number, nowMs: number): number;
  completed(edge: number, read: Read, nowMs: number): void;
  failed(edge: number, nowMs: number): void;
}

export interface Read {
  firstByteMs: number;
  bytes: number;
  transferMs: number;
}

export interface PolicySpec {
  edgeCount: number;
  bytes: number;
  random: () => number;
}

export const policies: Readonly<Record<string, (spec: PolicySpec) => Policy>> = {
  random: (spec) => new Random(spec),
  'round robin': (spec) => new RoundRobin(spec),
  'lowest RTT once': (spec) => new Once(spec),
  'greedy EWMA': (spec) => new Greedy(spec),
  'P2C, peak EWMA': (spec) => new PowerOfTwo(spec),
  'stalest prober': (spec) => new Prober(spec),
  holdfast: (spec) => new Holdfast(spec),
};

/** What all the others wait for a first byte, as the longest of ours. */
const deadlineMs = 1_500;
const failedMs = 3_000;

abstract class Baseline implements Policy {
  protected readonly spec: PolicySpec;
  protected costs: number[];

  constructor(spec: PolicySpec) {
    this.spec = spec;
    this.costs = Array(spec.edgeCount).fill(0);
  }

  abstract choose(nowMs: number, without: ReadonlySet<number>): number;

  start(firstByteMs: readonly number[]): void {
    this.costs = [...firstByteMs];
  }

  look(_nowMs: number): number | null {
    return null;
  }

  looked(_edge: number, _firstByteMs: number | null, _nowMs: number): void {}

  probe(_nowMs: number): number | null {
    return null;
  }

  deadlineMs(): number {
    return deadlineMs;
  }

  completed(_edge: number, _read: Read, _nowMs: number): void {}

  failed(_edge: number, _nowMs: number): void {}

  protected least(without: ReadonlySet<number>): number {
    let least = -1;
    this.costs.forEach((cost, edge) => {
      if (without.has(edge)) return;
      if (least < 0 || cost < (this.costs[least] ?? 0)) least = edge;
    });
    return Math.max(0, least);
  }
}

class Random extends Baseline {
  choose(_nowMs: number, without: ReadonlySet<number>): number {
    const open = this.costs.map((_, edge) => edge).filter((edge) => !without.has(edge));
    return open[Math.floor(this.spec.random() * open.length)] ?? 0;
  }
}

class RoundRobin extends Baseline {
  #next = 0;

  choose(_nowMs: number, without: ReadonlySet<number>): number {
    do this.#next = (this.#next + 1) % this.spec.edgeCount;
    while (without.has(this.#next) && without.size < this.spec.edgeCount);
    return this.#next;
  }
}

class Once extends Baseline {
  choose(_nowMs: number, without: ReadonlySet<number>): number {
    return this.least(without);
  }
}

/** The least exponentially weighted time, of those that it has seen. */
class Greedy extends Baseline {
  choose(_nowMs: number, without: ReadonlySet<number>): number {
    return this.least(without);
  }

  override completed(edge: number, { firstByteMs, transferMs }: Read): void {
    this.#observe(edge, firstByteMs + transferMs);
  }

  override failed(edge: number): void {
    this.#observe(edge, failedMs);
  }

  #observe(edge: number, tookMs: number): void {
    const before = this.costs[edge] ?? 0;
    this.costs[edge] = before + 0.3 * (tookMs - before);
  }
}

/** Two at random, and the one with the lower cost, which jumps up with every peak and decays with time. */
class PowerOfTwo extends Baseline {
  #atMs: number[] = [];

  choose(_nowMs: number, without: ReadonlySet<number>): number {
    const open = this.costs.map((_, edge) => edge).filter((edge) => !without.has(edge));
    const draw = () => open.splice(Math.floor(this.spec.random() * open.length), 1)[0];
    const [one = 0, two = one] = [draw(), draw()];
    return (this.costs[one] ?? 0) <= (this.costs[two] ?? 0) ? one : two;
  }

  override completed(edge: number, { firstByteMs, transferMs }: Read, nowMs: number): void {
    this.#observe(edge, firstByteMs + transferMs, nowMs);
  }

  override failed(edge: number, nowMs: number): void {
    this.#observe(edge, failedMs, nowMs);
  }

  #observe(edge: number, tookMs: number, nowMs: number): void {
    const before = this.costs[edge] ?? 0;
    const kept = Math.exp(-(nowMs - (this.#atMs[edge] ?? nowMs)) / 10_000);
    this.costs[edge] = tookMs > before ? tookMs : before * kept + tookMs * (1 - kept);
    this.#atMs[edge] = nowMs;
  }
}

/** The last value of each, and a look at the one that was not looked at for the longest. */
class Prober extends Greedy {
  #atMs: number[] = [];
  #chosen = 0;

  override look(): number | null {
    let stalest = -1;
    this.costs.forEach((_, edge) => {
      if (edge === this.#chosen) return;
      if (stalest < 0 || (this.#atMs[edge] ?? -1) < (this.#atMs[stalest] ?? -1)) stalest = edge;
    });
    return stalest;
  }

  override looked(edge: number, firstByteMs: number | null, nowMs: number): void {
    this.#set(edge, firstByteMs === null ? failedMs : firstByteMs + this.#transferOf(edge), nowMs);
  }

  override choose(nowMs: number, without: ReadonlySet<number>): number {
    this.#chosen = super.choose(nowMs, without);
    return this.#chosen;
  }

  override completed(edge: number, { firstByteMs, transferMs }: Read, nowMs = 0): void {
    this.#transfers[edge] = transferMs;
    this.#set(edge, firstByteMs + transferMs, nowMs);
  }

  override failed(edge: number, nowMs = 0): void {
    this.#set(edge, failedMs, nowMs);
  }

  #transfers: number[] = [];

  #transferOf(edge: number): number {
    return this.#transfers[edge] ?? 0;
  }

  #set(edge: number, tookMs: number, nowMs: number): void {
    this.costs[edge] = tookMs;
    this.#atMs[edge] = nowMs;
  }
}

/** The selector of the sdk, as its core uses it. */
class Holdfast implements Policy {
  readonly #selector = new EdgeSelector(null);
  readonly #budget = new Budget(thresholds.probeShare, 2 * limits.partBytes);
  readonly #need: ReadNeed;

  constructor({ edgeCount, bytes, random }: PolicySpec) {
    this.#need = { bytes, bufferMs: 20_000 };
    this.#selector.viewerId = `viewer-${random()}`;
    const edges = Array.from({ length: edgeCount }, (_, edge) => listingOf(`${edge}`));
    this.#selector.listed({ version: 1, weights: edgeWeightsUnlearned, edges });
  }

  start(firstByteMs: readonly number[]): void {
    firstByteMs.forEach((each, edge) => {
      this.#selector.answered(`${edge}`, each, 0);
    });
  }

  look(nowMs: number): number | null {
    const looked = this.#selector.look(this.#need, nowMs);
    return looked && Number(looked.edgeId);
  }

  looked(edge: number, firstByteMs: number | null, nowMs: number): void {
    if (firstByteMs === null) this.failed(edge, nowMs);
    else this.#selector.answered(`${edge}`, firstByteMs, nowMs);
  }

  probe(nowMs: number): number | null {
    if (this.#need.bytes === 0) return null;
    this.#budget.earn(this.#need.bytes);
    const looked = this.#selector.look(this.#need, nowMs);
    const isOther = looked !== this.#selector.choose(this.#need, nowMs);
    return looked && isOther && this.#budget.spend(limits.partBytes) ? Number(looked.edgeId) : null;
  }

  choose(nowMs: number): number {
    return Number(this.#selector.choose(this.#need, nowMs)?.edgeId);
  }

  deadlineMs(edge: number, nowMs: number): number {
    return this.#selector.deadlineMs(`${edge}`, nowMs);
  }

  completed(edge: number, { firstByteMs, bytes, transferMs }: Read, nowMs: number): void {
    this.#selector.answered(`${edge}`, firstByteMs, nowMs);
    if (bytes > 0) this.#selector.gave(`${edge}`, bytes, transferMs, nowMs);
  }

  failed(edge: number, nowMs: number): void {
    this.#selector.failed(`${edge}`, nowMs);
  }
}

function listingOf(edgeId: string): EdgeListing {
  return {
    ...{ edgeId, name: edgeId, baseUrl: `https://${edgeId}.example/`, region: null, kpis: {} },
    ...{ load: null, costPerGigabyte: null, prior: null, admits: 1, validForMs: 60_000 },
  };
}
