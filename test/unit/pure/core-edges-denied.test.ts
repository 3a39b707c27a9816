import { expect } from 'chai';
import { alone, EdgesViewer, hostOf, near, threeEdges, unavailable } from './core-edges-viewer.ts';
import { playlistText } from './core-viewer.ts';
import { listingOf } from './edge-listings.ts';

const notFound = { status: 404, reason: 'status' } as const;

/** Of a recording, and so of nothing that is to come, on three edges of which `b` is the best. */
function viewerOf(options: object): EdgesViewer {
  const viewer = new EdgesViewer(threeEdges(), options);
  if (options !== alone)
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }, { viewerId: 'v2' }]);
  return viewer;
}

/** Answers all for so long, or until the player is told; these hosts deny what is of a kind. Returns those asked for it. */
function serve(
  viewer: EdgesViewer,
  kind: 'segments' | 'playlists',
  denying: readonly string[],
  forMs = 2_000,
): string[] {
  const asked = { segments: [] as string[], playlists: [] as string[] };
  const isDenied = (of: typeof kind, url: string): boolean => {
    const host = hostOf({ url });
    asked[of].push(host);
    return of === kind && denying.includes(host);
  };
  const told = () => viewer.effects.some(({ type }) => /^(deliver|fail)/.test(type));
  for (const untilMs = viewer.nowMs + forMs; viewer.nowMs < untilMs && !told(); viewer.wait(20)) {
    for (const fetch of viewer.take('fetchSegment')) {
      if (isDenied('segments', fetch.url)) viewer.fail(fetch, notFound);
      else {
        viewer.answer(fetch, 20);
        viewer.give(fetch);
      }
    }
    for (const { fetchId, url } of viewer.take('fetchPlaylist')) {
      const text = playlistText({ oldest: 0, count: 300, ended: true });
      if (isDenied('playlists', url))
        viewer.tell({ type: 'playlistFailed', fetchId, failure: notFound });
      else viewer.tell({ type: 'playlistFetched', fetchId, text });
    }
  }
  return asked[kind];
}

function failuresOf(viewer: EdgesViewer): Record<string, number> {
  viewer.wait(6_000);
  const outcomes = viewer
    .take('sendFrame')
    .flatMap(({ frame }) => (frame.type === 'report' ? (frame.edgeOutcomes ?? []) : []));
  const failing = outcomes.filter(({ failureCount }) => failureCount > 0);
  return Object.fromEntries(failing.map(({ edgeId, failureCount }) => [edgeId, failureCount]));
}

for (const options of [alone, {}])
  describe(`core: what an edge denies that need not be there, to ${options === alone ? 'a lone viewer' : 'a member'}`, () => {
    it('is asked of another, which has it; the first is to blame and is left', () => {
      const viewer = viewerOf(options);
      viewer.bringPlaylist({ oldest: 0, count: 300, ended: true });
      viewer.wantSegment(50);
      expect(serve(viewer, 'segments', ['b'])).to.deep.equal(['b', 'c']);
      expect(viewer.take('deliverSegment')).to.have.length(1);
      expect(viewer.take('failSegment')).to.deep.equal([]);
      viewer.wantSegment(51);
      expect(serve(viewer, 'segments', ['b'])).to.deep.equal(['c']);
      expect(failuresOf(viewer)).to.deep.equal({ b: 1 });
    });

    it('is not there where a second one says so, too, which is no fault of theirs', () => {
      const viewer = viewerOf(options);
      viewer.bringPlaylist({ oldest: 0, count: 300, ended: true });
      for (const sequence of [50, 51]) {
        viewer.wantSegment(sequence);
        expect(serve(viewer, 'segments', ['b', 'c', 'edge'])).to.deep.equal(['b', 'c']);
        expect(viewer.take('failSegment').map(({ failure }) => failure.status)).to.deep.equal([
          404,
        ]);
      }
      expect(viewer.take('edge').every(({ health }) => health === 'healthy')).to.equal(true);
      viewer.wantSegment(52);
      expect(serve(viewer, 'segments', []), 'and the best is read from').to.deep.equal(['b']);
      expect(failuresOf(viewer)).to.deep.equal({});
    });

    it('is no fault of one that has it after all', () => {
      const viewer = viewerOf(options);
      viewer.list(threeEdges().slice(0, 2));
      viewer.bringPlaylist({ oldest: 0, count: 300, ended: true });
      viewer.wantSegment(50);
      if (options !== alone) viewer.wait(400);
      const asked: string[] = [];
      while (asked.length < 4 && viewer.take('deliverSegment').length === 0) {
        for (const fetch of viewer.take('fetchSegment')) {
          asked.push(hostOf(fetch));
          if (hostOf(fetch) === 'edge') viewer.fail(fetch, unavailable);
          else if (asked.length === 1) viewer.fail(fetch, notFound);
          else {
            viewer.answer(fetch, 20);
            viewer.give(fetch);
          }
        }
        viewer.wait(100);
      }
      expect(asked).to.deep.equal(['b', 'edge', 'edge', 'b']);
      expect(failuresOf(viewer)).to.deep.equal({ edge: 2 });
    });

    it('is asked of another where it is a playlist, and the first is to blame', () => {
      const viewer = viewerOf(options);
      viewer.wantPlaylist();
      expect(serve(viewer, 'playlists', ['b'], 3_000)).to.deep.equal(['b', 'c']);
      expect(viewer.take('deliverPlaylist')).to.have.length(1);
      expect(viewer.take('failPlaylist')).to.deep.equal([]);
      viewer.wantSegment(50);
      expect(serve(viewer, 'segments', [])).to.deep.equal(['c']);
      expect(failuresOf(viewer)).to.deep.equal({ b: 1 });
    });
  });

describe('core: a playlist that edges deny', () => {
  it('is not there where two say so, which is no fault of theirs', () => {
    const viewer = viewerOf(alone);
    viewer.wantPlaylist();
    expect(serve(viewer, 'playlists', ['b', 'c', 'edge'], 3_000)).to.deep.equal(['b', 'c']);
    expect(viewer.take('failPlaylist').map(({ failure }) => failure.status)).to.deep.equal([404]);
    expect(failuresOf(viewer)).to.deep.equal({});
  });

  for (const edges of [['edge'], ['edge', 'b']])
    for (const options of [alone, {}])
      it(`is asked for again, but not in a loop, ${options === alone ? 'by a lone viewer' : 'by a member'} of ${edges.length}`, () => {
        const viewer = new EdgesViewer(
          edges.map((each) => listingOf(each, each === 'b' ? near : {})),
          options,
        );
        if (options !== alone)
          viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
        viewer.bring(10, 500_000);
        viewer.wantPlaylist();
        // The player has given up, or asks again.
        for (const asksAgain of [false, true]) {
          let asked = 0;
          for (let second = 0; second < 20; second += 1) {
            asked += serve(viewer, 'playlists', ['edge', 'b'], 1_000).length;
            if (viewer.take('failPlaylist').length > 0 && asksAgain) viewer.wantPlaylist();
          }
          expect(asked).to.be.within(0, 60);
          viewer.wantPlaylist();
        }
      });
});
