import { cut } from './outage/bridges.ts';
import {
  type Context,
  count,
  type Device,
  type Group,
  markStale,
  nextEpoch,
  type Room,
  type Viewer,
} from './state.ts';

/** Puts a viewer that is in no group into the chosen one; a group that was split for it may be small now. */
export function place(context: Context, group: Group, viewer: Viewer): void {
  addMember(context, group, viewer);
  mergeWeakest(context, group.room);
}

/** Takes a viewer out of its group; the room's smallest group may now fit into another. */
export function unplace(context: Context, viewer: Viewer): void {
  const { group } = viewer;
  removeMember(context, group, viewer);
  mergeWeakest(context, group.room);
}

/** The group for somebody of this device: that of its siblings, else the smallest, else half of a full one. */
export function chooseGroup(
  context: Context,
  device: Device,
  room: Room,
  peersAllowed: boolean,
): Group {
  if (!peersAllowed) return createGroup(context, room, false);
  const max = context.limits.groupMembersMax;
  const ofSibling = groupOfSibling(device, max);
  if (ofSibling) return ofSibling;
  const open = smallest(context, room, null);
  const full = fullGroupOfSibling(device) ?? (open && open.members.length >= max ? open : null);
  if (!full) return open ?? createGroup(context, room, true);
  // Half of the full group moves to a new one: nobody is left alone, and devices stay whole.
  const fresh = createGroup(context, room, true);
  split(context, full, fresh);
  return groupOfSibling(device, max) ?? (full.members.length < fresh.members.length ? full : fresh);
}

function groupOfSibling(device: Device, max: number): Group | null {
  for (const { group } of device.viewers) {
    if (group.shared && group.members.length > 0 && group.members.length < max) return group;
  }
  return null;
}

/** A full group with others in it than this device, so that it can be split. */
function fullGroupOfSibling(device: Device): Group | null {
  for (const { group } of device.viewers) {
    if (group.shared && group.members.some((member) => member.device !== device)) return group;
  }
  return null;
}

function smallest(context: Context, room: Room, except: Group | null): Group | null {
  for (let size = 1; size <= context.limits.groupMembersMax; size++) {
    for (const group of room.groupsBySize[size] ?? []) if (group !== except) return group;
  }
  return null;
}

function createGroup(context: Context, room: Room, shared: boolean): Group {
  context.groupCount++;
  const epoch = nextEpoch(context, room);
  return {
    // Epochs never come twice, so neither do ids made of them.
    groupId: `g${epoch.toString(36)}`,
    room,
    shared,
    members: [],
    epoch,
    stale: true,
    untold: true,
    flushedAtMs: Number.NEGATIVE_INFINITY,
    flushAtMs: null,
    troubledAtMs: null,
    fedBy: null,
    suppliedSinceMs: null,
    doubted: null,
    litSinceMs: null,
    plan: null,
    memberFrames: null,
  };
}

function addMember(context: Context, group: Group, viewer: Viewer): void {
  resize(group, () => group.members.push(viewer));
  viewer.group = group;
  viewer.memberSinceMs = context.nowMs;
  markStale(context, group);
}

function removeMember(context: Context, group: Group, viewer: Viewer): void {
  cut(context, viewer);
  resize(group, () => group.members.splice(group.members.indexOf(viewer), 1));
  viewer.formerGroup = {
    groupId: group.groupId,
    sinceMs: viewer.memberSinceMs,
    untilMs: context.nowMs,
  };
  markStale(context, group);
  if (group.members.length === 0) {
    context.groupCount--;
    context.touched.delete(group);
  }
}

function resize(group: Group, change: () => void): void {
  const { groupsBySize } = group.room;
  if (group.shared) groupsBySize[group.members.length]?.delete(group);
  change();
  if (group.shared && group.members.length > 0) groupsBySize[group.members.length]?.add(group);
}

function move(context: Context, viewer: Viewer, to: Group): void {
  removeMember(context, viewer.group, viewer);
  addMember(context, to, viewer);
  count(context, 'moved');
}

function mergeWeakest(context: Context, room: Room): void {
  const { groupMembersMax, groupMembersMin } = context.limits;
  // A third of the maximum bounds the minimum, else small limits would merge and split in turn.
  const min = Math.max(2, Math.min(groupMembersMin, Math.floor(groupMembersMax / 3)));
  const group = smallest(context, room, null);
  if (!group || group.members.length >= min) return;
  const other = smallest(context, room, group);
  if (!other) return;
  if (other.members.length + group.members.length > groupMembersMax) {
    split(context, other, group);
    return;
  }
  const [from, to] = other.members.length < group.members.length ? [other, group] : [group, other];
  for (const member of [...from.members]) move(context, member, to);
  count(context, 'groupMerged');
}

/** Moves whole devices from a big group to a small one until they are level; masters are dealt in turn. */
function split(context: Context, from: Group, to: Group): void {
  const devices = new Map<string, Viewer[]>();
  for (const member of from.members) {
    const unit = devices.get(member.device.deviceId);
    if (unit) unit.push(member);
    else devices.set(member.device.deviceId, [member]);
  }
  const units = [...devices.values()];
  const leading = units.filter((unit) => unit.some((member) => member.groupRole === 'master'));
  const others = units.filter((unit) => !leading.includes(unit));
  const staying = leading.filter((_, index) => index % 2 === 0);
  const leaving = leading.filter((_, index) => index % 2 === 1);
  for (const unit of [...leaving, ...others, ...staying]) {
    if (to.members.length + unit.length > from.members.length - unit.length) continue;
    for (const member of unit) move(context, member, to);
  }
  count(context, 'groupSplit');
}
