import { expect } from 'chai';
import { Playback } from '../../sdk/adapters/playback.ts';

const sampleRate = 8_000;

/** A minute of silence. */
function silence(): Blob {
  const bytes = sampleRate * 60;
  const header = new DataView(new ArrayBuffer(44));
  const words = (at: number, text: string) =>
    [...text].forEach((letter, index) => {
      header.setUint8(at + index, letter.charCodeAt(0));
    });
  words(0, 'RIFF');
  header.setUint32(4, 36 + bytes, true);
  words(8, 'WAVEfmt ');
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate, true);
  header.setUint16(32, 1, true);
  header.setUint16(34, 8, true);
  words(36, 'data');
  header.setUint32(40, bytes, true);
  return new Blob([header, new Uint8Array(bytes).fill(128)], { type: 'audio/wav' });
}

function next(media: HTMLMediaElement, event: string): Promise<void> {
  return new Promise((resolve) => {
    media.addEventListener(event, () => resolve(), { once: true });
  });
}

describe('playback of a media element', () => {
  let url: string;
  let media: HTMLMediaElement;
  let playback: Playback;
  let buffers: (number | null)[];

  beforeEach(async () => {
    url = URL.createObjectURL(silence());
    media = document.createElement('video');
    media.muted = true;
    media.src = url;
    await next(media, 'loadeddata');
    buffers = [];
    playback = new Playback({
      onStall: () => {},
      onBuffer: (bufferMs) => buffers.push(bufferMs),
    });
    playback.media = media;
  });

  afterEach(() => {
    playback.close();
    media.removeAttribute('src');
    media.load();
    URL.revokeObjectURL(url);
  });

  it('plays slower by what it is told and no more, and as usual once closed', async () => {
    await media.play();
    // A player that starts stands for a while.
    while (media.currentTime < 0.3) await next(media, 'timeupdate');
    const [fromMs, fromSeconds] = [performance.now(), media.currentTime];
    for (const rate of [0.99, 0.95]) {
      playback.setRate(rate);
      expect(media.playbackRate).to.equal(rate);
    }
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const played = ((media.currentTime - fromSeconds) * 1_000) / (performance.now() - fromMs);
    expect(played, 'without skipping').to.be.within(0.8, 1);
    playback.close();
    expect(media.playbackRate).to.equal(1);
  });

  it('leaves a rate that the user has chosen, at any time, and in closing too', () => {
    playback.setRate(0.95);
    media.playbackRate = 1;
    playback.setRate(0.96);
    expect(media.playbackRate, 'as usual is a choice too').to.equal(1);
    media.playbackRate = 1.5;
    playback.setRate(0.95);
    playback.close();
    expect(media.playbackRate).to.equal(1.5);
  });

  it('takes the rate that a load sets back for nobody’s choice', async () => {
    playback.setRate(0.95);
    const emptied = next(media, 'emptied');
    const loaded = next(media, 'loadeddata');
    media.load();
    expect(media.playbackRate).to.equal(1);
    await emptied;
    expect(buffers.at(-1), 'whoever slowed it hears that other media begins').to.equal(null);
    await loaded;
    playback.setRate(0.97);
    expect(media.playbackRate).to.equal(0.97);
    playback.close();
    expect(media.playbackRate).to.equal(1);
  });

  it('has no part in a rate that the element takes up by default, or that is chosen after a load', async () => {
    media.defaultPlaybackRate = 1.25;
    let emptied = next(media, 'emptied');
    media.load();
    await emptied;
    playback.setRate(0.95);
    expect(media.playbackRate).to.equal(1.25);
    emptied = next(media, 'emptied');
    media.load();
    media.playbackRate = 2;
    await emptied;
    playback.setRate(0.95);
    expect(media.playbackRate).to.equal(2);
  });

  it('slows another element only when told to anew', () => {
    playback.setRate(0.95);
    const other = document.createElement('video');
    playback.media = other;
    expect([media.playbackRate, other.playbackRate]).to.deep.equal([1, 1]);
    expect(buffers.at(-1)).to.equal(null);
    playback.setRate(0.96);
    expect([media.playbackRate, other.playbackRate]).to.deep.equal([1, 0.96]);
  });

  it('measures what is buffered ahead of the playhead, and nothing before there is any', () => {
    expect(playback.bufferMs).to.be.within(1_000, 60_500);
    expect(playback.untilMs(10)).to.be.within(9_000, 10_500);
    playback.media = document.createElement('video');
    expect(playback.bufferMs).to.equal(null);
    expect(playback.untilMs(10)).to.equal(0);
  });
});
