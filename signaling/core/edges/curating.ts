import type { EdgeOutcome } from '../../protocol/index.ts';
import type { EdgesEvent } from './events.ts';
import { createHealth, hear, judge, predictedHealth } from './health.ts';
import { fillVacancies, hasRelief, isHeartbeatMissing, relieveRooms, vacate } from './places.ts';
import { activate, remove } from './registering.ts';
import {
  type Context,
  count,
  type Edge,
  markRooms,
  noteNetwork,
  readsFrom,
  type SampleLearning,
  serves,
  type Viewer,
} from './state.ts';
import * as thresholds from './thresholds.ts';

/** Takes in what became of a viewer's reads: for health, for viewers of the same network, for the weights. */
export function takeOutcomes(
  context: Context,
  event: Extract<EdgesEvent, { type: 'outcomes' }>,
  learning: SampleLearning | undefined,
): void {
  const viewer = context.viewers.get(event.connectionId);
  if (!viewer) return;
  const read = context.edges.get(event.edgeId ?? '');
  readsFrom(context, viewer, read && serves(read, viewer.room.name) ? read : null);
  for (const outcome of event.outcomes) {
    const edge = context.edges.get(outcome.edgeId);
    if (!edge || !serves(edge, viewer.room.name)) {
      count(context, 'outcomeUnknown');
      continue;
    }
    hear(edge.health, viewer, outcome, context.nowMs, context.limits);
    takeMeasured(context, viewer, outcome);
    // Device ids are chosen by pages: a subject has one voice, however many devices it names.
    if (outcome.sample) learning?.add(viewer.subject, outcome.sample);
  }
}

function takeMeasured(context: Context, viewer: Viewer, outcome: EdgeOutcome): void {
  const { firstByteMs, bytesPerMs, edgeId } = outcome;
  const { network, room } = viewer;
  if (network === null || firstByteMs === null || bytesPerMs === null) return;
  const measured = { firstByteMs, bytesPerMs };
  if (context.priors.add(network, edgeId, viewer, measured, context.nowMs))
    noteNetwork(context, room, network);
}

/** Ends leases and drains, judges edges by what was heard of them, and puts spares where one is missing. */
export function curate(context: Context): void {
  const { edgeLeaseMs } = context.limits;
  const heard: Edge[] = [];
  const failing: Edge[] = [];
  for (const edge of [...context.edges.values()]) {
    if (!edge.isStatic && context.nowMs >= edge.heardAtMs + edgeLeaseMs) {
      remove(context, edge);
      count(context, 'expired');
      continue;
    }
    const judgement = judge(edge.health, isHeartbeatMissing(context, edge), context.nowMs);
    if (edge.wellAtMs === null) {
      if (judgement) heard.push(edge);
      if (judgement?.isFailing) failing.push(edge);
      // Some still read from it: it is well when they are.
    } else if (judgement?.hasFailures) edge.wellAtMs = context.nowMs + wellAfterMs(edge);
    else if (context.nowMs >= edge.wellAtMs) recover(context, edge);
  }
  const isGeneral = generality(heard, failing);
  for (const edge of failing) if (!isGeneral(edge)) drain(context, edge);
  fillVacancies(context);
  relieveRooms(context);
}

/**
 * Where most fail it is the origin, or the way there: no other edge would do better. Each room may have an origin of its
 * own, so its edges are judged together; one for all rooms is judged with all edges.
 */
function generality(heard: readonly Edge[], failing: readonly Edge[]): (edge: Edge) => boolean {
  const heardIn = countByRoom(heard);
  const failingIn = countByRoom(failing);
  const inRoom = (counts: Map<string | null, number>, room: string) =>
    (counts.get(room) ?? 0) + (counts.get(null) ?? 0);
  const isMost = (failingCount: number, heardCount: number) =>
    failingCount > 1 && failingCount > heardCount / 2;
  return ({ registration: { rooms } }) =>
    rooms === null
      ? isMost(failing.length, heard.length)
      : rooms.some((room) => isMost(inRoom(failingIn, room), inRoom(heardIn, room)));
}

function countByRoom(edges: readonly Edge[]): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { registration } of edges)
    for (const room of registration.rooms ?? [null]) counts.set(room, (counts.get(room) ?? 0) + 1);
  return counts;
}

function drain(context: Context, edge: Edge): void {
  if (predictedHealth(edge.health, edge.load) >= thresholds.healthMin) return;
  // An active edge stays where it is while nobody else is there for its viewers.
  if (edge.role === 'active' && !hasRelief(context, edge)) return;
  const forgotten = Math.floor((context.nowMs - edge.recoveredAtMs) / thresholds.drainForgottenMs);
  const drainCount = Math.max(0, edge.drainCount - forgotten) + 1;
  edge.drainCount = Math.min(drainCount, thresholds.drainsMax);
  edge.wellAtMs = context.nowMs + wellAfterMs(edge);
  vacate(context, edge, 'draining');
  count(context, 'drained');
}

function wellAfterMs({ drainCount }: Edge): number {
  return Math.min(thresholds.wellMsMax, thresholds.wellMs * 2 ** (drainCount - 1));
}

/** It gets its name back where nobody has taken it, and it still wants it. */
function recover(context: Context, edge: Edge): void {
  if (isHeartbeatMissing(context, edge)) return;
  edge.wellAtMs = null;
  edge.recoveredAtMs = context.nowMs;
  edge.health = createHealth(thresholds.levelRecovered);
  if (edge.registration.role === 'draining') return;
  count(context, 'recovered');
  // A spare that stood in for another does so again where it is awaited.
  const wasStandIn = edge.standsIn && isAwaited(context, edge);
  if (edge.registration.role === 'active' || wasStandIn) {
    activate(context, edge);
    return;
  }
  edge.role = 'spare';
  markRooms(context, edge.registration.rooms);
}

function isAwaited({ vacancies }: Context, edge: Edge): boolean {
  return [...vacancies].some(({ holder }) => holder === edge);
}
