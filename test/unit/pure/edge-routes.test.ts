import { expect } from 'chai';
import * as v from 'valibot';
import { edgeOutcomesSchema } from '../../../signaling/protocol/edges.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { bodyOf, listingOf, segmentBytes } from './edge-listings.ts';
import { on, RoutesViewer } from './edge-routes-viewer.ts';

const { partBytes } = limits;

describe('URLs on edges', () => {
  it('stay as they are before edges are listed, and on hosts that are none', () => {
    const url = on('a');
    const alone = new RoutesViewer();
    for (const routed of [alone.routes.at(url), alone.routes.route(url, 1), alone.routes.look(url)])
      expect(routed).to.equal(url);
    expect(alone.routes.probe(url, segmentBytes)).to.equal(null);
    expect(alone.routes.hedge(url)).to.equal(undefined);
    expect(alone.routes.hasOther(url)).to.equal(false);
    expect(alone.routes.deadlineMs(url)).to.equal(null);
    expect(alone.routes.take()).to.deep.equal({});
    const { routes } = new RoutesViewer(['a', 'b']);
    routes.route(url, 1);
    for (const other of [
      'https://cdn.example/live/high/1.m4s',
      'https://a.example/other/high/1.m4s',
      'https://a.example.evil/live/1.m4s',
      'http://a.example/live/high/1.m4s',
    ])
      expect([routes.at(other), routes.route(other, 1), routes.look(other)]).to.deep.equal([
        other,
        other,
        other,
      ]);
  });

  it('stay on TLS where one edge denies what it should have, before anything else was read', () => {
    const plain = listingOf('plain', { baseUrl: 'http://plain.example/live/' });
    const { routes } = new RoutesViewer(['a', plain]);
    expect(routes.elsewhere(on('a'), on('a'))).to.equal(null);
    const three = new RoutesViewer(['a', plain, 'b']);
    expect(three.routes.elsewhere(on('a'), on('a'))).to.equal(on('b'));
  });

  it('keep their path and query on the edge that is chosen, whichever they name', () => {
    const viewer = new RoutesViewer(['a', 'b']);
    viewer.read(on('a'), 400);
    viewer.read(on('b'), 20);
    const rest = 'high/1.m4s?token=x%2Fy&at=https://a.example/live/#part';
    for (const edgeId of ['a', 'b']) {
      expect(viewer.routes.route(on(edgeId, rest), segmentBytes)).to.equal(on('b', rest));
      expect(viewer.routes.at(on(edgeId, rest))).to.equal(on('b', rest));
    }
    expect(viewer.routes.edgeId).to.equal('b');
    expect(viewer.routes.chosenUrl).to.equal('https://b.example/live/');
  });

  it('of what is small lead where segments are read from, and tell nothing of what those take', () => {
    const viewer = new RoutesViewer(['quick', 'wide']);
    for (let count = 0; count < 8; count += 1) {
      viewer.read(on('quick'), 10, 40_000);
      viewer.read(on('wide'), 100);
    }
    const url = on('quick');
    for (const bytes of [segmentBytes, 0, 1_200, segmentBytes])
      expect(viewer.routes.route(url, bytes), `${bytes} bytes`).to.equal(on('wide'));
    expect(viewer.moves).to.deep.equal(['https://wide.example/live/']);
    const [best] = viewer.routes.stats();
    expect(best?.predictedMs).to.be.within(150, 300);
  });

  it('have others only where more is offered', () => {
    const viewer = new RoutesViewer(['a', 'b', 'c']);
    const { routes } = viewer;
    const basesOf = (...ids: string[]) => ids.map((edgeId) => `https://${edgeId}.example/live/`);
    expect(routes.othersOf(on('a'))).to.deep.equal(basesOf('b', 'c'));
    expect(routes.othersOf('https://cdn.example/live/1.m4s')).to.deep.equal([]);
    const x = { edgeId: 'x', baseUrl: 'https://x.example/live/', kpi: null };
    const excluded = [{ ...x, reason: 'draining' as const }];
    routes.listed(bodyOf([listingOf('a')], { version: 2, excluded }));
    expect(routes.othersOf(on('a'))).to.deep.equal([]);
    expect(routes.othersOf(on('x'))).to.deep.equal(basesOf('a'));
    expect(routes.route(on('x'), segmentBytes)).to.equal(on('a'));
  });

  it('belong to the edge with the longest address where one lies below another', () => {
    const viewer = new RoutesViewer([
      listingOf('outer', { baseUrl: 'https://cdn.example/' }),
      listingOf('inner', { baseUrl: 'https://cdn.example/live/' }),
    ]);
    viewer.read('https://cdn.example/high/1.m4s', 20);
    viewer.read('https://cdn.example/live/high/1.m4s', 400);
    const url = 'https://cdn.example/live/high/2.m4s';
    expect(viewer.routes.route(url, segmentBytes)).to.equal('https://cdn.example/high/2.m4s');
    const { edgeOutcomes } = viewer.routes.take();
    expect(edgeOutcomes?.map(({ edgeId, firstByteMs }) => [edgeId, firstByteMs])).to.deep.equal([
      ['outer', 20],
      ['inner', 400],
    ]);
  });

  it('leave TLS in no first read either, whatever it is of', () => {
    const plain = listingOf('plain', { baseUrl: 'http://p.example/', kpis: { responseTimeMs: 1 } });
    const url = on('safe');
    const listings = [plain, listingOf('safe', { kpis: { responseTimeMs: 900 } })];
    expect(new RoutesViewer(listings).routes.look(url)).to.equal(url);
    expect(new RoutesViewer(listings).routes.route(url, 1)).to.equal(url);
    const viewer = new RoutesViewer(listings);
    viewer.read(url, 5);
    for (let segment = 0; segment < 50; segment += 1) {
      viewer.read(url, 5);
      expect(viewer.routes.probe(url, segmentBytes)).to.equal(null);
    }
    viewer.room.bufferMs = 1_000;
    expect(viewer.routes.hedge(url)).to.equal(undefined);
  });
});

