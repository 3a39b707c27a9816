import type { Model } from '../model.ts';

/** The rules that come with this script, and are trusted as it is. */
export function shippedModel(): Model {
  return { version: 1 };
}

/** Signs models that may replace them. */
export const shippedModelKey = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) };
