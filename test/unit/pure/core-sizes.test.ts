import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, segmentOf } from './core-viewer.ts';

const { partBytes } = limits;
const honest = 8 * partBytes;

function slave(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join([
    { viewerId: 'v4' },
    { viewerId: 'v1', role: 'master' },
    { viewerId: 'v2' },
    { viewerId: 'v3' },
  ]);
  return viewer;
}

function holds(viewer: CoreViewer, peer: string, sizeBytes: number | null, sequence = 100): void {
  const segment = segmentOf(sequence);
  const message = { segment, sizeBytes, parts: [], complete: true, fetching: false };
  viewer.says(peer, { type: 'holding', ...message });
}

function asked(viewer: CoreViewer): { peers: string[]; parts: number } {
  const requests = viewer.take('expectPart');
  return {
    peers: [...new Set(requests.map(({ peer }) => peer))].sort(),
    parts: new Set(requests.map(({ part }) => part)).size,
  };
}

function receive(viewer: CoreViewer): void {
  for (const { peer, requestId, bytes } of viewer.take('expectPart'))
    viewer.tell({ type: 'partReceived', peer, requestId, bytes });
}

describe('what peers say of the size of a segment', () => {
  it('is what most of them say, whoever spoke first', () => {
    const viewer = slave();
    viewer.wantSegment(100);
    holds(viewer, 'v3', 2 * partBytes);
    holds(viewer, 'v1', honest);
    holds(viewer, 'v2', honest);
    for (let round = 0; round < 4; round += 1) receive(viewer);
    const [delivered] = viewer.take('deliverSegment');
    const bytes = Object.values(delivered?.bytesByPeer ?? {}).reduce((a, b) => a + b, 0);
    expect(bytes).to.equal(honest);
  });

  it('is asked of none but those that agree', () => {
    const viewer = slave();
    holds(viewer, 'v1', honest);
    holds(viewer, 'v3', 9 * partBytes);
    viewer.wantSegment(100);
    expect(asked(viewer)).to.deep.equal({ peers: ['v1'], parts: 8 });
  });

  it('is taken back with what was got on its word', () => {
    const viewer = slave();
    viewer.wantSegment(100);
    holds(viewer, 'v3', 3 * partBytes);
    const [first] = viewer.take('expectPart');
    if (!first) throw new Error('asks for nothing');
    const { requestId, part, bytes } = first;
    viewer.tell({ type: 'partReceived', peer: 'v3', requestId, bytes });
    holds(viewer, 'v1', honest);
    holds(viewer, 'v2', honest);
    expect(viewer.take('dropParts')).to.deep.equal([
      { type: 'dropParts', segmentId: segmentOf(100), parts: [part] },
    ]);
  });

  it('is nothing when it is far below what is usual and nobody else says so', () => {
    const viewer = slave();
    viewer.bring(99, honest);
    viewer.wantSegment(100);
    holds(viewer, 'v3', 100);
    expect(asked(viewer).parts).to.equal(0);
    viewer.wait(3_000);
    expect(viewer.take('fetchSegment'), 'the edge is asked instead').to.have.length(1);
  });

  it('is believed when others confirm it', () => {
    const viewer = slave();
    viewer.bring(99, honest);
    viewer.wantSegment(100);
    holds(viewer, 'v3', 100);
    holds(viewer, 'v2', 100);
    expect(asked(viewer).parts).to.equal(1);
  });

  it('may be small for an init segment', () => {
    const viewer = slave();
    viewer.bring(99, honest);
    const segmentId = 'high/playlist.m3u8#init:init.mp4';
    const request = { segmentId, url: 'https://edge.example/live/high/init.mp4', byteRange: null };
    viewer.tell({
      type: 'segmentWanted',
      loadId: 90,
      request: { ...request, durationMs: 2_000 },
      deadlineMs: viewer.nowMs + 9_000,
    });
    const message = { segment: segmentId, sizeBytes: 800, parts: [], complete: true };
    viewer.says('v1', { type: 'holding', ...message, fetching: false });
    expect(asked(viewer).parts).to.equal(1);
  });

  it('belongs to every word that all is held', () => {
    const viewer = slave();
    viewer.wantSegment(100);
    viewer.wait(100);
    holds(viewer, 'v3', null);
    holds(viewer, 'v1', honest);
    expect(asked(viewer).peers).to.deep.equal(['v1']);
  });

  it('ends where the edge says otherwise: who was wrong is not asked again', () => {
    const viewer = slave();
    viewer.wantSegment(100, 400);
    holds(viewer, 'v3', 3 * partBytes);
    viewer.wait(500);
    const fetchId = viewer.take('fetchSegment')[0]?.fetchId ?? -1;
    receive(viewer);
    viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes: honest });
    const failure = { status: null, reason: 'truncated' as const };
    viewer.tell({ type: 'fetchFailed', fetchId, failure });
    viewer.take('expectPart');
    holds(viewer, 'v3', honest);
    expect(asked(viewer).peers).to.deep.equal([]);
    holds(viewer, 'v1', honest);
    expect(asked(viewer).peers).to.deep.equal(['v1']);
  });
});
