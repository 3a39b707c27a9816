import { expect } from 'chai';
import { withDirectives, withoutDirectives } from '../../../signaling/protocol/low-latency.ts';
import { readMediaPlaylist } from '../../../signaling/protocol/playlist-text.ts';
import { CoreViewer, playlistId, playlistUrl, self } from './core-viewer.ts';

const partMs = 400;

/** Segments 10 and 11, and parts of 12. */
function copy(parts: number, first = 10): string {
  const trailing = Array.from(
    { length: parts },
    (_, index) => `#EXT-X-PART:DURATION=0.4,URI="12-${index}.m4s"\n`,
  );
  return `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${first}
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.2
#EXT-X-PART-INF:PART-TARGET=0.4\n#EXTINF:2,\n10.m4s
#EXT-X-PART:DURATION=0.4,URI="all.m4s",BYTERANGE="100@20"
#EXT-X-PART:DURATION=0.4,URI="all.m4s",BYTERANGE="50"
#EXTINF:2,\n11.m4s\n${trailing.join('')}`;
}

function viewerOf(role: 'master' | 'slave'): CoreViewer {
  const viewer = new CoreViewer();
  const text = copy(1);
  viewer.tell({ type: 'playlistBrought', playlistId, url: playlistUrl, multivariant: false, text });
  const other = role === 'master' ? 'slave' : 'master';
  viewer.join([
    { viewerId: self, role },
    { viewerId: 'v1', role: other },
  ]);
  viewer.says('v1', { type: 'follow', follows: [{ playlistId, version: 11_001 }] });
  return viewer;
}

/** The player asks for part `part` of segment 12, as hls.js does. */
function ask(viewer: CoreViewer, part: number): number {
  const loadId = 100 + part;
  const url = `${playlistUrl}?_HLS_msn=12&_HLS_part=${part}`;
  viewer.tell({ type: 'playlistWanted', loadId, playlistId, url, multivariant: false });
  return loadId;
}

