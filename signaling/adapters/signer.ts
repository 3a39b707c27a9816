import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type {
  SignedDescriptor,
  SignedEdges,
  Unsigned,
  VerificationKey,
} from '../protocol/index.ts';
import { SignalingError } from './errors.ts';

/** Vouches for descriptors, and for what viewers are told of edges, with ECDSA P-256 and SHA-256. */
export interface Signer {
  readonly publicKey: VerificationKey;
  /** Whatever the clock does, each is later than those before it. */
  sign(descriptor: Unsigned): SignedDescriptor;
  /** Signs a body exactly as it travels. */
  signText(body: string): SignedEdges;
}

/**
 * @param jwk private key as JSON Web Key; default a fresh one that dies with the process
 * @param createdAtMs of the latest that was signed before
 * @throws SignalingError `signing_key_invalid`
 */
export function createSigner(jwk?: string | undefined, createdAtMs = 0): Signer {
  const key = jwk === undefined ? generate() : read(jwk);
  let lastAtMs = createdAtMs;
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  const signText = (body: string) => {
    // As WebCrypto has it: r and s side by side, not DER.
    const signature = sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
    return { body, signature: signature.toString('base64url') };
  };
  return {
    publicKey: { kty: 'EC', crv: 'P-256', x, y },
    signText,
    sign(descriptor) {
      lastAtMs = Math.max(Date.now(), lastAtMs + 1);
      return signText(JSON.stringify({ ...descriptor, createdAtMs: lastAtMs }));
    },
  };
}

/** Whether the key signed the descriptor. A key that cannot be read signed nothing. */
export function isSignedBy({ body, signature }: SignedDescriptor, jwk: VerificationKey): boolean {
  try {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const signatureBytes = Buffer.from(signature, 'base64url');
    const how = { key, dsaEncoding: 'ieee-p1363' } as const;
    return verify('sha256', Buffer.from(body), how, signatureBytes);
  } catch {
    return false;
  }
}

/** A fresh private key, as JSON Web Key. */
export function generateKey(): string {
  return JSON.stringify(generate().export({ format: 'jwk' }));
}

function generate(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function read(text: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: JSON.parse(text), format: 'jwk' });
  } catch {
    // The cause would quote the key.
    throw new SignalingError('signing_key_invalid', 'the signing key is not a private JWK');
  }
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new SignalingError('signing_key_invalid', 'the signing key is not ECDSA P-256');
}
