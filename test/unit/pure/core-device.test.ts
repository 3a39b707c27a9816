import { expect } from 'chai';
import * as timings from '../../../sdk/core/room/device-timings.ts';
import { CoreViewer, playlistId, playlistText, segmentOf, self } from './core-viewer.ts';

/** A slave that is fed by `m`, with `s` next in line, or first itself. */
function slave(line = ['m', 's', self], isSite = false): CoreViewer {
  const viewer = new CoreViewer({ isSite });
  viewer.join([{ viewerId: self }]);
  viewer.follow(line, line.indexOf(self) === 1 ? 'secondary' : 'slave');
  viewer.take('watchViewer');
  return viewer;
}

function near(viewer = slave()): CoreViewer {
  viewer.tell({ type: 'masterNear', viewerId: 'm' });
  return viewer;
}

const gives = { text: '', sizeBytes: 40_000, transferMs: 120, firstByteMs: 30 };
const asked = (viewer: CoreViewer) => viewer.take('askMaster').map(({ wanted }) => wanted.loadId);
const lost = (viewer: CoreViewer) =>
  viewer
    .take('sendFrame')
    .flatMap(({ frame }) =>
      frame.type === 'report' && frame.missedMaster ? [frame.missedMaster] : [],
    );

describe('core: a slave of its device', () => {
  it('looks for its master, and gets through it whatever the player wants', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: self }]);
    viewer.follow(['m', self], 'secondary');
    expect(viewer.take('watchViewer').map(({ viewerId }) => viewerId)).to.deep.equal(['m']);
    const segment = viewer.wantSegment(100);
    expect(asked(viewer)).to.deep.equal([]);
    near(viewer);
    const playlist = viewer.wantPlaylist();
    expect(asked(viewer)).to.deep.equal([segment, playlist]);
    viewer.tell({ type: 'masterGave', loadId: segment, ...gives });
    viewer.tell({ type: 'masterGave', loadId: playlist, ...gives, text: '#EXTM3U' });
    expect(viewer.take('deliverSegment')).to.deep.include.members([
      {
        type: 'deliverSegment',
        loadIds: [segment],
        segmentId: segmentOf(100),
        transferMs: 120,
        firstByteMs: 30,
        bytesFromEdge: 0,
        bytesByPeer: {},
        bytesFromDevice: 40_000,
      },
    ]);
    expect(viewer.take('deliverPlaylist').map(({ text }) => text)).to.deep.equal(['#EXTM3U']);
    viewer.wait(10_000);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
    expect(viewer.take('fetchPlaylist')).to.deep.equal([]);
    expect(viewer.take('openLink')).to.deep.equal([]);
  });

  it('says which version it has, so that it is told only of news', () => {
    const viewer = near();
    const first = viewer.wantPlaylist();
    viewer.tell({ type: 'masterGave', loadId: first, ...gives, text: 'a', version: 7_000 });
    viewer.take('askMaster');
    viewer.wantPlaylist();
    expect(viewer.take('askMaster').map(({ wanted }) => wanted)).to.have.nested.property(
      '[0].versionHeld',
      7_000,
    );
  });

  it('keeps what it is given only where it stands by', () => {
    const viewers = [slave(['m', self, 's']), slave(['m', 's', self])].map((viewer) => {
      near(viewer);
      const loadId = viewer.wantSegment(100);
      viewer.tell({ type: 'masterGave', loadId, ...gives });
      return viewer;
    });
    expect(viewers.map((viewer) => viewer.take('keepGiven').length)).to.deep.equal([1, 0]);
    const [standing] = viewers as [CoreViewer];
    expect(standing.segment(100)?.heldShare).to.equal(1);
    // As the master it gives what it has.
    standing.tell({ type: 'masterGone', viewerId: 'm' });
    standing.take('deliverSegment');
    standing.wantSegment(100);
    expect(standing.take('deliverSegment')).to.have.length(1);
    expect(standing.take('fetchSegment')).to.deep.equal([]);
  });

  it('turns to the next in line when the master goes, and tells the server', () => {
    const viewer = near();
    const loadId = viewer.wantSegment(100);
    viewer.take('askMaster');
    viewer.tell({ type: 'masterGone', viewerId: 'm' });
    expect(lost(viewer)).to.deep.equal(['m']);
    expect(viewer.take('watchViewer').map(({ viewerId }) => viewerId)).to.deep.equal(['s']);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
    viewer.tell({ type: 'masterNear', viewerId: 's' });
    expect(asked(viewer)).to.deep.equal([loadId]);
    // The server has not noticed yet.
    viewer.follow(['m', 's', self]);
    expect(viewer.take('watchViewer')).to.deep.equal([]);
    viewer.follow(['s', self], 'secondary');
    expect(viewer.take('watchViewer')).to.deep.equal([]);
  });

  it('reads for itself and for others at once when it is the next', () => {
    const viewer = near(slave(['m', self, 's']));
    viewer.wantSegment(100);
    const request = { segmentId: segmentOf(101), url: 'u', byteRange: null, durationMs: 2_000 };
    // One that has noticed sooner.
    viewer.tell({
      type: 'segmentWanted',
      loadId: 99,
      request,
      deadlineMs: viewer.nowMs + 9_000,
      onBehalf: true,
    });
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
    viewer.tell({ type: 'masterGone', viewerId: 'm' });
    // Members of a group would have it already; the server says whether there are any.
    viewer.wait(50);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
    viewer.follow([self], 'master');
    const fetched = viewer.take('fetchSegment').map(({ segmentId }) => segmentId);
    expect(fetched).to.have.members([segmentOf(100), segmentOf(101)]);
  });

  it('refuses what others ask of it in error, after a while', () => {
    const viewer = near();
    const request = { segmentId: segmentOf(101), url: 'u', byteRange: null, durationMs: 2_000 };
    const deadlineMs = viewer.nowMs + 9_000;
    viewer.tell({ type: 'segmentWanted', loadId: 99, request, deadlineMs, onBehalf: true });
    viewer.wait(timings.earlyMsMax + 1);
    expect(viewer.take('refuseLoad')).to.deep.equal([
      { type: 'refuseLoad', loadId: 99, failure: null },
    ]);
  });

  it('leaves a master that hangs, and none that is only slow', () => {
    const viewer = near();
    const loadId = viewer.wantSegment(100);
    for (let times = 0; times < 10; times += 1) {
      viewer.wait(timings.pingMs);
      viewer.tell({ type: 'masterHeard' });
    }
    expect(lost(viewer)).to.deep.equal([]);
    expect(new Set(asked(viewer))).to.deep.equal(new Set([loadId]));
    viewer.wait(timings.pingMs * (timings.pingsMax + 1));
    expect(lost(viewer)).to.deep.equal(['m']);
    expect(viewer.take('watchViewer').map(({ viewerId }) => viewerId)).to.deep.equal(['s']);
  });

  it('gets for itself what the master says that it cannot give', () => {
    const viewer = near();
    const refused = viewer.wantSegment(100);
    viewer.tell({ type: 'masterFailed', loadId: refused, failure: null });
    expect(viewer.take('fetchSegment')).to.have.length(1);
    const failed = viewer.wantSegment(101);
    const failure = { status: 404, reason: 'status' as const };
    viewer.tell({ type: 'masterFailed', loadId: failed, failure });
    expect(viewer.take('failSegment').map(({ loadIds }) => loadIds)).to.deep.equal([[failed]]);
  });

  it('drops an ask that the player gives up', () => {
    const viewer = near();
    const loadId = viewer.wantSegment(100);
    viewer.tell({ type: 'segmentAbandoned', loadId, segmentId: segmentOf(100) });
    expect(viewer.take('dropAsk').map((effect) => effect.loadId)).to.deep.equal([loadId]);
    viewer.tell({ type: 'masterGave', loadId, ...gives });
    expect(viewer.take('deliverSegment')).to.deep.equal([]);
  });
});