describe('low-latency playlists', () => {
  it('are read with their parts', () => {
    const facts = readMediaPlaylist(copy(2), playlistUrl);
    expect(facts).to.include({ newestSequence: 11, trailingParts: 2, version: 11_002 });
    expect(facts?.parts.map(({ sequence, partIndex }) => [sequence, partIndex])).to.deep.equal([
      [11, 0],
      [11, 1],
      [12, 0],
      [12, 1],
    ]);
    expect(facts?.parts[1]?.byteRange).to.deep.equal({ start: 120, end: 170 });
    expect(facts?.parts[3]?.url).to.match(/\/high\/12-1\.m4s$/);
  });

  it('are asked for by what follows what is held', () => {
    const facts = readMediaPlaylist(copy(2), playlistUrl);
    const url = withDirectives('https://a/b.m3u8?token=1', facts);
    expect(url).to.equal('https://a/b.m3u8?token=1&_HLS_msn=12&_HLS_part=2');
    expect(withoutDirectives(url)).to.deep.equal({
      url: 'https://a/b.m3u8?token=1',
      versionMin: 11_003,
    });
    expect(withoutDirectives('https://a/b.m3u8?_HLS_msn=12&x=1&_HLS_skip=YES')).to.deep.equal({
      url: 'https://a/b.m3u8?x=1',
      versionMin: 12_000,
    });
    expect(withoutDirectives('https://a/b.m3u8?_HLS_part=1').url).to.equal('https://a/b.m3u8');
  });

  it('are polled by the master alone, which asks for the next part and passes the copy on unchanged', () => {
    const viewer = viewerOf('master');
    const loadId = ask(viewer, 1);
    viewer.wait(partMs / 2);
    const [fetch, second] = viewer.take('fetchPlaylist');
    expect(second).to.equal(undefined);
    expect(fetch?.url).to.equal(`${playlistUrl}?_HLS_msn=12&_HLS_part=1`);
    viewer.tell({ type: 'playlistFetched', fetchId: fetch?.fetchId ?? 0, text: copy(2) });
    expect(viewer.take('deliverPlaylist')).to.deep.include({
      type: 'deliverPlaylist',
      loadId,
      playlistId,
      text: copy(2),
      fromPeer: false,
    });
    expect(viewer.sent('playlist').map(({ peer, text }) => [peer, text])).to.deep.equal([
      ['v1', copy(2)],
    ]);
  });

  it('reach a slave from the master, which answers exactly what the player asked for', () => {
    const viewer = viewerOf('slave');
    const loadId = ask(viewer, 2);
    viewer.wait(partMs);
    viewer.says('v1', { type: 'playlist', playlistId, text: copy(2) });
    expect(viewer.take('deliverPlaylist'), 'the part before it').to.deep.equal([]);
    viewer.wait(partMs);
    viewer.says('v1', { type: 'playlist', playlistId, text: copy(3) });
    expect(viewer.take('deliverPlaylist').map((each) => each.loadId)).to.deep.equal([loadId]);
    // It has never looked at its own edge, and does so once: no update is read for its own sake.
    expect(viewer.take('fetchPlaylist')).to.have.length(1);
    const again = ask(viewer, 1);
    expect(viewer.take('deliverPlaylist').map((each) => each.loadId)).to.deep.equal([again]);
  });

  it('are asked for plainly once the edge has refused to wait, as after a restart of the encoder', () => {
    const viewer = viewerOf('master');
    const loadId = ask(viewer, 1);
    viewer.wait(partMs);
    const [refused] = viewer.take('fetchPlaylist');
    expect(refused?.url).to.include('_HLS_msn=12');
    const failure = { status: 400, reason: 'status' as const };
    viewer.tell({ type: 'playlistFailed', fetchId: refused?.fetchId ?? 0, failure });
    expect(viewer.take('failPlaylist')).to.deep.equal([]);
    viewer.wait(partMs);
    const [plain] = viewer.take('fetchPlaylist');
    expect(plain?.url).to.equal(playlistUrl);
    viewer.tell({ type: 'playlistFetched', fetchId: plain?.fetchId ?? 0, text: copy(2, 1) });
    expect(viewer.take('deliverPlaylist').map((each) => each.loadId)).to.deep.equal([loadId]);
    viewer.wait(partMs);
    expect(viewer.take('fetchPlaylist')[0]?.url).to.equal(`${playlistUrl}?_HLS_msn=3&_HLS_part=2`);
  });

  it('are asked for plainly of an edge that is behind until it has caught up, and when that is refused too', () => {
    const viewer = viewerOf('master');
    ask(viewer, 1);
    const failure = { status: 400, reason: 'status' as const };
    const urls: string[] = [];
    for (const text of [null, copy(0), copy(0), copy(1), null, null]) {
      viewer.wait(partMs);
      const [fetch] = viewer.take('fetchPlaylist');
      urls.push(fetch?.url.slice(playlistUrl.length) ?? 'nothing');
      const fetchId = fetch?.fetchId ?? 0;
      if (text === null) viewer.tell({ type: 'playlistFailed', fetchId, failure });
      else viewer.tell({ type: 'playlistFetched', fetchId, text });
    }
    const held = '?_HLS_msn=12&_HLS_part=1';
    expect(urls).to.deep.equal([held, '', '', '', held, '']);
    expect(viewer.take('failPlaylist'), 'the edge may think better of it').to.have.length(0);
  });

  it('are asked of the own edge within two parts when the master is silent', () => {
    const viewer = viewerOf('slave');
    ask(viewer, 1);
    viewer.wait(2 * partMs);
    expect(viewer.take('fetchPlaylist')).to.have.length(1);
  });

  it('name parts that a master reads for others at once', () => {
    const viewer = viewerOf('master');
    viewer.says('v1', { type: 'want', segment: `${playlistId}#12.0` });
    const [fetch] = viewer.take('fetchSegment');
    expect(fetch?.url).to.match(/\/high\/12-0\.m4s$/);
  });
});
