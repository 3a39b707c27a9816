import type { Member } from '../../../signaling/protocol/index.ts';
import { limits } from '../../../signaling/protocol/limits.ts';
import { hashToUnit } from '../swarm/rendezvous.ts';

/** The members in a circle, computed alike by all from one directive. */
export interface Ring {
  /** Index by member. */
  places: ReadonlyMap<string, number>;
  /** Members that are at most so many places apart are linked. */
  reach: number;
}

export function ringOf(members: readonly Member[]): Ring {
  const order = members
    .map(({ viewerId }) => ({ viewerId, at: hashToUnit(viewerId) }))
    .sort((a, b) => a.at - b.at || (a.viewerId < b.viewerId ? -1 : 1));
  const places = new Map(order.map(({ viewerId }, place) => [viewerId, place]));
  if (members.length <= limits.neighboursMax + 1) return { places, reach: members.length };
  const hubs = members.filter(isHub).length;
  return { places, reach: Math.max(1, Math.floor((limits.neighboursMax - hubs) / 2)) };
}

export function ringDistance({ places }: Ring, a: number, b: number): number {
  const distance = Math.abs(a - b);
  return Math.min(distance, places.size - distance);
}

/**
 * Whom a member links to, symmetrically: everyone in small groups; in larger ones those near on the ring, and
 * masters to all, so that everybody hears at once of what they read.
 */
export function neighboursOf(viewerId: string, members: readonly Member[], ring: Ring): string[] {
  const self = members.find((member) => member.viewerId === viewerId);
  const place = ring.places.get(viewerId);
  if (!self || place === undefined) return [];
  const others = members.filter((member) => member !== self);
  if (isHub(self)) return others.map((member) => member.viewerId);
  return others
    .filter((other) => isHub(other) || isNear(ring, place, other.viewerId))
    .map((other) => other.viewerId);
}

function isNear(ring: Ring, place: number, viewerId: string): boolean {
  const other = ring.places.get(viewerId);
  return other !== undefined && ringDistance(ring, place, other) <= ring.reach;
}

function isHub(member: Member): boolean {
  return member.role !== 'slave';
}
