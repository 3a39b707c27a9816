import TinyQueue from 'tinyqueue';
import type { ReportFrame, SignalFrame } from '../protocol/index.ts';
import { limits as defaults } from '../protocol/index.ts';
import { accuse } from './accusations.ts';
import { assert } from './assert.ts';
import { orderDevice } from './devices.ts';
import { settleTouched, tellNow } from './directives.ts';
import type { Rooms, RoomsEffect, RoomsEvent, RoomsOptions } from './events.ts';
import { applyProfile, join } from './join.ts';
import { hasLostEdge } from './outage/first-group.ts';
import { holdingsOf, holdingsTold } from './outage/holdings.ts';
import { disconnect, look, miss, removeViewer, reportLost } from './presence.ts';
import { refuse } from './refusals.ts';
import { reachOf, weightOf } from './roles.ts';
import { type Context, count, markDevice, markStale, type Viewer, type Wake } from './state.ts';

/**
 * All rooms of one process: who is in, in which group, with which roles. Decides only: no clock, no timer, no
 * I/O. Every event costs work in proportion to one group, never to a room.
 */
export function createRooms(options: RoomsOptions): Rooms {
  const limits = { ...defaults, ...options.limits };
  assert(limits.groupMembersMax >= 2, 'a group needs room for two');
  const context: Context = {
    limits,
    rooms: new Map(),
    connections: new Map(),
    wakes: new TinyQueue<Wake>([], (a, b) => a.atMs - b.atMs),
    touched: new Set(),
    effects: [],
    nowMs: 0,
    groupCount: 0,
    viewerCount: 0,
  };
  let announcedMs: number | null = null;
  let closed = false;

  function dispatch(event: RoomsEvent): void {
    if (event.type === 'joinAccepted') {
      if (closed) sayBye(context, event.connectionId, limits.reconnectDelayMinMs);
      else join(context, event, options);
    } else if (event.type === 'shutdown') {
      closed = true;
      shutDown(context, options.random);
    } else if (event.type === 'disconnected' || event.type === 'frame') {
      const viewer = context.connections.get(event.connectionId);
      if (!viewer) return;
      if (event.type === 'disconnected') disconnect(context, viewer);
      else handleFrame(context, viewer, event);
    }
  }

  function announceWake(): void {
    const next = context.wakes.peek();
    if (!next || next.atMs === announcedMs) return;
    assert(next.atMs > context.nowMs, 'a wake-up lies in the future');
    announcedMs = next.atMs;
    context.effects.push({ type: 'wakeAt', atMs: next.atMs });
  }

  return {
    handle(event, nowMs) {
      context.nowMs = Math.max(context.nowMs, nowMs);
      const effects: RoomsEffect[] = [];
      context.effects = effects;
      if (event.type === 'woke' || (announcedMs !== null && announcedMs <= context.nowMs)) {
        announcedMs = null;
      }
      runDue(context);
      dispatch(event);
      settleTouched(context);
      announceWake();
      context.effects = [];
      return effects;
    },
    holdings: (room) => holdingsOf(context.rooms.get(room)),
    stats: () => ({
      rooms: context.rooms.size,
      groups: context.groupCount,
      viewers: context.viewerCount,
      connected: context.connections.size,
    }),
  };
}

/** Does whatever time has made due, before the event that found out. */
function runDue(context: Context): void {
  for (;;) {
    const next = context.wakes.peek();
    if (!next || next.atMs > context.nowMs) return;
    context.wakes.pop();
    if (next.group) {
      const { group } = next;
      if (group.flushAtMs === next.atMs) group.flushAtMs = null;
      else if (group.plan?.wakeAtMs !== next.atMs && group.litSinceMs === null) continue;
      context.touched.add(group);
    } else if (next.viewer.wakeAtMs === next.atMs && !next.viewer.removed) {
      // Entries that a sooner one has overtaken no longer carry the viewer's time.
      next.viewer.wakeAtMs = null;
      look(context, next.viewer);
    }
  }
}

