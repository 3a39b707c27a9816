import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, segmentOf } from './core-viewer.ts';

const { partBytes } = limits;

describe('what a viewer tells of a segment', () => {
  it('is how much of it the edge has brought, and that more is coming', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.wantSegment(100);
    viewer.wait(3_000);
    const fetchId = viewer.take('fetchSegment')[0]?.fetchId ?? -1;
    viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes: 4 * partBytes });
    viewer.tell({ type: 'fetchPart', fetchId, part: 0, bytes: partBytes });
    const bytes = { edge: partBytes, peers: 0 };
    const stats = { segmentId: segmentOf(100), bytes, holders: 0, isKept: false };
    expect(viewer.segment(100)).to.deep.equal({ ...stats, heldShare: 0.25, pending: 'edge' });
    const failure = { status: null, reason: 'network' as const };
    viewer.tell({ type: 'fetchFailed', fetchId, failure });
    expect(viewer.segment(100)).to.deep.equal({ ...stats, heldShare: 0.25, pending: null });
  });

  it('is what came of members, and how many of them hold it', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }, { viewerId: 'v2' }]);
    const held = { type: 'holding', segment: segmentOf(100), sizeBytes: partBytes } as const;
    for (const peer of ['v1', 'v2'])
      viewer.says(peer, { ...held, parts: [], complete: true, fetching: false });
    const heard = { segmentId: segmentOf(100), holders: 2, isKept: false };
    const nothing = { edge: 0, peers: 0 };
    const unasked = { ...heard, bytes: nothing, heldShare: 0 };
    expect(viewer.segment(100)).to.deep.equal({ ...unasked, pending: null });
    viewer.wantSegment(100);
    expect(viewer.segment(100)).to.deep.equal({ ...unasked, pending: 'peers' });
    for (const { peer, requestId, bytes } of viewer.take('expectPart'))
      viewer.tell({ type: 'partReceived', peer, requestId, bytes });
    const bytes = { edge: 0, peers: partBytes };
    expect(viewer.segment(100)).to.deep.equal({ ...heard, bytes, heldShare: 1, pending: null });
    viewer.tell({ type: 'linkClosed', peer: 'v2' });
    expect(viewer.segment(100)?.holders).to.equal(1);
  });

  it('is that the plan of an outage has it kept, until that is over', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }]);
    viewer.bring(100, partBytes);
    viewer.bring(101, partBytes);
    const portion = (epoch: number, keeps: string[] | null) =>
      viewer.tell({ type: 'frameReceived', frame: { type: 'portion', epoch, keeps, links: [] } });
    portion(10, [segmentOf(101)]);
    const kept = () => [100, 101].map((sequence) => viewer.segment(sequence)?.isKept);
    expect(kept()).to.deep.equal([false, true]);
    portion(11, null);
    expect(kept()).to.deep.equal([false, false]);
  });
});
