import type { Room } from '../room/room.ts';
import type { Peers } from './peers.ts';
import { rankByWeight } from './rendezvous.ts';
import type { SegmentState } from './segment.ts';

/**
 * One of the holders of a part, in proportion to what they can give. The earliest have been asked by everybody since,
 * so the later half are chosen from: without this, who comes first uploads several times its share.
 */
export function spread(
  segment: SegmentState,
  part: number,
  holders: readonly string[],
  room: Room,
  peers: Peers,
): string | null {
  const wantedAtMs = (id: string): number => segment.peers.get(id)?.wantedAtMs ?? 0;
  const late = [...holders]
    .sort((a, b) => wantedAtMs(b) - wantedAtMs(a))
    .slice(0, Math.max(2, Math.ceil(holders.length / 2)));
  const key = `${segment.segmentId}|${part}|${room.viewerId ?? ''}`;
  const weighted = late.map((id) => ({ id, weight: peers.capacity(id) * room.links.share(id) }));
  return rankByWeight(key, weighted)[0] ?? null;
}

/** The holder from which one more part would come soonest. */
export function fastest(holders: readonly string[], peers: Peers): string | null {
  const ranked = holders
    .map((id) => ({ id, expectedMs: peers.expectedMs(id) }))
    .sort((a, b) => a.expectedMs - b.expectedMs);
  return ranked[0]?.id ?? null;
}
