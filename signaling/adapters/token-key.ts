import { createPublicKey, type KeyObject } from 'node:crypto';
import { SignalingError } from './errors.ts';

export const secretBytesMin = 32;

/** Checks tokens; what kind of key it is pins the algorithm. */
export interface PinnedKey {
  algorithm: 'HS256' | 'EdDSA';
  /** Names that the key's kind allows in a header: the token never chooses. */
  algorithms: string[];
  key: Uint8Array | KeyObject;
  secret: Uint8Array | null;
}

/** @throws SignalingError `key_invalid` */
export function readKey(text: string): PinnedKey {
  const trimmed = text.trim();
  if (trimmed.includes('PRIVATE KEY')) {
    throw new SignalingError('key_invalid', 'this is a private key: configure its public half');
  }
  if (trimmed.startsWith('-----BEGIN')) return readPublicKey(trimmed);
  if (trimmed.startsWith('{')) return readPublicKey(parseJwk(trimmed));
  const secret = new TextEncoder().encode(trimmed);
  if (secret.byteLength < secretBytesMin) {
    throw new SignalingError(
      'key_invalid',
      `an HS256 secret needs ${secretBytesMin} bytes or more`,
    );
  }
  return { algorithm: 'HS256', algorithms: ['HS256'], key: secret, secret };
}

function parseJwk(text: string): Record<string, string> {
  let jwk: Record<string, string>;
  try {
    jwk = JSON.parse(text) as Record<string, string>;
  } catch {
    // The cause would quote the key.
    throw new SignalingError('key_invalid', 'the key is not a JWK');
  }
  if (jwk.d !== undefined) {
    throw new SignalingError('key_invalid', 'this is a private key: configure its public half');
  }
  return jwk;
}

function readPublicKey(source: string | Record<string, string>): PinnedKey {
  let key: KeyObject;
  try {
    key = createPublicKey(typeof source === 'string' ? source : { key: source, format: 'jwk' });
  } catch {
    throw new SignalingError('key_invalid', 'the key is not a public key');
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new SignalingError('key_invalid', 'the key is not Ed25519');
  }
  return { algorithm: 'EdDSA', algorithms: ['EdDSA', 'Ed25519'], key, secret: null };
}
