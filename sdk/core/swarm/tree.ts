import { hashToUnit } from './rendezvous.ts';

/** Copies of one part that one member passes on: three keep a group of 30 within four hops. */
export const treeFanout = 3;

export interface TreeMember {
  id: string;
  uploads: boolean;
}

/**
 * Who sends this part to `self`: every part of a segment has a tree of its own below the fetcher, so that the
 * upload is spread and no member sends more than a few copies of anything.
 * All members order one another alike and a parent always comes before its child, so there are no cycles.
 * Null means the root: whoever reads the segment from the edge, or holds it.
 */
export function treeParent(key: string, self: TreeMember, others: readonly TreeMember[]): string | null {
  const order = (member: TreeMember) => (member.uploads ? 0 : 1) + hashToUnit(`${key}|${member.id}`);
  const own = order(self);
  const before = others
    .filter((member) => member.uploads)
    .map((member) => ({ id: member.id, at: order(member) }))
    .filter(({ at }) => at < own)
    .sort((a, b) => a.at - b.at);
  const place = before.length;
  if (place === 0) return null;
  // Leaves come last and are spread over the whole tree instead of crowding below its end.
  const parentPlace = self.uploads
    ? Math.floor((place - 1) / treeFanout)
    : Math.floor((own - 1) * place);
  return before[parentPlace]?.id ?? null;
}
