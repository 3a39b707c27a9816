import { expect } from 'chai';
import { CoreViewer, type MessageOf, playlistId, segmentOf, self } from './core-viewer.ts';

const others = ['v1', 'v2', 'v3'];
const sequences = [100, 101, 102, 103, 104, 105, 106, 107];

/** A master that follows the live edge of `playlistId`, in a room of masters. */
function masterOf(playing: readonly string[]): CoreViewer {
  const viewer = new CoreViewer();
  viewer.bringPlaylist({ oldest: 100, count: 8 });
  viewer.join([self, ...others].map((viewerId) => ({ viewerId, role: 'master' })));
  for (const peer of others) {
    const followed = playing.includes(peer) ? playlistId : 'low/playlist.m3u8';
    viewer.says(peer, { type: 'follow', follows: [{ playlistId: followed, version: 1 }] });
  }
  return viewer;
}

/** Of the segments that it wants, those that it reads before anybody's patience ends. */
function readsAtOnce(viewer: CoreViewer): number {
  for (const sequence of sequences) viewer.wantSegment(sequence);
  for (const peer of others)
    for (const sequence of sequences) viewer.says(peer, nothingOf(sequence));
  viewer.wait(100);
  return viewer.take('fetchSegment').length;
}

function nothingOf(sequence: number): MessageOf<'holding'> {
  return {
    type: 'holding',
    segment: segmentOf(sequence),
    sizeBytes: null,
    parts: [],
    complete: false,
    fetching: false,
  };
}

describe('members on different renditions', () => {
  it('elect the fetcher among those that play it, or every viewer would read what it has no use for', () => {
    // The player keeps one of its own choice among the newest four for the others.
    const alone = masterOf([]);
    expect(readsAtOnce(alone)).to.equal(sequences.length);
    const shared = readsAtOnce(masterOf(others));
    expect(shared).to.be.within(1, sequences.length - 1);
  });

  it('read at once for others what all take them to play, whether or not their player wants it now', () => {
    const viewer = masterOf([]);
    const newest = sequences.slice(-4);
    for (const sequence of newest)
      viewer.says('v1', { type: 'want', segment: segmentOf(sequence) });
    // Time for the others to say what they hold; whoever comes second waits longer.
    viewer.wait(250);
    expect(viewer.take('fetchSegment')).to.have.length(newest.length);
  });

  it('stop reading for one that has got it elsewhere', () => {
    const viewer = masterOf(['v1']);
    viewer.says('v1', { type: 'want', segment: segmentOf(107) });
    viewer.says('v2', { ...nothingOf(107), fetching: true });
    viewer.wait(100);
    viewer.says('v1', { ...nothingOf(107), sizeBytes: 1_000, complete: true });
    viewer.wait(10_000);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
  });

  it('tell masters of the end of a segment, who may be about to read it for them', () => {
    const viewer = new CoreViewer();
    const masters = others.map((viewerId) => ({ viewerId, role: 'master' as const }));
    viewer.join([{ viewerId: self }, ...masters, { viewerId: 'v5' }]);
    // It follows the playlist, and has not asked for this one.
    viewer.says('v2', { type: 'follow', follows: [{ playlistId, version: 1 }] });
    viewer.says('v3', { ...nothingOf(100), sizeBytes: 1_000, complete: true });
    viewer.bring(100, 1_000);
    const told = viewer.sent('holding').filter(({ complete }) => complete);
    expect(told.map(({ peer }) => peer)).to.deep.equal(['v1', 'v2']);
  });
});

describe('a viewer far behind the live edge', () => {
  const wanted = segmentOf(100);

  it('reads what only it wants as soon as nobody has it, whoever is a master', () => {
    const viewer = new CoreViewer();
    viewer.bringPlaylist({ oldest: 100, count: 50, ended: true });
    const masters = others.map((viewerId) => ({ viewerId, role: 'master' as const }));
    viewer.join([{ viewerId: self }, ...masters]);
    viewer.wantSegment(100);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
    for (const peer of others) viewer.says(peer, nothingOf(100));
    expect(viewer.take('fetchSegment')).to.have.length(1);
  });

  it('takes it from the one that holds it, waiting for the descriptor that vouches for it', () => {
    const viewer = new CoreViewer();
    viewer.bringPlaylist({ oldest: 100, count: 50, ended: true });
    viewer.join([{ viewerId: self }, { viewerId: 'v1' }, { viewerId: 'v2', role: 'master' }]);
    const integrity = { mode: 'attested' as const, keys: [] };
    viewer.tell({ type: 'frameReceived', frame: { type: 'integrity', integrity } });
    viewer.wantSegment(100);
    const asked = viewer.take('sendFrame').map(({ frame }) => frame);
    expect(asked).to.deep.include({ type: 'attest', segmentId: wanted });
    viewer.says('v2', nothingOf(100));
    viewer.says('v1', { ...nothingOf(100), sizeBytes: 1_000, complete: true });
    viewer.wait(400);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
    viewer.tell({ type: 'segmentVouched', segmentId: wanted, sizeBytes: 1_000 });
    expect(viewer.sent('request').map(({ peer }) => peer)).to.deep.equal(['v1']);
  });
});