describe('core: a device whose master has no network', () => {
  const offline = { status: null, reason: 'offline' as const };

  it('gives up what it loads for others, and keeps on for itself', () => {
    const master = new CoreViewer();
    master.join([{ viewerId: self }]);
    const own = master.wantSegment(100);
    const request = { segmentId: segmentOf(100), url: 'u', byteRange: null, durationMs: 2_000 };
    const deadlineMs = master.nowMs + 9_000;
    master.tell({ type: 'segmentWanted', loadId: 99, request, deadlineMs, onBehalf: true });
    const [fetch] = master.take('fetchSegment');
    master.tell({ type: 'fetchFailed', fetchId: fetch?.fetchId ?? -1, failure: offline });
    expect(master.take('refuseLoad')).to.deep.equal([
      { type: 'refuseLoad', loadId: 99, failure: offline },
    ]);
    expect(master.take('failSegment')).to.deep.equal([]);
    master.wait(3_000);
    const [again] = master.take('fetchSegment');
    const fetchId = again?.fetchId ?? -1;
    master.tell({ type: 'fetchHeaders', fetchId, sizeBytes: 5 });
    master.tell({ type: 'fetchPart', fetchId, part: 0, bytes: 5 });
    master.tell({ type: 'fetchEnded', fetchId, sizeBytes: 5 });
    expect(master.take('deliverSegment').map(({ loadIds }) => loadIds)).to.deep.equal([[own]]);
  });

  it('has the next in line look, and take over when it has one', () => {
    const [next, last] = [near(slave(['m', self, 's'])), near(slave(['m', 's', self]))];
    for (const viewer of [next, last]) {
      const loadId = viewer.wantSegment(100);
      viewer.tell({ type: 'masterFailed', loadId, failure: offline });
    }
    expect(last.take('fetchSegment')).to.deep.equal([]);
    const [fetch] = next.take('fetchSegment');
    expect(lost(next)).to.deep.equal([]);
    next.tell({ type: 'fetchHeaders', fetchId: fetch?.fetchId ?? -1, sizeBytes: 5 });
    expect(lost(next)).to.deep.equal(['m']);
    // The others follow by the server's word, or by themselves when their player cannot wait.
    last.wait(500);
    expect(asked(last)).to.have.length.above(1);
  });
});

