import { createHash, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Origin } from '../../demo/origin/origin.ts';
import {
  type Signaling,
  type SignalingOptions,
  startSignaling,
} from '../../signaling/adapters/server.ts';
import {
  type Descriptor,
  type Integrity,
  limits,
  parseDescriptor,
  type SignedDescriptor,
} from '../../signaling/protocol/index.ts';
import { eventually, getBytes, LiveServers } from '../unit/live-servers.ts';
import { join, report, sample, type TestClient } from './signaling-client.ts';

const room = 'room';
/** The renditions and segments that the origin of the tests shows at its start. */
const renditions = ['high', 'low'];
const windowSegments = 6;

/** Gathers what the server vouches for, and believes nothing that is not signed with a key of the welcome. */
async function gather(
  client: TestClient,
  integrity: Integrity,
  found: Map<string, Descriptor>,
): Promise<void> {
  const keys = await Promise.all(integrity.keys.map((key) => importKey(key)));
  for (;;) {
    const frame = await client.next('descriptors').catch(() => null);
    if (!frame) return;
    for (const signed of frame.descriptors) {
      const valid = await Promise.all(keys.map((key) => verify(key, signed)));
      const descriptor = parseDescriptor(signed.body);
      if (!valid.includes(true) || !descriptor) throw new Error('a descriptor does not hold');
      found.set(descriptor.segmentId, descriptor);
    }
  }
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

function importKey(key: Integrity['keys'][number]): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('jwk', { ...key }, ecdsa, false, ['verify']);
}

function verify(key: webcrypto.CryptoKey, signed: SignedDescriptor): Promise<boolean> {
  const signature = Buffer.from(signed.signature, 'base64url');
  return webcrypto.subtle.verify(ecdsa, key, signature, Buffer.from(signed.body));
}

function digestsOf(bytes: Buffer): string[] {
  const digests: string[] = [];
  for (let at = 0; at < bytes.length; at += limits.partBytes) {
    const part = bytes.subarray(at, at + limits.partBytes);
    digests.push(createHash('sha256').update(part).digest('base64url'));
  }
  return digests;
}

function urlOf(origin: Origin, segmentId: string): string {
  const [, rendition, sequence, init] = /^(\w+)\/playlist\.m3u8#(?:(\d+)|init:(.+))$/.exec(
    segmentId,
  ) ?? [null];
  return `${origin.url}/live/${rendition}/${init ?? `${sequence}.m4s`}`;
}