describe('the list of edges', () => {
  const edgesOf = ({ routes }: RoutesViewer) => routes.stats().map(({ listing }) => listing.edgeId);

  it('is replaced by a newer one, and not by one that is older or the same', () => {
    const viewer = new RoutesViewer(['a']);
    viewer.routes.listed(bodyOf([listingOf('b')], { version: 1, createdAtMs: 1_000 }));
    viewer.routes.listed(bodyOf([listingOf('c')], { version: 0, createdAtMs: 900 }));
    expect(edgesOf(viewer)).to.deep.equal(['a']);
    viewer.routes.listed(bodyOf([listingOf('b')], { version: 2, createdAtMs: 1_000 }));
    expect(edgesOf(viewer)).to.deep.equal(['b']);
    const restarted = bodyOf([listingOf('c')], { version: 1, createdAtMs: 60_000 });
    viewer.routes.listed(restarted);
    expect(edgesOf(viewer), 'of a server that counts anew').to.deep.equal(['c']);
  });

  it('says what is not offered, and why', () => {
    const viewer = new RoutesViewer();
    expect([viewer.routes.excluded, viewer.routes.failing]).to.deep.equal([[], null]);
    const x = { edgeId: 'x', baseUrl: 'https://x.example/' };
    const excluded = [{ ...x, reason: 'kpi_unmet' as const, kpi: 'jitter' as const }];
    viewer.routes.listed(bodyOf([], { excluded, failing: 'jitter' }));
    expect([viewer.routes.excluded, viewer.routes.failing]).to.deep.equal([excluded, 'jitter']);
  });
});

