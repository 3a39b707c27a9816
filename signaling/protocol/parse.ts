import * as v from 'valibot';
import { integritySchema, signedDescriptorSchema } from './descriptors.ts';
import type { ClientFrame, ServerErrorCode, ServerFrame } from './frames.ts';
import { protocolVersion, serverErrorCodes } from './frames.ts';
import { limits } from './limits.ts';

/** A frame that was refused at the border, with the code to answer or count. */
export interface Refusal {
  code: ServerErrorCode;
  message: string;
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

const id = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(limits.idLengthMax),
  v.regex(/^[\w.:-]+$/),
);
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
/** Beyond an hour a viewer would rather be sent away for good. */
const delay = v.pipe(count, v.maxValue(3_600_000));
const role = v.picklist(['master', 'secondary', 'slave']);
const edgeHealth = v.picklist(['healthy', 'strained', 'partial', 'dark', 'recovering']);
/** Flat but for a candidate: what is nested deeper would be deep enough to break whoever walks it. */
const scalar = v.union([v.string(), v.number(), v.boolean(), v.null()]);
const signal = v.record(v.string(), v.union([scalar, v.record(v.string(), scalar)]));

const profile = v.object({
  metered: v.boolean(),
  saveData: v.boolean(),
  uploadAllowed: v.boolean(),
  peersAllowed: v.boolean(),
  batteryLevel: v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
});

const clientFrame = v.variant('type', [
  v.object({
    type: v.literal('join'),
    version: count,
    room: v.pipe(v.string(), v.minLength(1), v.maxLength(limits.roomNameLengthMax)),
    token: v.pipe(v.string(), v.maxLength(limits.tokenBytesMax)),
    deviceId: id,
    profile,
    resumeKey: v.optional(v.pipe(v.string(), v.maxLength(limits.tokenBytesMax))),
  }),
  v.object({ type: v.literal('leave') }),
  v.object({ type: v.literal('signal'), to: id, signal }),
  v.object({
    type: v.literal('report'),
    epoch: count,
    profile,
    edgeHealth,
    bufferMs: v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0))),
    uplinkBytesPerSecond: v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0))),
    neighbourCount: count,
    lostMembers: v.pipe(v.array(id), v.maxLength(limits.groupMembersMax)),
    accusedMembers: v.pipe(v.array(id), v.maxLength(limits.groupMembersMax)),
    plays: v.pipe(
      v.array(v.pipe(v.string(), v.maxLength(limits.segmentIdLengthMax))),
      v.maxLength(limits.playlistsPerViewerMax),
    ),
  }),
]);

const directive = v.object({
  type: v.literal('directive'),
  epoch: count,
  groupId: id,
  deviceRole: role,
  groupRole: role,
  members: v.pipe(
    v.array(
      v.object({
        viewerId: id,
        role,
        uploads: v.boolean(),
        weight: v.pipe(v.number(), v.finite(), v.minValue(1)),
      }),
    ),
    v.maxLength(limits.groupMembersMax),
  ),
});

const serverFrame = v.variant('type', [
  v.object({
    type: v.literal('welcome'),
    version: count,
    viewerId: id,
    resumeKey: v.string(),
    resumed: v.boolean(),
    heartbeatIntervalMs: v.pipe(
      count,
      v.minValue(1_000),
      v.maxValue(limits.heartbeatIntervalMaxMs),
    ),
    edges: v.pipe(
      v.array(v.object({ edgeId: id, baseUrl: v.string() })),
      v.maxLength(limits.edgesPerRoomMax),
    ),
    iceServers: v.array(
      v.object({
        urls: v.union([v.string(), v.array(v.string())]),
        username: v.optional(v.string()),
        credential: v.optional(v.string()),
      }),
    ),
    integrity: integritySchema,
    directive,
  }),
  directive,
  v.object({
    type: v.literal('descriptors'),
    descriptors: v.pipe(
      v.array(signedDescriptorSchema),
      v.maxLength(limits.descriptorsPerFrameMax),
    ),
  }),
  v.object({ type: v.literal('signal'), from: id, signal }),
  v.object({ type: v.literal('heartbeat') }),
  v.object({
    type: v.literal('error'),
    code: v.picklist(serverErrorCodes),
    message: v.string(),
    fatal: v.boolean(),
    retryAfterMs: v.optional(delay),
  }),
  v.object({
    type: v.literal('bye'),
    reason: v.picklist(['shutdown', 'replaced']),
    reconnectAfterMs: delay,
  }),
]);

/** Parses a text frame of a client. Never throws. */
export function parseClientFrame(text: string): Parsed<ClientFrame> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const refusal = refusedVersion(json.value, 'join') ?? missingToken(json.value);
  if (refusal) return { ok: false, refusal };
  const parsed = v.safeParse(clientFrame, json.value, { abortEarly: true });
  if (!parsed.success) return invalid(parsed.issues[0]);
  const frame: ClientFrame = parsed.output;
  if (frame.type === 'signal' && JSON.stringify(frame.signal).length > limits.signalBytesMax) {
    return { ok: false, refusal: { code: 'frame_too_large', message: 'signal is too large' } };
  }
  return { ok: true, value: frame };
}

/** Parses a text frame of the server. Never throws. */
export function parseServerFrame(text: string): Parsed<ServerFrame> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const refusal = refusedVersion(json.value, 'welcome');
  if (refusal) return { ok: false, refusal };
  const parsed = v.safeParse(serverFrame, json.value, { abortEarly: true });
  return parsed.success
    ? { ok: true, value: parsed.output as ServerFrame }
    : invalid(parsed.issues[0]);
}

function parseJson(text: string): Parsed<unknown> {
  // Counted in characters here; whoever reads from a socket has counted bytes.
  if (text.length > limits.frameBytesMax) {
    return { ok: false, refusal: { code: 'frame_too_large', message: 'frame is too large' } };
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, refusal: { code: 'frame_invalid', message: 'frame is not JSON' } };
  }
}

/** The version is looked at before the shape, so that another version gets a useful answer. */
function refusedVersion(frame: unknown, typeWithVersion: string): Refusal | null {
  if (typeof frame !== 'object' || frame === null) return null;
  const { type, version } = frame as { type?: unknown; version?: unknown };
  if (type !== typeWithVersion || version === protocolVersion) return null;
  return {
    code: 'version_unsupported',
    message: `protocol version ${String(version).slice(0, 16)} is not ${protocolVersion}`,
  };
}

/** A join without a token is told so before anything else of it is looked at. */
function missingToken(frame: unknown): Refusal | null {
  if (typeof frame !== 'object' || frame === null) return null;
  const { type, token } = frame as { type?: unknown; token?: unknown };
  if (type !== 'join' || (token !== undefined && token !== null && token !== '')) return null;
  return { code: 'token_missing', message: 'a join needs a room token' };
}

function invalid(issue: { message: string; path?: { key: unknown }[] | undefined }): {
  ok: false;
  refusal: Refusal;
} {
  const path = issue.path?.map((item) => String(item.key)).join('.') ?? '';
  return {
    ok: false,
    refusal: { code: 'frame_invalid', message: `${path}: ${issue.message}`.slice(0, 200) },
  };
}
