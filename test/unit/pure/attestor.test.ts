import { expect } from 'chai';
import type { AttestorEvent } from '../../../signaling/core/index.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import { base, create, multivariant, playlist, started } from './attestor-run.ts';

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

  it('turns to the next copy of the stream while one fails, and reads there what it has missed', () => {
    const edge = 'https://edge.example/tv/';
    const run = create(`${edge}main.m3u8`);
    run.read('multivariant', multivariant);
    run.read('high/list.m3u8', playlist(10, 1));
    run.readSegments();
    run.read('high/list.m3u8', playlist(11, 1));
    run.take('readPlaylist');
    const [wanted] = run.take('readSegment');
    run.handle({ ...wanted, type: 'segmentFailed', refused: false } as AttestorEvent);
    expect(run.take('readPlaylist'), 'one failure is chance').to.deep.equal([]);
    run.handle({ type: 'playlistFailed', playlistId: 'high/list.m3u8' });
    expect(run.take('readPlaylist')).to.deep.equal([
      { type: 'readPlaylist', playlistId: 'multivariant', url: `${edge}main.m3u8` },
    ]);
    run.read('multivariant', multivariant);
    expect(run.take('readPlaylist')).to.deep.include({
      type: 'readPlaylist',
      playlistId: 'high/list.m3u8',
      url: `${edge}high/list.m3u8`,
    });
    run.read('high/list.m3u8', playlist(11, 1));
    run.advance(limits.attestorRetryMinMs);
    const { segmentId, url } = run.take('readSegment').at(-1) ?? {};
    expect({ segmentId, url }).to.deep.equal({
      segmentId: 'high/list.m3u8#11',
      url: `${edge}high/11.m4s`,
    });
  });

  it('reads of a recording what viewers play, and the rest not at all', () => {
    const run = started();
    const high = 'high/list.m3u8';
    run.read(high, `${playlist(10, 100)}#EXT-X-ENDLIST\n`);
    expect(run.readSegments().filter((id) => !id.includes('init'))).to.deep.equal([]);
    for (const segmentId of [`${high}#50`, `${high}#50`, `${high}#999`, 'nothing#50'])
      run.handle({ type: 'descriptorWanted', segmentId });
    expect(run.readSegments()).to.deep.equal([`${high}#50`]);
    for (let sequence = 10; sequence < 110; sequence += 1)
      run.handle({ type: 'descriptorWanted', segmentId: `${high}#${sequence}` });
    expect(run.readSegments()).to.have.length(limits.descriptorsAskedMax);
  });

  it('asks plainly after a request that named what it waits for has failed, and so finds the encoder started over', () => {
    const run = started();
    const high = 'high/list.m3u8';
    const held = (first: number, folder = '') =>
      playlist(first, 4, folder).replace(
        '#EXT-X-MEDIA',
        '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n#EXT-X-MEDIA',
      );
    run.advance(200);
    run.read(high, held(11));
    expect(run.take('readPlaylist').at(-1)?.url).to.equal(`${base}${high}?_HLS_msn=15`);
    run.handle({ type: 'playlistFailed', playlistId: high });
    run.advance(limits.attestorRetryMinMs);
    expect(run.take('readPlaylist').map(({ url }) => url)).to.deep.equal([`${base}${high}`]);
    run.read(high, held(0, 'new/'));
    expect(run.readSegments()).to.include(`${high}#3`);
    run.advance(200);
    run.read(high, held(1, 'new/'));
    expect(run.take('readPlaylist').at(-1)?.url).to.equal(`${base}${high}?_HLS_msn=5`);
  });
});
