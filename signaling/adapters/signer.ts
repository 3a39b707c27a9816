import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { Descriptor, SignedDescriptor, VerificationKey } from '../protocol/index.ts';
import { SignalingError } from './errors.ts';

/** Vouches for descriptors with ECDSA P-256 and SHA-256. */
export interface Signer {
  readonly publicKey: VerificationKey;
  sign(descriptor: Descriptor): SignedDescriptor;
}

/**
 * @param jwk private key as JSON Web Key; default a fresh one that dies with the process
 * @throws SignalingError `attestor_key_invalid`
 */
export function createSigner(jwk?: string | undefined): Signer {
  const key = jwk === undefined ? generate() : read(jwk);
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  return {
    publicKey: { kty: 'EC', crv: 'P-256', x, y },
    sign(descriptor) {
      const body = JSON.stringify(descriptor);
      // As WebCrypto has it: r and s side by side, not DER.
      const signature = sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
      return { body, signature: signature.toString('base64url') };
    },
  };
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
    throw new SignalingError('attestor_key_invalid', 'the attestor key is not a private JWK');
  }
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new SignalingError('attestor_key_invalid', 'the attestor key is not ECDSA P-256');
}
