import { expect } from 'chai';
import { edgeWeightsUnlearned } from '../../../signaling/protocol/edges.ts';
import {
  bodyOf,
  chance,
  chosenBy,
  listingOf,
  measure,
  need,
  reasonsOf,
  segmentBytes,
  selectorOf,
  statsOf,
} from './edge-listings.ts';

const nowMs = 10_000;
const viewers = Array.from({ length: 1_000 }, (_, index) => `viewer-${index}`);

/** How many of a thousand viewers choose which of these. */
function crowdOf(edges: Parameters<typeof selectorOf>[0]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const viewerId of viewers) {
    const chosen = chosenBy(selectorOf(edges, { viewerId }), nowMs) ?? '';
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  return counts;
}

describe('which edges can be chosen', () => {
  const minimum = { responseTimeMs: 100, bandwidthBitsPerSecond: 5e6 };
  const edges = [
    listingOf('good', { kpis: { responseTimeMs: 100, bandwidthBitsPerSecond: 5e6 } }),
    listingOf('slow', { kpis: { responseTimeMs: 101, bandwidthBitsPerSecond: 5e6 } }),
    listingOf('thin', { kpis: { responseTimeMs: 5, bandwidthBitsPerSecond: 4e6 } }),
    listingOf('silent', { kpis: { responseTimeMs: 5 } }),
  ];

  it('are those that meet the minimum; what is not stated counts in strict mode only', () => {
    const needs = { minimum, expected: {}, isStrict: false };
    const lax = { good: null, slow: 'kpi_unmet', thin: 'kpi_unmet', silent: null };
    expect(reasonsOf(selectorOf(edges, { needs }), nowMs)).to.deep.equal(lax);
    const strict = selectorOf(edges, { needs: { ...needs, isStrict: true } });
    expect(reasonsOf(strict, nowMs)).to.deep.equal({ ...lax, silent: 'kpi_unknown' });
    expect(chosenBy(strict, nowMs)).to.equal('good');
    expect(strict.hasOther('good'), 'none that may be read from').to.equal(false);
    strict.failed('good', nowMs);
    strict.failed('good', nowMs);
    expect(chosenBy(strict, nowMs), 'rather than one that does not do').to.equal('good');
  });

  it('are none where none does', () => {
    const needs = { minimum: { computeCores: 4 }, expected: {}, isStrict: true };
    const selector = selectorOf(edges, { needs });
    expect(selector.choose(need, nowMs)).to.equal(null);
    expect(selector.look(need, nowMs)).to.equal(null);
    expect(selector.other('', need, nowMs)).to.equal(null);
  });

  it('are those with TLS once something came over TLS', () => {
    const selector = selectorOf([
      listingOf('plain', { baseUrl: 'http://plain.example/', kpis: { responseTimeMs: 5 } }),
      listingOf('safe', { kpis: { responseTimeMs: 100 } }),
    ]);
    expect(chosenBy(selector, nowMs)).to.equal('plain');
    selector.requireSecure();
    expect(reasonsOf(selector, nowMs)).to.deep.equal({ plain: 'insecure', safe: null });
    expect(chosenBy(selector, nowMs)).to.equal('safe');
  });

  it('are not those that failed twice, until their time for a trial has come', () => {
    const selector = selectorOf(['a', 'b']);
    for (let count = 0; count < 2; count += 1) selector.failed('a', nowMs);
    expect(reasonsOf(selector, nowMs + 1_999)).to.deep.equal({ a: 'ejected', b: null });
    expect(reasonsOf(selector, nowMs + 2_000)).to.deep.equal({ a: 'trial', b: null });
  });
});

