import { expect } from 'chai';
import { Core, type CoreEvent, type Effect } from '../../../sdk/core/core.ts';
import type { Member, ServerFrame } from '../../../signaling/protocol/index.ts';

const profile = {
  metered: false,
  saveData: false,
  uploadAllowed: true,
  peersAllowed: true,
  batteryLevel: null,
};

/** One viewer's core and the time it lives in. */
function createViewer(change: Partial<typeof profile> = {}) {
  const core = new Core({
    profile: { ...profile, ...change },
    isSite: false,
    noPeersReason: 'peers_not_allowed',
    iceServers: null,
    uploadBytesPerSecondMax: 1e6,
    memoryBytesMax: 1e8,
    storageBytesMax: 0,
    slowdownMax: 0.05,
    integrityMin: 'none',
    random: () => 0.5,
  });
  const effects: Effect[] = [];
  const viewer = {
    nowMs: 0,
    effects,
    wakes: new Set<number>(),
    handle(event: CoreEvent): Effect[] {
      const caused = core.handle(event, viewer.nowMs);
      for (const effect of caused) if (effect.type === 'wakeAt') viewer.wakes.add(effect.atMs);
      effects.push(...caused);
      return caused;
    },
    /** Lets time pass, waking the core whenever it asked for it. */
    advance(ms: number): void {
      const endMs = viewer.nowMs + ms;
      for (;;) {
        const nextMs = Math.min(...viewer.wakes);
        if (!(nextMs <= endMs)) break;
        viewer.wakes.delete(nextMs);
        viewer.nowMs = nextMs;
        viewer.handle({ type: 'woke' });
      }
      viewer.nowMs = endMs;
    },
    receive: (frame: ServerFrame) => viewer.handle({ type: 'frameReceived', frame }),
    count: (type: Effect['type']) => effects.filter((effect) => effect.type === type).length,
    statuses: () =>
      effects.flatMap((effect) =>
        effect.type === 'status' ? [`${effect.status} ${effect.reason}`] : [],
      ),
  };
  viewer.handle({ type: 'started' });
  return viewer;
}

function welcome(members: Partial<Member>[] = [{ viewerId: 'b' }, { viewerId: 'c' }]): ServerFrame {
  return {
    version: 1,
    type: 'welcome',
    viewerId: 'b',
    resumeKey: 'key',
    resumed: false,
    heartbeatIntervalMs: 5_000,
    iceServers: [],
    integrity: { mode: 'none', keys: [] },
    sender: { from: 'subject', role: 'viewer' },
    directive: {
      type: 'directive',
      epoch: 1,
      groupId: 'g',
      deviceRole: 'master',
      groupRole: 'master',
      members: members.map((member) => ({
        viewerId: 'b',
        role: 'master',
        uploads: true,
        weight: 1,
        ...member,
      })),
    },
  };
}

const playlist = ['#EXTM3U', '#EXT-X-TARGETDURATION:2', '#EXT-X-MEDIA-SEQUENCE:10']
  .concat(['#EXTINF:2,', '10.m4s', '#EXTINF:2,', '11.m4s'])
  .join('\n');

describe('core: the place in the room', () => {
  it('polls a playlist that the player loaded before the room was there', () => {
    const viewer = createViewer();
    const url = 'https://edge.example/live/high/playlist.m3u8';
    viewer.handle({
      type: 'playlistBrought',
      playlistId: 'high/playlist.m3u8',
      url,
      multivariant: false,
      text: playlist,
    });
    viewer.receive(welcome());
    viewer.handle({ type: 'linkOpened', peer: 'c' });
    const message = { type: 'hello' as const, version: 1, follows: [] };
    viewer.handle({ type: 'peerMessage', peer: 'c', message });
    viewer.advance(10_000);
    expect(viewer.count('fetchPlaylist')).to.be.at.least(1);
  });

  it('tries again when a server accepts and never answers', () => {
    const viewer = createViewer();
    viewer.advance(60_000);
    expect(viewer.count('connectSignaling')).to.be.within(3, 10);
    expect(viewer.count('disconnectSignaling')).to.be.at.least(2);
    expect(viewer.statuses()).to.deep.equal(['joining null', 'alone signaling_unreachable']);
  });

  it('leaves a server that has gone silent', () => {
    const viewer = createViewer();
    viewer.receive(welcome());
    viewer.advance(20_000);
    expect(viewer.count('disconnectSignaling')).to.equal(1);
    expect(viewer.statuses()).to.include('reconnecting null');
  });

  it('says why it was refused, and comes back when told to', () => {
    const viewer = createViewer();
    const refusal = {
      code: 'room_full',
      message: 'full',
      fatal: true,
      retryAfterMs: 30_000,
    } as const;
    viewer.receive({ type: 'error', ...refusal });
    viewer.handle({ type: 'signalingClosed' });
    viewer.advance(29_000);
    expect(viewer.count('connectSignaling')).to.equal(1);
    expect(viewer.statuses()).to.include('alone room_full');
    viewer.advance(2_000);
    expect(viewer.count('connectSignaling')).to.equal(2);
  });

  it('closes the socket and hears nothing more when it was sent away for good', () => {
    const viewer = createViewer();
    viewer.receive({ type: 'error', code: 'token_invalid', message: 'no', fatal: true });
    expect(viewer.count('disconnectSignaling')).to.equal(1);
    viewer.receive(welcome());
    viewer.advance(60_000);
    expect([viewer.count('openLink'), viewer.count('connectSignaling')]).to.deep.equal([0, 1]);
  });

  it('takes offers of members only, and none without peers', () => {
    const offer = { type: 'offer', sdp: 'v=0' };
    const viewer = createViewer();
    viewer.receive(welcome([{ viewerId: 'b' }]));
    viewer.receive({ type: 'signal', from: 'a', signal: offer });
    expect(viewer.count('openLink')).to.equal(0);
    const alone = createViewer({ peersAllowed: false });
    alone.receive(welcome([{ viewerId: 'b' }, { viewerId: 'a' }]));
    alone.receive({ type: 'signal', from: 'a', signal: offer });
    expect(alone.count('openLink')).to.equal(0);
  });

  it('does not make a connection anew as often as a peer asks for it', () => {
    const viewer = createViewer();
    viewer.receive(welcome([{ viewerId: 'b' }, { viewerId: 'a' }]));
    for (let count = 0; count < 100; count += 1) {
      viewer.handle({ type: 'linkOpened', peer: 'a' });
      viewer.receive({ type: 'signal', from: 'a', signal: { type: 'offer', sdp: 'v=0' } });
    }
    expect(viewer.count('openLink')).to.equal(1);
  });
});
