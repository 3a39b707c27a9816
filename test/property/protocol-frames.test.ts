import { expect } from 'chai';
import fc from 'fast-check';
import { isNameable } from '../../signaling/protocol/identity.ts';
import {
  type ClientFrame,
  limits,
  parseClientFrame,
  parseServerFrame,
  protocolVersion,
  type ServerFrame,
  serverErrorCodes,
  type VerificationKey,
} from '../../signaling/protocol/index.ts';

const seed = 20_260_101;

const id = fc.stringMatching(/^[\w.:-]{1,64}$/);
const subject = fc.string({ minLength: 1, maxLength: limits.subjectLengthMax });
const senderRole = fc.constantFrom('viewer', 'moderator', 'host');
const role = fc.constantFrom('master', 'secondary', 'slave');
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const positive = fc.double({ min: 0, max: 1e12, noNaN: true }).map((value) => value + 0);
const scalar = fc.jsonValue({ maxDepth: 0 }).map(normal);
const key = fc.stringMatching(/^[a-zA-Z]{1,12}$/);
const signal = fc.dictionary(key, fc.oneof(scalar, fc.dictionary(key, scalar, plain(4))), plain(5));
const profile = fc.record({
  metered: fc.boolean(),
  saveData: fc.boolean(),
  uploadAllowed: fc.boolean(),
  peersAllowed: fc.boolean(),
  batteryLevel: orNull(fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)),
});
const clientFrame: fc.Arbitrary<ClientFrame> = fc.oneof(
  fc.record(
    {
      version: fc.constant(protocolVersion),
      type: fc.constant('join' as const),
      room: fc.string({ minLength: 1, maxLength: limits.roomNameLengthMax }),
      token: fc.string({ minLength: 1, maxLength: 400 }),
      deviceId: id,
      profile,
      resumeKey: fc.string({ maxLength: 400 }),
    },
    {
      requiredKeys: ['version', 'type', 'room', 'token', 'deviceId', 'profile'],
      noNullPrototype: true,
    },
  ),
  fc.constant({ type: 'leave' as const }),
  fc.record({ type: fc.constant('signal' as const), to: id, signal }, { noNullPrototype: true }),
  fc.record(
    {
      type: fc.constant('report' as const),
      epoch: fc.maxSafeNat(),
      profile,
      edgeHealth: fc.constantFrom('healthy', 'strained', 'partial', 'dark', 'recovering'),
      bufferMs: orNull(positive),
      uplinkBytesPerSecond: orNull(positive),
      neighbourCount: fc.nat(),
      lostMembers: fc.array(id, { maxLength: limits.groupMembersMax }),
      missedMaster: id,
      accusedMembers: fc.array(id, { maxLength: limits.groupMembersMax }),
      plays: segmentIds(limits.playlistsPerViewerMax),
    },
    { noNullPrototype: true },
  ),
  fc.record(
    {
      type: fc.constant('holdings' as const),
      gained: segmentIds(limits.holdingsPerFrameMax),
      lost: segmentIds(limits.holdingsPerFrameMax),
      playing: segmentIds(limits.playlistsPerViewerMax),
    },
    { noNullPrototype: true },
  ),
);

const member = fc.record({
  viewerId: id,
  role,
  uploads: fc.boolean(),
  weight: fc.double({ min: 1, max: 64, noNaN: true }),
});
const directive = fc.record(
  {
    type: fc.constant('directive' as const),
    epoch: fc.maxSafeNat(),
    groupId: id,
    deviceRole: role,
    groupRole: role,
    members: fc.array(member, { maxLength: limits.groupMembersMax }),
    siblings: fc.array(member, { maxLength: limits.viewersPerDeviceMax }),
    withheld: segmentIds(limits.playlistsPerViewerMax),
  },
  {
    requiredKeys: ['type', 'epoch', 'groupId', 'deviceRole', 'groupRole', 'members'],
    noNullPrototype: true,
  },
);
const serverFrame: fc.Arbitrary<ServerFrame> = fc.oneof(
  directive,
  fc.record({
    type: fc.constant('portion' as const),
    epoch: fc.maxSafeNat(),
    keeps: orNull(segmentIds(limits.holdingsPerFrameMax)),
    links: fc.array(id, { maxLength: limits.portionLinksMax }),
  }),
  fc.record({
    version: fc.constant(protocolVersion),
    type: fc.constant('welcome' as const),
    viewerId: id,
    resumeKey: fc.string(),
    resumed: fc.boolean(),
    heartbeatIntervalMs: fc.integer({ min: 1_000, max: 60_000 }),
    iceServers: fc.array(
      fc.oneof(
        fc.record({ urls: fc.string() }),
        fc.record({ urls: fc.array(fc.string()), username: fc.string(), credential: fc.string() }),
      ),
    ),
    integrity: fc.record({
      mode: fc.constantFrom('signed', 'attested', 'none'),
      keys: fc.array(
        fc.record({
          kty: fc.constant('EC' as const),
          crv: fc.constant('P-256' as const),
          x: fc.stringMatching(/^[\w-]{43}$/),
          y: fc.stringMatching(/^[\w-]{43}$/),
        }),
        { maxLength: 4 },
      ),
    }),
    sender: fc.record(
      { from: subject, role: senderRole, name: fc.constantFrom('Ada', '\u00c9va 2') },
      { requiredKeys: ['from', 'role'], noNullPrototype: true },
    ),
    directive,
  }),
  fc.record({
    type: fc.constant('integrity' as const),
    integrity: fc.record({
      mode: fc.constantFrom('signed', 'attested', 'none'),
      keys: fc.constant<VerificationKey[]>([
        { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'B'.repeat(43) },
      ]),
    }),
  }),
  fc.record({
    type: fc.constant('descriptors' as const),
    descriptors: fc.array(
      fc.record({
        body: fc.string({ maxLength: 1_000 }),
        signature: fc.stringMatching(/^[\w-]{86}$/),
      }),
      { maxLength: limits.descriptorsPerFrameMax },
    ),
  }),
  fc.record({ type: fc.constant('signal' as const), from: id, signal }),
  fc.constant({ type: 'heartbeat' as const }),
  fc.record({
    type: fc.constant('error' as const),
    code: fc.constantFrom(...serverErrorCodes),
    message: fc.string(),
    fatal: fc.boolean(),
    retryAfterMs: fc.nat(3_600_000),
  }),
  fc.record({
    type: fc.constant('bye' as const),
    reason: fc.constantFrom('shutdown', 'replaced'),
    reconnectAfterMs: fc.nat(3_600_000),
  }),
);

