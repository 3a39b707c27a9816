import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { OriginError } from '../../demo/origin/errors.ts';
import type { Fault } from '../../demo/origin/fault.ts';
import { codeOf, eventually, getBytes, LiveServers } from './live-servers.ts';

describe('faults of the live input', () => {
  let servers: LiveServers;

  beforeEach(() => {
    servers = new LiveServers();
  });

  afterEach(() => servers.close());

  describe('faults', () => {
    it('refuse resets open and new connections', async () => {
      const live = await servers.origin();
      const open = connect(live.port, '127.0.0.1');
      open.on('error', () => undefined);
      await once(open, 'connect');
      await eventually(
        () => live.counters().connections.open === 1,
        'the server sees the connection',
      );
      const closed = new Promise((resolve) => open.once('close', resolve));
      live.setFault({ kind: 'refuse' });
      await closed;
      expect(await codeOf(fetch(live.playlistUrl))).to.match(/fetch failed/);
      expect(live.counters().connections.refused).to.equal(1);
      live.setFault({ kind: 'none' });
      expect((await fetch(live.playlistUrl)).status).to.equal(200);
    });

    it('black-hole answers nothing, on the chosen paths only', async () => {
      const live = await servers.origin();
      live.setFault({ kind: 'black-hole', paths: 'segments' });
      expect((await fetch(live.playlistUrl)).status).to.equal(200);
      const hung = fetch(`${live.url}/live/high/109.m4s`, { signal: AbortSignal.timeout(150) });
      expect(await codeOf(hung)).to.match(/TimeoutError/);
      await eventually(() => live.counters().aborted === 1, 'the server sees the client leave');
    });

    it('black-hole stops a transfer under way', async () => {
      const live = await servers.origin();
      live.setFault({ kind: 'throttle', bytesPerSecond: 400_000 });
      const response = await fetch(`${live.url}/live/high/109.m4s`, {
        signal: AbortSignal.timeout(1_500),
      });
      live.setFault({ kind: 'black-hole' });
      const stoppedAt = live.counters().bytes.segment;
      expect(await codeOf(response.arrayBuffer())).to.match(/TimeoutError/);
      expect(live.counters().bytes.segment - stoppedAt).to.be.at.most(20_000);
    }).timeout(4_000);

    it('of a line hit nobody else, those of its edge all lines', async () => {
      const live = await servers.origin();
      const edge = await servers.edge(live);
      const [first, second] = await Promise.all([edge.openLine(), edge.openLine()]);
      const playlist = ({ port }: { port: number }) =>
        codeOf(
          fetch(`http://127.0.0.1:${port}/live/main.m3u8`, { signal: AbortSignal.timeout(300) }),
        );
      first.setFault({ kind: 'refuse' });
      expect(await playlist(first)).to.match(/fetch failed/);
      expect(await playlist(second)).to.equal('no error');
      first.setFault({ kind: 'black-hole' });
      expect(await playlist(first)).to.match(/TimeoutError/);
      first.setFault({ kind: 'none' });
      expect(await playlist(first)).to.equal('no error');
      edge.setFault({ kind: 'refuse' });
      for (const line of [first, second]) expect(await playlist(line)).to.match(/fetch failed/);
      edge.setFault({ kind: 'black-hole' });
      for (const line of [first, second]) expect(await playlist(line)).to.match(/TimeoutError/);
      edge.setFault({ kind: 'none' });
      for (const line of [first, second]) expect(await playlist(line)).to.equal('no error');
      await edge.close();
      expect(await playlist(first), 'after the edge is closed').to.match(/fetch failed/);
    }).timeout(4_000);

    it('error hits the given share of the requests', async () => {
      const draws = [0.1, 0.3, 0.6, 0.9];
      const live = await servers.origin({ random: () => draws.shift() ?? 1 });
      live.setFault({ kind: 'error', status: 500, ratio: 0.5, paths: 'segments' });
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++)
        statuses.push((await fetch(`${live.url}/live/low/109.m4s`)).status);
      expect(statuses).to.deep.equal([500, 500, 200, 200]);
      expect((await fetch(live.playlistUrl)).status).to.equal(200);
      expect(live.counters().errors).to.equal(2);
    });

    it('throttle holds its rate over all connections together', async () => {
      const live = await servers.origin();
      live.setFault({ kind: 'throttle', bytesPerSecond: 400_000 });
      const startMs = performance.now();
      const both = await Promise.all(
        [108, 109].map((item) => getBytes(`${live.url}/live/low/${item}.m4s`)),
      );
      const seconds = (performance.now() - startMs) / 1_000;
      const byteCount = both.reduce((sum, { bytes }) => sum + bytes.length, 0);
      expect(byteCount / seconds).to.be.within(300_000, 410_000);
    }).timeout(4_000);

    it('leave the line of an edge as narrow as it is', async () => {
      const live = await servers.origin();
      const edge = await servers.edge(live, { bytesPerSecondMax: 1_000_000 });
      const url = `${edge.url}/live/high/109.m4s`;
      const { byteLength } = (await getBytes(url)).bytes;
      for (const kind of ['none', 'refuse', 'none'] as const) edge.setFault({ kind });
      const startedAtMs = performance.now();
      await getBytes(url);
      expect(performance.now() - startedAtMs).to.be.within(byteLength / 1_100, byteLength / 400);
    }).timeout(4_000);

    it('slow-first-byte and latency delay the head', async () => {
      const live = await servers.origin({ latencyMs: 60 });
      const timed = async (): Promise<number> => {
        const startMs = performance.now();
        await (await fetch(live.playlistUrl)).text();
        return performance.now() - startMs;
      };
      expect(await timed()).to.be.within(55, 500);
      live.setFault({ kind: 'slow-first-byte', delayMs: 200 });
      expect(await timed()).to.be.within(250, 1_000);
    });

    it('refuses a fault that it does not know', async () => {
      const live = await servers.origin();
      const set = (fault: unknown) => () => live.setFault(fault as Fault);
      for (const fault of [
        null,
        {},
        { kind: 'fire' },
        { kind: 'throttle' },
        { kind: 'error', ratio: 2 },
      ]) {
        expect(set(fault)).to.throw(OriginError).with.property('code', 'fault_invalid');
      }
      expect(live.fault).to.deep.equal({ kind: 'none' });
    });
  });

  describe('control', () => {
    const post = (url: string, body: string, headers: Record<string, string> = {}) =>
      fetch(`${url}/control/fault`, { method: 'POST', body, headers });

    it('sets and ends a fault, even while connections are refused', async () => {
      const live = await servers.origin();
      const { url, playlistUrl } = await servers.edge(live, { control: true });
      const local = { origin: 'http://localhost:5173' };
      const response = await post(url, '{"kind":"refuse"}', local);
      expect(response.status).to.equal(200);
      expect(response.headers.get('access-control-allow-origin')).to.equal(local.origin);
      expect(await codeOf(fetch(playlistUrl))).to.match(/fetch failed/);
      expect((await post(url, '{"kind":"none"}')).status).to.equal(200);
      expect((await fetch(playlistUrl)).status).to.equal(200);
      const counters = (await (await fetch(`${url}/control/counters`)).json()) as {
        requests: { playlist: number };
      };
      expect(counters.requests.playlist).to.equal(2);
    });

    it('answers bad input with a code', async () => {
      const { url } = await servers.origin({ control: true });
      const cases = [
        { body: 'not json', status: 400, code: 'fault_invalid' },
        { body: '{"kind":"melt"}', status: 400, code: 'fault_invalid' },
        { body: '{"kind":"none","more":1}', status: 400, code: 'fault_invalid' },
        { body: '{"kind":"throttle","bytesPerSecond":-1}', status: 400, code: 'fault_invalid' },
        { body: 'x'.repeat(100_000), status: 413, code: 'control_too_large' },
      ];
      for (const { body, status, code } of cases) {
        const response = await post(url, body);
        expect(response.status, body.slice(0, 40)).to.equal(status);
        expect(await response.json()).to.include({ code });
      }
      expect((await fetch(`${url}/control/other`)).status).to.equal(404);
      expect((await fetch(`${url}/control/fault`, { method: 'PUT' })).status).to.equal(405);
    });

    it('is off by default, and closed to pages and hosts of others', async () => {
      const closed = await servers.origin();
      expect((await post(closed.url, '{"kind":"none"}')).status).to.not.equal(200);
      const { url, port } = await servers.origin({ control: true });
      const foreign = await post(url, '{"kind":"refuse"}', { origin: 'https://127.0.0.1.example' });
      expect(foreign.status).to.equal(403);
      expect(await foreign.json()).to.include({ code: 'control_refused' });
      const rebound = get({
        port,
        host: '127.0.0.1',
        path: '/control/fault',
        headers: { host: 'evil.example' },
      });
      const [answer] = (await once(rebound, 'response')) as [IncomingMessage];
      answer.resume();
      expect(answer.statusCode).to.equal(403);
    });
  });
});
