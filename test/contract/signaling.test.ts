import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { SignJWT } from 'jose';
import {
  type Signaling,
  type SignalingOptions,
  startSignaling,
} from '../../signaling/adapters/server.ts';
import { limits } from '../../signaling/protocol/index.ts';
import { connect, join, joinFrame, report, sample } from './signaling-client.ts';

const key = 'a secret of the tests, long enough for HS256';

describe('signaling: a server on loopback', () => {
  const servers: Signaling[] = [];
  async function start(options: SignalingOptions = {}): Promise<Signaling> {
    const server = await startSignaling({ key, ...options });
    servers.push(server);
    return server;
  }
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  it('cuts a message far above the limit without reading it', async () => {
    const server = await start();
    const client = await connect(server.url);
    client.sendRaw('x'.repeat(limits.payloadBytesMax + 1));
    expect((await client.closed).code).to.equal(1009);
    expect(await sample(server, 'holdfast_refusals_total{code="frame_too_large"}')).to.equal(1);
  });

  it('cuts a member that does not read, and goes on', async () => {
    const server = await start({
      limits: { socketBufferBytesMax: 200_000, framesBurstMax: 100_000 },
    });
    const deaf = await join(server, { subject: 'deaf' });
    const speaker = await join(server, { subject: 'speaker' });
    deaf.socket.pause();
    const signal = { sdp: 'x'.repeat(15_000) };
    for (let index = 0; index < 1_000; index++) {
      speaker.send({ type: 'signal', to: deaf.welcome.viewerId, signal });
    }
    expect((await speaker.next('error')).code).to.equal('member_unknown');
    expect(await sample(server, 'holdfast_slow_readers_total')).to.equal(1);
    speaker.send(report);
    await speaker.next('heartbeat');
    deaf.close();
  });

  it('allows listed origins, and judges each address behind a trusted proxy by itself', async () => {
    const server = await start({
      origins: ['https://tv.example'],
      addressHeader: 'X-Forwarded-For',
      limits: { joinsPerMinutePerAddressMax: 1 },
    });
    const from = (address: string) =>
      connect(server.url, {
        origin: 'https://tv.example',
        headers: { 'x-forwarded-for': address },
      });
    const frame = await joinFrame(server);
    const first = await from('spoofed, 192.0.2.1');
    first.send(frame);
    await first.next('welcome');
    expect((await (await from('other, 192.0.2.1')).next('error')).code).to.equal('rate_limited');
    const second = await from('192.0.2.2');
    second.send(frame);
    await second.next('welcome');
  });

  it('welcomes with what the server was given, and relays directives and signals', async () => {
    const edges = [{ edgeId: 'e1', baseUrl: 'https://edge.example/' }];
    const server = await start({ edges, iceServers: [{ urls: 'stun:stun.example' }] });
    const first = await join(server, { subject: 'a' });
    expect(first.welcome).to.deep.include({ iceServers: [{ urls: 'stun:stun.example' }] });
    const second = await join(server, { subject: 'b' });
    const directive = await first.next('directive');
    expect(directive.epoch).to.equal(second.welcome.directive.epoch);
    expect(directive.members.map((member) => member.role)).to.deep.equal(['master', 'master']);
    second.send({ type: 'signal', to: first.welcome.viewerId, signal: { type: 'offer' } });
    expect(await first.next('signal')).to.deep.equal({
      type: 'signal',
      from: second.welcome.viewerId,
      signal: { type: 'offer' },
    });
    second.send({ type: 'signal', to: 'nobody', signal: {} });
    expect(await second.next('error')).to.include({ code: 'member_unknown', fatal: false });
    second.send(report);
    await second.next('heartbeat');
  });

  it('gives the place back after a dropped socket, and takes over from a socket that still hangs', async () => {
    const server = await start();
    const first = await join(server, { subject: 'a' });
    await join(server, { subject: 'b' });
    const { resumeKey, viewerId } = first.welcome;
    first.close();
    await first.closed;
    const back = await join(server, { subject: 'a', resumeKey });
    expect(back.welcome).to.include({ resumed: true, viewerId });
    expect(back.welcome.directive).to.deep.include({ groupRole: 'master', deviceRole: 'master' });
    const again = await join(server, { subject: 'a', resumeKey: back.welcome.resumeKey });
    expect(again.welcome).to.include({ resumed: true, viewerId });
    expect(await back.next('bye')).to.include({ reason: 'replaced' });
    expect((await back.closed).code).to.equal(4000);
    expect(await sample(server, 'holdfast_viewers')).to.equal(2);
  });

  it('gives nobody the place of another by his resume key', async () => {
    const server = await start();
    const victim = await join(server, { subject: 'victim' });
    const { resumeKey, viewerId } = victim.welcome;
    for (const options of [
      { subject: 'thief', resumeKey },
      { subject: 'victim', resumeKey, room: 'another' },
      {
        subject: 'victim',
        resumeKey: await server.issueToken({
          room: 'room',
          subject: 'victim',
          lifetimeSeconds: 60,
        }),
      },
      { subject: 'victim', resumeKey: 'garbage' },
    ]) {
      const { welcome } = await join(server, options);
      expect(welcome.resumed).to.equal(false);
      expect(welcome.viewerId).not.to.equal(viewerId);
    }
  });

  it('knows a viewer by its key after a restart, with epochs that go on', async () => {
    const before = await start();
    const { welcome } = await join(before, { subject: 'a' });
    await before.close();
    const after = await start({ port: before.port });
    const back = await join(after, { subject: 'a', resumeKey: welcome.resumeKey });
    expect(back.welcome).to.include({ resumed: false, viewerId: welcome.viewerId });
    expect(back.welcome.directive.epoch).to.be.above(welcome.directive.epoch);
  });

  it('says bye, closes and answers nobody any more', async () => {
    const server = await start();
    const clients = await Promise.all(['a', 'b', 'c'].map((subject) => join(server, { subject })));
    const idle = await connect(server.url);
    const healthUrl = server.url.replace('ws:', 'http:');
    expect((await fetch(`${healthUrl}healthz`)).status).to.equal(200);
    const startedAtMs = Date.now();
    await server.close();
    expect(Date.now() - startedAtMs).to.be.below(limits.closeWithinMs);
    for (const client of clients) {
      const bye = await client.next('bye');
      expect(bye.reason).to.equal('shutdown');
      expect(bye.reconnectAfterMs).to.be.within(1_000, 3_000);
      expect((await client.closed).code).to.equal(1001);
    }
    expect((await idle.closed).code).to.equal(1001);
    expect(await fetch(`${healthUrl}healthz`).catch(() => null)).to.equal(null);
  });

  it('ends in time though a socket never answers the close', async () => {
    const server = await start({ limits: { closeWithinMs: 200 } });
    const client = await join(server);
    client.socket.pause();
    const startedAtMs = Date.now();
    await server.close();
    expect(Date.now() - startedAtMs).to.be.below(1_500);
    client.close();
  });

  it('serves health and metrics, and nothing else', async () => {
    const server = await start();
    await join(server);
    const base = server.url.replace('ws:', 'http:');
    const metrics = await fetch(`${base}metrics`);
    expect(metrics.headers.get('content-type')).to.include('text/plain');
    expect(await metrics.text()).to.match(/^holdfast_viewers_connected 1$/m);
    expect((await fetch(`${base}anything`)).status).to.equal(404);
    expect((await fetch(`${base}metrics`, { method: 'POST' })).status).to.equal(405);
  });

  it('checks EdDSA tokens with a public key and issues none', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }));
    for (const configured of [pem, jwk]) {
      const server = await start({ key: configured });
      const sign = (alg: string, signer: Parameters<SignJWT['sign']>[0]) =>
        new SignJWT({ room: 'room' })
          .setProtectedHeader({ alg })
          .setSubject('a')
          .setExpirationTime('1m')
          .sign(signer);
      const hello = async (token: string) => {
        const client = await connect(server.url);
        client.send(await joinFrame(server, { token }));
        return client;
      };
      await (await hello(await sign('EdDSA', privateKey))).next('welcome');
      // The classic confusion: the public key, which everybody has, used as an HMAC secret.
      const confused = await hello(await sign('HS256', Buffer.from(configured)));
      expect((await confused.next('error')).code).to.equal('token_invalid');
      const refused = await server
        .issueToken({ room: 'room', subject: 'a', lifetimeSeconds: 60 })
        .catch((error: unknown) => error);
      expect(refused).to.include({ code: 'key_cannot_sign' });
    }
  });

  it('logs what happened without tokens, addresses or names of rooms', async () => {
    const lines: string[] = [];
    const server = await start({ log: (line) => lines.push(line) });
    const secretRoom = 'room-that-nobody-knows';
    const { welcome } = await join(server, { room: secretRoom, subject: 'subject-7' });
    const bad = await connect(server.url);
    bad.send(await joinFrame(server, { room: secretRoom, token: 'not.a.token' }));
    await bad.closed;
    const text = lines.join('\n');
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).to.include(
      'refused',
    );
    for (const secret of [secretRoom, 'not.a.token', 'subject-7', welcome.resumeKey]) {
      expect(text).not.to.include(secret);
    }
  });
});
