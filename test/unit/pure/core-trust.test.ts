import { expect } from 'chai';
import { CoreViewer, type PlaylistSpec, playlistId, playlistText } from './core-viewer.ts';

/** A viewer in a room with one master, which has an own copy of segments 100 to 102. */
function fedViewer(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join([{ viewerId: 'v1', role: 'master' }, { viewerId: 'v4' }]);
  viewer.wantPlaylist();
  answer(viewer, { oldest: 100 });
  return viewer;
}

/** The own edge answers what was asked of it; returns how many times it was. */
function answer(viewer: CoreViewer, spec: PlaylistSpec): number {
  const fetches = viewer.take('fetchPlaylist');
  for (const { fetchId } of fetches)
    viewer.tell({ type: 'playlistFetched', fetchId, text: playlistText(spec) });
  return fetches.length;
}

function send(viewer: CoreViewer, spec: PlaylistSpec): void {
  viewer.says('v1', { type: 'playlist', playlistId, text: playlistText(spec) });
}

/** What the player gets when it asks now. */
function delivered(viewer: CoreViewer): string[] {
  viewer.take('deliverPlaylist');
  viewer.wantPlaylist();
  return viewer.take('deliverPlaylist').map(({ text }) => text);
}

describe('playlists from peers', () => {
  it('are taken when they can be right', () => {
    const viewer = fedViewer();
    viewer.wait(2_000);
    send(viewer, { oldest: 101 });
    expect(viewer.refusedPeers).to.deep.equal([]);
    expect(delivered(viewer)).to.deep.equal([playlistText({ oldest: 101 })]);
  });

  const contrary: [string, PlaylistSpec][] = [
    ['another target duration', { oldest: 101, targetSeconds: 3 }],
    ['segments of a foreign host', { oldest: 101, uri: (n) => `https://evil.example/${n}.m4s` }],
    ['a host without scheme', { oldest: 101, uri: (n) => `//evil.example/${n}.m4s` }],
    ['another scheme', { oldest: 101, uri: () => 'data:video/mp4;base64,AAAA' }],
  ];
  for (const [name, spec] of contrary) {
    it(`are not taken, nor anything more of their sender, with ${name}`, () => {
      const viewer = fedViewer();
      send(viewer, spec);
      expect(viewer.refusedPeers).to.deep.equal(['v1']);
      expect(viewer.take('closeLink'), 'it may have been deceived itself').to.deep.equal([]);
      viewer.wait(2_000);
      send(viewer, { oldest: 101 });
      expect(delivered(viewer)).to.deep.equal([]);
    });
  }

  it('ban their sender for too many segments', () => {
    const viewer = fedViewer();
    send(viewer, { oldest: 101, count: 5_001 });
    expect(viewer.refusedPeers).to.deep.equal(['v1']);
    expect(viewer.take('closeLink')).to.have.length(1);
  });

  it('ban their sender for a target duration that nobody uses, whatever is known', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v1', role: 'master' }, { viewerId: 'v4' }]);
    viewer.wantPlaylist();
    send(viewer, { oldest: 101, targetSeconds: 61 });
    expect(viewer.refusedPeers).to.deep.equal(['v1']);
  });

  const doubtful: [string, PlaylistSpec][] = [
    ['far ahead', { oldest: 1_000 }],
    ['where numbers do not count on', { oldest: Number.MAX_SAFE_INTEGER / 1_000 - 10 }],
    ['that end the stream', { oldest: 101, ended: true }],
    ['with URIs that browsers read as another host', { oldest: 101, uri: (n) => `/\\evil/${n}` }],
    ['that name other resources', { oldest: 101, uri: (n) => `other/${n}.m4s` }],
  ];
  for (const [name, spec] of doubtful) {
    it(`are left to the own edge when they are ${name}`, () => {
      const viewer = fedViewer();
      send(viewer, spec);
      expect(viewer.refusedPeers).to.deep.equal([]);
      expect(delivered(viewer)).to.deep.equal([]);
      viewer.wait(2_500);
      expect(answer(viewer, { oldest: 101 }), 'looks for itself').to.be.at.least(1);
      send(viewer, { oldest: 102 });
      expect(delivered(viewer)).to.deep.equal([playlistText({ oldest: 102 })]);
    });
  }

  it('may have grown while nothing was heard', () => {
    const viewer = fedViewer();
    for (const { fetchId } of viewer.take('fetchPlaylist'))
      viewer.tell({ type: 'playlistFailed', fetchId, failure: { status: 500, reason: 'status' } });
    viewer.wait(20_000);
    send(viewer, { oldest: 118 });
    expect(delivered(viewer)).to.deep.equal([playlistText({ oldest: 118 })]);
  });

  it('do not keep a viewer from its own edge for ever', () => {
    const viewer = fedViewer();
    let asked = 0;
    for (let step = 1; step <= 60; step += 1) {
      viewer.wait(2_000);
      send(viewer, { oldest: 100 + step });
      viewer.wantPlaylist();
      asked += answer(viewer, { oldest: 100 + step });
    }
    expect(viewer.refusedPeers).to.deep.equal([]);
    expect(asked, 'polls in 60 target durations').to.be.within(4, 8);
  });

  it('give way to the own edge, and their sender is not heard for a while, when it says otherwise', () => {
    const viewer = fedViewer();
    let step = 0;
    while (viewer.refusedPeers.length === 0 && step < 20) {
      step += 1;
      viewer.wait(2_000);
      // Ahead of what the own edge said last, so that nothing can be compared yet.
      send(viewer, { oldest: 103 + step, uri: (n) => `forged-${n}.m4s` });
      viewer.wantPlaylist();
      answer(viewer, { oldest: 102 + step });
    }
    expect(viewer.refusedPeers).to.deep.equal(['v1']);
    expect(viewer.take('closeLink')).to.deep.equal([]);
    expect(step, 'target durations').to.be.at.most(12);
    expect(delivered(viewer)).to.deep.equal([playlistText({ oldest: 102 + step })]);
  });

  it('never take long to read', () => {
    const viewer = fedViewer();
    const startMs = performance.now();
    viewer.wait(2_500);
    answer(viewer, { oldest: 9_000_000_000 });
    answer(viewer, { oldest: Number.MAX_SAFE_INTEGER - 5 });
    expect(performance.now() - startMs).to.be.below(1_000);
  });
});
