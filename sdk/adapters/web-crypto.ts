import type { VerificationKey } from '../../signaling/protocol/index.ts';
import type { Seals } from '../ports/seals.ts';
import { fromBase64url, toBase64url } from './base64url.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Digests and signatures by Web Crypto, which browsers compute on threads of their own. */
export function createSeals(): Seals {
  // Only secure contexts have it; without it nothing below is called.
  const { subtle } = globalThis.crypto;
  const imported = new Map<string, Promise<CryptoKey | null>>();

  function importKey({ kty, crv, x, y }: VerificationKey): Promise<CryptoKey | null> {
    const id = `${x}.${y}`;
    const key =
      imported.get(id) ??
      subtle.importKey('jwk', { kty, crv, x, y }, algorithm, false, ['verify']).catch(() => null);
    imported.set(id, key);
    return key;
  }

  return {
    available: subtle !== undefined,
    async digest(bytes) {
      return toBase64url(new Uint8Array(await subtle.digest('SHA-256', bytes)));
    },
    async isSigned(text, signature, keys) {
      const signatureBytes = fromBase64url(signature);
      const textBytes = new TextEncoder().encode(text);
      for (const each of keys) {
        const key = await importKey(each);
        if (key && (await subtle.verify(algorithm, key, signatureBytes, textBytes))) return true;
      }
      return false;
    },
  };
}
