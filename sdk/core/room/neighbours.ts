import type { Member } from '../../../signaling/protocol/index.ts';
import { limits } from '../../../signaling/protocol/limits.ts';
import { hashToUnit } from '../swarm/rendezvous.ts';

/**
 * Whom a member links to. Symmetric and computed alike by all from one directive: everyone in small groups;
 * in larger ones masters are linked to all, and the others to their nearest on a ring of hashes.
 */
export function neighboursOf(viewerId: string, members: readonly Member[]): string[] {
  const others = members.filter((member) => member.viewerId !== viewerId);
  if (members.length <= limits.neighboursMax + 1) return others.map((member) => member.viewerId);
  const self = members.find((member) => member.viewerId === viewerId);
  if (!self || isMaster(self)) return others.map((member) => member.viewerId);
  const ring = members
    .filter((member) => !isMaster(member))
    .map((member) => ({ id: member.viewerId, at: hashToUnit(member.viewerId) }))
    .sort((a, b) => a.at - b.at)
    .map(({ id }) => id);
  const masters = others.filter(isMaster).map((member) => member.viewerId);
  const reach = Math.max(1, Math.floor((limits.neighboursMax - masters.length) / 2));
  const place = ring.indexOf(viewerId);
  const near = ring.filter((id, index) => {
    const distance = Math.abs(index - place);
    return id !== viewerId && Math.min(distance, ring.length - distance) <= reach;
  });
  return [...masters, ...near];
}

function isMaster(member: Member): boolean {
  return member.role !== 'slave';
}
