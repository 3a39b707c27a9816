import { expect } from 'chai';
import {
  type AttestorEffect,
  type AttestorEvent,
  createAttestation,
} from '../../../signaling/core/index.ts';
import { limits } from '../../../signaling/protocol/index.ts';

const base = 'https://tv.example/live/';
const multivariant = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1
high/list.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2
low/list.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3
https://elsewhere.example/list.m3u8
`;

function playlist(first: number, count: number, folder = ''): string {
  const segments = Array.from({ length: count }, (_, index) => {
    return `#EXTINF:2,\n${folder}${first + index}.m4s\n`;
  });
  return `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${first}
#EXT-X-MAP:URI="init.mp4"\n${segments.join('')}`;
}

type Of<Type extends AttestorEffect['type']> = Extract<AttestorEffect, { type: Type }>;

function create() {
  const streamUrl = `${base}main.m3u8?token=1`;
  const attestation = createAttestation({ room: 'room', streamUrl, origins: [], limits });
  let nowMs = 1_000;
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let effects: AttestorEffect[] = [];
  const run = {
    get nowMs() {
      return nowMs;
    },
    handle(event: AttestorEvent) {
      const found = attestation.handle(event, nowMs);
      for (const effect of found) {
        if (effect.type !== 'wakeAt') continue;
        expect(effect.atMs).to.be.above(nowMs);
        wakeAtMs = effect.atMs;
      }
      effects.push(...found);
    },
    take<Type extends AttestorEffect['type']>(type: Type): Of<Type>[] {
      const taken = effects.filter((effect): effect is Of<Type> => effect.type === type);
      effects = effects.filter((effect) => effect.type !== type);
      return taken;
    },
    read: (playlistId: string, text: string) =>
      run.handle({ type: 'playlistRead', playlistId, text }),
    /** Ends every read that was asked for; returns the ids. */
    readSegments(): string[] {
      const segmentIds: string[] = [];
      for (let reads = run.take('readSegment'); reads.length > 0; reads = run.take('readSegment')) {
        expect(reads.length).to.be.at.most(limits.attestorReadsMax);
        for (const { segmentId, readId } of reads) {
          segmentIds.push(segmentId);
          run.handle({ type: 'segmentRead', segmentId, readId, sizeBytes: 1, digests: ['d'] });
        }
      }
      return segmentIds;
    },
    advance(durationMs: number) {
      const endMs = nowMs + durationMs;
      while (wakeAtMs <= endMs) {
        nowMs = wakeAtMs;
        wakeAtMs = Number.POSITIVE_INFINITY;
        run.handle({ type: 'woke' });
      }
      nowMs = endMs;
    },
  };
  run.handle({ type: 'viewersChanged', count: 1 });
  return run;
}

/** Past the start: the high rendition is read and played, with segments 10 to 13. */
function started() {
  const run = create();
  run.read('multivariant', multivariant);
  run.handle({ type: 'playsChanged', playlistIds: ['high/list.m3u8'] });
  run.read('high/list.m3u8', playlist(10, 4));
  run.readSegments();
  run.take('readPlaylist');
  run.take('attest');
  return run;
}

