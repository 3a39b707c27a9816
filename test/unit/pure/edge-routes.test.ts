import { expect } from 'chai';
import * as v from 'valibot';
import { Context } from '../../../sdk/core/context.ts';
import { EdgeRoutes } from '../../../sdk/core/edges/routes.ts';
import type { Room } from '../../../sdk/core/room/room.ts';
import type { EdgeListing } from '../../../signaling/protocol/edges.ts';
import { edgeOutcomesSchema } from '../../../signaling/protocol/edges.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { bodyOf, listingOf, segmentBytes } from './edge-listings.ts';

const { partBytes } = limits;

/** Routes of a viewer, with a hand on the clock and on what is known of its player. */
class Viewer {
  readonly room = {
    viewerId: 'v4',
    bufferMs: 20_000 as number | null,
    profile: { metered: false, saveData: false },
  };
  /** Addresses, as they were told. */
  readonly moves: string[] = [];
  readonly context = new Context({ edgeNeeds: undefined } as never);
  readonly routes = new EdgeRoutes(this.context, this.room as unknown as Room, (chosenUrl) =>
    this.moves.push(chosenUrl),
  );

  constructor(edges: readonly (EdgeListing | string)[] = []) {
    this.context.nowMs = 10_000;
    const listings = edges.map((each) => (typeof each === 'string' ? listingOf(each) : each));
    if (edges.length > 0) this.routes.listed(bodyOf(listings));
  }

  /** Reads all of a resource, and lets time pass. */
  read(url: string, firstByteMs: number, bytes = segmentBytes): void {
    this.context.nowMs += firstByteMs;
    this.routes.answered(url, firstByteMs);
    this.context.nowMs += 100;
    this.routes.gave(url, bytes, 100);
  }
}

const on = (edgeId: string, rest = 'high/1.m4s') => `https://${edgeId}.example/live/${rest}`;

