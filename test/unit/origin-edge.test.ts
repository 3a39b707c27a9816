import { connect } from 'node:net';
import { expect } from 'chai';
import { meanCopiesPerSegment } from '../../demo/origin/counters.ts';
import type { Fault } from '../../demo/origin/fault.ts';
import { eventually, getBytes, getText, LiveServers, readAndAbort } from './live-servers.ts';

describe('live edge', () => {
  let servers: LiveServers;

  beforeEach(() => {
    servers = new LiveServers();
  });

  afterEach(() => servers.close());

  describe('edge', () => {
    it('asks the origin once for what many clients want at once', async () => {
      const live = await servers.origin();
      const { url, counters } = await servers.edge(live);
      live.setFault({ kind: 'throttle', bytesPerSecond: 2_000_000 });
      const all = await Promise.all(
        Array.from({ length: 8 }, () => getBytes(`${url}/live/high/109.m4s?token=x`)),
      );
      for (const { bytes } of all) expect(bytes.equals(all[0]?.bytes as Buffer)).to.equal(true);
      expect(live.counters().segments['/live/high/109.m4s']?.copies).to.equal(1);
      expect(counters().segments['/live/high/109.m4s']).to.include({ requests: 8, copies: 8 });
      expect(counters().upstream).to.deep.equal({ requests: 1, bytes: all[0]?.bytes.length });
    });

    it('passes a segment on while it still arrives', async () => {
      const live = await servers.origin();
      const { url } = await servers.edge(live);
      live.setFault({ kind: 'throttle', bytesPerSecond: 500_000 });
      const response = await fetch(`${url}/live/high/109.m4s`);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      expect((await reader.read()).value?.length).to.be.greaterThan(0);
      const sizeBytes = Number(response.headers.get('content-length'));
      expect(live.counters().bytes.segment).to.be.lessThan(sizeBytes / 2);
      await reader.cancel();
    });

    it('does not show a playlist older than its time to live', async () => {
      const live = await servers.origin();
      const { url } = await servers.edge(live, { playlistTtlMs: 0 });
      expect(await getText(`${url}/live/low/playlist.m3u8`))
        .to.include('109.m4s')
        .and.not.include('110.m4s');
      servers.nowMs += 2_000;
      expect(await getText(`${url}/live/low/playlist.m3u8`)).to.include('110.m4s');
    });

    it('gives what it holds when the origin is dead, and a coded error for the rest', async () => {
      const live = await servers.origin();
      const { url } = await servers.edge(live, { playlistTtlMs: 0 });
      const held = (await getBytes(`${url}/live/low/109.m4s`)).bytes;
      live.setFault({ kind: 'refuse' });
      expect((await getBytes(`${url}/live/low/109.m4s`)).bytes.equals(held)).to.equal(true);
      const { response, bytes } = await getBytes(`${url}/live/low/playlist.m3u8`);
      expect(response.status).to.equal(502);
      expect(JSON.parse(bytes.toString())).to.include({ code: 'upstream_unreachable' });
      live.setFault({ kind: 'none' });
      expect((await fetch(`${url}/live/low/playlist.m3u8`)).status).to.equal(200);
    });

    it('breaks a transfer off when the origin does, and forgets the torso', async () => {
      const live = await servers.origin();
      const { url } = await servers.edge(live);
      live.setFault({ kind: 'throttle', bytesPerSecond: 200_000 });
      const response = await fetch(`${url}/live/high/109.m4s`);
      live.setFault({ kind: 'refuse' });
      expect(await response.arrayBuffer().catch(() => 'broken')).to.equal('broken');
      live.setFault({ kind: 'none' });
      const { bytes } = await getBytes(`${url}/live/high/109.m4s`);
      expect(bytes.equals((await getBytes(`${live.url}/live/high/109.m4s`)).bytes)).to.equal(true);
    });

    it('gives up on an origin that never answers', async () => {
      const live = await servers.origin();
      const { url } = await servers.edge(live, { upstreamTimeoutMs: 100 });
      live.setFault({ kind: 'black-hole' });
      expect((await fetch(`${url}/live/low/109.m4s`)).status).to.equal(504);
    });
  });

  describe('counters', () => {
    it('count what was written to a client that left', async () => {
      const live = await servers.origin();
      const { url, counters } = await servers.edge(live);
      const sizeBytes = (await getBytes(`${url}/live/high/109.m4s`)).bytes.length;
      const path = '/live/high/109.m4s';
      expect(counters().segments[path]).to.deep.equal({
        sizeBytes,
        requests: 1,
        bytesSent: sizeBytes,
        copies: 1,
      });
      const throttle: Fault = { kind: 'throttle', bytesPerSecond: 400_000 };
      const shared = await servers.edge(live);
      shared.setFault(throttle);
      const received = await readAndAbort(`${shared.url}${path}`, 100_000);
      await eventually(() => shared.counters().aborted === 1, 'the abort is counted');
      const sent = shared.counters().segments[path]?.bytesSent ?? 0;
      expect(sent).to.be.within(received, received + 3 * 16_384);
      expect(shared.counters().bytes.segment).to.equal(sent);
      expect(meanCopiesPerSegment(counters(), shared.counters())).to.be.closeTo(
        1 + sent / sizeBytes,
        1e-9,
      );
    });

    it('count what a client that stopped reading made the server write', async () => {
      const live = await servers.origin({ windowSegments: 10 });
      const client = connect(live.port, '127.0.0.1').pause();
      const asked = 40;
      for (let i = 0; i < asked; i++)
        client.write('GET /live/high/109.m4s HTTP/1.1\r\nHost: a\r\n\r\n');
      await eventually(() => live.counters().requests.segment === asked, 'every request is read');
      let bytesBefore = -1;
      await eventually(() => {
        const isSame = bytesBefore === live.counters().bytes.segment;
        bytesBefore = live.counters().bytes.segment;
        return isSame && bytesBefore > 0;
      }, 'the socket is full');
      client.destroy();
      await eventually(() => live.counters().connections.open === 0, 'the connection is closed');
      const { bytes, segments, aborted } = live.counters();
      const sizeBytes = segments['/live/high/109.m4s']?.sizeBytes ?? 0;
      expect(bytes.segment).to.be.within(bytesBefore, (asked - 1) * sizeBytes);
      expect(aborted).to.equal(asked - Math.floor(bytes.segment / sizeBytes));
    });

    it('start again after a reset', async () => {
      const live = await servers.origin();
      await getBytes(`${live.url}/live/low/109.m4s`);
      live.resetCounters();
      const counters = live.counters();
      expect(counters.requests).to.deep.equal({ playlist: 0, init: 0, segment: 0, other: 0 });
      expect(counters.segments).to.deep.equal({});
      expect(counters.bytes.segment).to.equal(0);
    });
  });
});
