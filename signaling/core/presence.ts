import { assert } from './assert.ts';
import { orderDevice } from './devices.ts';
import { unplace } from './groups.ts';
import { forgetHoldings } from './outage/holdings.ts';
import { isHeld, suspendedUntilMs, updateUploads } from './roles.ts';
import {
  type Context,
  count,
  markDevice,
  markStale,
  silentAfterMs,
  trim,
  type Viewer,
} from './state.ts';

/** The viewer's socket is gone: roles stay for the grace time, the place for the resume window. */
export function disconnect(context: Context, viewer: Viewer): void {
  if (viewer.connectionId === null) return;
  context.connections.delete(viewer.connectionId);
  viewer.connectionId = null;
  viewer.presence = 'grace';
  viewer.disconnectedAtMs = context.nowMs;
  viewer.toldEpoch = -1;
  forgetHoldings(viewer);
  count(context, 'disconnected');
  arm(context, viewer);
  if (viewer.group.troubledAtMs !== null) markStale(context, viewer.group);
  markDevice(context, viewer.device);
  context.touched.add(viewer.group);
  removeWhenLost(context, viewer);
}

/** Forgets a viewer and whatever stood only for it. */
export function removeViewer(context: Context, viewer: Viewer): void {
  const { room, device } = viewer;
  if (viewer.removed) return;
  viewer.removed = true;
  if (viewer.connectionId !== null) context.connections.delete(viewer.connectionId);
  viewer.connectionId = null;
  room.viewers.delete(viewer.viewerId);
  context.viewerCount--;
  const ofSubject = room.subjects.get(viewer.subject);
  ofSubject?.delete(viewer);
  if (ofSubject?.size === 0) room.subjects.delete(viewer.subject);
  device.viewers = device.viewers.filter((other) => other !== viewer);
  if (device.viewers.length > 0) {
    orderDevice(context, device);
    markStale(context, viewer.group);
    markDevice(context, device);
  } else {
    unplace(context, viewer);
    room.devices.delete(device.deviceId);
  }
  if (room.viewers.size === 0) context.rooms.delete(room.name);
  if (viewer.accusedBy) {
    room.formerlyAccused.set(viewer.subject, viewer);
    trim(room.formerlyAccused, context.limits.removedPerRoomMax);
  }
  const accused = viewer.accusation?.accused;
  viewer.accusation = null;
  // Whoever leaves does not pay for its accusation any more, so it must not hold.
  if (!accused) return;
  accused.heldBy = null;
  if (accused.removed) return;
  updateUploads(context, accused);
  for (const { viewerId } of accused.accusedBy?.values() ?? []) {
    const accuser = room.viewers.get(viewerId);
    if (accuser) hold(context, accused, accuser);
  }
}

/**
 * The accused feeds nobody for as long as the accuser is there, which pays with its own upload for a while. A liar that
 * all catch at once takes no upload but its own, and that of the first; one that is held itself holds nobody.
 */
export function hold(context: Context, accused: Viewer, accuser: Viewer): void {
  if (isHeld(accused) || isHeld(accuser) || holds(accuser)) return;
  accuser.accusation = { accused, untilMs: context.nowMs + context.limits.suspensionMs };
  accused.heldBy = accuser;
  count(context, 'suspended', 2);
  updateSuspended(context, accuser);
  updateSuspended(context, accused);
}

/** Whether somebody with its subject or on its device holds another. Of those that left there is nothing to hold. */
function holds({ device, subject, room }: Viewer): boolean {
  const same = [...device.viewers, ...(room.subjects.get(subject) ?? [])];
  return same.some(({ accusation }) => accusation?.accused.removed === false);
}

export function updateSuspended(context: Context, viewer: Viewer): void {
  if (viewer.removed) return;
  updateUploads(context, viewer);
  if (suspendedUntilMs(viewer) > context.nowMs) arm(context, viewer);
}

