/**
 * What a trusted reader of the stream says of a segment, so that nobody has to believe a peer.
 * A descriptor is signed over the exact bytes of its JSON text, which therefore travels as text.
 */
import * as v from 'valibot';
import { segmentId } from './border.ts';
import * as limits from './limits.ts';

export interface Descriptor {
  room: string;
  segmentId: string;
  sizeBytes: number;
  /** SHA-256 of each part of `limits.partBytes`, base64url, in order. */
  digests: string[];
  /**
   * When it was made, by the signer's clock, in ms since 1970. An encoder that starts over uses numbers again: of two
   * descriptors of a segment the later counts, however they come.
   */
  createdAtMs: number;
}

/** What is to be signed. */
export type Unsigned = Omit<Descriptor, 'createdAtMs'>;

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
 * Media of peers is played only when a descriptor signed by one of `keys` vouches for it: in a `signed` room that of
 * the publisher, in an `attested` one that of the server. `none`: the room has no trusted reader.
 */
export interface Integrity {
  mode: 'signed' | 'attested' | 'none';
  keys: VerificationKey[];
}

const base64url = v.pipe(v.string(), v.regex(/^[\w-]+$/));
const descriptor = v.object({
  room: v.pipe(v.string(), v.maxLength(limits.roomNameLengthMax)),
  segmentId,
  sizeBytes: v.pipe(v.number(), v.integer(), v.minValue(1)),
  digests: v.pipe(
    v.array(v.pipe(base64url, v.length(43))),
    v.minLength(1),
    v.maxLength(limits.partsPerDescriptorMax),
  ),
  createdAtMs: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
});

export const signedDescriptorSchema = v.object({
  body: v.pipe(v.string(), v.maxLength(limits.descriptorBytesMax)),
  signature: v.pipe(base64url, v.length(86)),
});

/** A coordinate is 32 bytes. */
const coordinate = v.pipe(base64url, v.length(43));
export const verificationKeySchema = v.object({
  kty: v.literal('EC'),
  crv: v.literal('P-256'),
  x: coordinate,
  y: coordinate,
});

export const integritySchema = v.object({
  mode: v.picklist(['signed', 'attested', 'none']),
  keys: v.pipe(v.array(verificationKeySchema), v.maxLength(4)),
});

/** Parses one line of a publisher's `holdfast.jsonl`. Null when it is no signed descriptor. */
export function parseSignedDescriptor(line: string): SignedDescriptor | null {
  return parse(signedDescriptorSchema, line);
}

/** Parses the body of a signed descriptor. Null when it is not one, or its digests do not fit its size. */
export function parseDescriptor(body: string): Descriptor | null {
  const parsed = parse(descriptor, body);
  const partCount = Math.ceil((parsed?.sizeBytes ?? 0) / limits.partBytes);
  return parsed?.digests.length === partCount ? parsed : null;
}

function parse<Output>(schema: v.GenericSchema<Output>, text: string): Output | null {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text), { abortEarly: true });
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}