function segmentIds(maxLength: number) {
  return fc.array(fc.string({ maxLength: limits.segmentIdBytesMax }).filter(isNameable), {
    maxLength,
  });
}

function plain(maxKeys: number) {
  return { maxKeys, noNullPrototype: true };
}

/** What JSON makes of a value: no -0, no prototypes. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

describe('protocol: parse functions', () => {
  it('give valid client frames back unchanged', () => {
    fc.assert(
      fc.property(clientFrame, (frame) => {
        expect(parseClientFrame(JSON.stringify(frame))).to.deep.equal({
          ok: true,
          value: normal(frame),
        });
      }),
      { seed, numRuns: 500 },
    );
  });

  it('give valid server frames back unchanged', () => {
    fc.assert(
      fc.property(serverFrame, (frame) => {
        expect(parseServerFrame(JSON.stringify(frame))).to.deep.equal({
          ok: true,
          value: normal(frame),
        });
      }),
      { seed, numRuns: 500 },
    );
  });

  it('refuse what is nested deep enough to break whoever walks it', () => {
    for (const depth of [3, 100, 6_000, 15_000]) {
      const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
      const text = `{"type":"signal","to":"v","signal":{"a":${nested}}}`;
      expect(parseClientFrame(text)).to.have.property('ok', false);
    }
  });

  it('never throw, and refuse with a code, whatever text comes', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => new TextDecoder().decode(bytes)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        for (const parsed of [parseClientFrame(text), parseServerFrame(text)]) {
          if (parsed.ok) expect(parsed.value).to.have.property('type');
          else expect(serverErrorCodes).to.include(parsed.refusal.code);
        }
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('accept nothing that one damaged field makes wrong', () => {
    const damaged = fc.tuple(
      clientFrame,
      fc.nat(),
      fc.constantFrom(undefined, {}, [], '\u0000', -1, 1e300),
    );
    fc.assert(
      fc.property(damaged, ([frame, at, value]) => {
        const keys = Object.keys(frame);
        const key = keys[at % keys.length] ?? 'type';
        const parsed = parseClientFrame(JSON.stringify({ ...frame, [key]: value }));
        if (!parsed.ok) {
          expect(serverErrorCodes).to.include(parsed.refusal.code);
          return;
        }
        // What is still accepted is a valid frame: parsing it again changes nothing.
        expect(parseClientFrame(JSON.stringify(parsed.value))).to.deep.equal(parsed);
      }),
      { seed, numRuns: 1_000 },
    );
  });

  it('refuse what is too large, of another version, or without a token, by name', () => {
    const join = {
      type: 'join',
      version: protocolVersion,
      room: 'r',
      token: 't',
      deviceId: 'd',
      profile: {
        metered: false,
        saveData: false,
        uploadAllowed: true,
        peersAllowed: true,
        batteryLevel: null,
      },
    };
    const codeOf = (frame: unknown) => {
      const parsed = parseClientFrame(JSON.stringify(frame));
      return parsed.ok ? 'ok' : parsed.refusal.code;
    };
    expect(codeOf(join)).to.equal('ok');
    expect(codeOf({ ...join, version: 2 })).to.equal('version_unsupported');
    expect(codeOf({ type: 'join', version: 'x'.repeat(50) })).to.equal('version_unsupported');
    expect(codeOf({ ...join, token: '' })).to.equal('token_missing');
    expect(codeOf({ ...join, token: undefined })).to.equal('token_missing');
    expect(codeOf({ ...join, token: 7 })).to.equal('frame_invalid');
    expect(codeOf({ ...join, deviceId: 'a b' })).to.equal('frame_invalid');
    expect(codeOf({ ...join, room: 'r'.repeat(limits.roomNameLengthMax + 1) })).to.equal(
      'frame_invalid',
    );
    expect(codeOf('x'.repeat(limits.frameBytesMax))).to.equal('frame_too_large');
    const large = { type: 'signal', to: 'v', signal: { sdp: 'x'.repeat(limits.signalBytesMax) } };
    expect(codeOf(large)).to.equal('frame_too_large');
  });
});
