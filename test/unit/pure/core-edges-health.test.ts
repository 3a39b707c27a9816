import { expect } from 'chai';
import { EdgesStream } from './core-edges-stream.ts';
import { EdgesViewer, far, near, timeout } from './core-edges-viewer.ts';
import { bodyOf, listingOf } from './edge-listings.ts';

const offline = { status: null, reason: 'offline' } as const;
const never = Number.POSITIVE_INFINITY;

function memberOf(edges: ReturnType<typeof listingOf>[]): EdgesViewer {
  const viewer = new EdgesViewer(edges);
  viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
  viewer.tell({ type: 'bufferMeasured', bufferMs: 12_000 });
  return viewer;
}

describe('core: the health that is told', () => {
  it('is not that of a dead edge which is on trial as the own network fails', () => {
    const stream = new EdgesStream(
      memberOf([listingOf('edge', far), listingOf('b', near)]),
      (host, _kind, passedMs) => {
        if (host !== 'b' || passedMs < 10_000) return 20;
        return passedMs < 20_000 ? never : offline;
      },
    );
    stream.play(20_000);
    expect(stream.told.at(-1)).to.include({ edgeId: 'edge', health: 'healthy' });
    stream.play(60_000);
    expect(stream.told.map(({ reason }) => reason)).to.include('own network');
    expect(new Set(stream.told.map(({ health }) => health))).to.deep.equal(new Set(['healthy']));
    expect(stream.report).to.include({ edgeHealth: 'healthy', edgeId: 'edge' });
  });

  it("is that of the player's own edge once none is listed", () => {
    const viewer = new EdgesViewer([]);
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    const list = (version: number, edges = [listingOf('b', near)]) => {
      const own = { edgeId: 'edge', baseUrl: 'https://edge.example/live/' };
      const excluded = [{ ...own, reason: 'draining' as const, kpi: null }];
      const body = bodyOf(edges, { version, createdAtMs: 2_000 + version, excluded });
      viewer.tell({ type: 'edgesListed', body });
    };
    list(5);
    const stream = new EdgesStream(viewer, (host, _kind, passedMs) =>
      host === 'b' && passedMs > 6_000 ? never : 20,
    );
    stream.play(20_000);
    expect(stream.told.at(-1)).to.include({ edgeId: 'b', health: 'dark' });
    list(6, []);
    stream.play(30_000);
    expect(stream.asked.at(-1)?.host).to.equal('edge');
    expect(stream.told.at(-1)).to.include({ edgeId: null, health: 'healthy' });
    expect(stream.report?.edgeHealth).to.equal('healthy');
    expect(stream.report?.edgeId).to.equal(undefined);
  });

  for (const edges of [[], [listingOf('edge', near), listingOf('b', far)]])
    it(`is that of a host which nobody lists, where media is there: ${edges.length} edges`, () => {
      const stream = new EdgesStream(
        memberOf(edges),
        (host, _kind, passedMs) => (host === 'media' && passedMs > 6_000 ? timeout : 20),
        { uri: (sequence) => `https://media.example/${sequence}.m4s` },
      );
      stream.play(6_000);
      expect(stream.told.filter(({ health }) => health !== 'healthy')).to.deep.equal([]);
      stream.play(30_000);
      expect(['dark', 'partial']).to.include(stream.told.at(-1)?.health);
      expect(['dark', 'partial']).to.include(stream.report?.edgeHealth);
    });
});

describe('core: the edge that is read from', () => {
  for (const [line, metered, isBlocking] of [
    ['usual', false, false],
    ['metered', true, false],
    ['with held playlists', false, true],
    ['with held playlists, metered', true, true],
  ] as const)
    it(`does not change with the size of reads: ${line}`, () => {
      // One that is near and gives little, and one that is farther and gives much.
      const viewer = memberOf([
        listingOf('edge', { prior: { firstByteMs: 15, bytesPerMs: 400 } }),
        listingOf('b', { prior: { firstByteMs: 80, bytesPerMs: 4_000 } }),
      ]);
      viewer.changeProfile({ metered });
      const stream = new EdgesStream(viewer, (host) => (host === 'b' ? 80 : 15), {
        isBlocking,
        transferMs: (host) => (host === 'b' ? 160 : 1_300),
      });
      stream.play(120_000);
      expect(stream.told.length).to.be.within(1, 3);
      expect(stream.told.at(-1)?.edgeId).to.equal('b');
      expect(stream.askedAt('b', 'segments').length).to.be.above(55);
    });

  it('is healthy again soon after the edges are', () => {
    const viewer = memberOf([listingOf('edge', far), listingOf('b', near)]);
    let isDown = false;
    const stream = new EdgesStream(viewer, () => (isDown ? timeout : 20));
    stream.play(10_000);
    isDown = true;
    stream.play(25_000);
    expect(stream.told.at(-1)?.health).to.equal('dark');
    isDown = false;
    stream.play(40_000);
    expect(stream.told.at(-1)?.health).to.equal('healthy');
  });
});
