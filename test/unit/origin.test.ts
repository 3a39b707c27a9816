import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readDecodeTimes, readTimescales } from '../../demo/origin/boxes.ts';
import { startEdge } from '../../demo/origin/edge.ts';
import { startOrigin } from '../../demo/origin/origin.ts';
import { parseRange } from '../../demo/origin/range.ts';
import { codeOf, eventually, getBytes, getText, LiveServers, startedAtMs } from './live-servers.ts';

describe('live origin', () => {
  let servers: LiveServers;

  beforeEach(() => {
    servers = new LiveServers();
  });

  afterEach(() => servers.close());

  describe('playlist', () => {
    it('lists a segment once its duration has passed, and slides', async () => {
      const { url } = await servers.origin({ windowSegments: 4 });
      const before = await getText(`${url}/live/high/playlist.m3u8`);
      expect(before)
        .to.include('#EXT-X-MEDIA-SEQUENCE:106\n')
        .and.include('109.m4s')
        .and.not.include('110.m4s');
      expect(before).to.include(
        '#EXT-X-PROGRAM-DATE-TIME:2030-01-01T00:00:12.000Z\n#EXTINF:2.00000,\n106.m4s',
      );
      servers.nowMs = startedAtMs + 21_999;
      expect(await getText(`${url}/live/high/playlist.m3u8`)).to.equal(before);
      servers.nowMs = startedAtMs + 22_000;
      const after = await getText(`${url}/live/high/playlist.m3u8`);
      expect(after)
        .to.include('#EXT-X-MEDIA-SEQUENCE:107\n')
        .and.include('110.m4s')
        .and.not.include('106.m4s');
    });

    it('refuses a segment that is not there yet or long gone, and keeps one that has just left', async () => {
      const { url } = await servers.origin({ windowSegments: 2 });
      const status = async (file: string) => (await fetch(`${url}/live/low/${file}`)).status;
      expect(await status('110.m4s')).to.equal(404);
      expect(await status('107.m4s')).to.equal(200);
      expect(await status('101.m4s')).to.equal(404);
      expect(await status('99999999999999999999.m4s')).to.equal(404);
    });

    it('holds a request for what comes next, and refuses one for what lies beyond the next two', async () => {
      const origin = await servers.origin({ lowLatency: true });
      const { url } = await servers.edge(origin);
      const ask = (query: string) => fetch(`${url}/live/high/playlist.m3u8?${query}`);
      expect((await ask('_HLS_msn=110&_HLS_part=1')).status).to.equal(200);
      servers.nowMs += 900;
      expect(await (await ask('_HLS_msn=110&_HLS_part=4')).text()).to.include('110-3.m4s');
      expect((await ask('_HLS_msn=112&_HLS_part=4')).status).to.equal(400);
      expect((await ask('_HLS_msn=1002')).status).to.equal(400);
    });

    it('names both renditions with their codecs, and is full at once by default', async () => {
      const { playlistUrl, url, renditions } = await servers.origin({
        startedAtMs: undefined as never,
      });
      const text = await getText(playlistUrl);
      expect(text).to.include('CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=320x180');
      for (const name of renditions) {
        expect(text).to.include(`${name}/playlist.m3u8`);
        expect(
          (await getText(`${url}/live/${name}/playlist.m3u8`)).match(/#EXTINF/g),
        ).to.have.length(6);
      }
    });
  });

  it('continues every track over the ends of the loop without gap or overlap', async () => {
    const { url, renditions } = await servers.origin({ windowSegments: 40 });
    servers.nowMs = startedAtMs + 80_000;
    for (const name of renditions) {
      const timescales = readTimescales((await getBytes(`${url}/live/${name}/init.mp4`)).bytes);
      const times: Map<number, bigint>[] = [];
      for (let sequence = 100; sequence < 140; sequence++) {
        times.push(readDecodeTimes((await getBytes(`${url}/live/${name}/${sequence}.m4s`)).bytes));
      }
      for (const [trackId, timescale] of timescales) {
        const seconds = times.map((item) => Number(item.get(trackId)) / timescale);
        const steps = seconds.slice(1).map((item, i) => item - (seconds[i] ?? 0));
        // An audio frame lasts 21 ms, and a segment ends with a whole one.
        for (const step of steps) expect(step).to.be.closeTo(2, 0.0214);
        expect((seconds[8] ?? 0) - (seconds[0] ?? 0)).to.be.closeTo(16, 1e-9);
        expect((seconds[39] ?? 0) - (seconds[7] ?? 0)).to.be.closeTo(64, 1e-9);
        expect(seconds[0]).to.be.closeTo(200, 0.05);
      }
    }
  });

  describe('range', () => {
    it('reads the forms of the header', () => {
      expect(parseRange('bytes=0-', 10)).to.deep.equal({ start: 0, end: 10 });
      expect(parseRange('bytes=2-3', 10)).to.deep.equal({ start: 2, end: 4 });
      expect(parseRange('bytes=2-99', 10)).to.deep.equal({ start: 2, end: 10 });
      expect(parseRange('bytes=-3', 10)).to.deep.equal({ start: 7, end: 10 });
      expect(parseRange('bytes=-99', 10)).to.deep.equal({ start: 0, end: 10 });
      expect(parseRange('bytes=10-', 10)).to.equal('unsatisfiable');
      expect(parseRange('bytes=-0', 10)).to.equal('unsatisfiable');
      for (const header of [
        undefined,
        '',
        'bytes=-',
        'bytes=3-2',
        'bytes=1-2,4-5',
        'parts=0-1',
        'bytes=a-b',
      ]) {
        expect(parseRange(header, 10), header).to.equal(null);
      }
    });

    it('gives parts of a segment, at the origin and through an edge', async () => {
      const live = await servers.origin();
      const whole = (await getBytes(`${live.url}/live/high/109.m4s`)).bytes;
      for (const { url } of [live, await servers.edge(live)]) {
        const { response, bytes } = await getBytes(
          `${url}/live/high/109.m4s`,
          'bytes=65536-131071',
        );
        expect(response.status).to.equal(206);
        expect(response.headers.get('content-range')).to.equal(
          `bytes 65536-131071/${whole.length}`,
        );
        expect(response.headers.get('content-length')).to.equal('65536');
        expect(bytes.equals(whole.subarray(65_536, 131_072))).to.equal(true);
        const beyond = await getBytes(`${url}/live/high/109.m4s`, `bytes=${whole.length}-`);
        expect(beyond.response.status).to.equal(416);
        expect(beyond.response.headers.get('content-range')).to.equal(`bytes */${whole.length}`);
      }
    });

    it('answers preflights and lets pages of other sites read the headers', async () => {
      const { url } = await servers.origin();
      const preflight = await fetch(`${url}/live/high/109.m4s`, { method: 'OPTIONS' });
      expect(preflight.status).to.equal(204);
      expect(preflight.headers.get('access-control-allow-headers')).to.include('Range');
      const { response } = await getBytes(`${url}/live/high/109.m4s`, 'bytes=0-1');
      expect(response.headers.get('access-control-allow-origin')).to.equal('*');
      expect(response.headers.get('access-control-expose-headers')).to.include('Content-Range');
      expect((await fetch(`${url}/live/main.m3u8`, { method: 'POST' })).status).to.equal(405);
    });
  });

  it('offers no other renditions than it is told', async () => {
    const { url, playlistUrl } = await servers.origin({ renditions: ['low'] });
    const playlist = await getText(playlistUrl);
    expect(playlist).to.include('low/playlist.m3u8').and.not.include('high');
    expect((await getBytes(`${url}/live/high/init.mp4`)).response.status).to.equal(404);
    expect((await getBytes(`${url}/live/low/init.mp4`)).response.status).to.equal(200);
  });

  it('serves a running encoder, says when it died, and leaves no file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
    const ffmpegPath = join(folder, 'ffmpeg');
    const startedPath = join(folder, 'started');
    const script = `#!/bin/sh\necho $$ "$@" > ${startedPath}\nexec ffmpeg "$@"\n`;
    await writeFile(ffmpegPath, script, { mode: 0o755 });
    const failures: string[] = [];
    const live = await servers.origin({
      encoder: 'ffmpeg',
      ffmpegPath,
      onFailure: ({ code }) => failures.push(code),
    });
    const playlist = await getText(`${live.url}/live/high/playlist.m3u8`);
    expect(playlist.match(/^10[0-2]\.m4s$/gm)).to.deep.equal(['100.m4s', '101.m4s', '102.m4s']);
    const timescales = readTimescales((await getBytes(`${live.url}/live/high/init.mp4`)).bytes);
    const segment = (await getBytes(`${live.url}/live/high/101.m4s`)).bytes;
    expect([...readDecodeTimes(segment).keys()]).to.deep.equal([...timescales.keys()]);
    const started = await readFile(startedPath, 'utf8');
    process.kill(Number.parseInt(started, 10), 'SIGKILL');
    await eventually(() => failures.length > 0, 'the death is reported');
    expect(failures).to.deep.equal(['encoder_failed']);
    const { response, bytes } = await getBytes(live.playlistUrl);
    expect(response.status).to.equal(200);
    expect(bytes.toString()).to.include('high/playlist.m3u8');
    const dead = await getBytes(`${live.url}/live/high/playlist.m3u8`);
    expect(dead.response.status).to.equal(503);
    expect(JSON.parse(dead.bytes.toString())).to.include({ code: 'encoder_failed' });
    const files = /\S+\/holdfast-encoder-\w+/.exec(started)?.[0] ?? 'no folder';
    expect(existsSync(files)).to.equal(true);
    await live.close();
    expect(existsSync(files)).to.equal(false);
    await rm(folder, { recursive: true });
  }).timeout(30_000);

  describe('start and end', () => {
    it('refuses options, a loop and an encoder that cannot work, with a code', async () => {
      expect(await codeOf(startOrigin({ windowSegments: 0 }))).to.equal('option_invalid');
      expect(await codeOf(startOrigin({ mediaSequenceBase: 1.5 }))).to.equal('option_invalid');
      expect(await codeOf(startOrigin({ renditions: ['low', 'huge'] }))).to.equal('option_invalid');
      expect(await codeOf(startOrigin({ loopFolder: '/nowhere' }))).to.equal('loop_invalid');
      expect(await codeOf(startEdge({ originUrl: 'nowhere', edgeId: 'a' }))).to.equal(
        'option_invalid',
      );
      const missing = startOrigin({ encoder: 'ffmpeg', ffmpegPath: '/nowhere/ffmpeg' });
      expect(await codeOf(missing)).to.equal('encoder_missing');
      const dying = startOrigin({ encoder: 'ffmpeg', ffmpegPath: '/bin/false' });
      expect(await codeOf(dying)).to.equal('encoder_failed');
      const { port } = await servers.origin();
      expect(await codeOf(startOrigin({ port }))).to.equal('listen_failed');
    });

    it('close ends open transfers and frees the port, and can be called twice', async () => {
      const live = await servers.origin();
      live.setFault({ kind: 'throttle', bytesPerSecond: 10_000 });
      const response = await fetch(`${live.url}/live/high/109.m4s`);
      await live.close();
      await live.close();
      expect(await response.arrayBuffer().catch(() => 'broken')).to.equal('broken');
      const again = await servers.origin({ port: live.port });
      expect((await fetch(again.playlistUrl)).status).to.equal(200);
    });
  });
});
