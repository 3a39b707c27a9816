import { expect } from 'chai';
import type { FetchFailure } from '../../../sdk/core/events.ts';
import type { EdgeListing } from '../../../signaling/protocol/edges.ts';
import {
  alone,
  EdgesViewer,
  hostOf,
  sizeBytes,
  threeEdges,
  timeout,
  unavailable,
} from './core-edges-viewer.ts';
import { segmentOf } from './core-viewer.ts';
import { listingOf } from './edge-listings.ts';

describe('core: reads of a viewer with several edges', () => {
  it('go to the edge that is best, whichever the player names, under the same ids', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.wantSegment(100);
    const fetch = viewer.read();
    expect(fetch.url).to.equal('https://b.example/live/high/100.m4s');
    expect(fetch.segmentId).to.equal(segmentOf(100));
    viewer.answer(fetch, 20);
    viewer.give(fetch);
    const [delivered] = viewer.take('deliverSegment');
    expect(delivered).to.include({ segmentId: segmentOf(100), bytesFromEdge: sizeBytes });
    expect(viewer.segment(100)?.heldShare).to.equal(1);
    expect(viewer.load(101)).to.deep.equal(['b']);
  });

  it('go where the player says before edges are listed, and where it names none of them', () => {
    const viewer = new EdgesViewer([]);
    expect(viewer.load(100)).to.deep.equal(['edge']);
    viewer.list(threeEdges().slice(1));
    expect(viewer.load(101)).to.deep.equal(['edge']);
    expect(viewer.take('edge')).to.deep.equal([]);
  });

  it('of playlists go to the same edge, or to one of which more is to be known', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.changeProfile({ metered: true });
    viewer.wantPlaylist();
    const [first] = viewer.take('fetchPlaylist');
    expect(first?.url).to.equal('https://b.example/live/high/playlist.m3u8');
    const curious = new EdgesViewer([...threeEdges().slice(0, 2), listingOf('unknown')]);
    const hosts = new Set<string>();
    for (let sequence = 100; sequence < 200; sequence += 1) {
      curious.wantPlaylist();
      for (const fetch of curious.take('fetchPlaylist')) {
        hosts.add(hostOf(fetch));
        curious.answerPlaylist(fetch, sequence, 100);
      }
      expect(curious.load(sequence, 100)).to.include('b');
      curious.wait(2_000);
    }
    expect([...hosts].sort()).to.deep.equal(['b', 'unknown']);
  });

  it('of what the publisher signed go to the same edge', () => {
    const viewer = new EdgesViewer(threeEdges(), { integrityMin: 'signed' });
    viewer.wantPlaylist();
    viewer.load(100);
    const [read] = viewer.take('readDescriptors');
    expect(read?.url).to.equal('https://b.example/live/high/holdfast.jsonl');
    expect(read?.segmentIds).to.deep.equal([segmentOf(100)]);
  });

  it('are told to the app and to the server by the edge, when that is another one', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.load(100);
    const told = viewer.take('edge').map(({ health, edgeId }) => [health, edgeId]);
    expect(told).to.deep.equal([['healthy', 'b']]);
    viewer.load(101);
    expect(viewer.take('edge')).to.deep.equal([]);
    const reports = () =>
      viewer.take('sendFrame').flatMap(({ frame }) => (frame.type === 'report' ? [frame] : []));
    viewer.wait(5_000);
    const report = reports().at(-1);
    expect(report?.edgeId).to.equal('b');
    const [outcome] = report?.edgeOutcomes ?? [];
    expect(outcome).to.include({ edgeId: 'b', successCount: 2, failureCount: 0, firstByteMs: 20 });
    expect(outcome?.sample?.completedMs).to.equal(70);
    viewer.wait(5_000);
    expect(reports().at(-1)?.edgeOutcomes, 'told once').to.equal(undefined);
    viewer.wantSegment(102);
    viewer.fail(viewer.read(), timeout);
    expect(viewer.take('edge').map(({ health, edgeId }) => [health, edgeId])).to.deep.equal([
      ['healthy', 'c'],
    ]);
    viewer.wait(5_000);
    expect(reports().map(({ edgeId }) => edgeId)).to.deep.equal(['c']);
  });

  it('go elsewhere once the edge is not listed any more', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.load(100);
    viewer.list(threeEdges().filter(({ edgeId }) => edgeId !== 'b'));
    expect(viewer.load(101)).to.deep.equal(['c']);
    expect(viewer.edgeId).to.equal('c');
  });

  it('wait for the first byte of an edge no longer than its past suggests, unless there is but one', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.load(100, 20);
    viewer.wantSegment(101);
    const fetch = viewer.read();
    expect(fetch).to.include({ firstByteWithinMs: 300, stalledAfterMs: 1_500 });
    viewer.answer(fetch, 20);
    viewer.give(fetch);
    viewer.list(threeEdges().filter(({ edgeId }) => edgeId === 'b'));
    viewer.wantSegment(102);
    expect(viewer.read().firstByteWithinMs).to.equal(10_000);
  });
});

