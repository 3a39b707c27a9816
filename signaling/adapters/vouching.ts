import { setTimeout } from 'node:timers/promises';
import type { AttestorEffect } from '../core/index.ts';
import {
  type Descriptor,
  descriptorsUrlOf,
  type Integrity,
  type Limits,
  parseDescriptor,
  parseSignedDescriptor,
  type SignedDescriptor,
  type VerificationKey,
} from '../protocol/index.ts';
import { isSignedBy, type Signer } from './signer.ts';
import { ReadError, type SegmentDigests, type StreamReader } from './stream-reader.ts';

type SegmentRead = Extract<AttestorEffect, { type: 'readSegment' }>;

/** How the segments of a room come to be vouched for. */
export interface Vouching {
  readonly mode: Exclude<Integrity['mode'], 'none'>;
  readonly key: VerificationKey;
  /** @throws ReadError; the signal's reason when it aborts */
  read(segment: SegmentRead, streamUrl: string, signal: AbortSignal): Promise<SegmentDigests>;
  /** What viewers are told of a segment that was read. */
  sign(room: string, segmentId: string, digests: SegmentDigests): SignedDescriptor;
}

/** Reads the media itself. */
export function createAttesting(reader: StreamReader, signer: Signer): Vouching {
  return {
    mode: 'attested',
    key: signer.publicKey,
    read: ({ url, byteRange }, _, signal) => reader.readDigests(url, byteRange, signal),
    sign: (room, segmentId, digests) => signer.sign({ room, segmentId, ...digests }),
  };
}

/** Passes on what the publisher has signed, from its `holdfast.jsonl`; reads no media. For one room. */
export function createForwarding(
  room: string,
  key: VerificationKey,
  reader: StreamReader,
  limits: Limits,
): Vouching {
  const wanted = new Set<string>();
  const found = new Map<string, { signed: SignedDescriptor; descriptor: Descriptor }>();
  let reading: Promise<void> | null = null;

  /** Everything that is wanted is looked for at once, however many ask. */
  async function search(streamUrl: string, signal: AbortSignal): Promise<void> {
    const url = descriptorsUrlOf(streamUrl);
    for await (const line of reader.readLines(url, signal)) {
      const signed = parseSignedDescriptor(line);
      const descriptor = signed && parseDescriptor(signed.body);
      if (descriptor?.room !== room || !wanted.has(descriptor.segmentId)) continue;
      const known = found.get(descriptor.segmentId)?.descriptor;
      if (known && known.createdAtMs >= descriptor.createdAtMs) continue;
      if (signed && isSignedBy(signed, key))
        found.set(descriptor.segmentId, { signed, descriptor });
    }
  }

  return {
    mode: 'signed',
    key,
    async read({ segmentId }, streamUrl, signal) {
      // The signer sees a segment when we do, and needs a moment for it.
      const giveUpAtMs = performance.now() + limits.attestorFirstByteMs;
      found.delete(segmentId);
      wanted.add(segmentId);
      try {
        for (;;) {
          reading ??= search(streamUrl, signal).finally(() => {
            reading = null;
          });
          await reading;
          const known = found.get(segmentId);
          if (known) {
            const { sizeBytes, digests } = known.descriptor;
            return { sizeBytes, digests };
          }
          if (performance.now() > giveUpAtMs)
            throw new ReadError('unsigned', 'the publisher has not signed the segment');
          await setTimeout(limits.descriptorsPollMs, undefined, { signal });
        }
      } finally {
        wanted.delete(segmentId);
      }
    },
    sign(_, segmentId) {
      const known = found.get(segmentId);
      found.delete(segmentId);
      if (!known) throw new Error(`nothing was read of ${segmentId}`);
      return known.signed;
    },
  };
}
