import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, segmentOf, self } from './core-viewer.ts';

const { partBytes } = limits;

/** Wants one part, which `v1` was asked for and `v2` holds as well. */
function waiting(): { viewer: CoreViewer; peer: string; requestId: number } {
  const viewer = new CoreViewer();
  viewer.join([{ viewerId: 'v1', role: 'master' }, { viewerId: 'v2' }, { viewerId: self }]);
  viewer.wantSegment(100);
  const holding = { type: 'holding', segment: segmentOf(100), sizeBytes: partBytes } as const;
  for (const peer of ['v1', 'v2'])
    viewer.says(peer, { ...holding, parts: [], complete: true, fetching: false });
  const [asked] = viewer.take('expectPart');
  if (!asked) throw new Error('nobody was asked');
  return { viewer, ...asked };
}

/** Waits until another peer is asked. */
function leftAfterMs(viewer: CoreViewer, peer: string): number {
  const startMs = viewer.nowMs;
  while (viewer.nowMs - startMs < 5_000) {
    viewer.wait(10);
    if (viewer.take('expectPart').some((asked) => asked.peer !== peer)) break;
  }
  return viewer.nowMs - startMs;
}

describe('core: a peer that was asked for a part', () => {
  it('is left within half a second of its last bytes when it stops in the middle', () => {
    const { viewer, peer, requestId } = waiting();
    for (let chunks = 0; chunks < 3; chunks += 1) {
      viewer.wait(300);
      viewer.tell({ type: 'partProgress', peer, requestId, bytes: limits.chunkBytes });
    }
    expect(viewer.take('expectPart'), 'asked elsewhere while it sends').to.deep.equal([]);
    expect(leftAfterMs(viewer, peer)).to.be.within(490, 520);
  });

  it('is given longer for its first bytes: others wait there too', () => {
    const { viewer, peer } = waiting();
    expect(leftAfterMs(viewer, peer)).to.be.within(1_000, 2_020);
  });

  it('to pass it on, and has not had it, is asked once, and left for who offers it', () => {
    const viewer = new CoreViewer();
    const others = ['v2', 'v3', 'v5', 'v6', 'v7'];
    const members = [self, ...others].map((viewerId) => ({ viewerId }));
    viewer.join([{ viewerId: 'v1', role: 'master' }, ...members]);
    viewer.wantSegment(100, 3_500);
    const segment = segmentOf(100);
    for (const peer of others) viewer.says(peer, { type: 'want', segment });
    const sizeBytes = 8 * partBytes;
    const whole = { complete: true, fetching: true, parts: [], sizeBytes };
    viewer.says('v1', { type: 'holding', segment, ...whole });
    const first = viewer.take('expectPart');
    const passedOn = first.filter(({ peer }) => peer !== 'v1').map(({ part }) => part);
    expect(passedOn, 'asked of those that are about to have it').not.to.deep.equal([]);
    for (const { peer, requestId, bytes } of first)
      if (peer === 'v1') viewer.tell({ type: 'partReceived', peer, requestId, bytes });
    viewer.wait(1_300);
    expect(viewer.take('expectPart').filter(({ part }) => passedOn.includes(part))).to.deep.equal(
      [],
    );
    viewer.says('v1', { type: 'offer', segment, parts: [0, 1, 2, 3, 4, 5, 6, 7] });
    const [again] = viewer.take('expectPart');
    expect(again?.peer).to.equal('v1');
    expect(passedOn).to.include(again?.part);
  });
});
