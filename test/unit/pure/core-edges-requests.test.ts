import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { EdgesViewer, hostOf, sizeBytes, threeEdges, timeout } from './core-edges-viewer.ts';
import { listingOf } from './edge-listings.ts';

/** Has read for a while, so that there is something to spend. */
function seasoned(edges = threeEdges(), firstByteMs = 20, metered = false): EdgesViewer {
  const viewer = new EdgesViewer(edges);
  viewer.changeProfile({ metered });
  for (let sequence = 0; sequence < 55; sequence += 1) {
    viewer.load(sequence, firstByteMs);
    viewer.wait(500);
  }
  expect(viewer.load(99, firstByteMs)).to.include('b');
  takeOutcomes(viewer);
  return viewer;
}

function takeOutcomes(viewer: EdgesViewer) {
  viewer.wait(6_000);
  const outcomes = viewer
    .take('sendFrame')
    .flatMap(({ frame }) => (frame.type === 'report' ? (frame.edgeOutcomes ?? []) : []));
  return Object.fromEntries(outcomes.map((outcome) => [outcome.edgeId, outcome]));
}

describe('core: the first part of a segment', () => {
  it('is read from an edge that may be better, and the rest from the one that is chosen', () => {
    const viewer = new EdgesViewer([...threeEdges().slice(0, 2), listingOf('unknown')]);
    let looked = 0;
    for (let sequence = 100; sequence < 160; sequence += 1) {
      viewer.wantSegment(sequence);
      let fetch = viewer.read();
      if (hostOf(fetch) === 'unknown') {
        looked += 1;
        expect([fetch.partFrom, fetch.partTo, fetch.hedge]).to.deep.equal([0, 0, undefined]);
        viewer.answer(fetch, 400);
        viewer.give(fetch);
        fetch = viewer.read();
        expect([hostOf(fetch), fetch.partFrom, fetch.partTo]).to.deep.equal(['b', 1, null]);
      }
      expect(hostOf(fetch)).to.equal('b');
      viewer.answer(fetch, 200);
      viewer.give(fetch);
      expect(viewer.take('deliverSegment')[0]).to.include({ bytesFromEdge: sizeBytes });
      viewer.wait(10_000);
    }
    expect((looked * limits.partBytes) / (60 * sizeBytes)).to.be.within(0.001, 0.01);
  });

  it('comes from the chosen edge where the other does not answer', () => {
    const viewer = new EdgesViewer([...threeEdges().slice(0, 2), listingOf('unknown')]);
    for (let sequence = 100; sequence < 300; sequence += 1) {
      viewer.wantSegment(sequence);
      const fetch = viewer.read();
      if (hostOf(fetch) !== 'unknown') {
        viewer.answer(fetch, 200);
        viewer.give(fetch);
        continue;
      }
      viewer.fail(fetch, timeout);
      const next = viewer.read();
      expect([next.partFrom, next.partTo]).to.deep.equal([0, null]);
      expect(hostOf(next)).to.equal('b');
      return;
    }
    throw new Error('never looked');
  });
});

describe('core: the rest of a segment', () => {
  it('is read once, also where the size is not known after the first part', () => {
    const viewer = new EdgesViewer([...threeEdges().slice(0, 2), listingOf('unknown')]);
    for (let sequence = 100; sequence < 300; sequence += 1) {
      viewer.wantSegment(sequence);
      const fetch = viewer.read();
      const { fetchId } = fetch;
      if (hostOf(fetch) !== 'unknown') {
        viewer.answer(fetch, 200);
        viewer.give(fetch);
        viewer.wait(10_000);
        continue;
      }
      viewer.wait(100);
      viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes: null });
      viewer.tell({ type: 'fetchPart', fetchId, part: 0, bytes: limits.partBytes });
      viewer.tell({ type: 'fetchEnded', fetchId, sizeBytes: null });
      const rest = viewer.read();
      expect([hostOf(rest), rest.partFrom, rest.partTo]).to.deep.equal(['b', 1, null]);
      viewer.answer(rest, 200);
      viewer.give(rest);
      expect(viewer.take('deliverSegment')[0]).to.include({ bytesFromEdge: sizeBytes });
      return;
    }
    throw new Error('never looked');
  });

  it('is read from the edge that is chosen, even if there is much to be learned of others', () => {
    const viewer = seasoned([...threeEdges().slice(0, 2), listingOf('unknown')], 200, true);
    viewer.changeProfile({ metered: false });
    viewer.tell({ type: 'bufferMeasured', bufferMs: 3_000 });
    viewer.wantSegment(100);
    const fetch = viewer.read();
    viewer.answer(fetch, 200);
    for (const part of [0, 1, 2])
      viewer.tell({ type: 'fetchPart', fetchId: fetch.fetchId, part, bytes: limits.partBytes });
    viewer.tell({ type: 'bufferMeasured', bufferMs: 20_000 });
    viewer.tell({ type: 'fetchEnded', fetchId: fetch.fetchId, sizeBytes });
    const { partFrom, partTo } = viewer.read();
    expect([partFrom, partTo]).to.deep.equal([3, null]);
    viewer.wantSegment(101);
    expect(viewer.read(), 'of a new one').to.include({ partFrom: 0, partTo: 0 });
  });
});