describe('core: the master of a site', () => {
  /** `s` is a slave of the site, `g` a member of the group. */
  function master(): CoreViewer {
    const viewer = new CoreViewer({ isSite: true });
    viewer.join([{ viewerId: 'g', role: 'master' }, { viewerId: self }]);
    viewer.lead(['g', self], ['s']);
    return viewer;
  }

  it('waits for its slaves to link to it, and passes on to them what its group has', () => {
    const viewer = master();
    viewer.wait(20_000);
    expect(viewer.take('openLink').map(({ peer }) => peer)).to.not.include('s');
    const signal = { type: 'offer', sdp: 'x' };
    viewer.tell({ type: 'frameReceived', frame: { type: 'signal', from: 's', signal } });
    expect(viewer.take('openLink')).to.deep.include.members([
      { type: 'openLink', peer: 's', initiator: false, iceServers: [] },
    ]);
    viewer.tell({ type: 'linkOpened', peer: 's' });
    const follows = [{ playlistId, version: -1 }];
    viewer.says('s', { type: 'hello', version: 1, follows });
    viewer.wantPlaylist();
    const text = playlistText({ oldest: 100, count: 6 });
    viewer.says('g', { type: 'playlist', playlistId, text });
    expect(viewer.sent('playlist').map(({ peer }) => peer)).to.deep.equal(['s']);
  });

  it('is linked to no slave where these are fed inside the browser', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: self }]);
    viewer.lead([self], ['s']);
    const signal = { type: 'offer', sdp: 'x' };
    viewer.tell({ type: 'frameReceived', frame: { type: 'signal', from: 's', signal } });
    expect(viewer.take('openLink')).to.deep.equal([]);
  });
});

describe('core: viewers that only share an id', () => {
  it('become devices of their own when the server still names a master that is not there', () => {
    const viewer = slave();
    const loadId = viewer.wantSegment(100);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
    viewer.tell({ type: 'masterGone', viewerId: 'm' });
    expect(viewer.take('fetchSegment').length, `load ${loadId}`).to.equal(1);
    expect(lost(viewer)).to.deep.equal([]);
    viewer.take('connectSignaling');
    viewer.wait(timings.separateAfterMs - 1);
    expect(viewer.take('separateDevice')).to.deep.equal([]);
    viewer.wait(1);
    expect(viewer.take('separateDevice')).to.have.length(1);
    expect(viewer.take('connectSignaling').map(({ resumeKey }) => resumeKey)).to.deep.equal([
      'key',
    ]);
  });

  it('stay where the master had only just gone', () => {
    const viewer = slave();
    viewer.tell({ type: 'masterGone', viewerId: 'm' });
    viewer.wait(1_000);
    viewer.follow(['s', self], 'secondary');
    viewer.tell({ type: 'masterNear', viewerId: 's' });
    viewer.wait(10_000);
    expect(viewer.take('separateDevice')).to.deep.equal([]);
  });

  it('are linked over the network where the app has named the site', () => {
    const viewer = slave(['m', 's', self], true);
    expect(viewer.take('openLink')).to.deep.equal([]);
    viewer.tell({ type: 'masterGone', viewerId: 'm' });
    viewer.wait(10_000);
    expect(viewer.take('openLink').map(({ peer }) => peer)).to.include('m');
    expect(viewer.take('separateDevice')).to.deep.equal([]);
  });
});
