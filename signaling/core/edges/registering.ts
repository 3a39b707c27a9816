import type { EdgeHeartbeat, EdgeRegistration, EdgeRole } from '../../protocol/registration.ts';
import type { EdgeAnswer, EdgeRefusalCode } from './events.ts';
import { createHealth } from './health.ts';
import { fillVacancies, isTaken, ownName, place, unname, vacate } from './places.ts';
import {
  type Context,
  count,
  type Edge,
  heartbeatIntervalMs,
  markRooms,
  readsFrom,
} from './state.ts';
import * as thresholds from './thresholds.ts';

/** Takes an edge in, or what it says anew. A refusal changes nothing: what was in force stays so. */
export function register(
  context: Context,
  registration: EdgeRegistration,
  isStatic = false,
): EdgeAnswer {
  const known = context.edges.get(registration.edgeId);
  const refusal = fullFor(context, registration, known);
  if (refusal) return refusal;
  if (known) update(context, known, registration);
  else enter(context, createEdge(context, registration, isStatic));
  count(context, 'registered');
  const edge = context.edges.get(registration.edgeId);
  return edge ? answerTo(context, edge) : unknownEdge(registration.edgeId);
}

export function beat(context: Context, edgeId: string, heartbeat: EdgeHeartbeat): EdgeAnswer {
  const edge = context.edges.get(edgeId);
  if (!edge) return unknownEdge(edgeId);
  if (edge.isStatic) return staticEdge(edgeId);
  const { load, role, kpis } = heartbeat;
  edge.heardAtMs = context.nowMs;
  const before = edge.registration;
  edge.registration = { ...before, kpis: kpis ?? before.kpis };
  if (kpis && JSON.stringify(kpis) !== JSON.stringify(before.kpis))
    markRooms(context, before.rooms);
  if (load !== undefined) takeLoad(context, edge, load);
  if (role !== undefined) ask(context, edge, role);
  count(context, 'heartbeat');
  return answerTo(context, edge);
}

export function deregister(context: Context, edgeId: string): EdgeAnswer {
  const edge = context.edges.get(edgeId);
  if (!edge) return unknownEdge(edgeId);
  if (edge.isStatic) return staticEdge(edgeId);
  remove(context, edge);
  count(context, 'deregistered');
  return { ...answerTo(context, edge), role: 'draining', name: null };
}

/** Forgets an edge; a spare takes its place. */
export function remove(context: Context, edge: Edge): void {
  unindex(context, edge);
  context.edges.delete(edge.edgeId);
  for (const vacancy of context.vacancies) if (vacancy.holder === edge) vacancy.holder = null;
  vacate(context, edge, 'draining', null);
  for (const viewer of context.viewers.values()) {
    if (edge.readerCount === 0) break;
    if (viewer.edge === edge) readsFrom(context, viewer, null);
  }
}

/** Sets a role that the edge asks for: only what it did not ask for before counts, or a promoted spare would go back. */
function ask(context: Context, edge: Edge, role: EdgeRole): void {
  if (edge.registration.role === role) return;
  edge.registration = { ...edge.registration, role };
  if (role === 'spare') edge.standsIn = false;
  assume(context, edge, role);
}

function assume(context: Context, edge: Edge, role: EdgeRole): void {
  if (role === 'draining') vacate(context, edge, 'draining');
  // Viewers fail there: it is well when they say so, not when it does.
  else if (edge.wellAtMs !== null) return;
  else if (role === 'spare') {
    vacate(context, edge, 'spare');
    fillVacancies(context);
  } else if (edge.role !== 'active') activate(context, edge);
}

/** Makes an edge active under its name; a spare where another has it. */
export function activate(context: Context, edge: Edge): void {
  const name = ownName(context, edge);
  if (name !== null) {
    place(context, edge, name);
    return;
  }
  edge.role = 'spare';
  markRooms(context, edge.registration.rooms);
  fillVacancies(context);
}

function createEdge(context: Context, registration: EdgeRegistration, isStatic: boolean): Edge {
  return {
    edgeId: registration.edgeId,
    registration,
    role: 'spare',
    name: null,
    standsIn: false,
    load: null,
    isStatic,
    heardAtMs: context.nowMs,
    fullCount: 0,
    fullSinceMs: null,
    wellAtMs: null,
    drainCount: 0,
    recoveredAtMs: context.nowMs,
    health: createHealth(),
    readerCount: 0,
  };
}