describe('core: a second request for a segment', () => {
  function hedged(): EdgesViewer {
    const viewer = seasoned();
    viewer.tell({ type: 'bufferMeasured', bufferMs: 2_000 });
    viewer.wantSegment(100);
    return viewer;
  }

  it('is at hand where the buffer is short, for another edge', () => {
    const viewer = seasoned();
    viewer.wantSegment(100);
    expect(viewer.read().hedge, 'with time').to.equal(undefined);
    const fetch = hedged().read();
    expect(hostOf(fetch)).to.equal('b');
    expect(fetch.hedge?.url).to.equal('https://c.example/live/high/100.m4s');
    expect(fetch.hedge?.afterMs).to.be.within(150, 200);
  });

  it('costs nothing where it was not sent, and is not to be had again at once where it was', () => {
    const again = (hedge?: 'sent' | 'won'): boolean => {
      const viewer = hedged();
      const fetch = viewer.read();
      viewer.answer(fetch, 20, hedge);
      viewer.give(fetch);
      viewer.wantSegment(101);
      return viewer.read().hedge !== undefined;
    };
    expect([again(), again('sent'), again('won')]).to.deep.equal([true, false, false]);
  });

  it('that was sent in vain is of no account to anybody', () => {
    const viewer = hedged();
    const fetch = viewer.read();
    viewer.answer(fetch, 190, 'sent');
    viewer.give(fetch);
    const { b, c } = takeOutcomes(viewer);
    expect(b).to.include({ successCount: 1, failureCount: 0, firstByteMs: 190 });
    expect(c).to.equal(undefined);
  });

  it('that was answered first counts for the edge that answered, from when it was sent', () => {
    const viewer = hedged();
    const fetch = viewer.read();
    const { afterMs = 0 } = fetch.hedge ?? {};
    viewer.answer(fetch, afterMs + 40, 'won');
    viewer.give(fetch, 100);
    expect(viewer.take('deliverSegment').at(-1)).to.include({ bytesFromEdge: sizeBytes });
    const { b, c } = takeOutcomes(viewer);
    expect(b, 'neither answered nor failed').to.equal(undefined);
    expect(c).to.include({ successCount: 1, failureCount: 0, bytesPerMs: sizeBytes / 100 });
    expect(c?.firstByteMs).to.be.closeTo(40, 1e-6);
    expect(c?.sample, 'its time was not that of one request').to.equal(undefined);
    expect(viewer.load(101), 'the other was slow').to.deep.equal(['c']);
  });

  it('that was answered first and broke off is a failure of the edge that answered', () => {
    const viewer = hedged();
    const fetch = viewer.read();
    viewer.answer(fetch, 200, 'won');
    viewer.fail(fetch, { status: null, reason: 'stalled' });
    const next = viewer.read();
    expect(hostOf(next)).to.not.equal('c');
    const { b, c } = takeOutcomes(viewer);
    expect([b?.failureCount ?? 0, c?.failureCount]).to.deep.equal([0, 1]);
  });

  it('that failed with the first is not blamed on anybody but the first', () => {
    const viewer = hedged();
    viewer.fail(viewer.read(), timeout);
    const { b, c } = takeOutcomes(viewer);
    expect([b?.failureCount, c?.failureCount ?? 0]).to.deep.equal([1, 0]);
  });
});
