import { type Ring, ringDistance } from '../room/neighbours.ts';
import { hashToUnit } from './rendezvous.ts';

/** Copies of one part that one member passes on, where all are linked to all. */
export const treeFanout = 2;
/** Parts enter a ring in one place for so many members, so that none has to come far. */
const membersPerEntry = 16;

export interface TreeMember {
  id: string;
  uploads: boolean;
}

/**
 * Who sends this part to `self`: every part of a segment has a tree of its own below the fetcher, so that the
 * upload is spread and no member sends more than a few copies of anything. A part enters the ring of members at
 * places of its own and travels away from them, between members that are near on the ring and hence linked.
 * All members order one another alike and a parent always comes before its child, so there are no cycles.
 * Null means the root: whoever reads the segment from the edge, or holds it.
 */
export function treeParent(
  key: string,
  self: TreeMember,
  others: readonly TreeMember[],
  ring: Ring,
): string | null {
  const place = ring.places.get(self.id);
  if (place === undefined) return null;
  const near = others.filter(({ id, uploads }) => {
    const other = ring.places.get(id);
    return uploads && other !== undefined && ringDistance(ring, place, other) <= ring.reach;
  });
  const order = (id: string): number => distanceToEntry(key, ring, id) + hashToUnit(`${key}|${id}`);
  // Leaves come last and are spread over the whole tree instead of crowding below its end.
  if (!self.uploads) {
    return near[Math.floor(hashToUnit(`${key}|${self.id}`) * near.length)]?.id ?? null;
  }
  const own = order(self.id);
  const before = near
    .map(({ id }) => ({ id, at: order(id) }))
    .filter(({ at }) => at < own)
    .sort((a, b) => a.at - b.at);
  return before[Math.floor((before.length - 1) / treeFanout)]?.id ?? null;
}

function distanceToEntry(key: string, ring: Ring, id: string): number {
  const { size } = ring.places;
  const place = ring.places.get(id) ?? 0;
  const entries = Math.ceil(size / membersPerEntry);
  const first = hashToUnit(key) * size;
  let nearest = size;
  for (let entry = 0; entry < entries; entry += 1) {
    const at = Math.floor(first + (entry * size) / entries) % size;
    nearest = Math.min(nearest, ringDistance(ring, place, at));
  }
  return nearest;
}