describe('the score of an edge', () => {
  it('is the time to the first byte and that of the bytes, as measured', () => {
    const selector = selectorOf(['a', 'b']);
    for (let count = 0; count < 8; count += 1) {
      measure(selector, 'a', 60, nowMs, 1_000);
      measure(selector, 'b', 300, nowMs, 5_000);
    }
    expect(statsOf(selector, 'a', nowMs).predictedMs, 'a').to.be.within(550, 650);
    expect(statsOf(selector, 'b', nowMs).predictedMs, 'b').to.be.within(390, 490);
    expect(chosenBy(selector, nowMs), 'a large one').to.equal('b');
    const small = { bytes: 10_000, bufferMs: 20_000 };
    expect(statsOf(selector, 'a', nowMs, small).predictedMs).to.be.closeTo(70, 5);
    expect(chosenBy(selector, nowMs, small), 'a small one').to.equal('a');
  });

  it('grows with the load as waiting in a queue does, by the weight that was learned, where it is not measured', () => {
    const scoreOf = (load: number | null, weight: number, isMeasured = false): number => {
      const selector = selectorOf([]);
      const weights = { ...edgeWeightsUnlearned, load: weight };
      selector.listed(bodyOf([listingOf('a', { load })], { weights }));
      if (isMeasured) measure(selector, 'a', 100, nowMs);
      return statsOf(selector, 'a', nowMs).scoreMs;
    };
    const idleMs = scoreOf(0, 3);
    expect(scoreOf(null, 3), 'of no word on load').to.equal(idleMs);
    expect(scoreOf(0.5, 3) / idleMs).to.be.closeTo(2, 1e-6);
    expect(scoreOf(0.9, 3) / idleMs).to.be.closeTo(10, 1e-6);
    expect(scoreOf(1, 3) / idleMs, 'bounded').to.be.closeTo(20, 1e-6);
    expect(scoreOf(0.9, 0), 'of no account').to.be.closeTo(idleMs, 1e-6);
    expect(scoreOf(0.9, 3, true), 'in what was measured').to.equal(scoreOf(0, 3, true));
  });

  it('of one that costs something has to be made up for by its time', () => {
    const edges = [
      listingOf('free', { costPerGigabyte: 0 }),
      listingOf('dear', { costPerGigabyte: 5 }),
    ];
    const dearOf = (dearMs: number): number =>
      viewers.filter((viewerId) => {
        const selector = selectorOf(edges, { viewerId });
        measure(selector, 'free', 100, nowMs);
        measure(selector, 'dear', dearMs, nowMs);
        return chosenBy(selector, nowMs, { bytes: 0, bufferMs: 20_000 }) === 'dear';
      }).length;
    expect(dearOf(100)).to.equal(0);
    expect(dearOf(92)).to.be.below(50);
    expect(dearOf(70)).to.equal(1_000);
  });

  it('is no better for what is quicker than the app expects', () => {
    const expected = { responseTimeMs: 200, bandwidthBitsPerSecond: 8e6 };
    const edges = [
      listingOf('quick', { costPerGigabyte: 5 }),
      listingOf('enough', { costPerGigabyte: 1 }),
    ];
    const chosen = (isExpected: boolean): string | undefined => {
      const needs = { minimum: {}, expected: isExpected ? expected : {}, isStrict: false };
      const selector = selectorOf(edges, { needs });
      measure(selector, 'quick', 10, nowMs, 10_000);
      measure(selector, 'enough', 180, nowMs, 1_000);
      return chosenBy(selector, nowMs);
    };
    expect(chosen(false)).to.equal('quick');
    expect(chosen(true)).to.equal('enough');
  });
});

