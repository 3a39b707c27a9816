import { expect } from 'chai';
import { CoreViewer, playlistText, segmentOf, self } from './core-viewer.ts';

const room = [
  { viewerId: self, role: 'master' as const },
  { viewerId: 'v1', role: 'master' as const },
  { viewerId: 'v2' },
];

function joined(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join(room);
  viewer.bringPlaylist({ oldest: 10 });
  viewer.effects = [];
  return viewer;
}

const framesOf = (viewer: CoreViewer) => viewer.take('sendFrame').map(({ frame }) => frame.type);

describe('core: a page that stands still, or whose network is gone', () => {
  it('leaves the room and ends every link before the page is frozen', () => {
    const viewer = joined();
    viewer.tell({ type: 'away', reason: 'page_frozen' });
    expect(framesOf(viewer)).to.deep.equal(['leave']);
    expect(viewer.take('disconnectSignaling')).to.have.length(1);
    expect(viewer.take('closeLink').map(({ peer }) => peer)).to.have.members(['v1', 'v2']);
    const [status] = viewer.take('status');
    expect(status).to.include({ status: 'alone', reason: 'page_frozen' });
    viewer.wait(120_000);
    expect(viewer.take('connectSignaling')).to.deep.equal([]);
  });

  it('comes back with its key, once no reason keeps it away', () => {
    const viewer = joined();
    viewer.tell({ type: 'away', reason: 'page_frozen' });
    viewer.tell({ type: 'away', reason: 'source_foreign' });
    viewer.tell({ type: 'back', reason: 'page_frozen' });
    expect(viewer.take('connectSignaling')).to.deep.equal([]);
    viewer.tell({ type: 'back', reason: 'source_foreign' });
    viewer.tell({ type: 'back', reason: 'source_foreign' });
    expect(viewer.take('connectSignaling').map(({ resumeKey }) => resumeKey)).to.deep.equal([
      'key',
    ]);
    viewer.join(room);
    expect(viewer.take('neighbours').at(-1)?.viewerIds).to.have.members(['v1', 'v2']);
    expect(viewer.take('status').at(-1)).to.include({ status: 'joined' });
  });

  it('asks nothing of a server that has not welcomed it yet', () => {
    const viewer = joined();
    viewer.offer('attested');
    viewer.tell({ type: 'away', reason: 'page_frozen' });
    viewer.tell({ type: 'back', reason: 'page_frozen' });
    viewer.effects = [];
    viewer.wantSegment(8);
    viewer.wait(1_000);
    expect(framesOf(viewer)).to.deep.equal([]);
    viewer.join(room);
    viewer.offer('attested');
    viewer.wantSegment(8);
    expect(framesOf(viewer)).to.include('attest');
  });

  it('makes links anew that must be dead, and keeps those that a short pause left alone', () => {
    const viewer = joined();
    viewer.tell({ type: 'disturbed', awayMs: 4_000 });
    expect(viewer.take('openLink')).to.deep.equal([]);
    expect(framesOf(viewer)).to.deep.equal(['report']);
    viewer.tell({ type: 'disturbed', awayMs: 30_000 });
    viewer.wait(200);
    expect(viewer.take('openLink').map(({ peer }) => peer)).to.have.members(['v1', 'v2']);
  });

  it('gives up a socket that does not answer after the network changed', () => {
    const viewer = joined();
    viewer.tell({ type: 'disturbed', awayMs: 0 });
    viewer.wait(2_900);
    expect(viewer.take('disconnectSignaling')).to.deep.equal([]);
    viewer.wait(200);
    expect(viewer.take('disconnectSignaling')).to.have.length(1);
    viewer.wait(1_000);
    expect(viewer.take('connectSignaling')).to.have.length(1);
  });

  it('keeps a socket that answers', () => {
    const viewer = joined();
    viewer.tell({ type: 'disturbed', awayMs: 0 });
    viewer.tell({ type: 'frameReceived', frame: { type: 'heartbeat' } });
    viewer.wait(4_000);
    expect(viewer.take('disconnectSignaling')).to.deep.equal([]);
  });

  it('reconnects at once when the network is back, however long it has tried', () => {
    const viewer = joined();
    for (let attempt = 0; attempt < 8; attempt += 1) {
      viewer.tell({ type: 'signalingClosed' });
      viewer.wait(15_000);
    }
    viewer.tell({ type: 'signalingClosed' });
    viewer.take('connectSignaling');
    viewer.tell({ type: 'disturbed', awayMs: 0 });
    viewer.wait(200);
    expect(viewer.take('connectSignaling')).to.have.length(1);
  });

  it('tries a dead network once a second, fails nothing, and reads on when it is back', () => {
    const viewer = joined();
    viewer.tell({ type: 'away', reason: 'page_frozen' });
    viewer.wantSegment(12);
    const listId = viewer.wantPlaylist();
    let fetches = 0;
    const failure = { status: null, reason: 'offline' as const };
    for (let ms = 0; ms < 10_000; ms += 10) {
      viewer.wait(10);
      const segments = viewer.take('fetchSegment');
      const playlists = viewer.take('fetchPlaylist');
      fetches += segments.length + playlists.length;
      for (const { fetchId } of segments) viewer.tell({ type: 'fetchFailed', fetchId, failure });
      for (const { fetchId } of playlists)
        viewer.tell({ type: 'playlistFailed', fetchId, failure });
    }
    expect(fetches).to.be.within(4, 24);
    expect([...viewer.take('failSegment'), ...viewer.take('failPlaylist')]).to.deep.equal([]);
    viewer.tell({ type: 'disturbed', awayMs: 0 });
    const [playlist] = viewer.take('fetchPlaylist');
    expect(viewer.take('fetchSegment').map(({ segmentId }) => segmentId)).to.include(segmentOf(12));
    const text = playlistText({ oldest: 14 });
    viewer.tell({ type: 'playlistFetched', fetchId: playlist?.fetchId ?? -1, text });
    expect(viewer.take('deliverPlaylist').map(({ loadId }) => loadId)).to.deep.equal([listId]);
  });
});

