import { expect } from 'chai';
import type { FetchFailure } from '../../../sdk/core/events.ts';
import * as timings from '../../../sdk/core/room/device-timings.ts';
import { CoreViewer, playlistId, playlistText, segmentOf, self } from './core-viewer.ts';
import { asked, gives, lost, near, slave } from './device-slave.ts';

const offline = { status: null, reason: 'offline' as const };

/** Another viewer of the device asks for a segment. */
function askOnBehalf(viewer: CoreViewer, loadId: number, sequence: number): void {
  const request = { segmentId: segmentOf(sequence), url: 'u', byteRange: null, durationMs: 2_000 };
  const deadlineMs = viewer.nowMs + 9_000;
  viewer.tell({ type: 'segmentWanted', loadId, request, deadlineMs, onBehalf: true });
}

describe('core: a device whose master has no network', () => {
  it('gives up what it loads for others, and keeps on for itself', () => {
    const master = new CoreViewer();
    master.join([{ viewerId: self }]);
    const own = master.wantSegment(100);
    askOnBehalf(master, 99, 100);
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

describe('core: a browser that had no network for a while', () => {
  it('has its slaves wait for the master again, who is not to blame', () => {
    const viewer = near(slave(['m', self, 's']));
    const loadId = viewer.wantSegment(100);
    viewer.tell({ type: 'masterFailed', loadId, failure: offline });
    const [fetch] = viewer.take('fetchSegment');
    viewer.tell({ type: 'fetchFailed', fetchId: fetch?.fetchId ?? -1, failure: offline });
    viewer.take('askMaster');
    viewer.wait(600);
    expect(asked(viewer)).to.include(loadId);
    viewer.tell({ type: 'masterGave', loadId, ...gives });
    expect(viewer.take('deliverSegment')).to.have.length(1);
    expect(viewer.take('fetchSegment')).to.deep.equal([]);
    expect(lost(viewer)).to.deep.equal([]);
  });
});

describe('core: a slave that gets something itself', () => {
  const fail = (viewer: CoreViewer, failure: FetchFailure = offline) => {
    for (const { fetchId } of viewer.take('fetchSegment'))
      viewer.tell({ type: 'fetchFailed', fetchId, failure });
  };

  it('asks the master again for what that was late with, when it has no network either', () => {
    const viewer = near();
    const loadId = viewer.wantSegment(100, 3_000);
    for (let waitedMs = 0; waitedMs < 2_500; waitedMs += 250) {
      viewer.wait(250);
      viewer.tell({ type: 'masterHeard', loadId: null });
    }
    expect(viewer.take('dropAsk')).to.deep.equal([{ type: 'dropAsk', loadId }]);
    viewer.take('askMaster');
    fail(viewer);
    viewer.wait(timings.pingMs);
    expect(asked(viewer)).to.include(loadId);
    viewer.tell({ type: 'masterGave', loadId, ...gives });
    expect(viewer.take('deliverSegment')).to.have.length(1);
  });

  it('asks again only for what its player still waits for', () => {
    const viewer = near(slave(['m', self, 's']));
    const over = viewer.wantSegment(100);
    viewer.tell({ type: 'masterFailed', loadId: over, failure: offline });
    fail(viewer, { status: 404, reason: 'status' });
    expect(viewer.take('failSegment')).to.have.length(1);
    const loadId = viewer.wantSegment(101);
    viewer.tell({ type: 'masterFailed', loadId, failure: offline });
    fail(viewer);
    viewer.take('askMaster');
    viewer.wait(timings.pingMs);
    expect([...new Set(asked(viewer))]).to.deep.equal([loadId]);
  });

  it('asks again for each that was refused, whatever else the master gives', () => {
    const viewer = near();
    const playlist = viewer.wantPlaylist();
    const [refused, given] = [viewer.wantSegment(100), viewer.wantSegment(101)];
    viewer.tell({ type: 'masterFailed', loadId: refused, failure: offline });
    viewer.tell({ type: 'masterGave', loadId: given, ...gives });
    viewer.take('askMaster');
    viewer.wait(timings.pingMs);
    expect(asked(viewer)).to.have.members([playlist, refused]);
  });

  it('does not load what it has refused to others, when it leads a moment later', () => {
    const viewer = near(slave(['m', self, 's']));
    const own = viewer.wantSegment(100);
    askOnBehalf(viewer, 99, 101);
    viewer.tell({ type: 'masterFailed', loadId: own, failure: offline });
    fail(viewer);
    expect(viewer.take('refuseLoad').map(({ loadId }) => loadId)).to.deep.equal([99]);
    viewer.tell({ type: 'masterGone', viewerId: 'm' });
    viewer.wait(timings.earlyMsMax);
    expect(viewer.take('refuseLoad')).to.deep.equal([]);
    const ids = viewer.take('fetchSegment').map(({ segmentId }) => segmentId);
    expect([...new Set(ids)]).to.deep.equal([segmentOf(100)]);
  });
});

describe('core: a slave whose master hangs together with the next in line', () => {
  it('tells the server again and again whom it misses, until that makes it the master', () => {
    const viewer = near(slave(['m', 's', self]));
    viewer.wantSegment(100);
    viewer.wait(timings.pingMs * timings.pingsMax);
    expect(lost(viewer)).to.deep.equal(['m']);
    viewer.tell({ type: 'masterGone', viewerId: 's' });
    expect(lost(viewer)).to.deep.equal(['s']);
    viewer.wait(11_000);
    const again = lost(viewer);
    expect([...new Set(again)]).to.deep.equal(['s']);
    expect(again.length).to.be.within(1, 6);
    viewer.lead([self], []);
    viewer.wait(11_000);
    expect(lost(viewer)).to.deep.equal([]);
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
    viewer.take('watchViewer');
    viewer.wait(timings.separateAfterMs + 1);
    // A page that starts slowly looks the same at first.
    expect(viewer.take('watchViewer').map(({ viewerId }) => viewerId)).to.deep.equal(['m']);
    expect(viewer.take('separateDevice')).to.deep.equal([]);
    viewer.tell({ type: 'masterGone', viewerId: 'm' });
    expect(viewer.take('separateDevice')).to.have.length(1);
    expect(viewer.take('connectSignaling').map(({ resumeKey }) => resumeKey)).to.deep.equal([
      'key',
    ]);
  });

  it('are one device after all where the master is only slow', () => {
    const viewer = slave();
    viewer.tell({ type: 'masterGone', viewerId: 'm' });
    viewer.wait(timings.separateAfterMs + 1);
    near(viewer);
    viewer.wantSegment(100);
    viewer.wait(10_000);
    expect(viewer.take('separateDevice')).to.deep.equal([]);
    expect(asked(viewer)).to.not.deep.equal([]);
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

  it('follow a master elsewhere that the server names, though another of the site is in this browser', () => {
    const viewer = near(slave(['m', 's', self], true));
    viewer.follow(['agent', 'm', 's', self]);
    viewer.tell({ type: 'masterGone', viewerId: 'agent' });
    viewer.wait(1_000);
    expect(lost(viewer)).to.deep.equal([]);
    expect(viewer.take('openLink').map(({ peer }) => peer)).to.include('agent');
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
