/** The wire between two viewers of one browser profile: structured clones, checked here and nowhere else. */
import * as v from 'valibot';
import { parseMessage } from '../../signaling/protocol/border.ts';
import type { EdgeProgress, FetchFailure, Wanted } from './events.ts';

/** Part of the name under which viewers find one another: other versions do not. */
export const tabVersion = 1;

export type TabMessage =
  /** `wanted.deadlineMs` counts from the moment of sending. An ask that is known already is answered with `heard`. */
  | { type: 'ask'; wanted: Wanted }
  | { type: 'drop'; loadId: number }
  | { type: 'heard' }
  | { type: 'progress'; loadId: number; progress: EdgeProgress }
  | {
      type: 'segment';
      loadId: number;
      bytes: Uint8Array<ArrayBuffer>;
      transferMs: number;
      firstByteMs: number;
    }
  | { type: 'playlist'; loadId: number; text: string; version?: number | undefined }
  /** Null: nobody is led by who was asked. */
  | { type: 'failed'; loadId: number; failure: FetchFailure | null };

const number = v.pipe(v.number(), v.finite());
const loadId = v.pipe(number, v.minValue(0));
const wanted = v.union([
  v.object({
    type: v.literal('segmentWanted'),
    loadId,
    request: v.object({
      segmentId: v.string(),
      url: v.string(),
      byteRange: v.nullable(v.object({ start: number, end: number })),
      durationMs: number,
    }),
    deadlineMs: v.number(),
  }),
  v.object({
    type: v.literal('playlistWanted'),
    loadId,
    playlistId: v.string(),
    url: v.string(),
    multivariant: v.boolean(),
    versionHeld: number,
  }),
]);
const messages = [
  v.object({ type: v.literal('ask'), wanted }),
  v.object({ type: v.literal('drop'), loadId }),
  v.object({ type: v.literal('heard') }),
  v.object({
    type: v.literal('progress'),
    loadId,
    progress: v.object({
      bytes: number,
      sizeBytes: v.nullable(number),
      tookMs: number,
      firstByteMs: number,
    }),
  }),
  v.object({
    type: v.literal('segment'),
    loadId,
    bytes: v.instance(Uint8Array),
    transferMs: number,
    firstByteMs: number,
  }),
  v.object({
    type: v.literal('playlist'),
    loadId,
    text: v.string(),
    version: v.optional(number),
  }),
  v.object({
    type: v.literal('failed'),
    loadId,
    failure: v.nullable(
      v.object({
        status: v.nullable(number),
        reason: v.picklist([
          'status',
          'network',
          'first_byte_timeout',
          'stalled',
          'truncated',
          'offline',
        ]),
      }),
    ),
  }),
];

/** Null for what no viewer of this version sends. Never throws. */
export function parseTabMessage(data: unknown): TabMessage | null {
  const parsed = parseMessage(messages, data);
  return parsed.success ? (parsed.output as TabMessage) : null;
}
