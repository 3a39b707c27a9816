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
});
