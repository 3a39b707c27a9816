import {
  type EdgeNeeds,
  type EdgeSample,
  type EdgeWeights,
  edgeWeightsUnlearned,
  type Kpis,
  type Limits,
} from '../../protocol/index.ts';
import type { EdgeRegistration, EdgeRole } from '../../protocol/registration.ts';
import type { EdgesEffect, EdgesMetric } from './events.ts';
import type { Health } from './health.ts';
import { createPriors, type Priors } from './priors.ts';
import * as thresholds from './thresholds.ts';

export interface Edge {
  readonly edgeId: string;
  /** What it said last; its `role` is what it asked for. */
  registration: EdgeRegistration;
  /** What the directory makes of it. */
  role: EdgeRole;
  /** By which viewers know it; null unless active. */
  name: string | null;
  /** It took that over from another. */
  standsIn: boolean;
  /** As viewers are told. */
  load: number | null;
  /** Of the configuration: has no lease, and no heartbeat that could be missing. */
  readonly isStatic: boolean;
  heardAtMs: number;
  /** Heartbeats in a row with which it was full. */
  fullCount: number;
  /** Newcomers are sent elsewhere; null while it has room. */
  fullSinceMs: number | null;
  /** Drained because viewers fail there, and until then at least; null while nobody says so. */
  wellAtMs: number | null;
  /** Of late: with time they are forgotten. */
  drainCount: number;
  recoveredAtMs: number;
  health: Health;
  /** Viewers that say that they read from it. */
  readerCount: number;
}

/** A name that viewers knew, and what they had there. */
export interface Vacancy {
  name: string;
  rooms: string[] | null;
  region: string | null;
  kpis: Kpis;
  /** Gets it back if nobody else has it by then; null when it is gone. */
  holder: Edge | null;
  sinceMs: number;
}

export interface Viewer {
  readonly connectionId: string;
  readonly room: Room;
  readonly deviceId: string;
  readonly subject: string;
  readonly network: string | null;
  readonly needs: EdgeNeeds | null;
  /** Viewers with equal texts are told the same. */
  readonly needsText: string;
  readonly joinedAtMs: number;
  /** The edge that it reads from. */
  edge: Edge | null;
  wasTold: boolean;
  /** Until then what it holds is better than what is known here. */
  heldUntilMs: number;
}

/** A room with viewers. */
export interface Room {
  readonly name: string;
  readonly viewers: Set<Viewer>;
  /** What they were told does not hold any more: other edges, or other places of them. */
  isStale: boolean;
  /** Loads have changed. */
  hasQuietNews: boolean;
  /** Priors of these networks have. */
  readonly networksWithNews: Set<string>;
  /** Those that the last turn had no time for. */
  readonly untold: Set<Viewer>;
  toldAtMs: number;
  renewAtMs: number;
  /** Viewers that say which edge they read from. */
  readerCount: number;
}

/** Learns weights from what viewers predicted and measured. */
export interface SampleLearning {
  /** All samples of one voice count as one. */
  add(voice: string, sample: EdgeSample): void;
  /** Better weights; null where there are none. */
  learn(nowMs: number): EdgeWeights | null;
}

export interface Context {
  readonly limits: Limits;
  readonly edges: Map<string, Edge>;
  /** By the rooms that they name; null for those of all rooms. */
  readonly edgesOfRoom: Map<string | null, Set<Edge>>;
  /** Active edges by the name that they are known by; several only where they share no room. */
  readonly named: Map<string, Set<Edge>>;
  /** Oldest first. */
  readonly vacancies: Set<Vacancy>;
  readonly rooms: Map<string, Room>;
  /** Rooms with something to tell. */
  readonly pending: Set<Room>;
  /** News for all rooms, of which there are too many to mark with every event: the next sweep does. */
  newsForAll: { isStale: boolean; isQuiet: boolean };
  /** Something that viewers are to be told of at once has come about in this event. */
  hasUrgentNews: boolean;
  /** Bodies that may be made before the next sweep, but for those of viewers that join. */
  bodiesLeft: number;
  readonly viewers: Map<string, Viewer>;
  /** Of all rooms. */
  readerCount: number;
  readonly priors: Priors;
  weights: EdgeWeights;
  effects: EdgesEffect[];
  /** By then the edges that were there before a restart are back; null before the first event. */
  settledAtMs: number | null;
  nowMs: number;
  /** Of all that viewers are told of at once: where it has not grown, edges and their places are the same. */
  changeCount: number;
  /** Of the newest body. */
  version: number;
}

