import { cut } from './outage/bridges.ts';
import {
  type Context,
  count,
  type Device,
  type Group,
  markDevice,
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

/** Finds the group for a device whose master has turned peers on or off. */
export function regroup(context: Context, master: Viewer): void {
  unplace(context, master);
  place(context, chooseGroup(context, master.room, master.profile.peersAllowed), master);
}

/** Puts a viewer in the place of another of its device. */
export function replaceMember(context: Context, before: Viewer, after: Viewer): void {
  const { group } = before;
  before.groupRole = 'slave';
  if (after.profile.peersAllowed !== group.shared) {
    unplace(context, before);
    place(context, chooseGroup(context, after.room, after.profile.peersAllowed), after);
    return;
  }
  endMembership(context, before);
  const { members } = group;
  members.splice(members.indexOf(before), 1);
  // In the last place: it is the one that has all the links to make.
  members.push(after);
  after.memberSinceMs = context.nowMs;
  markStale(context, group);
}

/** That of its viewers; null while it has none. */
export function groupOf(device: Device): Group | null {
  return device.viewers[0]?.group ?? null;
}

/** The group for a device: the smallest, else half of a full one. */
export function chooseGroup(context: Context, room: Room, peersAllowed: boolean): Group {
  if (!peersAllowed) return createGroup(context, room, false);
  const open = smallest(context, room, null);
  if (!open) return createGroup(context, room, true);
  if (open.members.length < context.limits.groupMembersMax) return open;
  // Half of the full group moves to a new one: nobody is left alone.
  const fresh = createGroup(context, room, true);
  split(context, open, fresh);
  return open.members.length < fresh.members.length ? open : fresh;
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
  for (const each of viewer.device.viewers) each.group = group;
  viewer.group = group;
  markDevice(context, viewer.device);
  viewer.memberSinceMs = context.nowMs;
  markStale(context, group);
}

function removeMember(context: Context, group: Group, viewer: Viewer): void {
  endMembership(context, viewer);
  resize(group, () => group.members.splice(group.members.indexOf(viewer), 1));
  markStale(context, group);
  if (group.members.length === 0) {
    context.groupCount--;
    context.touched.delete(group);
  }
}

function endMembership(context: Context, viewer: Viewer): void {
  cut(context, viewer);
  viewer.formerGroup = {
    groupId: viewer.group.groupId,
    sinceMs: viewer.memberSinceMs,
    untilMs: context.nowMs,
  };
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

/** Moves members from a big group to a small one until they are level; masters are dealt in turn. */
function split(context: Context, from: Group, to: Group): void {
  const leading = from.members.filter(({ groupRole }) => groupRole === 'master');
  const others = from.members.filter(({ groupRole }) => groupRole !== 'master');
  const staying = leading.filter((_, index) => index % 2 === 0);
  const leaving = leading.filter((_, index) => index % 2 === 1);
  for (const member of [...leaving, ...others, ...staying]) {
    if (to.members.length + 1 > from.members.length - 1) break;
    move(context, member, to);
  }
  count(context, 'groupSplit');
}