describe('core: a player that starts over', () => {
  const url = 'https://edge.example/live/main.m3u8';
  const text = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhigh/playlist.m3u8?token=old\n';
  const multivariant = { playlistId: 'multivariant', multivariant: true };

  function started(): CoreViewer {
    const viewer = joined();
    viewer.tell({ type: 'playlistBrought', ...multivariant, url: `${url}?token=old`, text });
    return viewer;
  }

  const want = (viewer: CoreViewer, loadId: number, token: string) =>
    viewer.tell({ type: 'playlistWanted', loadId, ...multivariant, url: `${url}?token=${token}` });

  it('is given the copies that the room has, at once', () => {
    const viewer = started();
    want(viewer, 100, 'old');
    const listId = viewer.wantPlaylist();
    const given = viewer.take('deliverPlaylist').map(({ loadId }) => loadId);
    expect(given).to.deep.equal([100, listId]);
  });

  it('reads the multivariant playlist anew when its URL is another', () => {
    const viewer = started();
    want(viewer, 100, 'new');
    expect(viewer.take('deliverPlaylist')).to.deep.equal([]);
    const [fetch] = viewer.take('fetchPlaylist');
    expect(fetch?.url).to.equal(`${url}?token=new`);
    const fresh = text.replace('old', 'new');
    viewer.tell({ type: 'playlistFetched', fetchId: fetch?.fetchId ?? -1, text: fresh });
    expect(viewer.take('deliverPlaylist').map((given) => given.text)).to.deep.equal([fresh]);
  });

  it('makes do with the old copy when the edge is gone', () => {
    const viewer = started();
    want(viewer, 100, 'new');
    const [fetch] = viewer.take('fetchPlaylist');
    const failure = { status: null, reason: 'network' as const };
    viewer.tell({ type: 'playlistFailed', fetchId: fetch?.fetchId ?? -1, failure });
    expect(viewer.take('deliverPlaylist').map((given) => given.text)).to.deep.equal([text]);
  });
});