function handleFrame(
  context: Context,
  viewer: Viewer,
  { connectionId, frame }: Extract<RoomsEvent, { type: 'frame' }>,
): void {
  viewer.heardAtMs = context.nowMs;
  viewer.isSilent = false;
  if (frame.type === 'report') report(context, viewer, connectionId, frame);
  else if (frame.type === 'signal') relay(context, viewer, connectionId, frame);
  else if (frame.type === 'holdings') holdingsTold(context, viewer, frame);
  // The room's attestor answers, and whoever passes messages on.
  else if (frame.type === 'attest') return;
  else if (frame.type === 'message' || frame.type === 'removeMessage') return;
  else if (frame.type === 'leave') {
    count(context, 'left');
    removeViewer(context, viewer);
    context.effects.push({ type: 'close', connectionId, reason: 'left' });
  } else {
    refuse(context, connectionId, 'already_joined', 'this connection has joined already');
    disconnect(context, viewer);
  }
}

function report(context: Context, viewer: Viewer, connectionId: string, frame: ReportFrame): void {
  applyProfile(context, viewer, frame.profile);
  const weight = weightOf(frame.uplinkBytesPerSecond, viewer.weight, context.limits);
  if (weight !== viewer.weight) {
    viewer.weight = weight;
    markStale(context, viewer.group);
    markDevice(context, viewer.device);
  }
  const reach = reachOf(context, viewer, frame.neighbourCount);
  // Who has just proven that it reaches an edge may be the one that all others need.
  if (viewer.group.troubledAtMs !== null) context.touched.add(viewer.group);
  if (reach !== viewer.reach || frame.edgeHealth !== viewer.edgeHealth)
    context.touched.add(viewer.group);
  viewer.reach = reach;
  viewer.edgeHealth = frame.edgeHealth;
  if (`${viewer.plays}` !== `${frame.plays}`) {
    viewer.plays = frame.plays;
    if (viewer.deviceRole === 'master') markDevice(context, viewer.device);
  }
  if (frame.edgeSeenMs !== undefined) viewer.edgeSeenAtMs = context.nowMs - frame.edgeSeenMs;
  const [master] = viewer.device.viewers;
  if (viewer.device.viewers.length > 1 && master && hasLostEdge(master))
    orderDevice(context, viewer.device);
  for (const viewerId of frame.lostMembers) {
    const lost = viewer.room.viewers.get(viewerId);
    if (lost) reportLost(context, lost, viewer);
  }
  const missed = viewer.room.viewers.get(frame.missedMaster ?? '');
  if (missed) miss(context, missed, viewer);
  for (const viewerId of frame.accusedMembers) {
    const accused = viewer.room.viewers.get(viewerId);
    if (accused) accuse(context, accused, viewer);
  }
  // With another of its own device.
  if (viewer.removed) return;
  context.effects.push({ type: 'send', connectionId, frame: { type: 'heartbeat' } });
}

function relay(context: Context, viewer: Viewer, connectionId: string, frame: SignalFrame): void {
  const target = viewer.room.viewers.get(frame.to);
  if (
    !target ||
    target === viewer ||
    (target.group !== viewer.group && !viewer.bridges?.has(target)) ||
    target.connectionId === null
  ) {
    context.effects.push({
      type: 'send',
      connectionId,
      frame: {
        type: 'error',
        code: 'member_unknown',
        message: 'no such member is connected in this group',
        fatal: false,
      },
    });
    return;
  }
  // A signal must not come from somebody that the receiver has not been told of yet.
  tellNow(context, target);
  context.effects.push({
    type: 'send',
    connectionId: target.connectionId,
    frame: { type: 'signal', from: viewer.viewerId, signal: frame.signal },
  });
  count(context, 'signalRelayed');
}

function sayBye(context: Context, connectionId: string, reconnectAfterMs: number): void {
  context.effects.push(
    { type: 'send', connectionId, frame: { type: 'bye', reason: 'shutdown', reconnectAfterMs } },
    { type: 'close', connectionId, reason: 'shutdown' },
  );
}

/** Sends everybody away to come back at a pace that the next process can take, and forgets all rooms. */
function shutDown(context: Context, random: () => number): void {
  const { limits, connections } = context;
  const spreadMs = Math.max(
    limits.reconnectSpreadMinMs,
    (connections.size * 1_000) / limits.reconnectsPerSecondMax,
  );
  for (const connectionId of connections.keys()) {
    sayBye(context, connectionId, Math.round(limits.reconnectDelayMinMs + random() * spreadMs));
  }
  connections.clear();
  context.rooms.clear();
  context.touched.clear();
  context.wakes.data.length = 0;
  context.wakes.length = 0;
  context.groupCount = 0;
  context.viewerCount = 0;
}
