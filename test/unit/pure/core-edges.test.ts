import { expect } from 'chai';
import type { FetchFailure } from '../../../sdk/core/events.ts';
import {
  EdgesViewer,
  hostOf,
  sizeBytes,
  threeEdges,
  timeout,
  unavailable,
} from './core-edges-viewer.ts';
import { playlistText, segmentOf } from './core-viewer.ts';
import { listingOf } from './edge-listings.ts';

const alone = {
  profile: {
    metered: false,
    saveData: false,
    uploadAllowed: true,
    peersAllowed: false,
    batteryLevel: null,
  },
};

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

  it('is left for playlists at once as well, and no member is told that it cannot read', () => {
    const viewer = new EdgesViewer(threeEdges());
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.wantPlaylist();
    viewer.wantSegment(101);
    viewer.wait(400);
    viewer.effects = viewer.effects.filter(({ type }) => type.startsWith('fetch'));
    const { nowMs } = viewer;
    const hosts: string[] = [];
    for (let fetch = viewer.take('fetchPlaylist')[0]; fetch && hosts.length < 2; ) {
      hosts.push(hostOf(fetch));
      viewer.tell({ type: 'playlistFailed', fetchId: fetch.fetchId, failure: unavailable });
      [fetch] = viewer.take('fetchPlaylist');
    }
    expect(new Set(hosts).size).to.equal(2);
    viewer.fail(viewer.read(), unavailable);
    expect(viewer.take('fetchSegment')).to.have.length(1);
    expect(viewer.nowMs).to.equal(nowMs);
    expect([...viewer.sent('unable'), ...viewer.sent('playlistUnable')]).to.deep.equal([]);
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
    expect(playlistText({ oldest: 1 })).to.be.a('string');
  });
});
