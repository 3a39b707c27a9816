import { expect } from 'chai';
import type { EdgeListing } from '../../../signaling/protocol/edges.ts';
import {
  alone,
  EdgesViewer,
  hostOf,
  threeEdges,
  timeout,
  unavailable,
} from './core-edges-viewer.ts';
import { listingOf } from './edge-listings.ts';

describe('core: edges that all fail', () => {
  /** Fails all that is asked for so long; returns the hosts in order, with when. */
  function failAll(viewer: EdgesViewer, forMs: number, failure = timeout) {
    const asked: { host: string; atMs: number }[] = [];
    for (let passedMs = 0; passedMs < forMs; passedMs += 20) {
      for (const fetch of viewer.take('fetchSegment')) {
        asked.push({ host: hostOf(fetch), atMs: viewer.nowMs });
        viewer.fail(fetch, failure);
      }
      for (const fetch of viewer.take('fetchPlaylist')) {
        asked.push({ host: hostOf(fetch), atMs: viewer.nowMs });
        viewer.tell({ type: 'playlistFailed', fetchId: fetch.fetchId, failure });
      }
      viewer.wait(20);
    }
    return asked;
  }

  for (const failure of [timeout, unavailable])
    it(`fail a lone viewer's load, but not before each was asked: ${failure.reason}`, () => {
      const viewer = new EdgesViewer(threeEdges(), alone);
      viewer.wantSegment(100);
      const asked: string[] = [];
      while (viewer.take('failSegment').length === 0) {
        for (const fetch of viewer.take('fetchSegment')) {
          asked.push(hostOf(fetch));
          viewer.fail(fetch, failure);
        }
        viewer.wait(20);
        expect(asked.length).to.be.below(8);
      }
      expect(new Set(asked).size).to.equal(3);
    });

  it('are not waited for as long as a single one, which nobody could stand in for', () => {
    const longest = (edges: EdgeListing[]): number => {
      const viewer = new EdgesViewer(edges, alone);
      let longestMs = 0;
      for (let sequence = 100; sequence < 110; sequence += 1) {
        viewer.wantSegment(sequence);
        for (let passedMs = 0; passedMs < 2_000; passedMs += 20) {
          for (const fetch of viewer.take('fetchSegment')) {
            longestMs = Math.max(longestMs, fetch.firstByteWithinMs);
            viewer.fail(fetch, timeout);
          }
          viewer.wait(20);
        }
      }
      return longestMs;
    };
    expect(longest(threeEdges().slice(0, 1))).to.equal(10_000);
    expect(longest(threeEdges())).to.be.within(1_500, 4_000);
  });

  it('hold the loads of a member, and are probed in turns, each of them', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.bringPlaylist({ oldest: 98, count: 6 });
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.wantPlaylist();
    viewer.wantSegment(101);
    failAll(viewer, 10_000);
    expect(viewer.take('edge').at(-1)?.health).to.equal('dark');
    const asked = failAll(viewer, 60_000);
    // Every second turn is its own.
    expect(asked.length).to.be.within(25, 36);
    for (const host of ['edge', 'b', 'c'])
      expect(asked.filter((each) => each.host === host).length, host).to.be.above(6);
    expect(viewer.take('failSegment')).to.deep.equal([]);
    expect(viewer.take('failPlaylist')).to.deep.equal([]);
  });

  it('are probed in turns where the one that the player names is not offered', () => {
    const edges = threeEdges().map((edge) => ({ ...edge, kpis: { computeCores: 4 } }));
    const needs = { minimum: { computeCores: 2 }, expected: {}, isStrict: true };
    const unfit = edges.map((edge, index) => (index === 0 ? { ...edge, kpis: {} } : edge));
    const viewer = new EdgesViewer(unfit, { edgeNeeds: needs });
    viewer.bringPlaylist({ oldest: 98, count: 6 });
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.wantPlaylist();
    viewer.wantSegment(101);
    failAll(viewer, 10_000);
    viewer.take('edge');
    const asked = failAll(viewer, 60_000);
    expect(asked.length).to.be.within(25, 36);
    expect(new Set(asked.map(({ host }) => host))).to.deep.equal(new Set(['b', 'c']));
    expect(viewer.take('edge'), 'which of them is no news').to.deep.equal([]);
  });

  it('are left at once when another is listed, whoever has the turn', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.bringPlaylist({ oldest: 98, count: 6 });
    const others = Array.from({ length: 20 }, (_, index) => ({ viewerId: `w${index}` }));
    viewer.join([{ viewerId: 'v4', role: 'master' }, ...others]);
    viewer.wantSegment(101);
    failAll(viewer, 12_000);
    failAll(viewer, 1_000);
    viewer.effects = [];
    viewer.list([...threeEdges(), listingOf('spare')]);
    expect(hostOf(viewer.read())).to.equal('spare');
    expect(viewer.edgeId).to.equal('spare');
  });

  it('are read from again with the first that answers', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.bringPlaylist({ oldest: 98, count: 6 });
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.wantPlaylist();
    viewer.wantSegment(101);
    failAll(viewer, 30_000);
    const until = viewer.nowMs + 8_000;
    while (viewer.nowMs < until && viewer.take('deliverSegment').length === 0) {
      for (const fetch of viewer.take('fetchSegment'))
        if (hostOf(fetch) !== 'edge') viewer.fail(fetch, timeout);
        else {
          viewer.answer(fetch, 20);
          viewer.give(fetch);
        }
      for (const fetch of viewer.take('fetchPlaylist')) {
        const { fetchId } = fetch;
        if (hostOf(fetch) !== 'edge')
          viewer.tell({ type: 'playlistFailed', fetchId, failure: timeout });
        else viewer.answerPlaylist(fetch, 99);
      }
      viewer.wait(20);
    }
    expect(viewer.nowMs).to.be.below(until);
    expect(viewer.edgeId).to.equal('edge');
  });

  it('end a playlist that never came as one edge would', () => {
    const viewer = new EdgesViewer(threeEdges(), alone);
    viewer.wantPlaylist();
    const asked = failAll(viewer, 3_000, unavailable);
    expect(new Set(asked.map(({ host }) => host)).size).to.equal(3);
    expect(viewer.take('failPlaylist').map(({ failure }) => failure.status)).to.deep.equal([503]);
  });
});
