import type { EdgeHealth, Limits, Role, ViewerProfile } from '../protocol/index.ts';
import { type Context, count, type Device, type Group, markStale, type Viewer } from './state.ts';

export function uploadsOf(profile: ViewerProfile): boolean {
  return profile.uploadAllowed && profile.peersAllowed && !profile.metered && !profile.saveData;
}

/** Whether a viewer may upload now: its profile and the room's arbitration allow it. */
export function updateUploads(context: Context, viewer: Viewer): void {
  const uploads = uploadsOf(viewer.profile) && suspendedUntilMs(viewer) <= context.nowMs;
  if (viewer.uploads === uploads) return;
  viewer.uploads = uploads;
  markStale(context, viewer.group);
}

/** End of the suspension of an accuser or accused; in the past when there is none. One that left suspends nobody. */
export function suspendedUntilMs(viewer: Viewer): number {
  let untilMs = viewer.accusation?.untilMs ?? 0;
  for (const { viewerId } of viewer.accusedBy?.values() ?? []) {
    const accusation = viewer.room.viewers.get(viewerId)?.accusation;
    if (accusation?.accused === viewer) untilMs = Math.max(untilMs, accusation.untilMs);
  }
  return untilMs;
}

/**
 * Weight in fetcher election: the uplink in units of 1 Mbit/s, rounded down to a power of two from 1 to
 * `weightMax`; unknown is 1. The present weight holds until the uplink is a quarter beyond its range, so that
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

/** Gives the device's roles by order; those who are gone stand behind while somebody is there. */
export function orderDevice(context: Context, device: Device): void {
  if (device.viewers.some((viewer) => viewer.presence === 'connected')) {
    const here = device.viewers.filter((viewer) => viewer.presence !== 'absent');
    const gone = device.viewers.filter((viewer) => viewer.presence === 'absent');
    device.viewers = [...here, ...gone];
  }
  for (const [index, viewer] of device.viewers.entries()) {
    const role: Role = index === 0 ? 'master' : index === 1 ? 'secondary' : 'slave';
    if (viewer.deviceRole === role) continue;
    viewer.deviceRole = role;
    count(context, 'roleChanged');
    markStale(context, viewer.group);
  }
}

const ranks: Record<Role, number> = { master: 0, secondary: 1, slave: 2 };

/** Gives the group's roles with as little change as possible. */
export function elect(context: Context, group: Group): void {
  const { limits } = context;
  const candidates = willing(group);
  let present = 0;
  for (const member of group.members) if (member.presence !== 'absent') present++;
  const wanted = Math.min(
    Math.max(Math.ceil(present / limits.membersPerMaster), 2),
    limits.mastersPerGroupMax,
  );
  candidates.sort((a, b) => ranks[a.groupRole] - ranks[b.groupRole] || a.seniority - b.seniority);
  // One master above the wanted number stays: a member that comes and goes must not move roles.
  const keptMax = Math.min(wanted + 1, limits.mastersPerGroupMax);
  const masters = new Set<Viewer>();
  let secondary: Viewer | null = null;
  for (const candidate of candidates) {
    const incumbent = candidate.groupRole === 'master';
    // Whoever has just dropped keeps what it has, and is given nothing new.
    const promotable = candidate.presence === 'connected' || candidate.groupRole === 'secondary';
    if (incumbent && masters.size < keptMax) masters.add(candidate);
    else if (candidate.presence === 'connected' && masters.size < wanted) masters.add(candidate);
    else if (promotable) secondary ??= candidate;
  }
  for (const member of group.members) {
    const role: Role = masters.has(member)
      ? 'master'
      : member === secondary
        ? 'secondary'
        : 'slave';
    if (member.groupRole === role) continue;
    member.groupRole = role;
    count(context, 'roleChanged');
    markStale(context, group);
  }
}

/** Device masters that may upload and are not gone; those whose edge is dark only while everyone's is. */
function willing(group: Group): Viewer[] {
  const able = group.members.filter(
    (member) => member.deviceRole === 'master' && member.uploads && member.presence !== 'absent',
  );
  const lit = able.filter((member) => !isDark(member.edgeHealth));
  return lit.length > 0 ? lit : able;
}

export function isDark(health: EdgeHealth): boolean {
  return health === 'dark';
}
