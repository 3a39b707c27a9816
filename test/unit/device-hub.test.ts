import { expect } from 'chai';
import type { CoreEvent, Effect } from '../../sdk/core/core.ts';
import type { Wanted } from '../../sdk/core/events.ts';
import type { Load, LoadedSegment } from '../../sdk/ports/loads.ts';
import { DeviceHub } from '../../sdk/runtime/device-hub.ts';
import { Media } from '../../sdk/runtime/media.ts';
import type { PlaylistLoad, SegmentLoad } from '../../sdk/runtime/player-loads.ts';
import { FakeProfile } from '../contract/fakes/tabs.ts';

const pause = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

/** A viewer of the profile, whose core is this test. */
class Tab {
  readonly events: CoreEvent[] = [];
  readonly segments: { wanted: SegmentLoad; load: Load<LoadedSegment> }[] = [];
  readonly playlists: { wanted: PlaylistLoad; load: Load<string> }[] = [];
  readonly progress: number[] = [];
  abandoned = 0;
  readonly media = new Media();
  readonly hub: DeviceHub;
  onGave = (): void => {};

  constructor(profile: FakeProfile, id: string, nowMs: number) {
    this.hub = new DeviceHub(profile.create(), this.media, {
      dispatch: (event) => {
        this.events.push(event);
        if (event.type === 'masterGave') this.onGave();
      },
      nowMs: () => nowMs,
      loads: {
        segment: (wanted, load) => {
          this.segments.push({ wanted, load });
          return () => {
            this.abandoned += 1;
          };
        },
        playlist: (wanted, load) => {
          this.playlists.push({ wanted, load });
          return () => {
            this.abandoned += 1;
          };
        },
        progress: (loadIds) => this.progress.push(...loadIds),
      },
    });
    this.hub.open(id);
  }

  perform(effect: Effect): void {
    this.hub.perform(effect as Parameters<DeviceHub['perform']>[0]);
  }

  ask(wanted: Wanted): void {
    this.perform({ type: 'askMaster', wanted });
  }

  named(type: CoreEvent['type']): CoreEvent[] {
    return this.events.filter((event) => event.type === type);
  }
}

const segment = (loadId: number, deadlineMs: number): Wanted => ({
  type: 'segmentWanted',
  loadId,
  request: { segmentId: 'high#1', url: 'u', byteRange: null, durationMs: 2_000 },
  deadlineMs,
});
const playlist = (loadId: number, versionHeld = -1): Wanted => ({
  type: 'playlistWanted',
  loadId,
  playlistId: 'high',
  url: 'u',
  multivariant: false,
  versionHeld,
});
const failure = { status: 404, reason: 'status' as const };

