import type TinyQueue from 'tinyqueue';
import type { EdgeHealth, Limits, Member, Role, ViewerProfile } from '../protocol/index.ts';
import type { CountedMetric, RoomsEffect } from './events.ts';

/** `grace`: the socket dropped a moment ago, roles are kept. `absent`: only the place is kept. */
export type Presence = 'connected' | 'grace' | 'absent';

export interface Viewer {
  readonly viewerId: string;
  readonly subject: string;
  readonly room: Room;
  readonly device: Device;
  /** It is the master of its device as long as it is there, as an agent is. */
  leads: boolean;
  group: Group;
  connectionId: string | null;
  presence: Presence;
  removed: boolean;
  /** Lower is longer present without a gap. */
  seniority: number;
  heardAtMs: number;
  disconnectedAtMs: number;
  /** When the queue looks at this viewer again; null when nothing is queued. */
  wakeAtMs: number | null;
  profile: ViewerProfile;
  edgeHealth: EdgeHealth;
  /** When its edge last answered, as it says. */
  edgeSeenAtMs: number;
  uploads: boolean;
  weight: number;
  /** See `reachOf`. */
  reach: number | null;
  deviceRole: Role;
  /** Another viewer of its device cannot reach it any more; until it is heard of again. */
  isSilent: boolean;
  /** Media playlists that its player uses, or that it gets for its device. */
  plays: readonly string[];
  groupRole: Role;
  /** Epoch of the newest directive sent on the present connection, of a slave the version of its device; -1 when it needs one. */
  toldEpoch: number;
  /** When it last said that it misses the master of its device. */
  missedAtMs: number;
  /** What it holds, as it says while an outage is planned; null before it has said anything. */
  holdings: Holdings | null;
  /** What it was told to keep on the present connection; null when nothing. */
  toldPortion: string | null;
  /** Members that reported their link to this viewer as lost, and when. */
  lostBy: Map<string, number> | null;
  /** Since when it is in its group, and where it was before. */
  memberSinceMs: number;
  formerGroup: Membership | null;
  /** Its own accusation, by which it holds the accused; and who holds it, for as long as that one names it. */
  accusation: Accusation | null;
  /** Members of other groups that it is linked to in an outage, and what they do. */
  bridges: Map<Viewer, 'feeds' | 'fed'> | null;
  heldBy: Viewer | null;
  /** Votes against it, by device of the accuser. */
  accusedBy: Map<string, Vote> | null;
}

export interface Membership {
  groupId: string;
  sinceMs: number;
  untilMs: number;
}

export interface Accusation {
  accused: Viewer;
  /** End of the accuser's own suspension. */
  untilMs: number;
}

export interface Vote {
  /** Of the accuser, who may have left. */
  viewerId: string;
  subject: string;
  /** When it was cast. */
  atMs: number;
}

/**
 * Viewers behind one proxy client, in order of role: master, secondary, slaves. Its master is its member of a group;
 * the others belong to the same group without being members.
 */
export interface Device {
  readonly deviceId: string;
  viewers: Viewer[];
  /** Grows with everything that its slaves are told of. */
  version: number;
}

export interface Group {
  readonly groupId: string;
  readonly room: Room;
  /** False for the group of one viewer that takes part in no exchange. */
  readonly shared: boolean;
  members: Viewer[];
  epoch: number;
  /** Something that directives tell has changed since `epoch`. */
  stale: boolean;
  /** Some member may not know `epoch`. */
  untold: boolean;
  flushedAtMs: number;
  flushAtMs: number | null;
  /** Since when some member's edge has been dark; null while none is. */
  troubledAtMs: number | null;
  /** The group that feeds it over bridges. */
  fedBy: Group | null;
  /** Since when, in an outage, some member says that it reads from an edge, or others are to feed it. */
  suppliedSinceMs: number | null;
  /** Members of others that were to feed it in this outage and did not; null while whoever was to supply it did. */
  doubted: Set<Viewer> | null;
  /** Since when a member reaches an edge. */
  litSinceMs: number | null;
  /** What members keep for one another while edges fail. */
  plan: Plan | null;
  /** The members as directives tell them, until `stale`. */
  memberFrames: Member[] | null;
}

export interface Holdings {
  /** Segments by id. */
  held: Map<string, PlacedSegment>;
  playing: readonly PlacedSegment[];
  /** When it last got something; null while it has told of nothing. */
  gainedAtMs: number | null;
}

export interface PlacedSegment {
  playlistId: string;
  /** Infinite for what has no number: an init segment is needed at any time. */
  sequence: number;
}

export interface Keeping {
  /** When it was told. */
  sinceMs: number;
  /** It has held it since, or did before. */
  held: boolean;
}

export interface Plan {
  plannedAtMs: number;
  /** When it is made anew at the latest, because something has changed; null while nothing has. */
  wakeAtMs: number | null;
  /** Who keeps each segment, by its id. */
  keepers: Map<string, Map<Viewer, Keeping>>;
  /** Who was to keep a segment and did not get or did not keep it. */
  failed: Map<string, Set<Viewer>>;
}

export interface Room {
  readonly name: string;
  readonly viewers: Map<string, Viewer>;
  readonly devices: Map<string, Device>;
  readonly subjects: Map<string, Set<Viewer>>;
  /** Devices that were removed, by their subject, and the viewer ids they had. */
  readonly removedSubjects: Map<string, Set<string>>;
  readonly removedViewers: Set<string>;
  /** By subject, who left while votes against it counted. */
  readonly formerlyAccused: Map<string, Viewer>;
  /** Shared groups by number of members, so that choosing one costs no walk through the room. */
  readonly groupsBySize: Set<Group>[];
  epoch: number;
  nextSeniority: number;
}

export type Wake =
  | { atMs: number; viewer: Viewer; group: null }
  | { atMs: number; viewer: null; group: Group };

/** What every part of the core works on during one `handle`. */
export interface Context {
  readonly limits: Limits;
  readonly rooms: Map<string, Room>;
  readonly connections: Map<string, Viewer>;
  readonly wakes: TinyQueue<Wake>;
  /** Groups to elect in and to tell before `handle` returns. */
  readonly touched: Set<Group>;
  effects: RoomsEffect[];
  nowMs: number;
  groupCount: number;
  viewerCount: number;
}

export function count(context: Context, metric: CountedMetric, value = 1): void {
  context.effects.push({ type: 'count', metric, value });
}

/** The members, their roles, weights or order changed: the group gets a new epoch. */
export function markStale(context: Context, group: Group): void {
  group.stale = true;
  group.untold = true;
  group.memberFrames = null;
  context.touched.add(group);
}

/** Something that the slaves of a device are told has changed: they hear of it at the pace of directives. */
export function markDevice(context: Context, device: Device): void {
  device.version++;
  const group = device.viewers[0]?.group;
  if (!group || device.viewers.length < 2) return;
  group.untold = true;
  context.touched.add(group);
}

/** Epochs follow the clock, so that they grow over restarts too. */
export function nextEpoch(context: Context, room: Room): number {
  room.epoch = Math.max(room.epoch + 1, Math.floor(context.nowMs));
  return room.epoch;
}

/** Collections keep insertion order: the first is the longest known. */
export function trim(known: Map<string, unknown> | Set<string>, max: number): void {
  for (const key of known.keys()) {
    if (known.size <= max) return;
    known.delete(key);
  }
}

export function silentAfterMs(limits: Limits): number {
  // Half an interval more than the missed ones: the next report is due exactly at their end.
  return limits.heartbeatIntervalMs * (limits.heartbeatsMissedMax + 0.5);
}
