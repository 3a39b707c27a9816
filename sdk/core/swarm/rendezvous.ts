/**
 * Highest-random-weight (rendezvous) hashing: every member ranks the others alike from the same inputs,
 * and a member that leaves changes only what it had won (Thaler and Ravishankar 1998).
 */

import { hasher, hashToUnit } from '../../../signaling/protocol/hash.ts';

export { hasher, hashToUnit };

export interface Candidate {
  id: string;
  weight: number;
}

/** Ids by falling score; each wins in proportion to its weight. */
export function rankByWeight(key: string, candidates: readonly Candidate[]): string[] {
  const hash = hasher(`${key}|`);
  return candidates
    .map(({ id, weight }) => ({ id, score: -weight / Math.log(hash(id)) }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}