describe('the hub of a device', () => {
  let profile: FakeProfile;
  let master: Tab;
  let slave: Tab;

  beforeEach(async () => {
    profile = new FakeProfile();
    // Pages count time from their own start.
    master = new Tab(profile, 'master', 50_000);
    slave = new Tab(profile, 'slave', 1_000);
    slave.perform({ type: 'watchViewer', viewerId: 'master' });
    await pause();
  });
  afterEach(() => {
    master.hub.close();
    slave.hub.close();
  });

  it('says whether the master is there, and when it goes', async () => {
    expect(slave.named('masterNear')).to.deep.equal([{ type: 'masterNear', viewerId: 'master' }]);
    master.hub.close();
    await pause();
    expect(slave.named('masterGone')).to.deep.equal([{ type: 'masterGone', viewerId: 'master' }]);
  });

  it('has the master load, by the time that each page has, and brings what it gave', async () => {
    slave.ask(segment(7, 3_500));
    slave.ask(playlist(8));
    await pause();
    const [asked] = master.segments;
    expect(asked?.wanted).to.deep.include({ onBehalf: true, deadlineMs: 52_500 });
    expect(master.playlists[0]?.wanted).to.deep.include({ onBehalf: true, versionHeld: -1 });
    asked?.load.progress?.({ bytes: 1, sizeBytes: 3, tookMs: 1, firstByteMs: 1 });
    let given: Uint8Array | null = null;
    slave.onGave = () => {
      given ??= slave.hub.take(7);
    };
    asked?.load.done({ bytes: Uint8Array.of(1, 2, 3), transferMs: 120, firstByteMs: 30 });
    master.playlists[0]?.load.done('#EXTM3U', 9);
    await pause();
    expect(given).to.deep.equal(Uint8Array.of(1, 2, 3));
    expect(slave.named('masterGave')).to.deep.equal([
      { type: 'masterGave', loadId: 7, text: '', sizeBytes: 3, transferMs: 120, firstByteMs: 30 },
      {
        type: 'masterGave',
        loadId: 8,
        text: '#EXTM3U',
        version: 9,
        sizeBytes: 0,
        transferMs: 0,
        firstByteMs: 0,
      },
    ]);
    expect(slave.progress).to.deep.equal([7]);
    expect([master.hub.bytesSent, slave.hub.bytesReceived]).to.deep.equal([3, 3]);
    // The player took it, or nobody waited: it is not kept.
    expect(slave.hub.take(7)).to.equal(null);
  });

  it('answers an ask that it works on, and does not load it twice', async () => {
    for (let times = 0; times < 3; times += 1) slave.ask(segment(7, 3_500));
    await pause();
    expect(master.segments).to.have.length(1);
    expect(slave.named('masterHeard')).to.have.length(3);
  });

  it('abandons what is dropped, and all when it goes', async () => {
    slave.ask(segment(7, 3_500));
    slave.ask(playlist(8));
    await pause();
    slave.perform({ type: 'dropAsk', loadId: 7 });
    await pause();
    expect(master.abandoned).to.equal(1);
    master.hub.close();
    expect(master.abandoned).to.equal(2);
  });

  it('tells why it gives nothing', async () => {
    slave.ask(segment(7, 3_500));
    slave.ask(playlist(8));
    await pause();
    master.segments[0]?.load.failed(failure);
    master.playlists[0]?.load.refused?.();
    await pause();
    expect(slave.named('masterFailed')).to.deep.equal([
      { type: 'masterFailed', loadId: 7, failure },
      { type: 'masterFailed', loadId: 8, failure: null },
    ]);
  });

  it('keeps a copy of what it was given where it stands by', async () => {
    slave.ask(segment(7, 3_500));
    await pause();
    slave.onGave = () => slave.perform({ type: 'keepGiven', loadId: 7, segmentId: 'high#1' });
    master.segments[0]?.load.done({ bytes: Uint8Array.of(4, 5), transferMs: 1, firstByteMs: 1 });
    await pause();
    expect(slave.media.copy('high#1')).to.deep.equal(Uint8Array.of(4, 5));
  });

  it('loads so much for one viewer at a time, and not more', async () => {
    for (let loadId = 1; loadId <= 40; loadId += 1) slave.ask(segment(loadId, 3_500));
    await pause(50);
    expect(master.segments).to.have.length(32);
    master.segments[0]?.load.failed(failure);
    slave.ask(segment(41, 3_500));
    await pause();
    expect(master.segments).to.have.length(33);
  });

  it('takes nothing from a viewer that is not its master, and no rubbish', async () => {
    const stranger = profile.create();
    stranger.open('stranger', { onMessage: () => {} });
    const before = slave.events.length;
    const bytes = Uint8Array.of(1);
    const messages: unknown[] = [
      { type: 'segment', loadId: 7, bytes, transferMs: 1, firstByteMs: 1 },
      { type: 'failed', loadId: 7, failure: null },
      { type: 'heard' },
    ];
    for (const message of messages) stranger.send('slave', message);
    const rubbish: unknown[] = [
      null,
      7,
      'ask',
      {},
      { type: 'ask' },
      { type: 'ask', wanted: { type: 'segmentWanted', loadId: -1 } },
      { type: 'ask', wanted: { ...segment(1, 1), request: { segmentId: 1 } } },
      { type: 'ask', wanted: { ...playlist(1), url: null } },
      { type: 'drop', loadId: Number.NaN },
      { type: 'segment', loadId: 1, bytes: [1], transferMs: 1, firstByteMs: 1 },
      { type: 'failed', loadId: 1, failure: { status: null, reason: 'because' } },
      { type: '__proto__' },
    ];
    for (const message of rubbish) {
      stranger.send('slave', message);
      stranger.send('master', message);
    }
    await pause(50);
    stranger.close();
    expect(slave.events.length).to.equal(before);
    expect([master.segments, master.playlists]).to.deep.equal([[], []]);
  });
});
