import { expect } from 'chai';
import { alone, EdgesViewer, hostOf, threeEdges, unavailable } from './core-edges-viewer.ts';

const textOf = (token: number) =>
  `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhigh/playlist.m3u8?token=${token}\n`;

/** Has a copy of a playlist with a token, and wants the one with another. */
function outdated(options: object): EdgesViewer {
  const viewer = new EdgesViewer(threeEdges(), options);
  if (options !== alone) viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
  for (const token of [1, 2]) {
    const url = `https://edge.example/live/main.m3u8?token=${token}`;
    const wanted = { loadId: 900 + token, playlistId: 'multivariant', url };
    viewer.tell({ type: 'playlistWanted', ...wanted, multivariant: true });
    if (token === 2) break;
    for (const { fetchId } of viewer.take('fetchPlaylist'))
      viewer.tell({ type: 'playlistFetched', fetchId, text: textOf(token) });
    expect(viewer.take('deliverPlaylist')).to.have.length(1);
  }
  return viewer;
}

for (const options of [alone, {}])
  describe(`core: a copy that is outdated, of ${options === alone ? 'a lone viewer' : 'a member'}`, () => {
    it('is not delivered while another edge is asked for what is not', () => {
      const viewer = outdated(options);
      const hosts = new Set<string>();
      for (let count = 0; count < 3; count += 1) {
        const [fetch] = viewer.take('fetchPlaylist');
        hosts.add(hostOf({ url: fetch?.url ?? '' }));
        expect(fetch?.url).to.match(/token=2$/);
        expect(viewer.take('deliverPlaylist'), `${count} edges asked`).to.deep.equal([]);
        const { fetchId } = fetch ?? { fetchId: 0 };
        if (count < 2) viewer.tell({ type: 'playlistFailed', fetchId, failure: unavailable });
        else viewer.tell({ type: 'playlistFetched', fetchId, text: textOf(2) });
      }
      expect(hosts.size).to.equal(3);
      expect(viewer.take('deliverPlaylist').map(({ text }) => text)).to.deep.equal([textOf(2)]);
      expect(viewer.take('failPlaylist')).to.deep.equal([]);
    });
  });
