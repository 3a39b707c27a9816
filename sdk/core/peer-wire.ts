/**
 * The wire between two viewers: JSON control messages on one data channel, binary chunks of parts on another.
 * Peers are strangers: everything is checked here and nowhere else.
 */
import * as v from 'valibot';
import { id, parseMessage, segmentId } from '../../signaling/protocol/border.ts';
import { signedDescriptorSchema } from '../../signaling/protocol/descriptors.ts';
import * as limits from '../../signaling/protocol/limits.ts';

export const peerVersion = 1;

const playlistId = segmentId;
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const requestId = v.pipe(count, v.maxValue(0xffff_ffff));
const part = v.pipe(count, v.maxValue(limits.partsPerSegmentMax - 1));
const sizeBytes = v.nullable(
  v.pipe(count, v.minValue(1), v.maxValue(limits.partBytes * limits.partsPerSegmentMax)),
);
const followed = v.pipe(
  v.array(v.object({ playlistId, version: v.pipe(v.number(), v.integer(), v.minValue(-1)) })),
  v.maxLength(16),
);

const peerMessages = [
  /** First message on a link, both ways. */
  v.object({ type: v.literal('hello'), version: count, follows: followed }),
  /** The playlists that the sender plays and the version it has: whoever has a newer one sends it. */
  v.object({ type: v.literal('follow'), follows: followed }),
  v.object({
    type: v.literal('playlist'),
    playlistId,
    text: v.pipe(v.string(), v.maxLength(limits.playlistBytesMax)),
  }),
  /** The sender tried an edge for it and failed. */
  v.object({ type: v.literal('playlistUnable'), playlistId }),
  /** The sender's player wants the segment and the sender has not all of it. */
  v.object({
    type: v.literal('want'),
    segment: segmentId,
    /** The sender's server cannot tell it what is vouched for. */
    blind: v.optional(v.boolean()),
  }),
  v.object({ type: v.literal('unwant'), segment: segmentId }),
  /** What the sender holds of a segment now: parts add to what it said before. */
  v.object({
    type: v.literal('holding'),
    segment: segmentId,
    sizeBytes,
    parts: v.pipe(v.array(part), v.maxLength(limits.partsPerSegmentMax)),
    complete: v.boolean(),
    /** The sender reads it from an edge at this moment. */
    fetching: v.boolean(),
    /** What the sender, a master, read of it from its own edge: SHA-256 of each part, base64url. */
    digests: v.optional(
      v.pipe(v.array(v.pipe(v.string(), v.length(43))), v.maxLength(limits.partsPerDescriptorMax)),
    ),
    /** What is vouched for, to a blind one. */
    descriptor: v.optional(signedDescriptorSchema),
  }),
  /** The sender still reads it from an edge, which is slow: so much of the next part has come. */
  v.object({
    type: v.literal('reading'),
    segment: segmentId,
    bytes: v.pipe(count, v.maxValue(limits.partBytes)),
  }),
  /** The edge that the sender, a master, reads from. */
  v.object({ type: v.literal('reads'), edgeId: id }),
  /** The sender tried an edge and failed, or cannot try. */
  v.object({ type: v.literal('unable'), segment: segmentId }),
  /** Asks for one part; the receiver sends it as soon as it has it. */
  v.object({ type: v.literal('request'), requestId, segment: segmentId, part }),
  v.object({
    type: v.literal('refuse'),
    requestId,
    reason: v.picklist(['missing', 'busy', 'policy', 'cycle']),
  }),
  v.object({ type: v.literal('cancel'), requestId }),
  /** The sender has room to send a part of it now: the receiver answers with a request, or declines. */
  v.object({
    type: v.literal('offer'),
    segment: segmentId,
    parts: v.pipe(v.array(part), v.maxLength(limits.partsPerSegmentMax)),
  }),
  v.object({ type: v.literal('decline'), segment: segmentId }),
];

export type PeerMessage = v.InferOutput<(typeof peerMessages)[number]>;
export type PeerRefusal =
  | 'peer_message_invalid'
  | 'peer_version_unsupported'
  | 'peer_chunk_invalid'
  | 'peer_part_forged'
  | 'peer_playlist_contradicted'
  | 'peer_rate_limited';

export type ParsedPeer<T> = { ok: true; value: T } | { ok: false; code: PeerRefusal };

export function encodePeerMessage(message: PeerMessage): string {
  return JSON.stringify(message);
}

const invalid = { ok: false, code: 'peer_message_invalid' } as const;

/** Never throws. */
export function parsePeerMessage(text: unknown): ParsedPeer<PeerMessage> {
  if (typeof text !== 'string' || text.length > limits.peerControlBytesMax) return invalid;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return invalid;
  }
  const hello = json as { type?: unknown; version?: unknown } | null;
  if (hello?.type === 'hello' && hello.version !== peerVersion) {
    return { ok: false, code: 'peer_version_unsupported' };
  }
  const parsed = parseMessage(peerMessages, json);
  return parsed.success ? { ok: true, value: parsed.output } : invalid;
}

export interface Chunk {
  requestId: number;
  /** Position of the payload inside its part. */
  offsetBytes: number;
  payload: Uint8Array;
}

const chunkKind = 1;
export const chunkHeaderBytes = 9;

export function encodeChunk(chunk: Chunk): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunkHeaderBytes + chunk.payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, chunkKind);
  view.setUint32(1, chunk.requestId);
  view.setUint32(5, chunk.offsetBytes);
  bytes.set(chunk.payload, chunkHeaderBytes);
  return bytes;
}

/** Never throws. The payload is a view of `bytes`. */
export function parseChunk(bytes: Uint8Array): ParsedPeer<Chunk> {
  const payloadBytes = bytes.byteLength - chunkHeaderBytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (payloadBytes < 1 || payloadBytes > limits.chunkBytes || view.getUint8(0) !== chunkKind) {
    return { ok: false, code: 'peer_chunk_invalid' };
  }
  const offsetBytes = view.getUint32(5);
  if (offsetBytes + payloadBytes > limits.partBytes)
    return { ok: false, code: 'peer_chunk_invalid' };
  return {
    ok: true,
    value: { requestId: view.getUint32(1), offsetBytes, payload: bytes.subarray(chunkHeaderBytes) },
  };
}