describe('the choice among edges', () => {
  it('does not flap between two that differ by less than noise', () => {
    for (const [index, viewerId] of viewers.slice(0, 200).entries()) {
      const random = chance(index);
      const selector = selectorOf(['a', 'b'], { viewerId });
      let changes = -1;
      let last: string | undefined;
      for (let read = 0; read < 100; read += 1) {
        const atMs = nowMs + read * 1_000;
        for (const [edgeId, usualMs] of [['a', 100] as const, ['b', 106] as const])
          measure(selector, edgeId, usualMs * (0.96 + 0.08 * random()), atMs, 1e6);
        const chosen = chosenBy(selector, atMs);
        if (chosen !== last) changes += 1;
        last = chosen;
      }
      expect(changes, viewerId).to.be.at.most(1);
    }
  });

  it('moves to one that is clearly better', () => {
    const selector = selectorOf(['a', 'b']);
    measure(selector, 'a', 100, nowMs);
    expect(chosenBy(selector, nowMs)).to.equal('a');
    measure(selector, 'b', 20, nowMs, 5_000);
    expect(chosenBy(selector, nowMs)).to.equal('b');
  });

  it('moves nobody without need to an edge that admits none, but leaves one that fails', () => {
    const start = () => {
      const selector = selectorOf(['a', listingOf('b', { admits: 0 })]);
      measure(selector, 'a', 100, nowMs);
      chosenBy(selector, nowMs);
      measure(selector, 'b', 20, nowMs, 5_000);
      return selector;
    };
    const selector = start();
    expect(chosenBy(selector, nowMs)).to.equal('a');
    selector.failed('a', nowMs);
    expect(chosenBy(selector, nowMs), 'failed').to.equal('b');
    const slower = start();
    measure(slower, 'a', 500, nowMs, 300);
    expect(chosenBy(slower, nowMs), 'became slower').to.equal('a');
    for (let count = 0; count < 8; count += 1) measure(slower, 'a', 2_500, nowMs, 100);
    expect(chosenBy(slower, nowMs), 'became slow').to.equal('b');
    const slow = selectorOf(['a']);
    measure(slow, 'a', 2_900, nowMs);
    expect(chosenBy(slow, nowMs)).to.equal('a');
    slow.listed(bodyOf([listingOf('a'), listingOf('b', { admits: 0 })], { version: 2 }));
    measure(slow, 'b', 500, nowMs);
    expect(chosenBy(slow, nowMs), 'slow from the beginning').to.equal('a');
    slow.failed('a', nowMs);
    expect(chosenBy(slow, nowMs), 'slow, and failed').to.equal('b');
    const gone = start();
    gone.listed(bodyOf([listingOf('b', { admits: 0 })]));
    expect(chosenBy(gone, nowMs), 'gone').to.equal('b');
  });

  it('lets as many move as an edge admits, and others with the next list', () => {
    const moved = (version: number): string[] =>
      viewers.filter((viewerId) => {
        const selector = selectorOf(['a', 'b'], { viewerId });
        measure(selector, 'a', 100, nowMs);
        chosenBy(selector, nowMs);
        selector.listed(bodyOf([listingOf('a'), listingOf('b', { admits: 0.2 })], { version }));
        measure(selector, 'b', 20, nowMs, 5_000);
        return chosenBy(selector, nowMs) === 'b';
      });
    const [first, second] = [moved(2), moved(3)];
    expect(first.length).to.be.within(150, 250);
    expect(second.length).to.be.within(150, 250);
    expect(second.filter((each) => first.includes(each)).length).to.be.below(100);
  });

  it('takes a read of another size, and what is said of load, for no sign that the edge has become slow', () => {
    const selector = selectorOf(['a', listingOf('b', { admits: 0 })]);
    measure(selector, 'a', 50, nowMs);
    expect(chosenBy(selector, nowMs)).to.equal('a');
    measure(selector, 'b', 20, nowMs, 5_000);
    chosenBy(selector, nowMs, { ...need, bytes: 0 });
    expect(chosenBy(selector, nowMs), 'after a small one').to.equal('a');
    chosenBy(selector, nowMs, { ...need, bytes: 10 * segmentBytes });
    expect(chosenBy(selector, nowMs), 'after a large one').to.equal('a');
    expect(chosenBy(selector, nowMs, { ...need, bufferMs: 500 }), 'in a hurry').to.equal('a');
    selector.listed(bodyOf([listingOf('a', { load: 0.9 }), listingOf('b', { admits: 0 })]));
    expect(chosenBy(selector, nowMs), 'busy').to.equal('a');
  });

  it('differs from viewer to viewer where edges are close, and not where one is far', () => {
    const counts = crowdOf(['a', 'b', 'c', listingOf('far', { kpis: { responseTimeMs: 900 } })]);
    for (const edgeId of ['a', 'b', 'c']) expect(counts[edgeId], edgeId).to.be.within(250, 420);
    expect(counts.far ?? 0).to.equal(0);
  });

  it('leaves an edge that another master has to it where a close one is left, and not for a far one', () => {
    for (const viewerId of viewers.slice(0, 100)) {
      const selector = selectorOf(['a', 'b', 'far'], { viewerId });
      for (const [edgeId, firstByteMs] of [['a', 50] as const, ['b', 52] as const])
        measure(selector, edgeId, firstByteMs, nowMs);
      measure(selector, 'far', 400, nowMs, 500);
      const first = chosenBy(selector, nowMs) ?? '';
      expect(['a', 'b']).to.include(first);
      selector.taken = new Set([first]);
      const second = chosenBy(selector, nowMs);
      expect(second, viewerId).to.equal(first === 'a' ? 'b' : 'a');
      selector.taken = new Set(['a', 'b']);
      expect(chosenBy(selector, nowMs), viewerId).to.equal(second);
    }
  });
});
