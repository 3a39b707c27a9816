/**
 * Highest-random-weight (rendezvous) hashing: every member ranks the others alike from the same inputs,
 * and a member that leaves changes only what it had won (Thaler and Ravishankar 1998).
 */

/** FNV-1a with a finaliser (murmur3's), uniform in (0, 1). */
export function hashToUnit(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 0x1_0000_0000;
}

/** Ids by falling score; each wins in proportion to its weight. */
export function rankByWeight(
  key: string,
  candidates: readonly { id: string; weight: number }[],
): string[] {
  return candidates
    .map(({ id, weight }) => ({ id, score: -weight / Math.log(hashToUnit(`${key}|${id}`)) }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}
