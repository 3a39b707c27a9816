import type { Member } from '../../../signaling/protocol/index.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from './peers.ts';
import { rankByWeight } from './rendezvous.ts';

/**
 * How many members come before this viewer in reading something from the edge: 0 is the elected fetcher. Masters
 * come first, then those who may upload. `skipped` are those known to be unable.
 * Null when the group has no master: then everyone reads for itself.
 */
export function electionRank(
  key: string,
  room: Room,
  peers: Peers,
  skipped: (id: string) => boolean,
): number | null {
  const masters = room.members.filter((member) => member.role === 'master');
  if (masters.length === 0) return null;
  let rank = 0;
  for (const id of ranked(key, masters)) {
    if (id === room.viewerId) return rank;
    // A master whose link broke is gone; one that has not linked yet may be about to.
    if (room.links.isOut(id) || (peers.isLinked(id) && skipped(id))) continue;
    rank += 1;
  }
  const others = room.members.filter((member) => member.role !== 'master' && member.uploads);
  for (const id of ranked(key, others)) {
    if (id === room.viewerId) return rank;
    if (peers.isLinked(id) && !skipped(id)) rank += 1;
  }
  return rank;
}

function ranked(key: string, members: readonly Member[]): string[] {
  return rankByWeight(
    key,
    members.map(({ viewerId, weight }) => ({ id: viewerId, weight })),
  );
}
