import { expect } from 'chai';
import {
  readMediaPlaylist,
  readMultivariantPlaylist,
} from '../../../signaling/protocol/playlist-text.ts';

const url = 'https://edge.example/live/high/playlist.m3u8?token=1';

describe('playlist text', () => {
  it('reads the window of a live playlist', () => {
    const facts = readMediaPlaylist(
      [
        '#EXTM3U',
        '#EXT-X-TARGETDURATION:2',
        '#EXT-X-MEDIA-SEQUENCE:41',
        '#EXT-X-MAP:URI="init.mp4"',
        '#EXTINF:2.000,',
        '41.m4s',
        '#EXTINF:1.500,title',
        '../other/42.m4s?k=v\r',
        '',
      ].join('\n'),
      url,
    );
    expect(facts).to.deep.include({
      mediaSequence: 41,
      newestSequence: 42,
      targetDurationMs: 2_000,
      ended: false,
      blockingReload: false,
    });
    expect(facts?.segments.get(41)).to.deep.equal({
      url: 'https://edge.example/live/high/41.m4s',
      byteRange: null,
      durationMs: 2_000,
    });
    expect(facts?.segments.get(42)).to.deep.equal({
      url: 'https://edge.example/live/other/42.m4s?k=v',
      byteRange: null,
      durationMs: 1_500,
    });
  });

  it('follows byte ranges, given or continued', () => {
    const facts = readMediaPlaylist(
      [
        '#EXTM3U',
        '#EXT-X-TARGETDURATION:2',
        '#EXTINF:2,',
        '#EXT-X-BYTERANGE:100@50',
        'all.m4s',
        '#EXTINF:2,',
        '#EXT-X-BYTERANGE:30',
        'all.m4s',
        '#EXT-X-ENDLIST',
      ].join('\n'),
      url,
    );
    expect(facts?.segments.get(0)?.byteRange).to.deep.equal({ start: 50, end: 150 });
    expect(facts?.segments.get(1)?.byteRange).to.deep.equal({ start: 150, end: 180 });
    expect(facts?.ended).to.equal(true);
  });

  it('takes every update for newer than the one before, low-latency parts included', () => {
    const versionOf = (...lines: string[]): number =>
      readMediaPlaylist(
        ['#EXTM3U', '#EXT-X-TARGETDURATION:2', '#EXT-X-MEDIA-SEQUENCE:7', ...lines].join('\n'),
        url,
      )?.version ?? Number.NaN;
    const segment = ['#EXTINF:2,', '7.m4s'];
    const part = '#EXT-X-PART:DURATION=0.5,URI="8.0.m4s"';
    const versions = [
      versionOf(...segment),
      versionOf(...segment, part),
      versionOf(...segment, part, part),
      versionOf(...segment, part, part, '#EXTINF:2,', '8.m4s'),
    ];
    expect([...versions].sort((a, b) => a - b)).to.deep.equal(versions);
    expect(new Set(versions).size).to.equal(versions.length);
  });

  it('refuses what is no media playlist', () => {
    for (const text of [
      '',
      'nonsense',
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhigh.m3u8',
      '#EXTM3U\n#EXT-X-TARGETDURATION:0\n',
      '#EXTM3U\n#EXT-X-TARGETDURATION:x\n',
      '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:99999999999999999999\n',
    ]) {
      expect(readMediaPlaylist(text, url), text).to.equal(null);
    }
  });

  it('finds the media playlists of a multivariant playlist, audio too', () => {
    const text = [
      '#EXTM3U',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="audio/en.m3u8"',
      '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"',
      'high/playlist.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="a"',
      'high/playlist.m3u8',
    ].join('\n');
    expect(readMultivariantPlaylist(text, 'https://edge.example/live/master.m3u8')).to.deep.equal([
      'https://edge.example/live/audio/en.m3u8',
      'https://edge.example/live/high/playlist.m3u8',
    ]);
    expect(readMultivariantPlaylist('no', url)).to.deep.equal([]);
  });
});
