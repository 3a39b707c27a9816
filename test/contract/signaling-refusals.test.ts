import { createSecretKey, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import {
  type Signaling,
  type SignalingOptions,
  startSignaling,
} from '../../signaling/adapters/server.ts';
import { limits } from '../../signaling/protocol/index.ts';
import { connect, join, joinFrame, report, sample, type TestClient } from './signaling-client.ts';

const key = 'a secret of the tests, long enough for HS256';

describe('signaling: bad input', () => {
  const servers: Signaling[] = [];
  async function start(options: SignalingOptions = {}): Promise<Signaling> {
    const server = await startSignaling({ key, ...options });
    servers.push(server);
    return server;
  }
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  describe('refuses with a code, counts it, and disturbs nobody', () => {
    /** Lets `act` misbehave beside two honest viewers; they must go on as if nothing were. */
    async function misbehave(
      code: string,
      act: (client: TestClient, server: Signaling) => void | Promise<void>,
      options: { server?: SignalingOptions; origin?: string; joined?: boolean } = {},
    ): Promise<Signaling> {
      const server = await start(options.server);
      const honest = await join(server, { subject: 'honest' });
      const other = await join(server, { subject: 'other' });
      const url = server.url;
      const client = options.joined
        ? await join(server, { subject: 'bad' })
        : await connect(url, options.origin ? { origin: options.origin } : {});
      await act(client, server);
      const error = await client.next('error');
      expect(error).to.include({ code, fatal: true });
      expect((await client.closed).reason).to.equal(code);
      expect(await sample(server, `holdfast_refusals_total{code="${code}"}`)).to.equal(1);
      honest.send({ type: 'signal', to: other.welcome.viewerId, signal: { sdp: 'still here' } });
      expect((await other.next('signal')).signal).to.deep.equal({ sdp: 'still here' });
      expect(await sample(server, 'holdfast_viewers_connected')).to.equal(2);
      return server;
    }

    const token = (claims: JWTPayload, secret = key, alg = 'HS256') =>
      new SignJWT({ room: 'room', sub: 'bad', exp: Math.floor(Date.now() / 1_000) + 60, ...claims })
        .setProtectedHeader({ alg })
        .sign(createSecretKey(Buffer.from(secret)));
    const sendJoin =
      (make: () => string | Promise<string>) => async (client: TestClient, server: Signaling) =>
        client.send(await joinFrame(server, { token: await make() }));

    it('a token that leads something else than a site', () =>
      misbehave(
        'token_invalid',
        sendJoin(() => token({ leads: ['school-12'] })),
      ));
    for (const claims of [
      { role: 'admin' },
      { role: null },
      { role: ['host'] },
      { name: '' },
      { name: 'x'.repeat(65) },
      { name: 'Ada\u0000' },
      { name: 'Ada\u2028said' },
      { name: 7 },
    ])
      it(`a token with ${JSON.stringify(claims).slice(0, 30)}`, () =>
        misbehave(
          'token_invalid',
          sendJoin(() => token(claims)),
        ));
    it('text that is no JSON', () =>
      misbehave('frame_invalid', (client) => client.sendRaw('{"type":')));
    it('a frame of no known type', () =>
      misbehave('frame_invalid', (client) => client.send({ type: 'sudo' })));
    it('a hostile frame of a member', () =>
      misbehave('frame_invalid', (client) => client.send({ ...report, lostMembers: '__proto__' }), {
        joined: true,
      }));
    it('bytes', () =>
      misbehave('frame_invalid', (client) => client.sendRaw(Buffer.from([0, 255, 1]))));
    it('an unknown version', () =>
      misbehave('version_unsupported', async (client, server) =>
        client.send(await joinFrame(server, { version: 99 })),
      ));
    it('a frame before the join', () =>
      misbehave('join_required', (client) => client.send(report)));
    it('a second join', () =>
      misbehave('already_joined', async (client, server) => client.send(await joinFrame(server)), {
        joined: true,
      }));
    it('two joins at once', () =>
      misbehave('already_joined', async (client, server) => {
        const frame = await joinFrame(server, { subject: 'bad' });
        client.send(frame);
        client.send(frame);
      }));
    it('a join without a token', () =>
      misbehave(
        'token_missing',
        sendJoin(() => ''),
      ));
    it('a token for another room', () =>
      misbehave(
        'token_room_mismatch',
        sendJoin(() => token({ room: 'another' })),
      ));
    it('an expired token', () =>
      misbehave(
        'token_expired',
        sendJoin(() => token({ exp: Math.floor(Date.now() / 1_000) - 60 })),
      ));
    it('a token that lives too long', () =>
      misbehave(
        'token_invalid',
        sendJoin(() => token({ exp: Math.floor(Date.now() / 1_000) + 7_200 })),
      ));
    it('a token without an end', () =>
      misbehave(
        'token_invalid',
        sendJoin(() => token({ exp: undefined })),
      ));
    it('a token of another key', () =>
      misbehave(
        'token_invalid',
        sendJoin(() => token({}, randomBytes(32).toString('hex'))),
      ));
    it('a token with another algorithm of the same key', () =>
      misbehave(
        'token_invalid',
        sendJoin(() => token({}, key.repeat(2), 'HS512')),
      ));
    it('a token without a signature', () =>
      misbehave(
        'token_invalid',
        sendJoin(() =>
          new UnsecuredJWT({ room: 'room' }).setSubject('bad').setExpirationTime('1m').encode(),
        ),
      ));
    it('a resume key as token', () =>
      misbehave('token_invalid', async (client, server) => {
        const victim = await join(server, { subject: 'victim' });
        const gone = victim.closed;
        victim.send({ type: 'leave' });
        await gone;
        client.send(await joinFrame(server, { token: victim.welcome.resumeKey }));
      }));
    it('an oversized frame', () =>
      misbehave('frame_too_large', (client) =>
        client.sendRaw('x'.repeat(limits.frameBytesMax + 1)),
      ));
    it('an oversized signal', () =>
      misbehave(
        'frame_too_large',
        (client) =>
          client.send({
            type: 'signal',
            to: 'v',
            signal: { sdp: 'x'.repeat(limits.signalBytesMax) },
          }),
        { joined: true },
      ));
    it('a flood', () =>
      misbehave(
        'rate_limited',
        (client) => {
          // While a slow machine takes the burst in, more becomes allowed.
          for (let index = 0; index <= 2 * limits.framesBurstMax; index++) client.send(report);
        },
        { joined: true },
      ));
    it('a page of an origin that is not listed', () =>
      misbehave('origin_refused', () => {}, { origin: 'https://evil.example' }));
    it('a page of another origin than the listed one', () =>
      misbehave('origin_refused', () => {}, {
        origin: 'http://localhost:3000',
        server: { origins: ['https://tv.example'] },
      }));
    it('a socket that does not join in time', () =>
      misbehave('join_timeout', () => {}, { server: { limits: { joinWithinMs: 1_000 } } }));
    it('a viewer above the room', () =>
      misbehave(
        'room_full',
        async (client, server) => client.send(await joinFrame(server, { subject: 'third' })),
        { server: { limits: { viewersPerRoomMax: 2 } } },
      ));
    it('joins above the rate of an address', () =>
      misbehave('rate_limited', () => {}, {
        server: { limits: { joinsPerMinutePerAddressMax: 2 } },
      }));
  });
});
