import { expect } from 'chai';
import { PlaylistDirectory } from '../../../sdk/core/playlists/directory.ts';
import { type Arrival, playerTiming } from '../../../sdk/core/swarm/timing.ts';
import { partBytes } from '../../../signaling/protocol/limits.ts';
import { CoreViewer, type MessageOf, playlistId, segmentOf } from './core-viewer.ts';

const arrival: Arrival = {
  sizeBytes: 100_000,
  firstByteMs: 40,
  streamMs: 100,
  fromPeers: true,
  edge: { bytesPerMs: 500, firstByteMs: 30 },
  playedBytesPerMs: 400,
};

/** In bytes per millisecond, as hls.js computes it. */
function told(changes: Partial<Arrival>): number {
  const { transferMs, firstByteMs } = playerTiming({ ...arrival, ...changes });
  return arrival.sizeBytes / (transferMs - firstByteMs);
}

describe('what the player is told of the time that a segment took', () => {
  it('is what was measured where the edge gave all of it', () => {
    expect(playerTiming({ ...arrival, fromPeers: false, streamMs: 5_000 })).to.deep.equal({
      transferMs: 5_040,
      firstByteMs: 40,
    });
  });

  it('is what the edge would have taken where peers were in no hurry', () => {
    expect(told({ streamMs: 5_000 })).to.equal(500);
    expect(playerTiming({ ...arrival, firstByteMs: 900 }).firstByteMs).to.equal(30);
  });

  it('is what was measured where the edge is unknown or fails', () => {
    expect(told({ streamMs: 5_000, edge: null })).to.equal(20);
  });

  it('is no more than what keeps the best rendition that is played where peers held it all along', () => {
    expect(told({ streamMs: 0 })).to.equal(600);
    expect(told({ streamMs: 0, edge: null, playedBytesPerMs: 50 })).to.equal(75);
  });

  it('is what the edge gives where that is more than any rendition that is played', () => {
    expect(told({ streamMs: 0, playedBytesPerMs: 50 })).to.equal(500);
  });

  it('is what was measured where there is nothing to choose between', () => {
    expect(told({ playedBytesPerMs: null })).to.equal(1_000);
  });

  it('knows what renditions need from the multivariant playlist', () => {
    const directory = new PlaylistDirectory(() => 0);
    const state = directory.state('multivariant', true);
    state.url = 'https://edge.example/live/main.m3u8?token=1';
    state.text = [
      '#EXTM3U',
      '#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=1,BANDWIDTH=4000000,CODECS="avc1,mp4a"',
      'high/playlist.m3u8?token=1',
      '#EXT-X-STREAM-INF:BANDWIDTH=800000',
      '# a comment',
      'low/playlist.m3u8',
    ].join('\n');
    expect(directory.bytesPerMs(new Set(['high/playlist.m3u8', 'low/playlist.m3u8']))).to.equal(
      500,
    );
    expect(directory.bytesPerMs(new Set(['low/playlist.m3u8', 'sound.m3u8']))).to.equal(100);
    expect(directory.bytesPerMs(new Set(['sound.m3u8']))).to.equal(null);
  });
});

describe('a segment that was held already', () => {
  it('is delivered with the time that its bytes once took', () => {
    const viewer = new CoreViewer();
    viewer.wait(60_000);
    viewer.bring(7, 200_000);
    viewer.wait(60_000);
    viewer.wantSegment(7);
    const [delivered] = viewer.take('deliverSegment');
    expect(delivered).to.include({ segmentId: segmentOf(7), transferMs: 100 });
  });

  it('of the edge is reported while it comes, and of peers is not', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.says('v1', { type: 'follow', follows: [{ playlistId, version: 1 }] });
    viewer.wantSegment(8);
    viewer.wait(200);
    const [fetch] = viewer.take('fetchSegment');
    if (!fetch) throw new Error('the master does not read');
    viewer.nowMs += 40;
    viewer.tell({ type: 'fetchHeaders', fetchId: fetch.fetchId, sizeBytes: 1.5 * partBytes });
    viewer.nowMs += 60;
    viewer.tell({ type: 'fetchPart', fetchId: fetch.fetchId, part: 0, bytes: partBytes });
    const [begun, half] = viewer.take('progressSegment');
    expect(begun?.progress).to.include({ bytes: 0, sizeBytes: 1.5 * partBytes, firstByteMs: 40 });
    expect(half?.progress).to.include({ bytes: partBytes, tookMs: 100, firstByteMs: 40 });
    viewer.tell({ type: 'fetchFailed', fetchId: fetch.fetchId, failure: failure });
    viewer.says('v1', holding);
    viewer.take('progressSegment');
    const [asked] = viewer.take('expectPart');
    if (!asked) throw new Error('the peer is not asked');
    viewer.tell({
      type: 'partReceived',
      peer: 'v1',
      requestId: asked.requestId,
      bytes: partBytes / 2,
    });
    expect(viewer.take('progressSegment')).to.deep.equal([]);
    expect(viewer.take('deliverSegment')).to.have.length(1);
  });
});

const failure = { status: null, reason: 'network' } as const;
const holding: MessageOf<'holding'> = {
  type: 'holding',
  segment: segmentOf(8),
  sizeBytes: 1.5 * partBytes,
  parts: [],
  complete: true,
  fetching: false,
};