describe('attestor: decisions', () => {
  it('reads the multivariant playlist, its media playlists on the same host, then inits and the newest first', () => {
    const run = create();
    expect(run.take('readPlaylist')).to.deep.equal([
      { type: 'readPlaylist', playlistId: 'multivariant', url: `${base}main.m3u8?token=1` },
    ]);
    run.read('multivariant', multivariant);
    const ids = run.take('readPlaylist').map(({ playlistId }) => playlistId);
    expect(ids).to.deep.equal(['high/list.m3u8', 'low/list.m3u8']);
    run.read('high/list.m3u8', playlist(10, 4));
    expect(run.readSegments()).to.deep.equal(
      ['init:init.mp4', 13, 12, 11, 10].map((name) => `high/list.m3u8#${name}`),
    );
    expect(run.take('attest')[1]?.descriptor).to.deep.equal({
      room: 'room',
      segmentId: 'high/list.m3u8#13',
      sizeBytes: 1,
      digests: ['d'],
    });
  });

  it('rests for most of a target duration after an update, then looks often, and more rarely at a standstill', () => {
    const run = started();
    run.advance(200);
    expect(run.take('readPlaylist')).to.have.length(1);
    run.read('high/list.m3u8', playlist(11, 4));
    expect(run.readSegments()).to.deep.equal(['high/list.m3u8#14']);
    run.advance(1_799);
    expect(run.take('readPlaylist')).to.have.length(0);
    run.advance(1);
    for (let times = 0; times < 3; times++) {
      expect(run.take('readPlaylist'), `look ${times}`).to.have.length(1);
      run.read('high/list.m3u8', playlist(11, 4));
      run.advance(200);
    }
    run.take('readPlaylist');
    run.advance(60_000);
    run.read('high/list.m3u8', playlist(11, 4));
    run.advance(2_000);
    expect(run.take('readPlaylist')).to.have.length(0);
  });

  it('tells newcomers of the newest segments only, and forgets the older ones', () => {
    const run = started();
    const kept = limits.descriptorsKeptPerPlaylist;
    run.read('high/list.m3u8', playlist(14, kept));
    expect(run.readSegments()).to.have.length(kept);
    const [forgotten] = run.take('forget');
    expect(forgotten?.segmentIds.sort()).to.deep.equal(
      [10, 11, 12, 13].map((sequence) => `high/list.m3u8#${sequence}`),
    );
  });

  it('reads all again when the encoder starts over, and not what comes of the old one', () => {
    const run = started();
    run.read('high/list.m3u8', playlist(11, 4));
    const [old] = run.take('readSegment');
    run.read('high/list.m3u8', playlist(0, 4, 'new/'));
    expect(run.take('forget')).to.have.length(1);
    const stale = { sizeBytes: 1, digests: ['old'] };
    run.handle({
      type: 'segmentRead',
      segmentId: 'high/list.m3u8#0',
      readId: old?.readId ?? -1,
      ...stale,
    });
    expect(run.take('attest')).to.have.length(0);
    expect(run.readSegments()).to.include('high/list.m3u8#0');
  });

  it('leaves a playlist that nobody plays any more after a while, and knows which there are', () => {
    const run = started();
    run.handle({ type: 'playsChanged', playlistIds: ['low/list.m3u8', 'made/up.m3u8'] });
    // It was asked for while nobody had said what it plays.
    run.read('low/list.m3u8', playlist(10, 4));
    expect(run.readSegments()).to.include('low/list.m3u8#13');
    for (let times = 0; times < 100; times++) {
      run.advance(200);
      for (const { playlistId } of run.take('readPlaylist')) run.read(playlistId, playlist(10, 4));
    }
    expect(run.take('forget')[0]?.segmentIds).to.include('high/list.m3u8#13');
    run.advance(5_000);
    expect(run.take('readPlaylist').map(({ playlistId }) => playlistId)).to.deep.equal([
      'low/list.m3u8',
    ]);
  });

  it('backs off from a stream that fails, and looks up where a failing playlist is now', () => {
    const run = started();
    const delaysMs: number[] = [];
    let failedAtMs = run.nowMs;
    run.advance(200);
    for (let times = 0; times < 6; times++) {
      delaysMs.push(run.nowMs - failedAtMs);
      failedAtMs = run.nowMs;
      run.take('readPlaylist');
      run.handle({ type: 'playlistFailed', playlistId: 'high/list.m3u8' });
      if (times === 2) expect(run.take('readPlaylist')[0]?.playlistId).to.equal('multivariant');
      for (let waitedMs = 0; waitedMs < 6_000; waitedMs += 100) {
        run.advance(100);
        if (run.take('readPlaylist').some(({ playlistId }) => playlistId === 'high/list.m3u8'))
          break;
      }
    }
    expect(delaysMs.slice(1)).to.deep.equal([1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it('tries a failed segment again while it is in the playlist, but not one that is too large', () => {
    const run = started();
    run.read('high/list.m3u8', playlist(12, 4));
    const [first, second] = run.take('readSegment');
    if (!first || !second) throw new Error('two segments are new');
    run.handle({ ...first, type: 'segmentFailed', refused: true });
    run.handle({ ...second, type: 'segmentFailed', refused: false });
    expect(run.take('readSegment')).to.have.length(0);
    run.advance(limits.attestorRetryMinMs);
    expect(run.readSegments()).to.deep.equal([second.segmentId]);
    run.read('high/list.m3u8', playlist(20, 4));
    run.read('high/list.m3u8', playlist(40, 4));
    run.advance(60_000);
    const known = run.readSegments();
    expect(known.filter((id) => /#2\d$/.test(id))).to.have.length.at.most(limits.attestorReadsMax);
    expect(known).to.include('high/list.m3u8#43');
  });

  it('does not read segments of other hosts', () => {
    const run = started();
    run.read('high/list.m3u8', playlist(11, 4, 'http://169.254.169.254/'));
    expect(run.take('readSegment')).to.deep.equal([]);
  });

  it('takes a stream of one media playlist', () => {
    const run = create();
    run.take('readPlaylist');
    run.read('multivariant', playlist(10, 2));
    expect(run.take('readPlaylist')[0]).to.include({ playlistId: 'main.m3u8' });
    run.read('main.m3u8', playlist(10, 2));
    expect(run.readSegments()).to.include('main.m3u8#11');
  });

  it('stops when the room has been empty for a while', () => {
    const run = started();
    run.handle({ type: 'viewersChanged', count: 0 });
    run.advance(limits.attestorLingerMs - 1);
    run.handle({ type: 'viewersChanged', count: 1 });
    run.advance(limits.attestorLingerMs);
    expect(run.take('stop')).to.have.length(0);
    run.handle({ type: 'viewersChanged', count: 0 });
    run.advance(limits.attestorLingerMs);
    expect(run.take('stop')).to.have.length(1);
    run.take('readPlaylist');
    run.handle({ type: 'woke' });
    expect(run.take('readPlaylist')).to.have.length(0);
  });

  it('says when it has lost sight of the stream, and when it has it again', () => {
    const run = started();
    run.handle({ type: 'playlistFailed', playlistId: 'high/list.m3u8' });
    expect(run.take('sight'), 'one failure is chance').to.deep.equal([]);
    run.advance(limits.attestorBlindAfterMs);
    run.handle({ type: 'playlistFailed', playlistId: 'high/list.m3u8' });
    run.handle({ type: 'playlistFailed', playlistId: 'high/list.m3u8' });
    expect(run.take('sight')).to.deep.equal([{ type: 'sight', seeing: false }]);
    run.read('high/list.m3u8', playlist(11, 4));
    expect(run.take('sight')).to.deep.equal([{ type: 'sight', seeing: true }]);
  });
});
