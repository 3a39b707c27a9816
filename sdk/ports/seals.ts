import type { VerificationKey } from '../../signaling/protocol/index.ts';

/** Digests and signatures, off the main thread. */
export interface Seals {
  /** False where the browser gives scripts no cryptography (pages that are not secure contexts). */
  readonly available: boolean;
  /** SHA-256, base64url. */
  digest(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
  /** Whether one of the keys signed the text. A key that cannot be read signed nothing. */
  isSigned(text: string, signature: string, keys: readonly VerificationKey[]): Promise<boolean>;
}