describe('attestor: reads the stream of a room and vouches for it', () => {
  const live = new LiveServers();
  const servers: Signaling[] = [];
  const clients: TestClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const server of servers.splice(0)) await server.close();
    await live.close();
  });

  async function start(origin: Origin, options: SignalingOptions = {}): Promise<Signaling> {
    const server = await startSignaling({ streams: { [room]: origin.playlistUrl }, ...options });
    servers.push(server);
    return server;
  }

  async function watch(server: Signaling, subject = 'somebody') {
    const client = await join(server, { room, subject });
    clients.push(client);
    const found = new Map<string, Descriptor>();
    void gather(client, client.welcome.integrity, found);
    return { client, found, integrity: client.welcome.integrity };
  }

  const everything = renditions.length * (windowSegments + 1);

  it('reads each segment once, and its signed digests fit the media', async () => {
    const origin = await live.origin();
    const server = await start(origin);
    const { found, integrity } = await watch(server);
    expect(integrity.mode).to.equal('attested');
    await eventually(() => found.size === everything, 'all descriptors');
    const { segments, requests } = origin.counters();
    for (const [path, { copies }] of Object.entries(segments)) expect(copies, path).to.equal(1);
    expect(Object.keys(segments)).to.have.length(renditions.length * windowSegments);
    expect(requests.init).to.equal(renditions.length);
    for (const { segmentId, sizeBytes, digests, room: named } of found.values()) {
      const { bytes } = await getBytes(urlOf(origin, segmentId));
      expect(named).to.equal(room);
      expect(sizeBytes, segmentId).to.equal(bytes.length);
      expect(digests, segmentId).to.deep.equal(digestsOf(bytes));
    }
    expect(await sample(server, 'holdfast_attested_lag_seconds_count')).to.equal(everything);
    expect(await sample(server, 'holdfast_attestor_bytes_total')).to.be.above(1_000_000);
  });

  it('tells newcomers what is known, and all what is new, still with one copy of each', async () => {
    const origin = await live.origin();
    const server = await start(origin);
    const first = await watch(server, 'a');
    await eventually(() => first.found.size === everything, 'all descriptors');
    const second = await watch(server, 'b');
    await eventually(() => second.found.size === everything, 'all descriptors, later');
    live.nowMs += 2_000;
    const next = 'high/playlist.m3u8#110';
    await eventually(() => first.found.has(next) && second.found.has(next), 'the next one');
    expect(origin.counters().segments['/live/high/110.m4s']?.copies).to.equal(1);
  });

  it('keeps to the playlists that somebody plays', async () => {
    const origin = await live.origin();
    const server = await start(origin, { limits: { attestorLingerMs: 100 } });
    const { client, found } = await watch(server);
    await eventually(() => found.size === everything, 'all descriptors');
    const plays = ['low/playlist.m3u8', 'multivariant', 'not/of/this/stream.m3u8'];
    client.send({ ...report, plays });
    await client.next('heartbeat');
    live.nowMs += 2_000;
    await eventually(() => found.has('low/playlist.m3u8#110'), 'the next one of low');
    live.nowMs += 2_000;
    await eventually(() => found.has('low/playlist.m3u8#111'), 'the one after it');
    expect(Object.keys(origin.counters().segments)).not.to.include('/live/high/111.m4s');
    client.send({ ...report, plays: ['high/playlist.m3u8'] });
    await eventually(() => found.has('high/playlist.m3u8#111'), 'what is played now');
  });

  it('goes on when a stream that failed answers again', async () => {
    const origin = await live.origin();
    origin.setFault({ kind: 'refuse' });
    const limits = { attestorRetryMinMs: 50, attestorRetryMaxMs: 100 };
    const server = await start(origin, { limits });
    const { found } = await watch(server);
    const failures = 'holdfast_attestor_failures_total{code="unreachable"}';
    await until(async () => (await sample(server, failures)) >= 2);
    expect(found.size).to.equal(0);
    origin.setFault({ kind: 'none' });
    await eventually(() => found.size === everything, 'all descriptors');
    origin.setFault({ kind: 'error', paths: 'segments' });
    live.nowMs += 2_000;
    await until(async () => (await sample(server, failures.replace('unreachable', 'status'))) >= 2);
    origin.setFault({ kind: 'none' });
    await eventually(() => found.has('high/playlist.m3u8#110'), 'the next one');
  });

  it('goes on from another copy of the stream while the first cannot be reached', async () => {
    const origin = await live.origin();
    const first = await live.edge(origin);
    const second = await live.edge(origin, { edgeId: 'edge-b' });
    const streams = { [room]: [first.playlistUrl, second.playlistUrl] as const };
    const limits = { attestorRetryMinMs: 100 };
    const server = await start(origin, { streams, limits });
    const { found, integrity } = await watch(server);
    await eventually(() => found.size === everything, 'all descriptors');
    first.setFault({ kind: 'refuse' });
    live.nowMs += 2_000;
    await eventually(() => found.has('high/playlist.m3u8#110'), 'the next one');
    expect(integrity.mode).to.equal('attested');
    await eventually(() => second.counters().requests.segment > 0, 'counted');
  });

  it('gives up a read that stops half-way, and comes back to it', async () => {
    const origin = await live.origin();
    const limits = { attestorFirstByteMs: 100, attestorStallMs: 100, attestorRetryMinMs: 50 };
    origin.setFault({ kind: 'black-hole', paths: 'segments' });
    const server = await start(origin, { limits });
    const { found } = await watch(server);
    const timeouts = 'holdfast_attestor_failures_total{code="timeout"}';
    await until(async () => (await sample(server, timeouts)) >= 4);
    origin.setFault({ kind: 'none' });
    await eventually(() => found.size === everything, 'all descriptors');
  });

  it('stops reading when the room has been empty for a while, and starts again with the next', async () => {
    const origin = await live.origin();
    const server = await start(origin, { limits: { attestorLingerMs: 200 } });
    const first = await watch(server);
    await eventually(() => first.found.size === everything, 'all descriptors');
    const rooms = 'holdfast_attested_rooms';
    expect(await sample(server, rooms)).to.equal(1);
    first.client.send({ type: 'leave' });
    await until(async () => (await sample(server, rooms)) === 0);
    origin.resetCounters();
    live.nowMs += 10_000;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(origin.counters().requests).to.include({ playlist: 0, segment: 0 });
    const second = await watch(server, 'next');
    await eventually(() => second.found.size === everything, 'all descriptors again');
  });

  it('learns the stream from a token, and has none for a room without', async () => {
    const origin = await live.origin();
    const server = await start(origin, { streams: {} });
    const bare = await watch(server);
    expect(bare.integrity).to.deep.equal({ mode: 'none', keys: [] });
    const token = await server.issueToken({
      room: 'other',
      subject: 'a',
      lifetimeSeconds: 60,
      stream: origin.playlistUrl,
    });
    const client = await join(server, { room: 'other', token });
    clients.push(client);
    expect(client.welcome.integrity.mode).to.equal('attested');
    expect((await client.next('descriptors')).descriptors).not.to.be.empty;
  });

  it('signs with the configured key, so that viewers know it after a restart', async () => {
    const origin = await live.origin();
    const pair = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
    const { x, y, ...rest } = await webcrypto.subtle.exportKey('jwk', pair.privateKey);
    const server = await start(origin, { attestorKey: JSON.stringify({ x, y, ...rest }) });
    const { integrity } = await watch(server);
    expect(integrity.keys).to.deep.equal([{ kty: 'EC', crv: 'P-256', x, y }]);
  });

  it('refuses streams and keys that cannot work', async () => {
    const codeOf = (options: SignalingOptions) =>
      startSignaling(options).then(
        async (server) => server.close(),
        (error: { code: string }) => error.code,
      );
    for (const url of ['ftp://example.org/a', 'https://user:pass@example.org/', 'main.m3u8']) {
      expect(await codeOf({ streams: { room: url } }), url).to.equal('config_invalid');
    }
    expect(await codeOf({ attestorKey: 'none' })).to.equal('signing_key_invalid');
  });

  it('follows no redirect', async () => {
    const origin = await live.origin();
    const redirect = createServer((_, response) => {
      response.writeHead(302, { location: origin.playlistUrl }).end();
    });
    redirect.listen(0, '127.0.0.1');
    await once(redirect, 'listening');
    const { port } = redirect.address() as AddressInfo;
    const server = await start(origin, {
      streams: { [room]: `http://127.0.0.1:${port}/live/main.m3u8` },
    });
    await watch(server);
    const failures = 'holdfast_attestor_failures_total{code="unreachable"}';
    await until(async () => (await sample(server, failures)) >= 1);
    expect(origin.counters().requests.playlist).to.equal(0);
    redirect.close();
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + 5_000;
  while (!(await holds())) {
    if (performance.now() > giveUpAtMs) throw new Error('never happened');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
