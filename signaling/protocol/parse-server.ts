import * as v from 'valibot';
import {
  count,
  id,
  invalid,
  type Parsed,
  parseJson,
  parseMessage,
  refusedVersion,
  role,
  segmentIds,
  signal,
} from './border.ts';
import { integritySchema, signedDescriptorSchema, verificationKeySchema } from './descriptors.ts';
import { signedEdgesSchema } from './edges.ts';
import { type ServerFrame, serverErrorCodes } from './frames.ts';
import * as limits from './limits.ts';
import { messageId, messageRefusalCodes, messageSchema, senderSchema } from './messages.ts';

/** Beyond an hour a viewer would rather be sent away for good. */
const delay = v.pipe(count, v.maxValue(3_600_000));
const member = v.object({
  viewerId: id,
  role,
  uploads: v.boolean(),
  weight: v.pipe(v.number(), v.finite(), v.minValue(1)),
});
const directive = v.object({
  type: v.literal('directive'),
  epoch: count,
  groupId: id,
  deviceRole: role,
  groupRole: role,
  // A device may be larger than a group.
  members: v.pipe(v.array(member), v.maxLength(limits.viewersPerDeviceMax)),
  siblings: v.optional(v.pipe(v.array(member), v.maxLength(limits.viewersPerDeviceMax))),
  withheld: v.optional(segmentIds(limits.playlistsPerViewerMax)),
  bridges: v.optional(v.pipe(v.array(member), v.maxLength(limits.groupMembersMax))),
});

const serverFrames = [
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
    edgesKey: v.optional(verificationKeySchema),
    iceServers: v.array(
      v.object({
        urls: v.union([v.string(), v.array(v.string())]),
        username: v.optional(v.string()),
        credential: v.optional(v.string()),
      }),
    ),
    integrity: integritySchema,
    sender: senderSchema,
    directive,
  }),
  directive,
  v.object({
    type: v.literal('portion'),
    epoch: count,
    keeps: v.nullable(segmentIds(limits.holdingsPerFrameMax)),
    links: v.pipe(v.array(id), v.maxLength(limits.portionLinksMax)),
  }),
  v.object({ type: v.literal('integrity'), integrity: integritySchema }),
  v.object({
    type: v.literal('descriptors'),
    descriptors: v.pipe(
      v.array(signedDescriptorSchema),
      v.maxLength(limits.descriptorsPerFrameMax),
    ),
  }),
  v.object({ type: v.literal('edges'), signed: signedEdgesSchema }),
  v.object({
    type: v.literal('messages'),
    messages: v.pipe(v.array(messageSchema), v.maxLength(limits.messagesPerFrameMax)),
    isHistory: v.boolean(),
  }),
  v.object({
    type: v.literal('messageAccepted'),
    reference: id,
    message: v.optional(messageSchema),
  }),
  v.object({
    type: v.literal('messageRefused'),
    reference: id,
    code: v.picklist(messageRefusalCodes),
    retryAfterMs: v.optional(delay),
  }),
  v.object({
    type: v.literal('messagesRemoved'),
    ids: v.pipe(v.array(messageId), v.maxLength(limits.messagesPerFrameMax)),
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
];

/** Parses a text frame of the server. Never throws. */
export function parseServerFrame(text: string): Parsed<ServerFrame> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const refusal = refusedVersion(json.value, 'welcome');
  if (refusal) return { ok: false, refusal };
  const parsed = parseMessage(serverFrames, json.value);
  return parsed.success
    ? { ok: true, value: parsed.output as ServerFrame }
    : invalid(parsed.issues[0]);
}
