import type { DirectiveFrame, Member } from '../protocol/index.ts';
import { elect } from './roles.ts';
import { type Context, type Group, nextEpoch, type Viewer } from './state.ts';

/** The newest directive for one viewer, with a new epoch when anything changed. Counts as told. */
export function tell(context: Context, viewer: Viewer): DirectiveFrame {
  const { group } = viewer;
  if (group.stale) {
    group.epoch = nextEpoch(context, group.room);
    group.stale = false;
  }
  group.memberFrames ??= group.members.map(memberFrame);
  viewer.toldEpoch = group.epoch;
  return {
    type: 'directive',
    epoch: group.epoch,
    groupId: group.groupId,
    deviceRole: viewer.deviceRole,
    groupRole: viewer.groupRole,
    members: group.memberFrames,
  };
}

/** Sends the newest directive to one connected viewer unless it has it. */
export function tellNow(context: Context, viewer: Viewer): void {
  if (viewer.connectionId === null) return;
  if (!viewer.group.stale && viewer.toldEpoch === viewer.group.epoch) return;
  const { connectionId } = viewer;
  context.effects.push({ type: 'send', connectionId, frame: tell(context, viewer) });
}

/** Elects in every touched group and tells its members: at once after a quiet time, else when the interval ends. */
export function settleTouched(context: Context): void {
  // A Set also visits what is added meanwhile; elect only touches the group it looks at.
  for (const group of context.touched) {
    if (group.members.length === 0) continue;
    elect(context, group);
    if (group.untold && group.flushAtMs === null) plan(context, group);
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
  for (const member of group.members) tellNow(context, member);
  group.untold = false;
  // A lone joiner that has its welcome does not make the next change wait.
  if (context.effects.length > before) group.flushedAtMs = context.nowMs;
}

function memberFrame(viewer: Viewer): Member {
  return {
    viewerId: viewer.viewerId,
    role: viewer.groupRole,
    uploads: viewer.uploads,
    weight: viewer.weight,
  };
}
