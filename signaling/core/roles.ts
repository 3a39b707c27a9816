import { type Limits, type Role, uploadsOf } from '../protocol/index.ts';
import { firstGroup, noteTrouble } from './outage/first-group.ts';
import { type Context, count, type Group, markDevice, markStale, type Viewer } from './state.ts';

/** Whether a viewer may upload now: its profile and the room's arbitration allow it. */
export function updateUploads(context: Context, viewer: Viewer): void {
  const uploads = uploadsOf(viewer.profile) && suspendedUntilMs(viewer) <= context.nowMs;
  if (viewer.uploads === uploads) return;
  viewer.uploads = uploads;
  markStale(context, viewer.group);
  markDevice(context, viewer.device);
}

/** End of the suspension of an accuser or accused; in the past when there is none. */
export function suspendedUntilMs(viewer: Viewer): number {
  return isHeld(viewer) ? Number.POSITIVE_INFINITY : (viewer.accusation?.untilMs ?? 0);
}

/** Whether one that is there stands by its accusation. One that left holds nobody. */
export function isHeld(viewer: Viewer): boolean {
  return viewer.heldBy?.accusation?.accused === viewer;
}

/**
 * Weight in elections and in the spread of uploads: the uplink in units of `weightUnitBytesPerSecond`, rounded down
 * to a power of two from 1 to `weightMax`; `weightUnknown` until measured. The present weight holds until the uplink is a quarter beyond its range, so that
 * a measurement that wavers changes nothing.
 */
export function weightOf(
  uplinkBytesPerSecond: number | null,
  present: number,
  limits: Limits,
): number {
  if (uplinkBytesPerSecond === null) return present;
  const units = Math.min(uplinkBytesPerSecond / limits.weightUnitBytesPerSecond, limits.weightMax);
  if (units >= present * 0.75 && units < present * 2.5) return present;
  return units < 1 ? 1 : 2 ** Math.floor(Math.log2(units));
}

/**
 * Share of those that a member should be linked to that it is linked to, from its report; null while its links are
 * being made. Rounded to quarters, so that a link more or less changes nothing.
 */
export function reachOf(context: Context, viewer: Viewer, neighbourCount: number): number | null {
  const { nowMs, limits } = context;
  const { group, groupRole, memberSinceMs } = viewer;
  if (nowMs - memberSinceMs < limits.peerConnectWithinMs) return viewer.reach;
  const others = group.members.length - 1;
  const expected = groupRole === 'slave' ? Math.min(others, limits.neighboursMax) : others;
  return expected < 2
    ? null
    : Math.min(4, Math.max(1, Math.ceil((4 * neighbourCount) / expected))) / 4;
}

/** Another must be so much better before it takes over a role: changes of links and of who reads what are dear. */
const incumbency = 2;
const ranks: Record<Role, number> = { master: 0, secondary: 1, slave: 2 };
/** A troubled edge counts for half: whoever depends on it is better off with another. */
const troubledFactor = 0.5;

/** How well a member would read and pass on for the group: by its uplink, its edge, and how many can link to it. */
function merit({ weight, reach, edgeHealth, groupRole }: Viewer): number {
  // Whom it does not reach has to read for itself or to be fed by others.
  const passing = weight * (reach ?? 1) ** 2;
  const reading = edgeHealth === 'healthy' ? 1 : troubledFactor;
  return passing * reading * (groupRole === 'master' ? incumbency : 1);
}

/** Gives the group's roles to those of most merit, with as little change as possible. */
export function elect(context: Context, group: Group): void {
  const { limits } = context;
  let present = 0;
  for (const member of group.members) if (member.presence !== 'absent') present++;
  const wanted = Math.min(
    Math.max(Math.ceil(present / limits.membersPerMaster), 2),
    limits.mastersPerGroupMax,
  );
  const isTroubled = noteTrouble(context, group);
  const able = group.members.filter(
    ({ uploads, presence }) =>
      uploads &&
      // In an outage nobody waits for a page that may be gone.
      (isTroubled ? presence === 'connected' : presence !== 'absent'),
  );
  const { readers, order } = firstGroup(group, able);
  const candidates = able
    .map((member) => ({
      member,
      order: order(member),
      merit: merit(member),
      rank: ranks[member.groupRole],
    }))
    .sort(
      (a, b) =>
        b.order - a.order ||
        b.merit - a.merit ||
        a.rank - b.rank ||
        a.member.seniority - b.member.seniority,
    );
  const surplusMin = (candidates[wanted - 1]?.merit ?? 0) / incumbency;
  // One master above the wanted number stays: a member that comes and goes must not move roles.
  const keptMax = Math.min(wanted + 1, limits.mastersPerGroupMax);
  const masters = new Set<Viewer>();
  const standing: Viewer[] = [];
  for (const { member, merit } of candidates) {
    const reads = readers.has(member);
    const incumbent = member.groupRole === 'master' && merit >= surplusMin;
    // Whoever has just dropped keeps what it has, and is given nothing new.
    const promotable = member.presence === 'connected' || member.groupRole === 'secondary';
    if (reads && incumbent && masters.size < keptMax) masters.add(member);
    else if (reads && member.presence === 'connected' && masters.size < wanted) masters.add(member);
    else if (promotable) standing.push(member);
  }
  // Where few can read, others spread what these bring.
  const secondaries = new Set(standing.slice(0, Math.max(1, wanted - masters.size)));
  for (const member of group.members) {
    const role: Role = masters.has(member)
      ? 'master'
      : secondaries.has(member)
        ? 'secondary'
        : 'slave';
    if (member.groupRole === role) continue;
    member.groupRole = role;
    count(context, 'roleChanged');
    markStale(context, group);
  }
}
