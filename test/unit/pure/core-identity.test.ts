import { expect } from 'chai';
import {
  originOf,
  pathOf,
  playlistIdOf,
  playlistOfSegment,
  resolveUri,
  segmentIdOf,
} from '../../../signaling/protocol/identity.ts';

describe('identity', () => {
  it('names playlists alike over edges and tokens', () => {
    const ids = [
      ['https://a.example/live/high/p.m3u8?token=1', 'https://a.example/live/master.m3u8?token=1'],
      ['https://B.example:8443/live/high/p.m3u8', 'https://b.example:8443/live/master.m3u8#x'],
      ['http://c/x/y/live/high/p.m3u8', 'http://c/x/y/live/m.m3u8'],
    ].map(([url, multivariant]) => playlistIdOf(url as string, multivariant as string));
    expect(new Set(ids)).to.deep.equal(new Set(['high/p.m3u8']));
  });

  it('names a playlist outside the folder by its whole path', () => {
    expect(
      playlistIdOf('https://a.example/other/p.m3u8', 'https://a.example/live/m.m3u8'),
    ).to.equal('/other/p.m3u8');
  });

  it('names segments by sequence, parts by index and init segments by file', () => {
    const base = { playlistId: 'high/p.m3u8', partIndex: null, url: '', byteRange: null };
    expect(segmentIdOf({ ...base, sequence: 7 })).to.equal('high/p.m3u8#7');
    expect(segmentIdOf({ ...base, sequence: 7, partIndex: 2 })).to.equal('high/p.m3u8#7.2');
    const init = {
      ...base,
      sequence: 'init' as const,
      url: 'https://a.example/live/high/init.mp4?t',
    };
    expect(segmentIdOf(init)).to.equal('high/p.m3u8#init:init.mp4');
    expect(segmentIdOf({ ...init, byteRange: { start: 0, end: 9 } })).to.equal(
      'high/p.m3u8#init:init.mp4@0-9',
    );
  });

  it('finds the playlist of a segment', () => {
    for (const id of ['high/p.m3u8#7', 'high/p.m3u8#7.2', 'high/p.m3u8#init:init.mp4']) {
      expect(playlistOfSegment(id)).to.equal('high/p.m3u8');
    }
  });

  it('takes URLs apart', () => {
    expect(originOf('HTTPS://Edge.Example:1/a')).to.equal('https://edge.example:1');
    expect(originOf('/a/b')).to.equal('');
    expect(pathOf('https://edge.example')).to.equal('/');
    expect(pathOf('https://edge.example/a/b?c#d')).to.equal('/a/b');
  });

  it('resolves URIs as the URL standard does', () => {
    const base = 'https://edge.example/live/high/p.m3u8?token=1';
    for (const uri of [
      '1.m4s',
      './1.m4s',
      '../low/1.m4s',
      '../../../../1.m4s',
      '/root/1.m4s',
      '//cdn.example/1.m4s',
      'https://cdn.example/1.m4s?x=1',
      'sub/../1.m4s?x=../y#z',
    ]) {
      expect(resolveUri(uri, base), uri).to.equal(new URL(uri, base).href);
    }
  });
});