describe('URLs on edges', () => {
  it('stay as they are before edges are listed, and on hosts that are none', () => {
    const url = on('a');
    const alone = new Viewer();
    for (const routed of [alone.routes.at(url), alone.routes.route(url, 1), alone.routes.look(url)])
      expect(routed).to.equal(url);
    expect(alone.routes.probe(url, segmentBytes)).to.equal(null);
    expect(alone.routes.hedge(url)).to.equal(undefined);
    expect(alone.routes.hasOther(url)).to.equal(false);
    expect(alone.routes.deadlineMs(url)).to.equal(null);
    expect(alone.routes.take()).to.deep.equal({});
    const { routes } = new Viewer(['a', 'b']);
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

  it('keep their path and query on the edge that is chosen, whichever they name', () => {
    const viewer = new Viewer(['a', 'b']);
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

  it('belong to the edge with the longest address where one lies below another', () => {
    const viewer = new Viewer([
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
    expect(new Viewer(listings).routes.look(url)).to.equal(url);
    expect(new Viewer(listings).routes.route(url, 1)).to.equal(url);
    const viewer = new Viewer(listings);
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
  const edgesOf = ({ routes }: Viewer) => routes.stats().map(({ listing }) => listing.edgeId);

  it('is replaced by a newer one, and not by one that is older or the same', () => {
    const viewer = new Viewer(['a']);
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
    const viewer = new Viewer();
    expect([viewer.routes.excluded, viewer.routes.failing]).to.deep.equal([[], null]);
    const x = { edgeId: 'x', baseUrl: 'https://x.example/' };
    const excluded = [{ ...x, reason: 'kpi_unmet' as const, kpi: 'jitter' as const }];
    viewer.routes.listed(bodyOf([], { excluded, failing: 'jitter' }));
    expect([viewer.routes.excluded, viewer.routes.failing]).to.deep.equal([excluded, 'jitter']);
  });
});

describe('reads to learn', () => {
  /** Segments of an hour, of which the first part of some is read elsewhere; returns the bytes of both. */
  function playFor(viewer: Viewer, segments: number): { probed: string[]; mediaBytes: number } {
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
    const viewer = new Viewer(['a', 'b', 'c', 'd']);
    viewer.read(on('a'), 50);
    const { probed, mediaBytes } = playFor(viewer, 1_800);
    const bytes = probed.length * partBytes;
    expect(bytes / (mediaBytes + bytes)).to.be.within(0.002, 0.01);
    expect(new Set(probed.map((url) => new URL(url).hostname)).size).to.be.at.least(3);
    expect(probed.every((url) => /\/live\/high\/\d+\.m4s$/.test(url))).to.equal(true);
  });

  it('are not of a segment that is small, nor with a short buffer, nor before media was read', () => {
    expect(new Viewer(['a', 'b']).routes.probe(on('a'), segmentBytes)).to.equal(null);
    const viewer = new Viewer(['a', 'b']);
    for (let segment = 0; segment < 50; segment += 1) viewer.read(on('a'), 50);
    expect(viewer.routes.probe(on('a'), 2 * partBytes)).to.equal(null);
    viewer.room.bufferMs = 3_999;
    expect(viewer.routes.probe(on('a'), segmentBytes)).to.equal(null);
    viewer.room.bufferMs = 4_000;
    expect(viewer.routes.probe(on('a'), segmentBytes)).to.equal(on('b'));
  });

  it('save up for two parts at most', () => {
    const viewer = new Viewer(['a', 'b', 'c', 'd', 'e']);
    for (let segment = 0; segment < 500; segment += 1) viewer.read(on('a'), 50);
    const probes = Array.from({ length: 4 }, () => viewer.routes.probe(on('a'), segmentBytes));
    expect(probes.map((url) => url !== null)).to.deep.equal([true, true, false, false]);
  });

  for (const by of ['metered', 'saveData'] as const)
    it(`are not made by whom bytes cost something: ${by}`, () => {
      const viewer = new Viewer(['a', 'b', 'c']);
      viewer.read(on('a'), 50);
      viewer.routes.route(on('a'), segmentBytes);
      expect(viewer.routes.look(on('a')), 'else').to.not.equal(on('a'));
      viewer.room.profile[by] = true;
      expect(viewer.routes.look(on('a'))).to.equal(on('a'));
      expect(playFor(viewer, 200).probed).to.deep.equal([]);
    });
});

describe('a second request', () => {
  function hedged(viewer: Viewer, requests: number, isNeeded: boolean): number {
    let hedges = 0;
    for (let request = 0; request < requests; request += 1) {
      const hedge = viewer.routes.hedge(on('a'));
      if (hedge) {
        hedges += 1;
        expect(hedge.url).to.equal(on('b'));
        expect(hedge.afterMs).to.be.within(150, 750);
        if (!isNeeded) viewer.routes.unhedged();
      }
      viewer.read(on('a'), 50);
    }
    return hedges;
  }

  it('is sent for one of fifty at most, and costs nothing where it was not needed', () => {
    const viewer = new Viewer(['a', 'b']);
    viewer.room.bufferMs = 2_000;
    expect(hedged(viewer, 1_000, true)).to.be.within(15, 20);
    expect(hedged(viewer, 1_000, false)).to.be.above(900);
  });

  it('is not saved up for', () => {
    const viewer = new Viewer(['a', 'b']);
    for (let request = 0; request < 1_000; request += 1) viewer.read(on('a'), 50);
    viewer.room.bufferMs = 2_000;
    const hedges = Array.from({ length: 3 }, () => viewer.routes.hedge(on('a')));
    expect(hedges.map((hedge) => hedge !== undefined)).to.deep.equal([true, false, false]);
  });

  it('is for a short buffer, and for another edge', () => {
    for (const [bufferMs, edges] of [
      [null, ['a', 'b']],
      [4_000, ['a', 'b']],
      [1_000, ['a']],
    ] as const) {
      const viewer = new Viewer(edges);
      viewer.room.bufferMs = bufferMs;
      expect(hedged(viewer, 200, true), `${bufferMs} ms, ${edges}`).to.equal(0);
    }
  });

  it('goes out half-way to the deadline of the first', () => {
    const viewer = new Viewer(['a', 'b']);
    for (let request = 0; request < 60; request += 1) viewer.read(on('a'), 200);
    viewer.room.bufferMs = 2_000;
    const { afterMs } = viewer.routes.hedge(on('a')) ?? {};
    expect(afterMs).to.equal((viewer.routes.deadlineMs(on('a')) ?? 0) / 2);
  });
});

describe('what became of reads', () => {
  it('is told once, by edge, as the wire takes it', () => {
    const viewer = new Viewer(['a', 'b', 'c']);
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
