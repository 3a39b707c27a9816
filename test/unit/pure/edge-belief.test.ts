import { expect } from 'chai';
import * as thresholds from '../../../sdk/core/edges/choice-thresholds.ts';
import type { EdgeSelector } from '../../../sdk/core/edges/selector.ts';
import {
  bodyOf,
  chosenBy,
  listingOf,
  measure,
  need,
  selectorOf,
  statsOf,
} from './edge-listings.ts';

const nowMs = 10_000;
const fast = { kpis: { responseTimeMs: 5, bandwidthBitsPerSecond: 1e9 } };

function firstByteOf(selector: EdgeSelector, edgeId: string, atMs = nowMs): number {
  return statsOf(selector, edgeId, atMs, { bytes: 0, bufferMs: 20_000 }).predictedMs;
}

describe('what is believed of an edge', () => {
  it('is what it says of itself and what others say, before anything was measured', () => {
    const selector = selectorOf([
      'silent',
      listingOf('fast', fast),
      listingOf('known', { prior: { firstByteMs: 5, bytesPerMs: 125_000 } }),
      listingOf('bad', { prior: { firstByteMs: 900, bytesPerMs: 100 } }),
    ]);
    const order = selector.stats(need, nowMs).map(({ listing }) => listing.edgeId);
    // Others measure; an edge only says.
    expect(order).to.deep.equal(['known', 'fast', 'silent', 'bad']);
    expect(chosenBy(selector, nowMs)).to.equal('known');
    expect(firstByteOf(selector, 'known')).to.be.below(firstByteOf(selector, 'fast'));
    expect(firstByteOf(selector, 'bad')).to.be.above(firstByteOf(selector, 'silent') * 1.5);
  });

  it('is hardly what others say once it was measured', () => {
    const selector = selectorOf([
      'near',
      listingOf('far', { ...fast, prior: { firstByteMs: 5, bytesPerMs: 125_000 } }),
    ]);
    measure(selector, 'near', 40, nowMs);
    measure(selector, 'far', 120, nowMs);
    expect(chosenBy(selector, nowMs, { bytes: 0, bufferMs: 20_000 })).to.equal('near');
    expect(firstByteOf(selector, 'far')).to.be.closeTo(120, 0.1);
  });

  it('is less of what an edge says, and of what others say that are not known yet, after one has boasted', () => {
    const selector = selectorOf([
      listingOf('boastful', fast),
      listingOf('unknown', { kpis: { responseTimeMs: 50, bandwidthBitsPerSecond: 1e8 } }),
    ]);
    const before = [firstByteOf(selector, 'boastful'), firstByteOf(selector, 'unknown')];
    const large = { ...need, bytes: 50e6 };
    const beforeMs = statsOf(selector, 'unknown', nowMs, large).predictedMs;
    // Long ago, so that it is not what was measured that counts.
    for (let count = 0; count < 10; count += 1) selector.answered('boastful', 50, nowMs - 3e6);
    expect(firstByteOf(selector, 'boastful')).to.be.above((before[0] ?? 0) * 1.2);
    expect(firstByteOf(selector, 'unknown')).to.be.above((before[1] ?? 0) * 1.2);
    expect(statsOf(selector, 'unknown', nowMs, large).predictedMs).to.be.closeTo(beforeMs, 1_000);
    // And the same of what it gives, which is another word.
    for (let count = 0; count < 10; count += 1) selector.gave('boastful', 1e6, 8_000, nowMs - 3e6);
    selector.answered('boastful', 50, nowMs - 3e6);
    expect(statsOf(selector, 'unknown', nowMs, large).predictedMs).to.be.above(beforeMs * 1.2);
  });

  it('is longer than others say, as much as those took longer that were measured', () => {
    const slow = { kpis: { responseTimeMs: 200 } };
    const selector = selectorOf([listingOf('measured', slow), listingOf('unknown', slow)]);
    const before = firstByteOf(selector, 'unknown');
    for (let count = 0; count < 10; count += 1) selector.answered('measured', 400, nowMs);
    expect(firstByteOf(selector, 'unknown')).to.be.above(before);
  });

  it('is what an honest edge says, after it has kept its word', () => {
    const selector = selectorOf([listingOf('honest', fast), listingOf('unknown', fast)]);
    const before = firstByteOf(selector, 'unknown');
    for (let count = 0; count < 10; count += 1) selector.answered('honest', 5, nowMs);
    expect(firstByteOf(selector, 'unknown')).to.be.closeTo(before, 1);
  });

  it('is no better for modesty: who is quicker than it says loses no trust for it', () => {
    const modest = listingOf('modest', { kpis: { responseTimeMs: 400 } });
    const selector = selectorOf([modest, listingOf('unknown', { kpis: { responseTimeMs: 400 } })]);
    const before = firstByteOf(selector, 'unknown');
    for (let count = 0; count < 10; count += 1) selector.answered('modest', 40, nowMs);
    expect(firstByteOf(selector, 'unknown')).to.be.below(before);
  });

  it('wins over what it says within two reads where it takes ten times as long', () => {
    const selector = selectorOf([listingOf('boastful', fast), 'plain']);
    let reads = 0;
    for (; chosenBy(selector, nowMs + reads * 2_000) === 'boastful' && reads < 10; reads += 1)
      measure(selector, 'boastful', 50 * 10, nowMs + reads * 2_000, 125);
    expect(reads).to.be.within(1, 2);
  });

  it('is the last value while that is fresh, and what it was before or usually is later', () => {
    const selector = selectorOf(['a']);
    for (let count = 0; count < 5; count += 1) {
      selector.answered('a', 400, nowMs - 100);
      selector.answered('a', 20, nowMs);
    }
    expect(firstByteOf(selector, 'a')).to.be.closeTo(20, 0.1);
    expect(firstByteOf(selector, 'a', nowMs + thresholds.staleMs)).to.be.within(40, 120);
    expect(firstByteOf(selector, 'a', nowMs + 1e6)).to.be.within(90, 200);
  });

  it('stays when the edges are listed anew, and goes with the edge and its address', () => {
    const selector = selectorOf(['a', 'b']);
    measure(selector, 'a', 40, nowMs);
    chosenBy(selector, nowMs);
    for (let count = 0; count < 2; count += 1) selector.failed('b', nowMs);
    selector.listed(bodyOf([listingOf('b'), listingOf('a', { load: 0.1 })], { version: 2 }));
    expect(firstByteOf(selector, 'a')).to.be.closeTo(40, 0.1);
    expect(selector.chosen).to.deep.equal(listingOf('a', { load: 0.1 }));
    expect(statsOf(selector, 'b', nowMs).reason).to.equal('ejected');
    const moved = listingOf('b', { baseUrl: 'https://elsewhere.example/' });
    selector.listed(bodyOf([moved], { version: 3 }));
    expect(selector.chosen).to.equal(null);
    expect(statsOf(selector, 'b', nowMs)).to.include({ reason: null, firstByteMs: null });
    selector.listed(bodyOf([listingOf('a')], { version: 4 }));
    expect(statsOf(selector, 'a', nowMs).firstByteMs).to.equal(null);
    expect(selector.edges).to.deep.equal([listingOf('a')]);
  });
});

