import type { ViewerJoined } from './events.ts';
import { endOf, expire, forgetAll, keep, messageFrames, removalFrames } from './history.ts';
import { type Context, type Room, roomOf, type Viewer } from './state.ts';

/** Takes a viewer in, and tells it what it would else have missed. */
export function join(context: Context, event: ViewerJoined): void {
  const { connectionId, subject, role, name } = event;
  if (context.viewers.has(connectionId)) return;
  if (context.viewers.size >= context.limits.connectionsMax) return;
  const room = roomOf(context, event.room);
  const viewer: Viewer = { connectionId, room, subject, role, name };
  context.viewers.set(connectionId, viewer);
  room.viewers.add(viewer);
  context.empty.delete(room);
  expire(context, room);
  // What is pending reaches it with everybody else.
  const frames = [
    ...messageFrames(context, room.history, true),
    ...(event.isReturning ? removalFrames(context, [...room.removed]) : []),
  ];
  for (const frame of frames) context.effects.push({ type: 'answer', connectionId, frame });
}

export function leave(context: Context, connectionId: string): void {
  const viewer = context.viewers.get(connectionId);
  if (!viewer) return;
  const { room } = viewer;
  context.viewers.delete(connectionId);
  room.viewers.delete(viewer);
  if (room.viewers.size > 0) return;
  if (room.history.length + room.pending.length + room.removed.size === 0)
    return forget(context, room);
  room.emptySinceMs = context.nowMs;
  context.empty.add(room);
  for (const longest of context.empty) {
    if (context.empty.size <= context.limits.roomsMax) break;
    forget(context, longest);
  }
}

/** Tells all rooms whose turn it is. */
export function tellDue(context: Context): void {
  const { limits, busy, nowMs } = context;
  context.busyViewers = 0;
  for (const room of busy) context.busyViewers += room.viewers.size;
  const socketsMs = (context.busyViewers / limits.messagesSocketsPerSecondMax) * 1_000;
  const restMs = Math.max(limits.messagesIntervalMs, socketsMs);
  // Counted from the grid: a timer that fires a little late must not cost the room its next turn.
  const turnMs = Math.floor(nowMs / limits.messagesIntervalMs) * limits.messagesIntervalMs;
  for (const room of busy) {
    if (nowMs < room.restsUntilMs) continue;
    if (room.pending.length + room.pendingRemovals.length === 0) busy.delete(room);
    else {
      tell(context, room);
      room.restsUntilMs = turnMs + restMs;
    }
  }
}

function tell(context: Context, room: Room): void {
  const { pending, pendingRemovals } = room;
  room.pending = [];
  room.pendingRemovals = [];
  const told = pending.filter(({ message }) => endOf(message) > context.nowMs);
  keep(context, room, told);
  if (room.viewers.size === 0) return;
  const connectionIds = [...room.viewers].map(({ connectionId }) => connectionId);
  const frames = [
    ...messageFrames(context, told, false),
    ...removalFrames(context, pendingRemovals),
  ];
  for (const frame of frames) context.effects.push({ type: 'tell', connectionIds, frame });
}

/** Drops whatever time has made useless. */
export function sweep(context: Context): void {
  const { limits, nowMs, senders, repeats } = context;
  for (const room of context.remembering) expire(context, room);
  for (const room of context.empty) {
    if (nowMs < room.emptySinceMs + limits.messageHistoryKeptMs) break;
    forget(context, room);
  }
  for (const [key, { filledAtMs }] of senders) {
    // By then it is whole again.
    if (nowMs < filledAtMs + limits.messageRepeatMs) break;
    senders.delete(key);
  }
  for (const [key, { sentAtMs }] of repeats) {
    if (nowMs < sentAtMs + limits.messageRepeatMs) break;
    repeats.delete(key);
  }
}

function forget(context: Context, room: Room): void {
  forgetAll(context, room);
  context.busy.delete(room);
  context.empty.delete(room);
  context.rooms.delete(room.name);
}
