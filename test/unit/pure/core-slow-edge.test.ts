import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, segmentOf, self } from './core-viewer.ts';

const { partBytes } = limits;
const partCount = 8;
const sizeBytes = partCount * partBytes;

/** Two masters and a slave; `self` is the one that reads what is tested below. */
function room(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join([
    { viewerId: 'v1', role: 'master' },
    { viewerId: 'v2' },
    { viewerId: self, role: 'master' },
  ]);
  return viewer;
}

/** Starts to read a segment from the edge, of which `parts` have come after `tookMs`. */
function startReading(viewer: CoreViewer, sequence: number, parts: number, tookMs: number): number {
  viewer.wantSegment(sequence, 0);
  viewer.wait(400);
  const fetchId = viewer.take('fetchSegment')[0]?.fetchId ?? -1;
  expect(fetchId, 'reads from the edge').to.be.above(0);
  viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes });
  for (let part = 0; part < parts; part += 1) {
    viewer.wait(tookMs / parts);
    viewer.tell({ type: 'fetchPart', fetchId, part, bytes: partBytes });
  }
  return fetchId;
}

function says(
  viewer: CoreViewer,
  peer: string,
  facts: { parts?: number[]; complete?: boolean; fetching?: boolean },
  sequence = 100,
): void {
  const { parts = [], complete = false, fetching = false } = facts;
  const segment = segmentOf(sequence);
  viewer.says(peer, { type: 'holding', segment, sizeBytes, parts, complete, fetching });
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('core: an edge that is too slow', () => {
  it('gets the parts from peers that hold them, and is left once they are all here', () => {
    const viewer = room();
    startReading(viewer, 100, 1, 800);
    says(viewer, 'v1', { complete: true });
    viewer.wait(300);
    const requests = viewer.take('expectPart');
    expect(requests.map(({ part }) => part)).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
    for (const { peer, requestId, bytes } of requests)
      viewer.tell({ type: 'partReceived', peer, requestId, bytes });
    expect(viewer.take('deliverSegment')).to.have.length(1);
    expect(viewer.take('abortFetch')).to.have.length(1);
  });

  it('keeps what it is about to bring', () => {
    const viewer = room();
    startReading(viewer, 100, 7, 140);
    says(viewer, 'v1', { complete: true });
    viewer.wait(10);
    expect(viewer.take('expectPart')).to.deep.equal([]);
  });

  it('has no part asked of a peer that it has brought meanwhile', () => {
    const viewer = room();
    const fetchId = startReading(viewer, 100, 1, 800);
    says(viewer, 'v1', { complete: true });
    viewer.wait(300);
    const asked = viewer.take('expectPart').find(({ part }) => part === 1);
    viewer.tell({ type: 'fetchPart', fetchId, part: 1, bytes: partBytes });
    expect(viewer.take('forgetPart').map(({ requestId }) => requestId)).to.deep.equal([
      asked?.requestId,
    ]);
  });

  it('is left to the member that has read more of the segment', () => {
    const viewer = room();
    startReading(viewer, 100, 2, 800);
    says(viewer, 'v1', { fetching: true, parts: [0] });
    viewer.wait(300);
    expect(viewer.take('abortFetch'), 'is further itself').to.deep.equal([]);
    says(viewer, 'v1', { fetching: true, parts: range(4) });
    viewer.wait(300);
    expect(viewer.take('abortFetch')).to.have.length(1);
    const last = viewer.sent('holding').at(-1);
    expect(last).to.include({ fetching: false, complete: false });
  });

  it('is not turned to for a late segment that others are bringing', () => {
    const lateReads = (tookMs: number): number => {
      const viewer = room();
      const fetchId = startReading(viewer, 100, partCount, tookMs);
      viewer.tell({ type: 'fetchEnded', fetchId, sizeBytes });
      viewer.wantSegment(101, 1_000);
      says(viewer, 'v1', { fetching: true }, 101);
      for (let part = 0; part < 4; part += 1) {
        viewer.wait(450);
        says(viewer, 'v1', { fetching: true, parts: [part] }, 101);
      }
      return viewer.take('fetchSegment').length;
    };
    expect(lateReads(200), 'a fast edge').to.equal(1);
    expect(lateReads(2_400), 'an edge slower than the bitrate').to.equal(0);
  });

  it('is not turned to while who reads says that more is coming, but where that is silent', () => {
    const readsWithin = (reports: boolean): number => {
      const viewer = room();
      viewer.wantSegment(100, 20_000);
      says(viewer, 'v1', { fetching: true });
      for (let quarter = 1; quarter <= 12; quarter += 1) {
        viewer.wait(250);
        const bytes = quarter * 2_000;
        if (reports) viewer.says('v1', { type: 'reading', segment: segmentOf(100), bytes });
      }
      return viewer.take('fetchSegment').length;
    };
    expect(readsWithin(true), 'goes on').to.equal(0);
    expect(readsWithin(false), 'silent').to.equal(1);
  });

  it('is no reason to wait where who reads says the same again', () => {
    const viewer = room();
    viewer.wantSegment(100, 20_000);
    says(viewer, 'v1', { fetching: true });
    for (let quarter = 1; quarter <= 12; quarter += 1) {
      viewer.wait(250);
      viewer.says('v1', { type: 'reading', segment: segmentOf(100), bytes: 2_000 });
    }
    expect(viewer.take('fetchSegment')).to.have.length(1);
  });

  it('tells the others how far it is in a part that takes long', () => {
    const viewer = room();
    const fetchId = startReading(viewer, 100, 1, 800);
    viewer.tell({ type: 'fetchProgress', fetchId, bytes: 9_000 });
    const segment = segmentOf(100);
    const message = { type: 'reading', segment, bytes: 9_000 };
    expect(viewer.sent('reading')).to.deep.equal([{ peer: 'v1', ...message }]);
  });

  it('is not turned to by who would be no sooner through than who reads already, but by who would', () => {
    const reads = (partsPerSecond: number): number => {
      const viewer = room();
      // Its own edge takes a second for a segment.
      const fetchId = startReading(viewer, 100, partCount, 1_000);
      viewer.tell({ type: 'fetchEnded', fetchId, sizeBytes });
      viewer.wantSegment(101, 1_500);
      says(viewer, 'v1', { fetching: true }, 101);
      let read = 0;
      for (let quarter = 1; quarter <= 6; quarter += 1) {
        viewer.wait(250);
        read += partsPerSecond / 4;
        const bytes = Math.round((read % 1) * partBytes);
        says(viewer, 'v1', { fetching: true, parts: range(Math.floor(read)) }, 101);
        if (bytes > 0) viewer.says('v1', { type: 'reading', segment: segmentOf(101), bytes });
      }
      return viewer.take('fetchSegment').length;
    };
    expect(reads(5), 'as fast as the own edge').to.equal(0);
    expect(reads(0.5), 'hardly anything comes of it').to.equal(1);
  });

  it('is not left to a member that may not upload', () => {
    const viewer = new CoreViewer();
    viewer.join([
      { viewerId: 'v1', role: 'master' },
      { viewerId: 'v2', uploads: false },
      { viewerId: self, role: 'master' },
    ]);
    startReading(viewer, 100, 2, 800);
    says(viewer, 'v2', { fetching: true, parts: range(5) });
    viewer.wait(500);
    expect(viewer.take('abortFetch')).to.deep.equal([]);
  });

  it('is turned to in the end, whatever a member claims to be reading', () => {
    const viewer = room();
    startReading(viewer, 100, 1, 1_600);
    says(viewer, 'v1', { fetching: true, parts: range(7) });
    viewer.wait(300);
    expect(viewer.take('abortFetch'), 'left to the liar').to.have.length(1);
    let reads = 0;
    for (let toggles = 0; toggles < 12; toggles += 1) {
      says(viewer, 'v1', { fetching: toggles % 2 === 0, parts: [6] });
      viewer.wait(500);
      reads += viewer.take('fetchSegment').length;
    }
    expect(reads).to.be.at.least(1);
  });
});