export function createContext(limits: Limits): Context {
  return {
    limits,
    edges: new Map(),
    edgesOfRoom: new Map(),
    named: new Map(),
    vacancies: new Set(),
    rooms: new Map(),
    pending: new Set(),
    newsForAll: { isStale: false, isQuiet: false },
    hasUrgentNews: false,
    bodiesLeft: limits.edgesBodiesPerTurnMax,
    viewers: new Map(),
    priors: createPriors(limits),
    readerCount: 0,
    weights: edgeWeightsUnlearned,
    effects: [],
    settledAtMs: null,
    nowMs: 0,
    changeCount: 0,
    version: 0,
  };
}

export function count(context: Context, metric: EdgesMetric, value = 1): void {
  context.effects.push({ type: 'count', metric, value });
}

/** All edges that a room may be told of, whatever their role. */
export function edgesOf(context: Context, room: string): Edge[] {
  const { edgesOfRoom } = context;
  return [...(edgesOfRoom.get(room) ?? []), ...(edgesOfRoom.get(null) ?? [])];
}

export function serves(edge: Edge, room: string): boolean {
  return edge.registration.rooms?.includes(room) ?? true;
}

/** Whether whoever serves `rooms` is missed nowhere that `others` are not. */
export function covers(rooms: string[] | null, others: string[] | null): boolean {
  return rooms === null || (others?.every((room) => rooms.includes(room)) ?? false);
}

export function overlaps(rooms: string[] | null, others: string[] | null): boolean {
  return rooms === null || others === null || rooms.some((room) => others.includes(room));
}

/** The viewers of an edge's rooms are to be told: now when it matters to them where they read, else when there is time. */
export function markRooms(context: Context, rooms: string[] | null, isQuiet = false): void {
  if (!isQuiet) context.changeCount++;
  if (rooms === null && context.rooms.size > thresholds.roomsMarkedMax) {
    context.newsForAll[isQuiet ? 'isQuiet' : 'isStale'] = true;
    return;
  }
  if (!isQuiet) context.hasUrgentNews = true;
  for (const name of rooms ?? context.rooms.keys()) {
    const room = context.rooms.get(name);
    if (room) mark(context, room, isQuiet);
  }
}

/** Hands on what all rooms are to be told. */
export function markAll(context: Context): void {
  const { isStale, isQuiet } = context.newsForAll;
  context.newsForAll = { isStale: false, isQuiet: false };
  if (!isStale && !isQuiet) return;
  for (const room of context.rooms.values()) mark(context, room, !isStale);
}

function mark(context: Context, room: Room, isQuiet: boolean): void {
  if (isQuiet) room.hasQuietNews = true;
  else room.isStale = true;
  context.pending.add(room);
}

/** Viewers of this network are to be told when there is time. */
export function noteNetwork(context: Context, room: Room, network: string): void {
  room.networksWithNews.add(network);
  context.pending.add(room);
}

/** Counts a viewer at the edge that it reads from; null where it reads from none any more. */
export function readsFrom(context: Context, viewer: Viewer, edge: Edge | null): void {
  if (viewer.edge === edge) return;
  const more = Number(edge !== null) - Number(viewer.edge !== null);
  context.readerCount += more;
  viewer.room.readerCount += more;
  if (viewer.edge) viewer.edge.readerCount--;
  if (edge) edge.readerCount++;
  viewer.edge = edge;
}

/** Three to a lease: two may be lost. */
export function heartbeatIntervalMs({ edgeLeaseMs }: Limits): number {
  return Math.floor(edgeLeaseMs / 3);
}

/** From the first that happens on: by then those that were there before have sent a heartbeat. */
export function settledAt(context: Context, nowMs: number): number {
  context.settledAtMs ??=
    nowMs + heartbeatIntervalMs(context.limits) * thresholds.heartbeatsMissing;
  return context.settledAtMs;
}

export function leaseLeftMs(context: Context, edge: Edge, nowMs: number): number {
  const { edgesValidMsMax, edgeLeaseMs } = context.limits;
  if (edge.isStatic) return edgesValidMsMax;
  return Math.max(0, Math.floor(edge.heardAtMs + edgeLeaseMs - nowMs));
}