/** Queues the next look at a viewer. An earlier one that is queued already does it too. */
export function arm(context: Context, viewer: Viewer): void {
  const { limits } = context;
  const presenceMs =
    viewer.presence === 'connected'
      ? viewer.heardAtMs + silentAfterMs(limits)
      : viewer.disconnectedAtMs +
        (viewer.presence === 'grace' ? limits.roleGraceMs : limits.resumeWindowMs);
  const suspensionMs = suspendedUntilMs(viewer);
  const dueMs = suspensionMs > context.nowMs ? Math.min(presenceMs, suspensionMs) : presenceMs;
  const atMs = (Math.floor(dueMs / limits.wakeGrainMs) + 1) * limits.wakeGrainMs;
  if (viewer.wakeAtMs !== null && viewer.wakeAtMs <= atMs) return;
  assert(atMs > context.nowMs, 'a look lies in the future');
  viewer.wakeAtMs = atMs;
  context.wakes.push({ atMs, viewer, group: null });
}

/** Looks at a viewer whose time may have come, and queues the next look. */
export function look(context: Context, viewer: Viewer): void {
  const { limits, nowMs } = context;
  if (viewer.presence === 'connected' && nowMs - viewer.heardAtMs >= silentAfterMs(limits)) {
    assert(viewer.connectionId !== null, 'a connected viewer has a connection');
    context.effects.push({ type: 'close', connectionId: viewer.connectionId, reason: 'silent' });
    count(context, 'silent');
    disconnect(context, viewer);
    if (viewer.removed) return;
  }
  if (viewer.presence === 'grace' && nowMs - viewer.disconnectedAtMs >= limits.roleGraceMs) {
    viewer.presence = 'absent';
    orderDevice(context, viewer.device);
    context.touched.add(viewer.group);
  }
  if (viewer.presence === 'absent' && nowMs - viewer.disconnectedAtMs >= limits.resumeWindowMs) {
    count(context, 'expired');
    removeViewer(context, viewer);
  }
  if (viewer.removed) return;
  updateUploads(context, viewer);
  arm(context, viewer);
}

/** A member says that its link to this viewer broke. */
export function reportLost(context: Context, viewer: Viewer, reporter: Viewer): void {
  if (viewer === reporter || viewer.group !== reporter.group) return;
  viewer.lostBy ??= new Map();
  if (viewer.lostBy.size >= context.limits.groupMembersMax) viewer.lostBy.clear();
  viewer.lostBy.set(reporter.viewerId, context.nowMs);
  removeWhenLost(context, viewer);
}

/** A viewer of its own device cannot reach it: somebody else leads the device until it is heard of again. */
export function miss(context: Context, viewer: Viewer, reporter: Viewer): void {
  const isMaster = viewer.device.viewers[0] === viewer;
  if (!isMaster || viewer === reporter || viewer.device !== reporter.device) return;
  if (context.nowMs - reporter.missedAtMs < context.limits.missIntervalMs) return;
  reporter.missedAtMs = context.nowMs;
  if (viewer.connectionId === null) {
    count(context, 'lost');
    removeViewer(context, viewer);
    return;
  }
  viewer.isSilent = true;
  orderDevice(context, viewer.device);
}

/**
 * Removes a disconnected viewer that two members have lost, or the only other one. Reports count from shortly
 * before the socket dropped, since a link often breaks first; about connected viewers they wait for that.
 */
function removeWhenLost(context: Context, viewer: Viewer): void {
  if (viewer.lostBy === null || viewer.connectionId !== null || viewer.removed) return;
  const newerMs = Math.min(context.nowMs, viewer.disconnectedAtMs) - silentAfterMs(context.limits);
  let others = 0;
  let lost = 0;
  for (const member of viewer.group.members) {
    if (member === viewer || member.presence !== 'connected') continue;
    others++;
    if ((viewer.lostBy.get(member.viewerId) ?? Number.NEGATIVE_INFINITY) >= newerMs) lost++;
  }
  if (lost === 0 || lost < Math.min(2, others)) return;
  count(context, 'lost');
  removeViewer(context, viewer);
}