describe('core: an edge that fails while others are left', () => {
  const stalled: FetchFailure = { status: null, reason: 'stalled' };
  const refused: FetchFailure = { status: null, reason: 'network' };
  for (const failure of [timeout, stalled, refused, unavailable, { ...unavailable, status: 404 }])
    for (const options of [{}, alone])
      it(`is left at once by ${options === alone ? 'a lone viewer' : 'a member'}: ${failure.status ?? failure.reason}`, () => {
        const viewer = new EdgesViewer(threeEdges(), options);
        viewer.bringPlaylist({ oldest: 98, count: 6 });
        viewer.load(100);
        viewer.wantSegment(101);
        const hosts: string[] = [];
        const { nowMs } = viewer;
        for (let count = 0; count < 3; count += 1) {
          const fetch = viewer.read();
          hosts.push(hostOf(fetch));
          expect(fetch).to.include({ segmentId: segmentOf(101), partFrom: 0, partTo: null });
          expect(viewer.nowMs, 'no waiting').to.equal(nowMs);
          if (count < 2) viewer.fail(fetch, failure);
          else {
            viewer.answer(fetch, 20);
            viewer.give(fetch);
          }
        }
        expect(hosts).to.deep.equal(['b', 'c', 'edge']);
        expect(viewer.take('failSegment')).to.deep.equal([]);
        expect(viewer.take('deliverSegment')).to.have.length(2);
        expect(viewer.load(102), 'the one that answered').to.deep.equal(['edge']);
      });

  it('goes on where it stopped', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.wantSegment(100);
    const fetch = viewer.read();
    viewer.answer(fetch, 20);
    for (let part = 0; part < 5; part += 1)
      viewer.tell({ type: 'fetchPart', fetchId: fetch.fetchId, part, bytes: 32_768 });
    viewer.fail(fetch, stalled);
    const next = viewer.read();
    expect([hostOf(next), next.partFrom, next.partTo]).to.deep.equal(['c', 5, null]);
  });

  for (const [kind, message] of [
    ['fetchSegment', 'unable'],
    ['fetchPlaylist', 'playlistUnable'],
  ] as const)
    it(`is left without a word to others, who are told when a second one fails: ${kind}`, () => {
      const viewer = new EdgesViewer(threeEdges());
      viewer.bringPlaylist({ oldest: 98, count: 6 });
      viewer.join([
        { viewerId: 'v4', role: 'master' },
        { viewerId: 'v1', role: 'master' },
      ]);
      viewer.wantPlaylist();
      if (kind === 'fetchSegment') viewer.wantSegment(103);
      viewer.wait(3_000);
      const asked: string[] = [];
      const fail = () => {
        const [fetch] = viewer.take(kind);
        asked.push(fetch ? hostOf(fetch) : '');
        const { fetchId } = fetch ?? { fetchId: 0 };
        const type = kind === 'fetchSegment' ? 'fetchFailed' : 'playlistFailed';
        viewer.tell({ type, fetchId, failure: unavailable });
      };
      fail();
      expect(viewer.sent(message)).to.deep.equal([]);
      fail();
      expect(viewer.sent(message), 'a second one').to.have.length(1);
      viewer.wait(1_000);
      fail();
      expect(asked.sort()).to.deep.equal(['b', 'c', 'edge']);
    });

  it('is left at once for a playlist that peers bring, too', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.bringPlaylist({ oldest: 98, count: 6 });
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.wantSegment(101);
    viewer.wait(400);
    const segment = viewer.read();
    viewer.answer(segment, 20);
    viewer.give(segment);
    viewer.wantPlaylist();
    for (let oldest = 99; oldest < 102; oldest += 1) {
      while (viewer.take('deliverPlaylist').length === 0) {
        for (const fetch of viewer.take('fetchPlaylist')) viewer.answerPlaylist(fetch, oldest);
        viewer.wait(100);
      }
      viewer.wantPlaylist();
    }
    let fetch = viewer.take('fetchPlaylist')[0];
    for (; !fetch; fetch = viewer.take('fetchPlaylist')[0]) viewer.wait(20);
    const { fetchId } = fetch;
    viewer.tell({ type: 'playlistFailed', fetchId, failure: timeout });
    const [next] = viewer.take('fetchPlaylist');
    expect(next && hostOf(next)).to.be.oneOf(['b', 'c', 'edge']);
    expect(next && hostOf(next)).to.not.equal(hostOf(fetch));
  });

  describe('for it gives too little', () => {
    const everyMs = 300;

    /** Reads a segment from the edge of which parts come slowly; returns where the rest is read from, and from when. */
    function crawl(edges = threeEdges(), options = {}, partMs = everyMs, laterMs = partMs) {
      const viewer = new EdgesViewer(edges, options);
      viewer.wantSegment(100);
      let fetch = viewer.read();
      const moves: { host: string; atMs: number; partFrom: number }[] = [];
      viewer.answer(fetch, 20);
      const startedAtMs = viewer.nowMs;
      for (let part = 0; part < 16; part += 1) {
        viewer.wait(moves.length > 0 ? laterMs : partMs);
        const [next, ...others] = viewer.take('fetchSegment');
        expect(others).to.deep.equal([]);
        if (next) {
          expect(viewer.take('abortFetch').map(({ fetchId }) => fetchId)).to.include(fetch.fetchId);
          moves.push({
            ...{ host: hostOf(next), partFrom: next.partFrom },
            atMs: viewer.nowMs - startedAtMs,
          });
          fetch = next;
          part = next.partFrom;
          viewer.answer(fetch, 20);
        }
        viewer.tell({ type: 'fetchPart', fetchId: fetch.fetchId, part, bytes: 32_768 });
      }
      viewer.tell({ type: 'fetchEnded', fetchId: fetch.fetchId, sizeBytes });
      expect(viewer.take('deliverSegment')).to.have.length(1);
      return { viewer, moves };
    }

    for (const options of [{}, alone])
      it(`is left for one that would give the rest much sooner, once a segment, by ${options === alone ? 'a lone viewer' : 'a member'}`, () => {
        expect(crawl(threeEdges(), options).moves, 'if all do').to.have.length(1);
        const { viewer, moves } = crawl(threeEdges(), options, everyMs, 10);
        expect(moves.map(({ host, partFrom }) => [host, partFrom])).to.deep.equal([['c', 3]]);
        expect(moves[0]?.atMs).to.be.within(1_000, 1_400);
        viewer.wait(6_000);
        const reports = viewer
          .take('sendFrame')
          .flatMap(({ frame }) => (frame.type === 'report' ? (frame.edgeOutcomes ?? []) : []));
        const b = reports.find(({ edgeId }) => edgeId === 'b');
        expect(b, 'which it is told').to.include({ successCount: 1, failureCount: 0 });
        expect(b?.bytesPerMs).to.be.within(70, 130);
        expect(viewer.load(101)).to.not.include('b');
      });

    it('is not left where others give no more, or it gives enough', () => {
      const slow = { prior: { firstByteMs: 60, bytesPerMs: 60 } };
      const [, b, ...others] = threeEdges();
      const edges = [...(b ? [b] : []), ...others.map((each) => ({ ...each, ...slow }))];
      const named = [{ ...threeEdges()[0], ...slow } as EdgeListing, ...edges];
      expect(crawl(named).moves).to.deep.equal([]);
      expect(crawl(threeEdges(), {}, 60).moves).to.deep.equal([]);
    });
  });

  it('is not blamed, nor is any, where it is the network of the viewer that is gone', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.load(100);
    viewer.take('sendFrame');
    viewer.wantSegment(101);
    const failure: FetchFailure = { status: null, reason: 'offline' };
    let reads = 0;
    for (let passedMs = 0; passedMs < 10_000; passedMs += 100) {
      for (const fetch of viewer.take('fetchSegment')) {
        expect(hostOf(fetch)).to.equal('b');
        reads += 1;
        viewer.fail(fetch, failure);
      }
      viewer.wait(100);
    }
    expect(reads).to.be.within(5, 12);
    const outcomes = viewer
      .take('sendFrame')
      .flatMap(({ frame }) => (frame.type === 'report' ? (frame.edgeOutcomes ?? []) : []));
    expect(outcomes.filter(({ failureCount }) => failureCount > 0)).to.deep.equal([]);
  });
});
