import { hold, removeViewer, updateSuspended } from './presence.ts';
import { refuse } from './refusals.ts';
import { isHeld, updateUploads } from './roles.ts';
import { type Context, count, type Membership, type Room, trim, type Viewer } from './state.ts';

/**
 * A member says that another sent it a part with the wrong digest. Who lies is not known: the accused feeds nobody for
 * as long as its accuser is there, which can hold nobody else meanwhile, and feeds nobody for a while itself. Votes of
 * enough devices remove the accused.
 */
export function accuse(context: Context, accused: Viewer, accuser: Viewer): void {
  const { limits, nowMs } = context;
  if (accused.device === accuser.device || accuser.removed || !haveMet(context, accused, accuser))
    return;
  const votes = votesAgainst(context, accused);
  if (votes.has(accuser.device.deviceId) || votes.size >= limits.groupMembersMax) return;
  const { viewerId, subject } = accuser;
  votes.set(accuser.device.deviceId, { viewerId, subject, atMs: nowMs });
  count(context, 'accused');
  // A liar that all catch at once takes no upload but its own, and that of the first.
  hold(context, accused, accuser);
  if (weightOfVotes(accused) >= votesNeeded(accused)) remove(context, accused);
}

/** Whoever left under accusation finds it again when coming back, on whatever device. */
export function inherit(context: Context, viewer: Viewer): void {
  const { formerlyAccused } = viewer.room;
  const former = formerlyAccused.get(viewer.subject);
  if (!former) return;
  formerlyAccused.delete(viewer.subject);
  viewer.accusedBy = former.accusedBy;
  viewer.heldBy = former.heldBy;
  const accusation = viewer.heldBy?.accusation;
  if (accusation?.accused === former) accusation.accused = viewer;
  updateUploads(context, viewer);
}

/** Whether this join belongs to somebody that was removed: its viewer id, its device, or too many devices of it. */
export function isBanned(
  room: Room,
  join: { viewerId: string; subject: string; deviceId: string },
): boolean {
  if (room.removedViewers.has(join.viewerId)) return true;
  const devices = room.removedSubjects.get(join.subject);
  return devices !== undefined && (devices.has(join.deviceId) || devices.has(anyDevice));
}

/** Stands for all devices of a subject; no device can have this id. */
const anyDevice = '*';

/** More than a quarter of the group: one in five that lie together are not enough. */
function votesNeeded(accused: Viewer): number {
  return Math.max(2, Math.floor(accused.group.members.length / 4) + 1);
}

/** Neither many devices of one subject nor many subjects on one device count more than once. */
function weightOfVotes(accused: Viewer): number {
  const votes = [...(accused.accusedBy?.values() ?? [])];
  // By device there is one vote anyway.
  return new Set(votes.map(({ subject }) => subject)).size;
}

/** The votes that still count. */
function votesAgainst(context: Context, accused: Viewer) {
  accused.accusedBy ??= new Map();
  for (const [deviceId, { atMs }] of accused.accusedBy) {
    if (context.nowMs - atMs >= context.limits.accusationMs) accused.accusedBy.delete(deviceId);
  }
  return accused.accusedBy;
}

/** Whether both are or were a moment ago members of one group at the same time. */
function haveMet(context: Context, a: Viewer, b: Viewer): boolean {
  return membershipsOf(context, a).some((mine) =>
    membershipsOf(context, b).some(
      (other) =>
        mine.groupId === other.groupId &&
        Math.max(mine.sinceMs, other.sinceMs) <= Math.min(mine.untilMs, other.untilMs),
    ),
  );
}

function membershipsOf({ limits, nowMs }: Context, viewer: Viewer): Membership[] {
  const { group, memberSinceMs: sinceMs, formerGroup } = viewer;
  const present = { groupId: group.groupId, sinceMs, untilMs: nowMs };
  if (!formerGroup || nowMs - formerGroup.untilMs > limits.formerMembersMs) return [present];
  return [present, formerGroup];
}

/** Removes the accused with all it has on this device; whoever it accused or was accused by is believed. */
function remove(context: Context, accused: Viewer): void {
  const { room, subject, device } = accused;
  for (const viewer of [...device.viewers]) {
    if (viewer.subject !== subject) continue;
    ban(context, viewer);
    count(context, 'removed');
    const { connectionId } = viewer;
    if (connectionId !== null) {
      refuse(context, connectionId, 'removed', 'members of the room got bad parts from here');
    }
    acquit(context, viewer);
    // The last one to go may end the room; nobody asks it about bans any more then.
    removeViewer(context, viewer);
  }
  trim(room.removedSubjects, context.limits.removedPerRoomMax);
  trim(room.removedViewers, context.limits.removedPerRoomMax);
}

function ban({ limits }: Context, { room, subject, device, viewerId }: Viewer): void {
  const devices = room.removedSubjects.get(subject) ?? new Set<string>();
  devices.add(devices.size + 1 >= limits.removedDevicesPerSubjectMax ? anyDevice : device.deviceId);
  room.removedSubjects.delete(subject);
  room.removedSubjects.set(subject, devices);
  room.removedViewers.add(viewerId);
}

/** Its own accusations no longer count, and those against it no longer suspend. */
function acquit(context: Context, removed: Viewer): void {
  const { deviceId } = removed.device;
  const accuser = isHeld(removed) ? removed.heldBy : null;
  const accused = new Set(removed.group.members);
  if (removed.accusation) accused.add(removed.accusation.accused);
  removed.accusation = null;
  removed.accusedBy = null;
  if (accuser) {
    accuser.accusation = null;
    updateSuspended(context, accuser);
  }
  for (const viewer of accused) {
    if (viewer.accusedBy?.get(deviceId)?.viewerId === removed.viewerId)
      viewer.accusedBy.delete(deviceId);
    updateSuspended(context, viewer);
  }
}
