import { expect } from 'chai';
import { deniedMsMax } from '../../../sdk/core/outage/edge-thresholds.ts';
import { CoreViewer, playlistId, playlistText, segmentOf } from './core-viewer.ts';

const members = [{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' as const }];

/** Of a room of two, with a playlist from 10 to 15 that its own edge has answered. */
function viewerIn(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join(members);
  viewer.bringPlaylist({ oldest: 10, count: 6 });
  return viewer;
}

/** Denies all that is asked for so long; returns how often something was. */
function deny(viewer: CoreViewer, forMs: number, status = 404): number {
  let requests = 0;
  const failure = { status, reason: 'status' as const };
  for (let passedMs = 0; passedMs < forMs; passedMs += 50) {
    for (const { fetchId } of viewer.take('fetchSegment')) {
      requests += 1;
      viewer.tell({ type: 'fetchFailed', fetchId, failure });
    }
    for (const { fetchId } of viewer.take('fetchPlaylist')) {
      requests += 1;
      viewer.tell({ type: 'playlistFailed', fetchId, failure });
    }
    viewer.wait(50);
  }
  return requests;
}

function edges(viewer: CoreViewer): string[] {
  return viewer.take('edge').map(({ health, reason }) => `${health}: ${reason}`);
}

describe('an edge that denies what it has', () => {
  for (const status of [401, 403, 404, 410])
    it(`is dark, probed in turns, and fails no load: ${status}`, () => {
      const viewer = viewerIn();
      viewer.wantPlaylist();
      viewer.wantSegment(14);
      deny(viewer, 5_000, status);
      expect(edges(viewer).at(-1)).to.equal(`dark: status ${status}`);
      expect(deny(viewer, 20_000, status), 'of turns').to.be.within(8, 11);
      expect(viewer.take('failSegment')).to.deep.equal([]);
      expect(viewer.take('failPlaylist')).to.deep.equal([]);
    });

  it('is partial where it is segments only, and back with the first that it gives', () => {
    const viewer = viewerIn();
    viewer.wantSegment(14);
    viewer.wait(1_000);
    for (let count = 0; count < 3; count += 1) {
      for (const { fetchId } of viewer.take('fetchPlaylist'))
        viewer.tell({ type: 'playlistFetched', fetchId, text: playlistText({ oldest: 10 }) });
      for (const { fetchId } of viewer.take('fetchSegment'))
        viewer.tell({
          type: 'fetchFailed',
          fetchId,
          failure: { status: 404, reason: 'status' },
        });
      viewer.wantPlaylist();
      viewer.wait(1_500);
    }
    expect(edges(viewer).at(-1)).to.equal('partial: segments: status 404');
    viewer.wait(4_000);
    const [fetch] = viewer.take('fetchSegment');
    const fetchId = fetch?.fetchId ?? 0;
    viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes: 1_000 });
    viewer.tell({ type: 'fetchPart', fetchId, part: 0, bytes: 1_000 });
    viewer.tell({ type: 'fetchEnded', fetchId, sizeBytes: 1_000 });
    expect(viewer.take('deliverSegment')).to.have.length(1);
    expect(edges(viewer).at(-1)).to.match(/^(strained|healthy)/);
  });

  it('is not to blame for a segment that has left the playlist, of which the player hears', () => {
    for (const oldest of [10, 11]) {
      const viewer = viewerIn();
      viewer.bringPlaylist({ oldest, count: 6 });
      viewer.wantSegment(oldest - 1);
      deny(viewer, 1_000);
      expect(viewer.take('failSegment').map(({ failure }) => failure.status)).to.deep.equal([404]);
      expect(edges(viewer)).to.deep.equal([]);
    }
  });

  it('is asked itself whether there is what only a peer names', () => {
    const viewer = viewerIn();
    viewer.wantPlaylist();
    viewer.wait(1_000);
    const text = playlistText({ oldest: 12, count: 6 });
    viewer.says('v1', { type: 'playlist', playlistId, text });
    for (const { fetchId } of viewer.take('fetchPlaylist'))
      viewer.tell({
        type: 'playlistFetched',
        fetchId,
        text: playlistText({ oldest: 10, count: 6 }),
      });
    viewer.wantSegment(17);
    viewer.wait(600);
    expect(viewer.take('fetchPlaylist')).to.deep.equal([]);
    for (const { fetchId } of viewer.take('fetchSegment'))
      viewer.tell({ type: 'fetchFailed', fetchId, failure: { status: 404, reason: 'status' } });
    viewer.wait(1_600);
    expect(viewer.take('fetchPlaylist')).to.have.length(1);
  });

  it('is not back because it denies what is gone as well', () => {
    const viewer = viewerIn();
    viewer.wantPlaylist();
    viewer.wantSegment(14);
    deny(viewer, 5_000);
    viewer.take('edge');
    viewer.wantSegment(3);
    deny(viewer, 40_000);
    expect(edges(viewer)).to.deep.equal([]);
  });

  it('says the end of a stream that has come to its end', () => {
    const viewer = viewerIn();
    viewer.bringPlaylist({ oldest: 10, count: 6, ended: true });
    viewer.wantSegment(14);
    deny(viewer, 2_000);
    expect(viewer.take('failSegment')).to.have.length(1);
  });

  it('is believed where it stays by it for long', () => {
    const viewer = viewerIn();
    viewer.wantPlaylist();
    const url = 'https://edge.example/live/high/init.mp4';
    const request = {
      segmentId: `${playlistId}#init:init.mp4`,
      url,
      byteRange: null,
      durationMs: 2_000,
    };
    viewer.tell({ type: 'segmentWanted', loadId: 99, request, deadlineMs: 0 });
    deny(viewer, deniedMsMax - 5_000);
    expect(viewer.take('failSegment')).to.deep.equal([]);
    expect(viewer.take('failPlaylist')).to.deep.equal([]);
    deny(viewer, 40_000);
    expect(viewer.take('failSegment')).to.have.length(1);
    expect(viewer.take('failPlaylist')).to.have.length(1);
  });
});

describe('a playlist that the edge denies from the beginning', () => {
  const statuses = (viewer: CoreViewer) =>
    viewer.take('failPlaylist').map(({ failure }) => failure.status);

  it('fails at once where nobody else is', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }]);
    viewer.wantPlaylist();
    expect(deny(viewer, 1_000, 403)).to.equal(1);
    expect(statuses(viewer)).to.deep.equal([403]);
    expect(edges(viewer)).to.deep.equal([]);
  });

  it('fails within seconds where the others have it not either', () => {
    const viewer = new CoreViewer();
    viewer.join(members);
    viewer.wantPlaylist();
    expect(deny(viewer, 5_000)).to.be.at.most(5);
    expect(statuses(viewer)).to.deep.equal([404]);
    expect(edges(viewer)).to.deep.equal([]);
  });

  it('comes from whoever has it', () => {
    const viewer = new CoreViewer();
    viewer.join(members);
    viewer.wantPlaylist();
    deny(viewer, 1_000);
    viewer.says('v1', { type: 'playlist', playlistId, text: playlistText({ oldest: 10 }) });
    expect(viewer.take('deliverPlaylist')).to.have.length(1);
    viewer.wantSegment(12);
    deny(viewer, 20_000);
    expect(statuses(viewer)).to.deep.equal([]);
    expect(viewer.take('failSegment').map(({ segmentId }) => segmentId)).to.not.include(
      segmentOf(12),
    );
  });
});
