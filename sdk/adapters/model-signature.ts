import { HoldfastError } from '../errors.ts';
import { fromBase64url } from './base64url.ts';

const algorithm = 'Ed25519';

/**
 * Whether this key has signed these very bytes, by Web Crypto. `signature`: base64url.
 * @throws HoldfastError `model_signature_unsupported` where the browser has no Ed25519: Chromium before 137, Firefox before
 *   129, Safari before 17.
 */
export async function isModelSigned(
  bytes: Uint8Array<ArrayBuffer>,
  signature: string,
  { kty = '', crv = '', x = '' }: JsonWebKey,
): Promise<boolean> {
  const key = await importKey({ kty, crv, x });
  try {
    return await crypto.subtle.verify(algorithm, key, fromBase64url(signature), bytes);
  } catch {
    return false; // no base64url
  }
}

async function importKey(key: JsonWebKey): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey('jwk', key, algorithm, false, ['verify']);
  } catch (cause) {
    const isUnknown = (cause as Error).name === 'NotSupportedError';
    const code = isUnknown ? 'model_signature_unsupported' : 'model_signature_invalid';
    throw new HoldfastError(code, `the key of models cannot be used: ${cause}`, { cause });
  }
}
