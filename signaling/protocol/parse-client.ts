import * as v from 'valibot';
import {
  count,
  id,
  invalid,
  missingToken,
  type Parsed,
  parseJson,
  parseMessage,
  refusedVersion,
  segmentId,
  segmentIds,
  signal,
} from './border.ts';
import { edgeOutcomesSchema, needsSchema } from './edges.ts';
import type { ClientFrame } from './frames.ts';
import * as limits from './limits.ts';
import { draftEntries } from './messages.ts';

const edgeHealth = v.picklist(['healthy', 'strained', 'partial', 'dark', 'recovering']);
const profile = v.object({
  metered: v.boolean(),
  saveData: v.boolean(),
  uploadAllowed: v.boolean(),
  peersAllowed: v.boolean(),
  batteryLevel: v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
});

const clientFrames = [
  v.object({
    type: v.literal('join'),
    version: count,
    room: v.pipe(v.string(), v.minLength(1), v.maxLength(limits.roomNameLengthMax)),
    token: v.pipe(v.string(), v.maxLength(limits.tokenBytesMax)),
    deviceId: id,
    profile,
    needs: v.optional(needsSchema),
    resumeKey: v.optional(v.pipe(v.string(), v.maxLength(limits.tokenBytesMax))),
  }),
  v.object({ type: v.literal('leave') }),
  v.object({ type: v.literal('signal'), to: id, signal }),
  v.object({
    type: v.literal('attest'),
    segmentId,
  }),
  v.object({
    type: v.literal('holdings'),
    gained: segmentIds(limits.holdingsPerFrameMax),
    lost: segmentIds(limits.holdingsPerFrameMax),
    playing: segmentIds(limits.playlistsPerViewerMax),
  }),
  v.object({
    type: v.literal('report'),
    epoch: count,
    profile,
    edgeHealth,
    edgeSeenMs: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
    bufferMs: v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0))),
    uplinkBytesPerSecond: v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0))),
    neighbourCount: count,
    lostMembers: v.pipe(v.array(id), v.maxLength(limits.groupMembersMax)),
    missedMaster: v.optional(id),
    accusedMembers: v.pipe(v.array(id), v.maxLength(limits.groupMembersMax)),
    plays: segmentIds(limits.playlistsPerViewerMax),
    edgeId: v.optional(id),
    edgeOutcomes: v.optional(edgeOutcomesSchema),
  }),
  v.object({ type: v.literal('message'), reference: id, ...draftEntries }),
  v.object({ type: v.literal('removeMessage'), reference: id, id }),
];
const referenced = v.object({
  type: v.picklist(['message', 'removeMessage']),
  reference: id,
});

/** Parses a text frame of a client. Never throws. */
export function parseClientFrame(text: string): Parsed<ClientFrame> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const refusal = refusedVersion(json.value, 'join') ?? missingToken(json.value);
  if (refusal) return { ok: false, refusal };
  const parsed = parseMessage(clientFrames, json.value);
  if (!parsed.success) {
    const { refusal } = invalid(parsed.issues[0]);
    const known = v.safeParse(referenced, json.value);
    return {
      ok: false,
      refusal: { ...refusal, reference: known.success ? known.output.reference : undefined },
    };
  }
  const frame: ClientFrame = parsed.output;
  if (frame.type === 'signal' && JSON.stringify(frame.signal).length > limits.signalBytesMax) {
    return { ok: false, refusal: { code: 'frame_too_large', message: 'signal is too large' } };
  }
  return { ok: true, value: frame };
}
