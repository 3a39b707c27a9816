import { expect } from 'chai';
import * as timings from '../../../sdk/core/room/device-timings.ts';
import { CoreViewer, playlistId, segmentOf, self } from './core-viewer.ts';
import { asked, gives, lost, near, slave } from './device-slave.ts';

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
      viewer.tell({ type: 'masterHeard', loadId: null });
    }
    expect(lost(viewer)).to.deep.equal([]);
    expect(new Set(asked(viewer))).to.deep.equal(new Set([loadId]));
    viewer.wait(timings.pingMs * (timings.pingsMax + 1));
    expect(lost(viewer)).to.deep.equal(['m']);
    expect(viewer.take('watchViewer').map(({ viewerId }) => viewerId)).to.deep.equal(['s']);
  });

  it('tries to get itself what the master cannot, if it is next: its token may be a better one', () => {
    const failure = { status: 403, reason: 'status' as const };
    const [next, last] = [near(slave(['m', self, 's'])), near()];
    for (const viewer of [next, last]) {
      for (const loadId of [viewer.wantSegment(100), viewer.wantPlaylist()])
        viewer.tell({ type: 'masterFailed', loadId, failure });
      expect(viewer.take('failSegment')).to.deep.equal([]);
      expect(viewer.take('failPlaylist')).to.deep.equal([]);
    }
    expect(next.take('fetchSegment')).to.have.length(1);
    expect(next.take('fetchPlaylist')).to.have.length(1);
    expect(last.take('fetchSegment')).to.deep.equal([]);
  });

  it('asks again who leads no more, until it hears who does', () => {
    const viewer = near();
    const loadId = viewer.wantSegment(100);
    viewer.take('askMaster');
    viewer.tell({ type: 'masterFailed', loadId, failure: null });
    viewer.wait(timings.pingMs + 1);
    expect(asked(viewer)).to.deep.equal([loadId]);
    viewer.follow(['s', self], 'secondary');
    viewer.tell({ type: 'masterNear', viewerId: 's' });
    expect(asked(viewer)).to.deep.equal([loadId]);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
  });

  it('hands what its player waits for to who leads after it, and what others asked of it back', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: self }]);
    const playlist = viewer.wantPlaylist();
    const request = { segmentId: segmentOf(101), url: 'u', byteRange: null, durationMs: 2_000 };
    const deadlineMs = viewer.nowMs + 9_000;
    viewer.tell({ type: 'segmentWanted', loadId: 99, request, deadlineMs, onBehalf: true });
    viewer.follow(['m', self], 'secondary');
    near(viewer);
    expect(asked(viewer)).to.deep.equal([playlist]);
    expect(viewer.take('refuseLoad').map(({ loadId }) => loadId)).to.deep.equal([99]);
    viewer.tell({ type: 'masterGave', loadId: playlist, ...gives, text: '#EXTM3U' });
    expect(viewer.take('deliverPlaylist')).to.have.length(1);
  });

  it('gets for itself, before its player needs it, what comes no further, the next in line first', () => {
    const fetchedAfterMs = (line: string[], isMoving: boolean): number | null => {
      const viewer = near(slave(line));
      const startedAtMs = viewer.nowMs;
      const loadId = viewer.wantSegment(100, 4_000);
      for (let stepMs = 0; stepMs < 8_000; stepMs += 100) {
        viewer.tell({ type: 'masterHeard', loadId: isMoving ? loadId : null });
        viewer.wait(100);
        if (viewer.take('fetchSegment').length > 0) return viewer.nowMs - startedAtMs;
      }
      return null;
    };
    expect(fetchedAfterMs(['m', self, 's'], false)).to.be.within(2_400, 2_700);
    expect(fetchedAfterMs(['m', 's', self], false)).to.be.within(3_100, 3_500);
    // An edge that gives little gives each of two readers half of it.
    expect(fetchedAfterMs(['m', self, 's'], true)).to.equal(null);
  });

  it('looks for a playlist itself when no news of it come', () => {
    const viewer = near(slave(['m', self]));
    viewer.wantPlaylist();
    for (let stepMs = 0; stepMs < timings.playlistDueMs; stepMs += 500) {
      viewer.tell({ type: 'masterHeard', loadId: null });
      viewer.wait(500);
    }
    expect(viewer.take('fetchPlaylist')).to.have.length(1);
  });

  it('has nothing of a stream when its player starts over', () => {
    const viewer = near();
    const loadId = viewer.wantPlaylist();
    viewer.tell({ type: 'masterGave', loadId, ...gives, text: 'a', version: 7_000 });
    viewer.tell({
      type: 'playlistWanted',
      loadId: 500,
      playlistId: 'multivariant',
      url: 'u',
      multivariant: true,
    });
    viewer.take('askMaster');
    viewer.wantPlaylist();
    const [{ wanted } = { wanted: null }] = viewer.take('askMaster');
    expect(wanted).to.include({ playlistId, versionHeld: -1 });
  });

  it('follows past one that went together with the master', () => {
    const viewer = near();
    viewer.tell({ type: 'masterGone', viewerId: 'm' });
    viewer.take('watchViewer');
    viewer.wantSegment(100);
    viewer.tell({ type: 'masterGone', viewerId: 's' });
    expect(lost(viewer)).to.include('s');
    expect(viewer.take('separateDevice')).to.deep.equal([]);
    viewer.follow([self], 'master');
    expect(viewer.take('fetchSegment')).to.have.length(1);
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
