import type { DirectiveFrame, Member } from '../protocol/index.ts';
import { planBridges } from './outage/bridges.ts';
import { planPortions } from './outage/portions.ts';
import { elect } from './roles.ts';
import { type Context, type Group, nextEpoch, type Viewer } from './state.ts';

/** The newest directive for one viewer, with a new epoch when anything changed. Counts as told. */
export function tell(context: Context, viewer: Viewer): DirectiveFrame {
  const { group } = viewer;
  if (group.stale) {
    group.epoch = nextEpoch(context, group.room);
    group.stale = false;
  }
  viewer.toldEpoch = toldOf(viewer);
  const { deviceRole } = viewer;
  const common = { type: 'directive' as const, groupId: group.groupId, deviceRole };
  if (deviceRole !== 'master') return { ...common, ...toSlave(context, viewer) };
  group.memberFrames ??= group.members.map(memberFrame);
  const siblings = viewer.device.viewers.filter((other) => other !== viewer);
  return {
    ...common,
    epoch: group.epoch,
    groupRole: viewer.groupRole,
    members: group.memberFrames,
    siblings: siblings.length > 0 ? siblings.map((other) => siblingFrame(other)) : undefined,
    bridges: viewer.bridges?.size ? [...viewer.bridges].map(bridgeFrame) : undefined,
  };
}

/** To a slave its device is what a group is to others. */
function toSlave(context: Context, { device, room }: Viewer) {
  // Where viewers are linked over a network, who has just dropped is not waited for, though it keeps its place.
  const leader = device.viewers.find(
    ({ uploads, presence }) => uploads && presence === 'connected',
  );
  return {
    // What its master plays may change although nothing in the group does.
    epoch: nextEpoch(context, room),
    groupRole: 'slave' as const,
    members: device.viewers.map((other) => siblingFrame(other, leader)),
    withheld: [...(device.viewers[0]?.plays ?? [])],
  };
}

/** What a viewer that knows everything was told last: a slave hears of its device only, however its group changes. */
function toldOf({ deviceRole, device, group }: Viewer): number {
  return deviceRole === 'master' ? group.epoch : device.version;
}

/** Sends the newest directive to one connected viewer unless it has it. */
export function tellNow(context: Context, viewer: Viewer): void {
  if (viewer.connectionId === null) return;
  const isMaster = viewer.deviceRole === 'master';
  if (!(isMaster && viewer.group.stale) && viewer.toldEpoch === toldOf(viewer)) return;
  const { connectionId } = viewer;
  context.effects.push({ type: 'send', connectionId, frame: tell(context, viewer) });
}

/** Elects in every touched group and tells its members: at once after a quiet time, else when the interval ends. */
export function settleTouched(context: Context): void {
  // A Set also visits what is added meanwhile; elect only touches the group it looks at.
  for (const group of context.touched) {
    if (group.members.length === 0) continue;
    elect(context, group);
    planBridges(context, group);
    if (group.untold && group.flushAtMs === null) plan(context, group);
    planPortions(context, group);
  }
  context.touched.clear();
}

function plan(context: Context, group: Group): void {
  const atMs = group.flushedAtMs + context.limits.directiveIntervalMs;
  if (atMs <= context.nowMs) {
    flush(context, group);
    return;
  }
  group.flushAtMs = atMs;
  context.wakes.push({ atMs, viewer: null, group });
}

/** Tells every member of a group what it does not know yet. */
function flush(context: Context, group: Group): void {
  const before = context.effects.length;
  for (const { device } of group.members)
    for (const viewer of device.viewers) tellNow(context, viewer);
  group.untold = false;
  // A lone joiner that has its welcome does not make the next change wait.
  if (context.effects.length > before) group.flushedAtMs = context.nowMs;
}

/** Who feeds is told of as master, whatever it is at home. */
function bridgeFrame([other, does]: [Viewer, 'feeds' | 'fed']): Member {
  return { ...memberFrame(other), role: does === 'feeds' ? 'master' : 'slave' };
}

function siblingFrame(viewer: Viewer, leader?: Viewer): Member {
  const { viewerId, deviceRole, weight, presence, uploads } = viewer;
  const role = viewer === leader ? 'master' : deviceRole === 'master' ? 'slave' : deviceRole;
  return { viewerId, role, uploads: uploads && presence === 'connected', weight };
}

function memberFrame(viewer: Viewer): Member {
  return {
    viewerId: viewer.viewerId,
    role: viewer.groupRole,
    // In an outage nobody waits for a page that may be gone, whose links do not tell yet.
    uploads:
      viewer.uploads && (viewer.presence === 'connected' || viewer.group.troubledAtMs === null),
    weight: viewer.weight,
  };
}
