import { expect } from 'chai';
import fc from 'fast-check';
import type { ReadNeed } from '../../sdk/core/edges/scoring.ts';
import { EdgeSelector } from '../../sdk/core/edges/selector.ts';
import type { EdgeListing, EdgeNeeds, EdgesBody } from '../../signaling/protocol/edges.ts';
import { parseEdges } from '../../signaling/protocol/edges.ts';
import type { Kpis } from '../../signaling/protocol/kpis.ts';

const edgeIds = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
/** All that the wire lets through, mostly what is usual. */
const amount = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 1, max: 2_000, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, Number.MIN_VALUE, 1e-9, 1e15, Number.MAX_VALUE) },
);
const stated = fc.oneof(
  fc.double({ min: 1, max: 1e8, noNaN: true }),
  fc.constantFrom(0, 1e-9, 1e15),
);
const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1));
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 2 });

const kpis: fc.Arbitrary<Kpis> = fc.record(
  { responseTimeMs: amount, bandwidthBitsPerSecond: amount, computeCores: amount },
  { requiredKeys: [] },
);

const listing = (edgeId: string): fc.Arbitrary<EdgeListing> =>
  fc.record({
    edgeId: fc.constant(edgeId),
    name: fc.constant(edgeId),
    baseUrl: fc.constantFrom(`https://${edgeId}.example/`, `http://${edgeId}.example/x/`),
    region: fc.constant(null),
    kpis,
    load: orNull(share),
    costPerGigabyte: orNull(amount),
    prior: orNull(fc.record({ firstByteMs: amount, bytesPerMs: amount })),
    admits: share,
    validForMs: fc.constant(30_000),
  });

const weight = fc.oneof(fc.constantFrom(0, -3, 3), fc.double({ min: -3, max: 3, noNaN: true }));
const body = fc
  .subarray(edgeIds, { minLength: 1 })
  .chain((ids) => fc.tuple(...ids.map(listing)))
  .chain((edges) =>
    fc.record({
      edges: fc.constant(edges),
      version: fc.nat(),
      weights: fc.record({ version: fc.nat(), load: weight, age: weight }),
    }),
  );

const need: fc.Arbitrary<ReadNeed> = fc.record({
  bytes: fc.oneof(fc.nat({ max: 20_000_000 }), fc.constant(0)),
  bufferMs: orNull(fc.nat({ max: 30_000 })),
});
const edgeId = fc.constantFrom(...edgeIds, 'stranger');
/** What a clock and a counter of bytes give, zero included. */
const tookMs = fc.oneof(fc.double({ min: 0, max: 5_000, noNaN: true }), fc.constant(0));
const read = fc.integer({ min: 1, max: 20_000_000 });

type Step =
  | { kind: 'listed'; body: Pick<EdgesBody, 'edges' | 'version' | 'weights'> }
  | { kind: 'answered'; edgeId: string; ms: number }
  | { kind: 'late'; edgeId: string; ms: number }
  | { kind: 'gave'; edgeId: string; bytes: number; ms: number }
  | { kind: 'failed'; edgeId: string }
  | { kind: 'wait'; ms: number }
  | { kind: 'secure' }
  | { kind: 'taken'; edgeIds: string[] }
  | { kind: 'choose'; need: ReadNeed }
  | { kind: 'look'; need: ReadNeed };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('listed' as const), body }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('answered', 'late'), edgeId, ms: tookMs }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('gave' as const), edgeId, bytes: read, ms: tookMs }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('failed' as const), edgeId }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 90_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('secure' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('taken' as const),
      edgeIds: fc.subarray(edgeIds, { maxLength: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('choose', 'look'), need }) },
);

const needs: fc.Arbitrary<EdgeNeeds | null> = orNull(
  fc.record({
    minimum: fc.record({ computeCores: amount }, { requiredKeys: [] }),
    // Which the app states, in units.
    expected: fc.record(
      { responseTimeMs: stated, bandwidthBitsPerSecond: stated },
      { requiredKeys: [] },
    ),
    isStrict: fc.boolean(),
  }),
);

/** Feeds a selector, looks at it after each step, and writes down what it said. */
class Driver {
  readonly said: unknown[] = [];
  #selector: EdgeSelector;
  #nowMs = 1_000;

  constructor(asked: EdgeNeeds | null) {
    this.#selector = new EdgeSelector(asked);
    this.#selector.viewerId = 'v4';
  }