describe('pessimism', () => {
  /** Mostly fast, now and then slow; and steady. */
  const edges = () => {
    const selector = selectorOf(['moody', 'steady']);
    for (const [edgeId, times] of [
      ['moody', [600, 15, 600, 15]] as const,
      ['steady', [50, 50, 50, 50]] as const,
    ])
      for (const firstByteMs of times) measure(selector, edgeId, firstByteMs, nowMs, 1e6);
    return selector;
  };

  it('is larger where the buffer is short: a surprise would be a stall', () => {
    const atMs = nowMs + 20_000;
    const chosen = (bufferMs: number | null) => chosenBy(edges(), atMs, { bytes: 0, bufferMs });
    expect(chosen(20_000)).to.equal('moody');
    expect(chosen(2_000)).to.equal('steady');
    expect(chosen(null), 'before playback').to.equal('moody');
  });
});

describe('how long the first byte of an edge is awaited', () => {
  const deadlineAfter = (times: readonly number[]): number => {
    const selector = selectorOf(['a', 'b']);
    for (const firstByteMs of times) selector.answered('a', firstByteMs, nowMs);
    return selector.deadlineMs('a', nowMs);
  };

  it('is three times what is expected of it, within bounds', () => {
    expect(deadlineAfter([20]), 'near').to.equal(300);
    expect(deadlineAfter([200]), 'further').to.be.closeTo(600, 1);
    expect(deadlineAfter([450]), 'far').to.be.closeTo(1_350, 1);
    expect(deadlineAfter([2_000]), 'very far').to.equal(1_500);
    expect(deadlineAfter([450, 100, 100]), 'nearer by now').to.be.closeTo(300, 1);
    expect(deadlineAfter([]), 'unknown').to.be.within(900, 1_500);
  });

  it('grows as what is known of it gets old, and where it was slow before', () => {
    const selector = selectorOf(['a', 'b']);
    for (const edgeId of ['a', 'b']) selector.answered(edgeId, 20, nowMs);
    for (const firstByteMs of [700, 20]) selector.answered('b', firstByteMs, nowMs);
    const later = nowMs + 40_000;
    expect(selector.deadlineMs('a', nowMs)).to.equal(300);
    expect(selector.deadlineMs('a', later)).to.be.above(300);
    expect(selector.deadlineMs('b', later)).to.be.above(selector.deadlineMs('a', later));
  });

  it('is the longest for an edge that is not listed', () => {
    expect(selectorOf(['a']).deadlineMs('gone', nowMs)).to.equal(1_500);
  });
});
