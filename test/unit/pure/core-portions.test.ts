import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, segmentOf } from './core-viewer.ts';

const { partBytes } = limits;

function viewerIn(): CoreViewer {
  const viewer = new CoreViewer({ memoryBytesMax: 4 * partBytes });
  viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }, { viewerId: 'v2' }]);
  return viewer;
}

function portion(
  viewer: CoreViewer,
  epoch: number,
  sequences: number[] | null,
  links: string[] = [],
): void {
  const keeps = sequences?.map(segmentOf) ?? null;
  viewer.tell({ type: 'frameReceived', frame: { type: 'portion', epoch, keeps, links } });
}

/** What the server knows by what it was told. */
function told(viewer: CoreViewer) {
  return viewer.take('sendFrame').flatMap(({ frame }) => (frame.type === 'holdings' ? frame : []));
}

function asksFor(viewer: CoreViewer): string[] {
  const sent = viewer.take('sendPeer');
  return sent.flatMap(({ peer, message }) =>
    message.type === 'want' && peer === 'v1' ? message.segment : [],
  );
}

describe('portions of a viewer', () => {
  it('are told of only while the server plans: all at first, then what changed', () => {
    const viewer = viewerIn();
    viewer.bring(1, partBytes);
    viewer.wait(3_000);
    expect(told(viewer)).to.deep.equal([]);
    portion(viewer, 10, []);
    expect(told(viewer)).to.deep.include({
      type: 'holdings',
      gained: [segmentOf(1)],
      lost: [],
      playing: [],
    });
    viewer.wait(3_000);
    expect(told(viewer)).to.deep.equal([]);
    viewer.bring(2, partBytes);
    viewer.wait(limits.holdingsIntervalMs);
    expect(told(viewer).map(({ gained }) => gained)).to.deep.equal([[segmentOf(2)]]);
    portion(viewer, 11, null);
    viewer.bring(3, partBytes);
    viewer.wait(3_000);
    expect(told(viewer)).to.deep.equal([]);
  });

  it('are told of all at once, however many frames that takes', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }]);
    for (let sequence = 1; sequence <= limits.holdingsMax; sequence += 1)
      viewer.bring(sequence, partBytes);
    portion(viewer, 10, []);
    const frames = told(viewer);
    for (const { gained } of frames)
      expect(gained.length).to.be.within(1, limits.holdingsPerFrameMax);
    expect(new Set(frames.flatMap(({ gained }) => gained)).size).to.equal(limits.holdingsMax);
    for (let sequence = 101; sequence <= 100 + limits.holdingsMax; sequence += 1)
      viewer.bring(sequence, partBytes);
    viewer.wait(limits.holdingsIntervalMs);
    const lost = told(viewer).flatMap((frame) => frame.lost);
    expect(lost).to.have.length(limits.holdingsMax).and.to.include(segmentOf(1));
  });

  it('say what is played anew in the next outage, whether or not anything is held', () => {
    const viewer = viewerIn();
    viewer.wantSegment(7);
    portion(viewer, 10, []);
    expect(told(viewer).map(({ playing }) => playing)).to.deep.equal([[segmentOf(7)]]);
    portion(viewer, 11, null);
    viewer.wait(2_000);
    portion(viewer, 12, []);
    expect(told(viewer).map(({ playing }) => playing)).to.deep.equal([[segmentOf(7)]]);
  });

  it('are told of no oftener than the limit, and say what went', () => {
    const viewer = viewerIn();
    portion(viewer, 10, []);
    for (let sequence = 1; sequence <= 6; sequence += 1) {
      viewer.bring(sequence, partBytes);
      viewer.wait(limits.holdingsIntervalMs / 3);
    }
    expect(told(viewer).length).to.be.at.most(3);
    viewer.bring(7, partBytes);
    viewer.wait(limits.holdingsIntervalMs);
    const [last] = told(viewer);
    expect(last?.gained).to.deep.equal([segmentOf(7)]);
    expect(last?.lost).to.deep.equal([segmentOf(3)]);
  });

  it('outlast what the own player got later', () => {
    const viewer = viewerIn();
    for (const sequence of [1, 2]) viewer.bring(sequence, partBytes);
    portion(viewer, 10, [1]);
    for (let sequence = 3; sequence <= 9; sequence += 1) {
      viewer.bring(sequence, partBytes);
      viewer.wait(1_000);
    }
    const dropped = viewer.take('dropSegment').map(({ segmentId }) => segmentId);
    expect(dropped).to.include(segmentOf(2));
    expect(dropped).to.not.include(segmentOf(1));
  });

  it('are asked of peers where they are missing, and never of an edge', () => {
    const viewer = viewerIn();
    viewer.take('sendPeer');
    portion(viewer, 10, [5]);
    expect(asksFor(viewer)).to.deep.equal([segmentOf(5)]);
    viewer.says('v1', {
      type: 'holding',
      segment: segmentOf(5),
      sizeBytes: partBytes,
      parts: [],
      complete: true,
      fetching: false,
    });
    expect(viewer.take('expectPart').map(({ peer }) => peer)).to.deep.equal(['v1']);
    viewer.wait(limits.portionWithinMs);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
  });

  it('are not changed by a late word of the server', () => {
    const viewer = viewerIn();
    portion(viewer, 12, [5]);
    viewer.take('sendPeer');
    portion(viewer, 11, [6]);
    portion(viewer, 12, [7]);
    expect(asksFor(viewer)).to.deep.equal([]);
    portion(viewer, 13, [8]);
    expect(asksFor(viewer)).to.deep.equal([segmentOf(8)]);
  });

  it('end with the connection, after which all is told anew', () => {
    const viewer = viewerIn();
    viewer.bring(1, partBytes);
    portion(viewer, 10, []);
    expect(told(viewer)).to.have.length(1);
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }]);
    viewer.bring(2, partBytes);
    viewer.wait(2_000);
    expect(told(viewer)).to.deep.equal([]);
    portion(viewer, 5, []);
    expect(told(viewer)[0]?.gained).to.have.members([segmentOf(1), segmentOf(2)]);
  });
});
