import { protocolVersion, uploadsOf } from '../protocol/index.ts';
import { inherit, isBanned } from './accusations.ts';
import { orderDevice } from './devices.ts';
import { tell } from './directives.ts';
import type { JoinAccepted, RoomsOptions } from './events.ts';
import { chooseGroup, groupOf, place, regroup } from './groups.ts';
import { forgetHoldings } from './outage/holdings.ts';
import { arm, removeViewer } from './presence.ts';
import { refuse } from './refusals.ts';
import { elect, updateUploads } from './roles.ts';
import {
  type Context,
  count,
  type Device,
  markDevice,
  markStale,
  type Room,
  type Viewer,
} from './state.ts';

/** Lets a viewer in, or back to its place, and welcomes it; or refuses with a coded error. */
export function join(context: Context, event: JoinAccepted, options: RoomsOptions): void {
  if (context.connections.has(event.connectionId)) {
    refuse(context, event.connectionId, 'already_joined', 'this connection has joined already');
    return;
  }
  const present = context.rooms.get(event.room);
  if (present && isBanned(present, event)) {
    refuse(context, event.connectionId, 'removed', 'this device was removed from the room');
    return;
  }
  const known = present?.viewers.get(event.viewerId);
  if (known && known.subject !== event.subject) {
    refuse(context, event.connectionId, 'token_invalid', 'this viewer id belongs to somebody else');
    return;
  }
  // The same key from another browser profile: the id moves, the place of the old device does not.
  const resumed = known !== undefined && known.device.deviceId === event.deviceId;
  if (known && !resumed) {
    replaceConnection(context, known);
    removeViewer(context, known);
  }
  const viewer = known && resumed ? resume(context, known, event) : enter(context, event);
  if (!viewer) return;
  welcome(context, viewer, event, resumed, options);
}

/** Takes over a new profile; one that turns peers on or off changes the group. */
export function applyProfile(context: Context, viewer: Viewer, profile: Viewer['profile']): void {
  const peersChanged = viewer.profile.peersAllowed !== profile.peersAllowed;
  viewer.profile = profile;
  updateUploads(context, viewer);
  if (peersChanged && viewer.deviceRole === 'master') regroup(context, viewer);
}

function resume(context: Context, viewer: Viewer, event: JoinAccepted): Viewer {
  replaceConnection(context, viewer);
  if (viewer.presence === 'absent') viewer.seniority = viewer.room.nextSeniority++;
  viewer.connectionId = event.connectionId;
  viewer.leads = event.leads ?? false;
  viewer.presence = 'connected';
  if (viewer.group.troubledAtMs !== null) markStale(context, viewer.group);
  markDevice(context, viewer.device);
  viewer.heardAtMs = context.nowMs;
  viewer.isSilent = false;
  viewer.lostBy = null;
  context.connections.set(event.connectionId, viewer);
  applyProfile(context, viewer, event.profile);
  orderDevice(context, viewer.device);
  count(context, 'resumed');
  return viewer;
}

function replaceConnection(context: Context, viewer: Viewer): void {
  const { connectionId } = viewer;
  if (connectionId === null) return;
  context.connections.delete(connectionId);
  viewer.connectionId = null;
  forgetHoldings(viewer);
  context.effects.push(
    { type: 'send', connectionId, frame: { type: 'bye', reason: 'replaced', reconnectAfterMs: 0 } },
    { type: 'close', connectionId, reason: 'replaced' },
  );
  count(context, 'replaced');
}

function enter(context: Context, event: JoinAccepted): Viewer | null {
  const { limits } = context;
  const present = context.rooms.get(event.room);
  if (!present && context.rooms.size >= limits.roomsMax) {
    refuse(context, event.connectionId, 'server_full', 'too many rooms');
    return null;
  }
  // Reloads without leaving must not lock anybody out: the longest absent of the same owner goes first.
  if (present) makeWay(context, present, event);
  const full = present && fullFor(context, present, event);
  if (full) {
    refuse(context, event.connectionId, 'room_full', full);
    return null;
  }
  // Making way may have emptied and forgotten the room.
  const room = context.rooms.get(event.room) ?? createRoom(context, event.room);
  const viewer = createViewer(context, room, event);
  room.viewers.set(viewer.viewerId, viewer);
  room.devices.set(event.deviceId, viewer.device);
  const ofSubject = room.subjects.get(event.subject);
  if (ofSubject) ofSubject.add(viewer);
  else room.subjects.set(event.subject, new Set([viewer]));
  context.connections.set(event.connectionId, viewer);
  context.viewerCount++;
  viewer.device.viewers.push(viewer);
  if (viewer.device.viewers.length === 1) place(context, viewer.group, viewer);
  else {
    // Its master is told whom it feeds.
    markStale(context, viewer.group);
    markDevice(context, viewer.device);
  }
  inherit(context, viewer);
  orderDevice(context, viewer.device);
  count(context, 'joined');
  return viewer;
}

