import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type FeatureName, featureNames } from '../../sdk/core/messages/features.ts';
import type { Boosted, GrownNode } from './boosting.ts';
import type { Calibration } from './learning.ts';

export interface RulesText {
  version: number;
  learnedFrom: string;
  /** Probability from which on a message is important. */
  threshold: number;
}

/** The rules as they are shipped: JSON text, calibrated, in as few digits as decide the same. */
export function rulesText(
  { bias, trees }: Boosted,
  { slope, shift }: Calibration,
  { version, learnedFrom, threshold }: RulesText,
): string {
  const used: FeatureName[] = [];
  const write = (node: GrownNode): unknown => {
    if (typeof node === 'number') return Number((node * slope).toFixed(4));
    const name = featureNames[node.column] as FeatureName;
    if (!used.includes(name)) used.push(name);
    const { cut, shareAbove, below, above } = node;
    return [used.indexOf(name), cut, Number(shareAbove.toFixed(3)), write(below), write(above)];
  };
  const written = trees.filter((tree) => typeof tree !== 'number').map(write);
  const leaves = trees.filter((tree) => typeof tree === 'number');
  const base = slope * leaves.reduce((sum, leaf) => sum + leaf, bias) + shift;
  return JSON.stringify({
    format: 'holdfast-message-rules',
    formatVersion: 1,
    version,
    learnedFrom,
    features: used,
    bias: Number(base.toFixed(4)),
    threshold: Number(threshold.toPrecision(4)),
    trees: written,
  });
}

export interface SignedRules {
  signature: string;
  key: { kty: string; crv: string; x: string };
}

/** @param keyFile An Ed25519 private key in PEM; without it a fresh one signs, and is thrown away. */
export function signRules(text: string, keyFile: string | null): SignedRules {
  const privateKey = keyFile ? readKey(keyFile) : generateKeyPairSync('ed25519').privateKey;
  const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const signature = sign(null, Buffer.from(text), privateKey).toString('base64url');
  return { signature, key: { kty: `${kty}`, crv: `${crv}`, x: `${x}` } };
}

function readKey(file: string): KeyObject {
  const key = createPrivateKey(readFileSync(file));
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${file}: no Ed25519 key`);
  return key;
}

/** The module that the sdk ships. */
export function shippedModule(text: string, { signature, key }: SignedRules): string {
  return `/** Written by \`npm run train:messages\`, see test/training: the rules, exactly as they are signed. */
export const shippedRules =
  '${text.replaceAll("'", "\\'")}';

/** Ed25519 over the bytes of \`shippedRules\`, base64url. */
export const shippedSignature =
  '${signature}';

/** Its public key: rules that are loaded later are to be signed with the same. */
export const shippedKey = { kty: '${key.kty}', crv: '${key.crv}', x: '${key.x}' };
`;
}

/** Probability that a share of the messages exceeds. */
export function thresholdAt(probabilities: Float64Array, topShare: number): number {
  const sorted = probabilities.toSorted();
  return sorted[Math.floor(sorted.length * (1 - topShare))] as number;
}
