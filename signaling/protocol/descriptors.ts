/**
 * What a trusted reader of the stream says of a segment, so that nobody has to believe a peer.
 * A descriptor is signed over the exact bytes of its JSON text, which therefore travels as text.
 */
import * as v from 'valibot';
import { limits } from './limits.ts';

export interface Descriptor {
  room: string;
  segmentId: string;
  sizeBytes: number;
  /** SHA-256 of each part of `limits.partBytes`, base64url, in order. */
  digests: string[];
}

export interface SignedDescriptor {
  /** JSON text of a `Descriptor`. */
  body: string;
  /** ECDSA P-256 with SHA-256 over the UTF-8 of `body`: r and s, 64 bytes, base64url. */
  signature: string;
}

/** Public half of a signing key, as JWK (P-256). */
export interface VerificationKey {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}

/**
 * `attested`: media of peers is played only when a descriptor signed by one of `keys` vouches for it.
 * `none`: the room has no trusted reader; peers are believed.
 */
export interface Integrity {
  mode: 'attested' | 'none';
  keys: VerificationKey[];
}

const base64url = v.pipe(v.string(), v.regex(/^[\w-]+$/));
const descriptor = v.object({
  room: v.pipe(v.string(), v.maxLength(limits.roomNameLengthMax)),
  segmentId: v.pipe(v.string(), v.maxLength(limits.segmentIdLengthMax)),
  sizeBytes: v.pipe(v.number(), v.integer(), v.minValue(1)),
  digests: v.pipe(
    v.array(v.pipe(base64url, v.length(43))),
    v.minLength(1),
    v.maxLength(limits.partsPerDescriptorMax),
  ),
});

export const signedDescriptorSchema = v.object({
  body: v.pipe(v.string(), v.maxLength(limits.descriptorBytesMax)),
  signature: v.pipe(base64url, v.length(86)),
});

export const integritySchema = v.object({
  mode: v.picklist(['attested', 'none']),
  keys: v.pipe(
    v.array(
      v.object({ kty: v.literal('EC'), crv: v.literal('P-256'), x: base64url, y: base64url }),
    ),
    v.maxLength(4),
  ),
});

/** Parses the body of a signed descriptor. Null when it is not one, or its digests do not fit its size. */
export function parseDescriptor(body: string): Descriptor | null {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return null;
  }
  const parsed = v.safeParse(descriptor, json, { abortEarly: true });
  if (!parsed.success) return null;
  const { sizeBytes, digests } = parsed.output;
  return digests.length === Math.ceil(sizeBytes / limits.partBytes) ? parsed.output : null;
}
