import { expect } from 'chai';
import { Feeder, type FeederEffect, type FeederEvent } from '../../../sdk/agent/feeder.ts';
import { playlistText } from './core-viewer.ts';

const streamUrl = 'https://edge.example/live/master.m3u8?token=t';
const high = 'high/playlist.m3u8';
const low = 'low/playlist.m3u8';
const multivariant = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1400000
${high}
#EXT-X-STREAM-INF:BANDWIDTH=400000
${low}
`;

/** A feeder and the time that it lives in. */
class Site {
  nowMs = 1_000;
  #feeder: Feeder;

  constructor(url = streamUrl) {
    this.#feeder = new Feeder(url);
  }

  tell(event: FeederEvent): FeederEffect[] {
    return this.#feeder.handle(event, this.nowMs);
  }

  follow(...playlistIds: string[]): FeederEffect[] {
    return this.tell({ type: 'followed', playlistIds });
  }

  loaded(playlistId: string, text: string): FeederEffect[] {
    return this.tell({ type: 'playlistLoaded', playlistId, text });
  }
}

const playlists = (effects: FeederEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'loadPlaylist' ? [effect.url] : []));
const segments = (effects: FeederEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'loadSegment' ? [effect.request.segmentId] : []));

/** Has read the multivariant playlist. */
function started(): Site {
  const site = new Site();
  site.follow();
  site.loaded('multivariant', multivariant);
  return site;
}

describe('the feeder of a site', () => {
  it('reads the stream once, and loads nothing that nobody plays', () => {
    const site = new Site();
    expect(playlists(site.follow(high))).to.deep.equal([streamUrl]);
    expect(site.follow(high)).to.deep.equal([]);
    expect(playlists(site.loaded('multivariant', multivariant))).to.deep.equal([
      `https://edge.example/live/${high}`,
    ]);
    expect(started().follow()).to.deep.equal([]);
  });

  it('begins three segments behind the end and then takes each as it comes, init segments once', () => {
    const site = started();
    site.follow(high);
    const init = '#EXT-X-MAP:URI="init.mp4"\n';
    const first = site.loaded(high, playlistText({ oldest: 100, count: 6 }) + init);
    expect(segments(first)).to.deep.equal([
      `${high}#init:init.mp4`,
      `${high}#103`,
      `${high}#104`,
      `${high}#105`,
    ]);
    expect(playlists(first)).to.deep.equal([]);
    site.nowMs += 1_000;
    expect(playlists(site.follow(high))).to.have.length(1);
    const second = site.loaded(high, playlistText({ oldest: 102, count: 6 }) + init);
    expect(segments(second)).to.deep.equal([`${high}#106`, `${high}#107`]);
    site.nowMs += 1_000;
    site.follow(high);
    expect(segments(site.loaded(high, playlistText({ oldest: 102, count: 6 })))).to.deep.equal([]);
  });

  it('follows viewers from one rendition to another', () => {
    const site = started();
    site.follow(high);
    site.loaded(high, playlistText({ oldest: 100, count: 6 }));
    expect(playlists(site.follow(low))).to.deep.equal([`https://edge.example/live/${low}`]);
    site.nowMs += 10_000;
    expect(playlists(site.follow(low))).to.deep.equal([]);
    // What comes of the first after all is of no use.
    expect(segments(site.loaded(high, playlistText({ oldest: 103, count: 6 })))).to.deep.equal([]);
  });

  it('begins anew with an encoder that has', () => {
    const site = started();
    site.follow(high);
    site.loaded(high, playlistText({ oldest: 1_000, count: 6 }));
    site.nowMs += 2_000;
    site.follow(high);
    expect(segments(site.loaded(high, playlistText({ oldest: 0, count: 6 })))).to.deep.equal([
      `${high}#3`,
      `${high}#4`,
      `${high}#5`,
    ]);
  });

  it('tries again after a second what failed, and what is no playlist', () => {
    const site = new Site();
    site.follow(high);
    expect(playlists(site.tell({ type: 'playlistFailed', playlistId: 'multivariant' }))).to.eql([]);
    site.nowMs += 1_000;
    expect(playlists(site.follow(high))).to.deep.equal([streamUrl]);
    site.loaded('multivariant', '<html>');
    site.nowMs += 1_000;
    expect(playlists(site.follow(high))).to.deep.equal([streamUrl]);
    site.loaded('multivariant', multivariant);
    site.tell({ type: 'playlistFailed', playlistId: high });
    site.nowMs += 1_000;
    expect(playlists(site.follow(high))).to.have.length(1);
    site.loaded(high, 'nonsense');
    site.nowMs += 1_000;
    expect(playlists(site.follow(high))).to.have.length(1);
  });

  it('looks no more at a stream that has ended', () => {
    const site = started();
    site.follow(high);
    site.loaded(high, playlistText({ oldest: 100, count: 6, ended: true }));
    site.nowMs += 600_000;
    expect(site.follow(high)).to.deep.equal([]);
  });

  it('takes a media playlist for the only rendition', () => {
    const url = 'https://edge.example/live/only.m3u8';
    const site = new Site(url);
    site.follow('only.m3u8');
    const text = playlistText({ oldest: 100, count: 6 });
    expect(playlists(site.loaded('multivariant', text))).to.deep.equal([url]);
    expect(segments(site.loaded('only.m3u8', text))).to.have.length(3);
  });
});