  take(each: Step): void {
    const selector = this.#selector;
    if (each.kind === 'listed') selector.listed(each.body);
    else if (each.kind === 'answered') selector.answered(each.edgeId, each.ms, this.#nowMs);
    else if (each.kind === 'late') selector.late(each.edgeId, each.ms, this.#nowMs);
    else if (each.kind === 'gave') selector.gave(each.edgeId, each.bytes, each.ms, this.#nowMs);
    else if (each.kind === 'failed') selector.failed(each.edgeId, this.#nowMs);
    else if (each.kind === 'wait') this.#nowMs += each.ms;
    else if (each.kind === 'secure') selector.requireSecure();
    else if (each.kind === 'taken') selector.taken = new Set(each.edgeIds);
    else this.#ask(each.kind, each.need);
    this.#look();
  }

  #ask(kind: 'choose' | 'look', asked: ReadNeed): void {
    const before = this.#selector.chosen?.edgeId;
    const got = this.#selector[kind](asked, this.#nowMs);
    const stats = this.#selector.stats(asked, this.#nowMs);
    const usable = stats.filter(({ reason }) => reason !== 'insecure' && !isUnmet(reason));
    this.said.push(got?.edgeId);
    if (usable.length === 0) return expect(got).to.equal(null) as never;
    expect(usable.map(({ listing: { edgeId } }) => edgeId)).to.include(got?.edgeId);
    if (kind === 'choose') expect(this.#selector.chosen?.edgeId).to.equal(got?.edgeId);
    const isSound = usable.some(({ reason }) => reason === null);
    const isProven = usable.find(({ listing: { edgeId } }) => edgeId === got?.edgeId);
    const isTrial = (isProven?.failures ?? 0) > 0;
    if (kind === 'look' && !isTrial && asked.bufferMs !== null && asked.bufferMs < 4_000)
      expect(got?.edgeId, 'a short buffer').to.equal(this.#selector.chosen?.edgeId);
    if (kind === 'choose' && isSound && isProven?.reason === 'ejected') throw new Error('ejected');
    if (kind === 'look' && before !== undefined && got === null) throw new Error('nothing');
  }

  #look(): void {
    const selector = this.#selector;
    const { chosen, edges } = selector;
    const ids = edges.map(({ edgeId }) => edgeId);
    if (chosen) expect(ids).to.include(chosen.edgeId);
    const asked = { bytes: 500_000, bufferMs: 20_000 };
    const stats = selector.stats(asked, this.#nowMs);
    expect(stats.map(({ listing: { edgeId } }) => edgeId).sort()).to.deep.equal(ids.sort());
    expect(stats.filter(({ isChosen }) => isChosen).length).to.be.at.most(1);
    for (const { predictedMs, scoreMs, firstByteMs, bytesPerMs } of stats)
      for (const value of [predictedMs, scoreMs, firstByteMs ?? 1, bytesPerMs ?? 1])
        if (!(Number.isFinite(value) && value >= 0)) throw new Error(`a time of ${value}`);
    for (const edgeId of [...ids, 'stranger']) {
      expect(selector.deadlineMs(edgeId, this.#nowMs)).to.be.within(300, 4_000);
      const other = selector.other(edgeId, asked, this.#nowMs);
      expect(other?.edgeId).to.not.equal(edgeId);
      if (selector.hasOther(edgeId)) expect(ids.length).to.be.above(ids.includes(edgeId) ? 1 : 0);
      const sample = selector.sample(edgeId, 500_000, this.#nowMs);
      expect(sample === null).to.equal(edgeId === 'stranger');
      if (!sample) continue;
      expect(sample.age).to.be.within(0, 1);
      expect(sample.load).to.be.within(0, 1);
      expect(Number.isFinite(sample.predictedMs) && sample.predictedMs >= 1).to.equal(true);
    }
    this.said.push(
      chosen?.edgeId,
      stats.map(({ scoreMs }) => scoreMs),
    );
  }
}

function isUnmet(reason: string | null): boolean {
  return reason === 'kpi_unmet' || reason === 'kpi_unknown';
}

describe('the choice among edges, whatever happens', () => {
  const first = fc.record({ kind: fc.constant('listed' as const), body });

  it('is of one that is listed and may be read from, with times that are numbers', () => {
    let chosen = 0;
    fc.assert(
      fc.property(
        needs,
        first,
        fc.array(step, { maxLength: 60, size: 'max' }),
        (asked, listed, steps) => {
          const driver = new Driver(asked);
          for (const each of [listed, ...steps]) driver.take(each);
          chosen += driver.said.filter((each) => typeof each === 'string').length;
        },
      ),
      { numRuns: 1_500 },
    );
    expect(chosen, 'else the steps would prove nothing').to.be.above(10_000);
  }).timeout(60_000);

  it('is the same again for the same', () => {
    fc.assert(
      fc.property(needs, first, fc.array(step, { maxLength: 60 }), (asked, listed, steps) => {
        const [one, other] = [new Driver(asked), new Driver(asked)];
        for (const each of [listed, ...steps]) {
          one.take(each);
          other.take(each);
        }
        expect(one.said).to.deep.equal(other.said);
      }),
      { numRuns: 200 },
    );
  }).timeout(60_000);

  it('is made of what the wire lets through', () => {
    fc.assert(
      fc.property(body, ({ edges, version, weights }) => {
        const text = JSON.stringify({
          ...{ room: 'room', version, createdAtMs: 1, validForMs: 30_000, edges },
          ...{ excluded: [], failing: null, weights },
        });
        expect(parseEdges(text)).to.not.equal(null);
      }),
    );
  });
});