function enter(context: Context, edge: Edge): void {
  context.edges.set(edge.edgeId, edge);
  index(context, edge);
  takeLoad(context, edge, edge.registration.load);
  assume(context, edge, edge.registration.role);
}

function update(context: Context, edge: Edge, registration: EdgeRegistration): void {
  const before = edge.registration;
  edge.heardAtMs = context.nowMs;
  const { role } = before;
  // A restart of the edge, or its word that it has lost what it knew: nothing new for anybody.
  if (
    JSON.stringify({ ...before, load: null }) !== JSON.stringify({ ...registration, load: null })
  ) {
    markRooms(context, before.rooms);
    unindex(context, edge);
    edge.registration = { ...registration, role };
    index(context, edge);
    rename(context, edge);
    markRooms(context, registration.rooms);
  } else edge.registration = registration;
  takeLoad(context, edge, registration.load);
  ask(context, edge, registration.role);
}

/** Another name counts where it goes by its own, and the new one is free. In rooms that are new to it another may have its. */
function rename(context: Context, edge: Edge): void {
  const { name, rooms } = edge.registration;
  if (edge.name === null) return;
  if (!edge.standsIn && !isTaken(context, name, rooms, edge)) {
    unname(context, edge);
    place(context, edge, name);
  } else if (isTaken(context, edge.name, rooms, edge)) {
    unname(context, edge);
    activate(context, edge);
  }
}

function takeLoad(context: Context, edge: Edge, load: number | null): void {
  edge.registration = { ...edge.registration, load };
  const { loadStep, loadStepSlack, loadFull, loadFullEnds, heartbeatsToFull } = thresholds;
  const shown = load === null ? null : Number((Math.round(load / loadStep) * loadStep).toFixed(2));
  const isNews =
    load === null || edge.load === null
      ? shown !== edge.load
      : Math.abs(load - edge.load) >= loadStep * loadStepSlack && shown !== edge.load;
  if (isNews) {
    edge.load = shown;
    markRooms(context, edge.registration.rooms, true);
  }
  edge.fullCount = load !== null && load >= loadFull ? edge.fullCount + 1 : 0;
  if (edge.fullCount >= heartbeatsToFull) edge.fullSinceMs ??= context.nowMs;
  else if (edge.fullSinceMs !== null && (load ?? 0) < loadFullEnds) {
    edge.fullSinceMs = null;
    markRooms(context, edge.registration.rooms);
    fillVacancies(context);
  }
}

function index({ edgesOfRoom }: Context, edge: Edge): void {
  for (const room of edge.registration.rooms ?? [null]) {
    const edges = edgesOfRoom.get(room);
    if (edges) edges.add(edge);
    else edgesOfRoom.set(room, new Set([edge]));
  }
}

function unindex({ edgesOfRoom }: Context, edge: Edge): void {
  for (const room of edge.registration.rooms ?? [null]) {
    const edges = edgesOfRoom.get(room);
    edges?.delete(edge);
    if (edges?.size === 0) edgesOfRoom.delete(room);
  }
}

function fullFor(
  { edges, edgesOfRoom, limits }: Context,
  { edgeId, rooms }: EdgeRegistration,
  known: Edge | undefined,
): EdgeAnswer | null {
  if (known?.isStatic) return staticEdge(edgeId);
  if (!known && edges.size >= limits.edgesMax) return refused('edges_full', 'too many edges');
  for (const room of rooms ?? [null]) {
    const there = edgesOfRoom.get(room);
    if (!there || there.size < limits.edgesOfRoomMax || (known && there.has(known))) continue;
    const which = room === null ? 'for all rooms' : `for the room ${room}`;
    return refused('room_edges_full', `too many edges ${which}`);
  }
  return null;
}

function answerTo({ limits }: Context, { edgeId, role, name }: Edge): EdgeAnswer & { ok: true } {
  return {
    ok: true,
    edgeId,
    role,
    name,
    leaseMs: limits.edgeLeaseMs,
    heartbeatIntervalMs: heartbeatIntervalMs(limits),
  };
}

function unknownEdge(edgeId: string): EdgeAnswer {
  return refused(
    'edge_unknown',
    `${edgeId.slice(0, 64)} is not registered, or its lease has ended`,
  );
}

function staticEdge(edgeId: string): EdgeAnswer {
  return refused('edge_static', `${edgeId} is an edge of the configuration`);
}

function refused(code: EdgeRefusalCode, message: string): EdgeAnswer {
  return { ok: false, code, message };
}
