import { expect } from 'chai';
import type { EdgeNeeds } from '../../../signaling/protocol/edges.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { chosenBy, listingOf, measure, need, selectorOf, statsOf } from './edge-listings.ts';

const nowMs = 10_000;

describe('what the app expects of edges', () => {
  /** A dear edge and a cheap one. */
  function chosenOf(
    expected: EdgeNeeds['expected'],
    measured: Record<'dear' | 'cheap', { firstByteMs: number; bytesPerMs: number }>,
    bytes: number,
  ): string | undefined {
    const edges = [
      listingOf('dear', { costPerGigabyte: 5 }),
      listingOf('cheap', { costPerGigabyte: 1 }),
    ];
    const selector = selectorOf(edges, { needs: { minimum: {}, expected, isStrict: false } });
    for (const [edgeId, { firstByteMs, bytesPerMs }] of Object.entries(measured))
      measure(selector, edgeId, firstByteMs, nowMs, bytesPerMs);
    return chosenBy(selector, nowMs, { ...need, bytes });
  }

  it('makes what is quicker no better, also where it is the response alone', () => {
    const edges = {
      dear: { firstByteMs: 10, bytesPerMs: 1_250 },
      cheap: { firstByteMs: 180, bytesPerMs: 1_250 },
    };
    expect(chosenOf({}, edges, 0)).to.equal('dear');
    expect(chosenOf({ responseTimeMs: 200 }, edges, 0)).to.equal('cheap');
    expect(chosenOf({ responseTimeMs: 100 }, edges, 0), 'not enough').to.equal('dear');
  });

  it('makes what gives more no better, also where it is bandwidth alone', () => {
    const edges = {
      dear: { firstByteMs: 30, bytesPerMs: 10_000 },
      cheap: { firstByteMs: 30, bytesPerMs: 1_000 },
    };
    expect(chosenOf({}, edges, 2e6)).to.equal('dear');
    expect(chosenOf({ bandwidthBitsPerSecond: 8e6 }, edges, 2e6)).to.equal('cheap');
    expect(chosenOf({ bandwidthBitsPerSecond: 32e6 }, edges, 2e6), 'not enough').to.equal('dear');
  });
});

describe('an edge that boasts of bandwidth', () => {
  /** How much longer a segment is predicted to take of one that says nothing, after so many reads of both. */
  function shareAfter(reads: number, bandwidthBitsPerSecond: number): number {
    const selector = selectorOf([
      listingOf('boast', { kpis: { bandwidthBitsPerSecond } }),
      'silent',
    ]);
    for (let read = 0; read < reads; read += 1)
      for (const edgeId of ['boast', 'silent'])
        measure(selector, edgeId, 30, nowMs + read * 2_000, 625);
    const atMs = nowMs + reads * 2_000;
    const [boast, silent] = ['boast', 'silent'].map(
      (edgeId) => statsOf(selector, edgeId, atMs).predictedMs,
    );
    return (silent ?? 0) / (boast ?? 1);
  }

  it('is believed before it is read from, and not after a few reads', () => {
    expect(shareAfter(0, 1e12)).to.be.above(1.5);
    for (const bits of [1e9, 1e12])
      for (const reads of [3, 5, 20])
        expect(shareAfter(reads, bits), `${bits} after ${reads}`).to.be.below(1.003);
  });
});

describe('a first part that comes in one burst', () => {
  it('does not make an edge fast that is known to be slow', () => {
    const selector = selectorOf(['a', 'b']);
    for (let read = 0; read < 8; read += 1) measure(selector, 'a', 30, read * 1_000);
    // A megabit a second.
    for (let read = 0; read < 4; read += 1) measure(selector, 'b', 30, read * 1_000, 125);
    selector.answered('b', 30, nowMs);
    selector.gave('b', limits.partBytes, 1, nowMs);
    const [a, b] = ['a', 'b'].map((edgeId) => statsOf(selector, edgeId, nowMs).predictedMs);
    expect(b).to.be.above(2 * (a ?? 0));
    expect(chosenBy(selector, nowMs)).to.equal('a');
  });

  it('does not make one the best of which nothing else is known', () => {
    const selector = selectorOf(['a', 'b']);
    for (let read = 0; read < 8; read += 1) measure(selector, 'a', 30, read * 1_000, 2_500);
    expect(chosenBy(selector, nowMs)).to.equal('a');
    selector.answered('b', 30, nowMs);
    selector.gave('b', limits.partBytes, 1, nowMs);
    expect(chosenBy(selector, nowMs)).to.equal('a');
    const whole = selectorOf(['b']);
    whole.answered('b', 30, nowMs);
    whole.gave('b', 4 * limits.partBytes, 4, nowMs);
    expect(statsOf(whole, 'b', nowMs).bytesPerMs, 'what is larger counts').to.be.closeTo(
      limits.partBytes,
      1,
    );
  });
});
