import { expect } from 'chai';
import { EdgesViewer } from './core-edges-viewer.ts';
import { listingOf, selectorOf, statsOf } from './edge-listings.ts';

const unreachable = { status: null, reason: 'network' } as const;

describe('core: an edge that is told of no more', () => {
  it('is left for one that is, although the URLs of the player go on naming it', () => {
    const viewer = new EdgesViewer([listingOf('edge')]);
    expect(viewer.load(100)).to.deep.equal(['edge']);
    for (const sequence of [101, 102]) {
      viewer.list([listingOf('b')]);
      expect(viewer.load(sequence)).to.deep.equal(['b']);
    }
  });
});

describe('core: an edge that fails', () => {
  it('is told with the reason, also by who comes to it from another', () => {
    const viewer = new EdgesViewer([listingOf('edge'), listingOf('b')]);
    viewer.wantSegment(100);
    for (let round = 0; round < 10; round += 1) {
      for (const fetch of viewer.take('fetchSegment')) viewer.fail(fetch, unreachable);
      viewer.wait(1_000);
    }
    const told = viewer.take('edge').filter(({ health }) => health !== 'healthy');
    expect(new Set(told.map(({ edgeId }) => edgeId))).to.deep.equal(new Set(['edge', 'b']));
    for (const { reason } of told) expect(reason).to.match(/network$/);
  });

  it('has that told, and not as a time that was measured', () => {
    const selector = selectorOf(['a']);
    selector.answered('a', 40, 1_000);
    expect(statsOf(selector, 'a', 2_000)).to.include({ failures: 0, firstByteMs: 40 });
    selector.failed('a', 2_000);
    expect(statsOf(selector, 'a', 2_000)).to.include({ failures: 1, firstByteMs: null });
  });
});
