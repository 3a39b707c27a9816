import fc from 'fast-check';
import { isNameable } from '../../signaling/protocol/identity.ts';
import {
  type ClientFrame,
  limits,
  messageRefusalCodes,
  protocolVersion,
  type ServerFrame,
  serverErrorCodes,
  type VerificationKey,
} from '../../signaling/protocol/index.ts';

const id = fc.stringMatching(/^[\w.:-]{1,64}$/);
const subject = fc.string({ minLength: 1, maxLength: limits.subjectLengthMax });
const senderRole = fc.constantFrom('viewer', 'moderator', 'host');
const role = fc.constantFrom('master', 'secondary', 'slave');
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const positive = fc.double({ min: 0, max: 1e12, noNaN: true }).map((value) => value + 0);
const scalar = fc.jsonValue({ maxDepth: 0 }).map(normal);
/** No names of what every object has, which are left out. */
const key = fc
  .stringMatching(/^[a-zA-Z]{1,12}$/)
  .filter((name) => name !== 'prototype' && name !== 'constructor');
const signal = fc.dictionary(key, fc.oneof(scalar, fc.dictionary(key, scalar, plain(4))), plain(5));
const profile = fc.record({
  metered: fc.boolean(),
  saveData: fc.boolean(),
  uploadAllowed: fc.boolean(),
  peersAllowed: fc.boolean(),
  batteryLevel: orNull(fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)),
});
const addressed = {
  kind: fc.constantFrom('chat', 'announcement', 'reaction'),
  to: subject,
  mentions: fc.array(subject, { maxLength: limits.mentionsMax }),
  replyTo: id,
  thread: id,
  priority: fc.constantFrom('normal', 'high'),
};
const sender = fc.record(
  { from: subject, role: senderRole, name: fc.constantFrom('Ada', 'Éva 2') },
  { requiredKeys: ['from', 'role'], noNullPrototype: true },
);
const message = fc.record(
  {
    header: fc.record(
      {
        ...{ id, room: subject, from: subject, role: senderRole, ...addressed },
        ...{ sentAtMs: fc.nat(), expiresAtMs: fc.nat() },
      },
      {
        requiredKeys: ['id', 'room', 'from', 'role', 'kind', 'sentAtMs', 'priority'],
        noNullPrototype: true,
      },
    ),
    name: fc.constantFrom('Ada', 'Éva 2'),
    text: fc.string({ minLength: 1, maxLength: limits.messageTextLengthMax }),
  },
  { requiredKeys: ['header', 'text'], noNullPrototype: true },
);
/** Whatever an honest client sends. */
export const clientFrame: fc.Arbitrary<ClientFrame> = fc.oneof(
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
  fc.record(
    {
      type: fc.constant('message' as const),
      reference: id,
      text: fc.constantFrom('hello', 'two\n\tlines', '👍'),
      ...addressed,
      lifetimeMs: fc.integer({ min: 5_000, max: 86_400_000 }),
    },
    { requiredKeys: ['type', 'reference', 'text'], noNullPrototype: true },
  ),
  fc.record(
    { type: fc.constant('removeMessage' as const), reference: id, id },
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
export const serverFrame: fc.Arbitrary<ServerFrame> = fc.oneof(
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
    sender,
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
  fc.record({
    type: fc.constant('messages' as const),
    messages: fc.array(message, { maxLength: 5 }),
    isHistory: fc.boolean(),
  }),
  fc.record(
    { type: fc.constant('messageAccepted' as const), reference: id, message },
    { requiredKeys: ['type', 'reference'], noNullPrototype: true },
  ),
  fc.record({
    type: fc.constant('messageRefused' as const),
    reference: id,
    code: fc.constantFrom(...messageRefusalCodes),
    retryAfterMs: fc.nat(3_600_000),
  }),
  fc.record({
    type: fc.constant('messagesRemoved' as const),
    ids: fc.array(id, { maxLength: limits.messagesPerFrameMax }),
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
export function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