describe('reads to learn', () => {
  /** Segments of an hour, of which the first part of some is read elsewhere; returns the bytes of both. */
  function playFor(
    viewer: RoutesViewer,
    segments: number,
  ): { probed: string[]; mediaBytes: number } {
    const probed: string[] = [];
    for (let segment = 0; segment < segments; segment += 1) {
      const url = on('a', `high/${segment}.m4s`);
      const probe = viewer.routes.probe(url, segmentBytes);
      if (probe !== null) {
        probed.push(probe);
        viewer.read(probe, 60, partBytes);
      }
      viewer.read(viewer.routes.route(url, segmentBytes), 50);
      viewer.context.nowMs += 2_000;
    }
    return { probed, mediaBytes: segments * segmentBytes };
  }

  it('are of a hundredth of the media, and never of the edge that is read from', () => {
    const viewer = new RoutesViewer(['a', 'b', 'c', 'd']);
    viewer.read(on('a'), 50);
    const { probed, mediaBytes } = playFor(viewer, 1_800);
    const bytes = probed.length * partBytes;
    expect(bytes / (mediaBytes + bytes)).to.be.within(0.002, 0.01);
    expect(new Set(probed.map((url) => new URL(url).hostname)).size).to.be.at.least(3);
    expect(probed.every((url) => /\/live\/high\/\d+\.m4s$/.test(url))).to.equal(true);
  });

  it('are not of a segment that is small, nor with a short buffer, nor before media was read', () => {
    expect(new RoutesViewer(['a', 'b']).routes.probe(on('a'), segmentBytes)).to.equal(null);
    const viewer = new RoutesViewer(['a', 'b']);
    for (let segment = 0; segment < 50; segment += 1) viewer.read(on('a'), 50);
    expect(viewer.routes.probe(on('a'), 2 * partBytes)).to.equal(null);
    viewer.room.bufferMs = 3_999;
    expect(viewer.routes.probe(on('a'), segmentBytes)).to.equal(null);
    viewer.room.bufferMs = 4_000;
    expect(viewer.routes.probe(on('a'), segmentBytes)).to.equal(on('b'));
  });

  it('save up for two parts at most', () => {
    const viewer = new RoutesViewer(['a', 'b', 'c', 'd', 'e']);
    for (let segment = 0; segment < 500; segment += 1) viewer.read(on('a'), 50);
    const probes = Array.from({ length: 4 }, () => viewer.routes.probe(on('a'), segmentBytes));
    expect(probes.map((url) => url !== null)).to.deep.equal([true, true, false, false]);
  });

  for (const by of ['metered', 'saveData'] as const)
    it(`are not made by whom bytes cost something: ${by}`, () => {
      const viewer = new RoutesViewer(['a', 'b', 'c']);
      viewer.read(on('a'), 50);
      viewer.routes.route(on('a'), segmentBytes);
      expect(viewer.routes.look(on('a')), 'else').to.not.equal(on('a'));
      viewer.room.profile[by] = true;
      expect(viewer.routes.look(on('a'))).to.equal(on('a'));
      expect(playFor(viewer, 200).probed).to.deep.equal([]);
    });
});

describe('what became of reads', () => {
  it('is told once, by edge, as the wire takes it', () => {
    const viewer = new RoutesViewer(['a', 'b', 'c']);
    const { routes } = viewer;
    const done = routes.expect(on('a'), segmentBytes);
    routes.answered(on('a'), 40);
    routes.gave(on('a'), segmentBytes, 200);
    done(240);
    routes.answered(on('a'), 60);
    routes.gave(on('a'), segmentBytes, 300);
    routes.failed(on('b'));
    routes.answered(on('c'), 30);
    routes.gave(on('c'), partBytes / 2 - 1, 1);
    routes.failed('https://cdn.example/1.m4s');
    routes.route(on('b'), segmentBytes);
    const { edgeId, edgeOutcomes = [] } = routes.take();
    expect(v.safeParse(edgeOutcomesSchema, edgeOutcomes).success).to.equal(true);
    expect(edgeId).to.be.oneOf(['a', 'c']);
    const [a, b, c, ...others] = edgeOutcomes;
    expect(others).to.deep.equal([]);
    expect(a).to.deep.include({ edgeId: 'a', successCount: 2, failureCount: 0, firstByteMs: 50 });
    expect(a?.bytesPerMs).to.equal(2_000);
    expect(a?.sample).to.include({ completedMs: 240, age: 1 });
    expect(Math.abs(a?.sample?.load ?? 1)).to.equal(0);
    expect(a?.sample?.predictedMs).to.be.within(100, 2_000);
    expect(b).to.deep.equal({
      ...{ edgeId: 'b', successCount: 0, failureCount: 1, firstByteMs: null, bytesPerMs: null },
    });
    expect(c).to.deep.include({ edgeId: 'c', successCount: 1, bytesPerMs: null });
    expect(routes.take()).to.deep.equal({ edgeId });
  });
});