function createViewer(context: Context, room: Room, event: JoinAccepted): Viewer {
  const device: Device = room.devices.get(event.deviceId) ?? {
    deviceId: event.deviceId,
    viewers: [],
    version: 0,
  };
  return {
    viewerId: event.viewerId,
    subject: event.subject,
    room,
    device,
    leads: event.leads ?? false,
    group: groupOf(device) ?? chooseGroup(context, room, event.profile.peersAllowed),
    connectionId: event.connectionId,
    presence: 'connected',
    removed: false,
    seniority: room.nextSeniority++,
    heardAtMs: context.nowMs,
    disconnectedAtMs: 0,
    wakeAtMs: null,
    profile: event.profile,
    edgeHealth: 'healthy',
    edgeSeenAtMs: Number.NEGATIVE_INFINITY,
    uploads: uploadsOf(event.profile),
    weight: context.limits.weightUnknown,
    reach: null,
    deviceRole: 'slave',
    isSilent: false,
    plays: [],
    groupRole: 'slave',
    toldEpoch: -1,
    missedAtMs: Number.NEGATIVE_INFINITY,
    holdings: null,
    toldPortion: null,
    lostBy: null,
    memberSinceMs: context.nowMs,
    formerGroup: null,
    accusation: null,
    bridges: null,
    heldBy: null,
    accusedBy: null,
  };
}

function makeWay(context: Context, room: Room, event: JoinAccepted): void {
  const { limits } = context;
  const ofSubject = room.subjects.get(event.subject);
  const ofDevice = room.devices.get(event.deviceId)?.viewers;
  for (const [viewers, length, max] of [
    [ofSubject, ofSubject?.size ?? 0, limits.viewersPerSubjectMax],
    [ofDevice, ofDevice?.length ?? 0, limits.viewersPerDeviceMax],
  ] as const) {
    if (!viewers || length < max) continue;
    const gone = [...viewers]
      .filter((viewer) => viewer.presence === 'absent')
      .sort((a, b) => a.disconnectedAtMs - b.disconnectedAtMs)[0];
    if (!gone) continue;
    count(context, 'evicted');
    removeViewer(context, gone);
  }
}

function fullFor(context: Context, room: Room, event: JoinAccepted): string | null {
  const { limits } = context;
  if (room.viewers.size >= limits.viewersPerRoomMax) return 'too many viewers in this room';
  if ((room.subjects.get(event.subject)?.size ?? 0) >= limits.viewersPerSubjectMax) {
    return 'too many viewers of this subject in this room';
  }
  if ((room.devices.get(event.deviceId)?.viewers.length ?? 0) >= limits.viewersPerDeviceMax) {
    return 'too many viewers of this device in this room';
  }
  return null;
}

function createRoom(context: Context, name: string): Room {
  const groupsBySize = Array.from(
    { length: context.limits.groupMembersMax + 1 },
    () => new Set<never>(),
  );
  const room: Room = {
    name,
    viewers: new Map(),
    devices: new Map(),
    subjects: new Map(),
    removedSubjects: new Map(),
    removedViewers: new Set(),
    formerlyAccused: new Map(),
    groupsBySize,
    epoch: 0,
    nextSeniority: 0,
  };
  context.rooms.set(name, room);
  return room;
}

function welcome(
  context: Context,
  viewer: Viewer,
  event: JoinAccepted,
  resumed: boolean,
  options: RoomsOptions,
): void {
  arm(context, viewer);
  // The newcomer's first directive must be the right one, so its roles are settled here and not at the end.
  elect(context, viewer.group);
  context.touched.add(viewer.group);
  context.effects.push({
    type: 'send',
    connectionId: event.connectionId,
    frame: {
      version: protocolVersion,
      type: 'welcome',
      viewerId: viewer.viewerId,
      resumeKey: event.resumeKey,
      resumed,
      heartbeatIntervalMs: context.limits.heartbeatIntervalMs,
      edgesKey: options.edgesKey,
      iceServers: options.iceServers ?? [],
      integrity: event.integrity ?? options.integrity ?? { mode: 'none', keys: [] },
      sender: { from: event.subject, role: event.role ?? 'viewer', name: event.name },
      directive: tell(context, viewer),
    },
  });
}
