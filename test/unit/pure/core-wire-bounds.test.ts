import { expect } from 'chai';
import { parsePeerMessage } from '../../../sdk/core/peer-wire.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, playlistId, playlistText, playlistUrl, segmentOf } from './core-viewer.ts';

const sizeBytesMax = limits.partBytes * limits.partsPerSegmentMax;

function master(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
  viewer.effects = [];
  return viewer;
}

/** Whatever was sent to peers, they take. */
function expectTaken(viewer: CoreViewer): void {
  for (const effect of viewer.effects) {
    if (effect.type !== 'sendPeer') continue;
    const { message } = effect;
    expect(parsePeerMessage(JSON.stringify(message)).ok, message.type).to.equal(true);
  }
}

function follow(viewer: CoreViewer, version: number, times = 1): void {
  const follows = Array.from({ length: times }, () => ({ playlistId, version }));
  viewer.says('v1', { type: 'follow', follows });
}

describe('what a viewer sends to its peers', () => {
  it('names no segment that is larger than peers take', () => {
    const viewer = master();
    viewer.wantSegment(100);
    viewer.says('v1', { type: 'want', segment: segmentOf(100) });
    viewer.wait(500);
    const [fetch] = viewer.take('fetchSegment');
    const fetchId = fetch?.fetchId ?? -1;
    const sizeBytes = sizeBytesMax + 1;
    viewer.effects = [];
    viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes });
    viewer.tell({ type: 'fetchPart', fetchId, part: 0, bytes: limits.partBytes });
    viewer.wait(200);
    viewer.says('v1', { type: 'want', segment: segmentOf(100) });
    viewer.says('v1', { type: 'request', requestId: 1, segment: segmentOf(100), part: 0 });
    expectTaken(viewer);
    expect(viewer.sent('holding')).to.deep.equal([]);
    expect(viewer.take('sendPart')).to.deep.equal([]);
    expect(viewer.sent('refuse').map(({ reason }) => reason)).to.deep.equal(['missing']);
  });

  it('announces no part beyond those while the size is not known', () => {
    const viewer = master();
    viewer.wantSegment(100);
    viewer.wait(500);
    const fetchId = viewer.take('fetchSegment')[0]?.fetchId ?? -1;
    viewer.says('v1', { type: 'want', segment: segmentOf(100) });
    viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes: null });
    for (let part = 0; part <= limits.partsPerSegmentMax; part += 1)
      viewer.tell({ type: 'fetchPart', fetchId, part, bytes: limits.partBytes });
    viewer.wait(200);
    viewer.says('v1', { type: 'want', segment: segmentOf(100) });
    expectTaken(viewer);
    expect(viewer.sent('holding').length).to.be.at.least(2);
  });

  it('keeps segments and playlists to itself whose ids are too long', () => {
    for (const longId of ['x'.repeat(limits.segmentIdBytesMax), '€'.repeat(171)])
      expectKept(longId);
  });

  function expectKept(longId: string): void {
    const viewer = master();
    const request = {
      segmentId: `${longId}#1`,
      url: playlistUrl,
      byteRange: null,
      durationMs: 2_000,
    };
    viewer.tell({ type: 'segmentWanted', loadId: 90, request, deadlineMs: viewer.nowMs + 9_000 });
    expect(viewer.take('fetchSegment'), 'read for itself at once').to.have.length(1);
    const playlist = { playlistId: longId, url: playlistUrl, multivariant: false };
    viewer.tell({ type: 'playlistWanted', loadId: 91, ...playlist });
    viewer.wait(500);
    for (const { fetchId } of viewer.take('fetchPlaylist')) {
      viewer.tell({ type: 'playlistFailed', fetchId, failure: { status: 503, reason: 'status' } });
    }
    viewer.tell({ type: 'segmentAbandoned', loadId: 90, segmentId: request.segmentId });
    expectTaken(viewer);
  }

  it('sends no playlist that does not fit a message once it is encoded', () => {
    const viewer = master();
    viewer.bringPlaylist({ oldest: 100, count: 24, uri: (n) => `${n}-${'"'.repeat(4_500)}.m4s` });
    follow(viewer, -1);
    expectTaken(viewer);
    expect(viewer.sent('playlist')).to.deep.equal([]);
  });

  it('says of an empty playlist what peers take', () => {
    const viewer = master();
    viewer.bringPlaylist({ oldest: 0, count: 0 });
    expect(viewer.sent('follow').length).to.be.at.least(1);
    expectTaken(viewer);
  });

  it('sends each version of a playlist once, however often a peer asks', () => {
    const viewer = master();
    viewer.bringPlaylist({ oldest: 100 });
    follow(viewer, -1, 16);
    follow(viewer, -1);
    expect(viewer.sent('playlist')).to.have.length(1);
    viewer.bringPlaylist({ oldest: 101 });
    follow(viewer, 102_000);
    expect(viewer.sent('playlist').map(({ text }) => text)).to.deep.equal([
      playlistText({ oldest: 100 }),
      playlistText({ oldest: 101 }),
    ]);
  });

  it('holds no playlist where nothing may be uploaded', () => {
    const viewer = master();
    viewer.changeProfile({ metered: true });
    viewer.wantPlaylist();
    viewer.wait(500);
    follow(viewer, -1);
    for (const { fetchId } of viewer.take('fetchPlaylist')) {
      viewer.tell({ type: 'playlistFetched', fetchId, text: playlistText({ oldest: 100 }) });
    }
    follow(viewer, -1);
    expect(viewer.sent('playlist')).to.deep.equal([]);
  });
});
