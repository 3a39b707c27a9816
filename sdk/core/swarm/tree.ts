import * as limits from '../../../signaling/protocol/limits.ts';
import { type Candidate, hasher, rankByWeight } from './rendezvous.ts';

/** While fewer than one in so many of those who want a part can give it, it goes down its tree. */
export const treeFanout = 2;
/** Parts enter a group in one place for so many members, so that none has to come far. */
const membersPerEntry = 16;

/**
 * The members that get a part from whoever reads the segment, other parts other ones. In groups in which not all are
 * linked to all one of them is a hub: everybody then has a neighbour that comes before it.
 * Hubs and others as all members rank them.
 */
export function entriesOf(
  hubs: readonly string[],
  others: readonly string[],
  part: number,
  memberCount: number,
): string[] {
  const isMesh = memberCount <= limits.neighboursMax + 1;
  if (isMesh || hubs.length === 0) return turn(others, part, 1);
  return [...turn(hubs, part, 1), ...turn(others, part, Math.floor(memberCount / membersPerEntry))];
}

function turn(ids: readonly string[], part: number, count: number): string[] {
  const chosen: string[] = [];
  for (let index = 0; index < count && index < ids.length; index += 1)
    chosen.push(ids[(part * count + index) % ids.length] as string);
  return chosen;
}

/**
 * Who of the neighbours that upload sends this part to `self`: every part of a segment has a tree of its own below its entries,
 * so that the upload is spread. All members order one another alike and a parent always comes before its child, so
 * there are no cycles; of those that come before, each is chosen in proportion to its share.
 * Null where none comes before.
 */
export function treeParent(
  key: string,
  self: { id: string; uploads: boolean },
  neighbours: readonly Candidate[],
  entries: readonly string[],
): string | null {
  const hash = hasher(`${key}|`);
  const place = (id: string): number => (entries.includes(id) ? 0 : hash(id));
  // Leaves come last and are spread over the whole tree instead of crowding below its end.
  const own = self.uploads ? place(self.id) : Number.POSITIVE_INFINITY;
  const before = neighbours.filter(({ id }) => place(id) < own);
  return rankByWeight(`${key}>${self.id}`, before)[0] ?? null;
}
