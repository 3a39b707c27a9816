import type { Member } from '../../../signaling/protocol/index.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { hashToUnit } from '../swarm/rendezvous.ts';

/** Of the mean: what chance adds stays below twice that. */
const shareMax = 1.5;
/** Hubs bring parts into the group, and step in where nobody else could. */
const hubFactor = 0.1;

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

/** The next on the ring, in place of as many near ones that no link gets to. */
export function substitutesOf(
  viewerId: string,
  members: readonly Member[],
  ring: Ring,
  unreachable: ReadonlySet<string>,
): string[] {
  const place = ring.places.get(viewerId);
  const hubs = new Set(members.filter(isHub).map((member) => member.viewerId));
  if (place === undefined || hubs.has(viewerId)) return [];
  const byDistance = [...ring.places.keys()]
    .filter((id) => id !== viewerId && !hubs.has(id))
    .map((id) => ({ id, distance: ringDistance(ring, place, ring.places.get(id) ?? 0) }))
    .sort((a, b) => a.distance - b.distance);
  const isOut = ({ id }: { id: string }): boolean => unreachable.has(id);
  const lacking = byDistance.filter(({ distance }) => distance <= ring.reach).filter(isOut).length;
  return byDistance
    .filter((other) => other.distance > ring.reach && !isOut(other))
    .slice(0, lacking)
    .map(({ id }) => id);
}

/** What each may be asked for, relative to others: in proportion to uplinks, but nobody is to upload much more than all do. */
export function sharesOf(members: readonly Member[], ring: Ring): Map<string, number> {
  const feeding = members.filter(({ uploads }) => uploads);
  const mean = feeding.reduce((sum, { weight }) => sum + weight, 0) / feeding.length;
  const isMesh = ring.reach >= members.length;
  const hubs = members.filter(isHub);
  return new Map(
    members.map((member) => {
      const share = Math.min(member.weight / mean, shareMax);
      const perLink = share / Math.max(1, degreeOf(member, hubs, ring));
      return [member.viewerId, isMesh || !isHub(member) ? perLink : perLink * hubFactor];
    }),
  );
}

/** How many those are. `hubs`: those among the members. */
export function degreeOf(member: Member, hubs: readonly Member[], ring: Ring): number {
  const others = ring.places.size - 1;
  if (isHub(member)) return others;
  const place = ring.places.get(member.viewerId) ?? 0;
  const far = hubs.filter((hub) => !isNear(ring, place, hub.viewerId));
  return Math.min(others, 2 * ring.reach) + far.length;
}

function isNear(ring: Ring, place: number, viewerId: string): boolean {
  const other = ring.places.get(viewerId);
  return other !== undefined && ringDistance(ring, place, other) <= ring.reach;
}

export function isHub(member: Member): boolean {
  return member.role !== 'slave';
}
