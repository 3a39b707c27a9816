import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, segmentOf } from './core-viewer.ts';

const { partBytes } = limits;

function viewerIn(role: 'master' | 'slave' = 'slave'): CoreViewer {
  const viewer = new CoreViewer({ memoryBytesMax: 8 * partBytes });
  viewer.join([{ viewerId: 'v4', role }, { viewerId: 'v1', role: 'master' }, { viewerId: 'v2' }]);
  return viewer;
}

function holds(viewer: CoreViewer, peer: string, segment: string): void {
  const message = { segment, sizeBytes: partBytes, parts: [], complete: true, fetching: false };
  viewer.says(peer, { type: 'holding', ...message });
}

describe('what a viewer keeps', () => {
  it('is not pushed out by a peer that speaks of much', () => {
    const viewer = viewerIn();
    holds(viewer, 'v2', segmentOf(100));
    for (let index = 0; index < 400; index += 1) holds(viewer, 'v1', `other#${index}`);
    viewer.wantSegment(100);
    expect(viewer.take('expectPart').map(({ peer }) => peer)).to.deep.equal(['v2']);
  });

  it('is of each peer what it said last', () => {
    const viewer = viewerIn();
    for (let index = 0; index < 400; index += 1) holds(viewer, 'v1', segmentOf(index));
    viewer.wantSegment(399);
    viewer.wantSegment(400 - limits.segmentsAnnouncedMax);
    expect(viewer.take('expectPart')).to.have.length(2);
    viewer.wantSegment(399 - limits.segmentsAnnouncedMax);
    expect(viewer.take('expectPart')).to.have.length(0);
  });

  it('leaves no bytes behind of what it forgets', () => {
    const viewer = viewerIn();
    viewer.wantSegment(100);
    viewer.wait(3_000);
    const fetchId = viewer.take('fetchSegment')[0]?.fetchId ?? -1;
    viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes: 4 * partBytes });
    viewer.tell({ type: 'fetchPart', fetchId, part: 0, bytes: partBytes });
    viewer.tell({ type: 'fetchPart', fetchId, part: 1, bytes: partBytes });
    viewer.tell({ type: 'segmentAbandoned', loadId: 1, segmentId: segmentOf(100) });
    for (const sequence of [101, 102]) viewer.bring(sequence, 4 * partBytes);
    expect(viewer.take('dropSegment').map(({ segmentId }) => segmentId)).to.deep.equal([
      segmentOf(100),
    ]);
  });

  it('leaves no bytes behind where none counted any more', () => {
    const viewer = viewerIn();
    holds(viewer, 'v1', segmentOf(100));
    viewer.wantSegment(100, 30_000);
    const [asked] = viewer.take('expectPart');
    if (!asked) throw new Error('asks for nothing');
    // The size that the edge names leaves nothing of what the peer gave.
    holds(viewer, 'v2', `${segmentOf(100)}`);
    viewer.says('v1', {
      type: 'holding',
      segment: segmentOf(101),
      sizeBytes: 2 * partBytes,
      parts: [0],
      complete: false,
      fetching: false,
    });
    viewer.wantSegment(101, 30_000);
    for (const { peer, requestId, segmentId, bytes } of viewer.take('expectPart'))
      if (segmentId === segmentOf(101))
        viewer.tell({ type: 'partReceived', peer, requestId, bytes });
    viewer.wait(4_000);
    const fetch = viewer.take('fetchSegment').find((each) => each.segmentId === segmentOf(101));
    const fetchId = fetch?.fetchId ?? -1;
    viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes: 3 * partBytes });
    expect(viewer.take('dropParts').map(({ parts }) => parts)).to.deep.equal([[0]]);
    const failure = { status: 404, reason: 'status' as const };
    viewer.tell({ type: 'fetchFailed', fetchId, failure });
    for (let index = 0; index < 300; index += 1) {
      viewer.wantSegment(1_000 + index);
      const loadId = index + 3;
      const segmentId = segmentOf(1_000 + index);
      viewer.tell({ type: 'segmentAbandoned', loadId, segmentId });
    }
    expect(viewer.take('dropSegment').map(({ segmentId }) => segmentId)).to.deep.equal([
      segmentOf(101),
    ]);
  });
});

describe('what a master reads for others', () => {
  function master(): CoreViewer {
    const viewer = viewerIn('master');
    viewer.bringPlaylist({ oldest: 100, count: 20 });
    viewer.take('fetchSegment');
    return viewer;
  }

  /** Segments that it begins to read when a peer wants these. */
  function readFor(viewer: CoreViewer, sequences: number[], peer = 'v2'): string[] {
    for (const sequence of sequences)
      viewer.says(peer, { type: 'want', segment: segmentOf(sequence) });
    viewer.wait(4_000);
    return viewer.take('fetchSegment').map(({ segmentId }) => segmentId);
  }

  it('is what a player needs to start', () => {
    expect(readFor(master(), [116, 117, 118, 119]).sort()).to.deep.equal(
      [116, 117, 118, 119].map(segmentOf),
    );
  });

  it('is not what lies behind that, nor what there is not', () => {
    expect(readFor(master(), [100, 115, 120])).to.deep.equal([]);
  });

  it('is nothing where nothing may be uploaded', () => {
    const viewer = master();
    viewer.changeProfile({ saveData: true });
    expect(readFor(viewer, [119])).to.deep.equal([]);
  });

  it('is no more than four segments at once for one peer', () => {
    const viewer = master();
    const reads: string[] = [];
    for (let newest = 119; newest < 127; newest += 1) {
      viewer.bringPlaylist({ oldest: newest - 19, count: 20 });
      reads.push(...readFor(viewer, [newest]));
    }
    expect(reads).to.deep.equal([119, 120, 121, 122].map(segmentOf));
    expect(readFor(viewer, [126], 'v1')).to.deep.equal([segmentOf(126)]);
  });
});

describe('what lies behind memory', () => {
  it('makes room where the browser has no more, oldest first', () => {
    const options = { memoryBytesMax: 4 * partBytes, storageBytesMax: 1_000 * partBytes };
    const viewer = new CoreViewer(options);
    let room = 20;
    const stored: string[] = [];
    for (let sequence = 1; sequence <= 60; sequence += 1) {
      viewer.bring(sequence, 4 * partBytes);
      // The browser takes five segments, and refuses what comes beyond.
      for (const { segmentId } of viewer.take('storeSegment')) {
        if (room >= 4) {
          room -= 4;
          stored.push(segmentId);
        } else viewer.tell({ type: 'segmentLost', segmentId });
      }
      for (const { segmentId } of viewer.take('dropStored')) {
        expect(stored.shift()).to.equal(segmentId);
        room += 4;
      }
    }
    expect(stored).to.have.length.within(3, 5);
    expect(stored.at(-1)).to.equal(segmentOf(59));
  });

  it('is nothing where the browser stores nothing', () => {
    const options = { memoryBytesMax: 4 * partBytes, storageBytesMax: 1_000 * partBytes };
    const viewer = new CoreViewer(options);
    for (let sequence = 1; sequence <= 20; sequence += 1) {
      viewer.bring(sequence, 4 * partBytes);
      const [asked] = viewer.take('storeSegment');
      if (sequence > 2) expect(asked).to.equal(undefined);
      if (asked) viewer.tell({ type: 'segmentLost', segmentId: asked.segmentId });
    }
  });
});
