import { unmetKpi } from '../../protocol/index.ts';
import { predictedHealth } from './health.ts';
import {
  type Context,
  count,
  covers,
  type Edge,
  edgesOf,
  heartbeatIntervalMs,
  markRooms,
  type Vacancy,
} from './state.ts';
import * as thresholds from './thresholds.ts';

/** Gives an edge the place of the name, which nobody has. */
export function place(context: Context, edge: Edge, name: string): void {
  edge.role = 'active';
  edge.name = name;
  edge.standsIn &&= name !== edge.registration.name;
  context.named.set(name, edge);
  context.vacancies.delete(name);
  markRooms(context, edge.registration.rooms);
}

/** Its own name, or the one that it had to leave and nobody took; null where another has it. */
export function ownName(context: Context, edge: Edge): string | null {
  for (const { name, holder } of context.vacancies.values()) if (holder === edge) return name;
  const { name } = edge.registration;
  return context.named.has(name) ? null : name;
}

/** Takes an edge from its place, if it has one, for another role. Spares that are there take over at once. */
export function vacate(
  context: Context,
  edge: Edge,
  role: 'spare' | 'draining',
  holder: Edge | null = edge,
): void {
  edge.role = role;
  markRooms(context, edge.registration.rooms);
  if (edge.name === null) return;
  const { rooms, region, kpis } = edge.registration;
  const { name } = edge;
  edge.name = null;
  context.named.delete(name);
  context.vacancies.delete(name);
  context.vacancies.set(name, { name, rooms, region, kpis, holder, sinceMs: context.nowMs });
  for (const oldest of context.vacancies.keys()) {
    if (context.vacancies.size <= context.limits.edgeVacanciesMax) break;
    context.vacancies.delete(oldest);
  }
  fillVacancies(context);
}

/** Puts spares where an edge is missing, each where it fits. */
export function fillVacancies(context: Context): void {
  for (const vacancy of [...context.vacancies.values()]) {
    const isOld = vacancy.sinceMs <= context.nowMs - thresholds.vacancyMs;
    if (isOld && hasActive(context, vacancy)) {
      context.vacancies.delete(vacancy.name);
      continue;
    }
    const spare = bestSpare(context, vacancy);
    if (!spare) continue;
    place(context, spare, vacancy.name);
    spare.standsIn = true;
    count(context, 'promoted');
  }
}

/**
 * A spare is put where no edge is active, whoever was there before: after a restart nobody knows. Of a room that only spares
 * for all rooms serve nothing is known while nobody is in it.
 */
export function relieveRooms(context: Context): void {
  const { edgesOfRoom, settledAtMs, nowMs } = context;
  if ((settledAtMs ?? 0) > nowMs || hasActiveIn(context, null)) return;
  const spares = [...context.edges.values()].filter(({ role }) => role === 'spare');
  const isAnywhere = spares.some(({ registration }) => registration.rooms === null);
  const rooms = isAnywhere
    ? [...edgesOfRoom.keys(), ...context.rooms.keys()]
    : spares.flatMap(({ registration }) => registration.rooms ?? []);
  // Room by room: one that is put somewhere may serve the next, too.
  for (const room of new Set(rooms)) {
    if (room === null ? context.named.size > 0 : hasActiveIn(context, room)) continue;
    relieve(context, room);
  }
}

function relieve(context: Context, room: string | null): void {
  const rooms = room === null ? null : [room];
  const need = { name: '', rooms, region: null, kpis: {}, holder: null, sinceMs: context.nowMs };
  const spare = bestSpare(context, need);
  const name = spare && (ownName(context, spare) ?? freeName(context, spare.edgeId));
  if (!spare || name === null) return;
  place(context, spare, name);
  count(context, 'promoted');
}

function hasActiveIn({ edgesOfRoom }: Context, room: string | null): boolean {
  for (const which of [room, null]) {
    for (const { role } of edgesOfRoom.get(which) ?? []) if (role === 'active') return true;
  }
  return false;
}

function freeName({ named }: Context, name: string): string | null {
  return named.has(name) ? null : name;
}

/** Whether viewers of an edge have somebody else to go to if it is drained. */
export function hasRelief(context: Context, edge: Edge): boolean {
  const { rooms, region, kpis } = edge.registration;
  const vacancy = { name: '', rooms, region, kpis, holder: edge, sinceMs: context.nowMs };
  return hasActive(context, vacancy) || bestSpare(context, vacancy) !== null;
}

/** Whether it should have been heard by now. Static edges never are. */
export function isHeartbeatMissing(context: Context, edge: Edge): boolean {
  const silentMs = context.nowMs - edge.heardAtMs;
  const withinMs = heartbeatIntervalMs(context.limits) * thresholds.heartbeatsMissing;
  return !edge.isStatic && silentMs > withinMs;
}

/**
 * Where others are active too, a spare that offers less than viewers had would be no gain for them. Where nobody is left
 * any spare is better than none: whose needs it does not meet is not told of it.
 */
function bestSpare(context: Context, vacancy: Vacancy): Edge | null {
  const isNeeded = !hasActive(context, vacancy);
  let best: Edge | null = null;
  for (const edge of candidates(context, vacancy)) {
    const isWarm = edge.fullSinceMs === null && !isHeartbeatMissing(context, edge);
    // Who has left the place does not come back to it as a spare.
    if (edge.role !== 'spare' || edge === vacancy.holder || !isWarm) continue;
    if (!covers(edge.registration.rooms, vacancy.rooms)) continue;
    if (!isNeeded && !meets(edge, vacancy)) continue;
    if (!best || isBetter(edge, best, vacancy)) best = edge;
  }
  return best;
}

function hasActive(context: Context, { rooms, holder }: Vacancy): boolean {
  for (const edge of context.named.values()) {
    const isWell = predictedHealth(edge.health, edge.load) >= thresholds.healthMin;
    if (edge !== holder && isWell && covers(edge.registration.rooms, rooms)) return true;
  }
  return false;
}

/** Whoever serves all its rooms serves the first. */
function candidates(context: Context, { rooms }: Vacancy): Iterable<Edge> {
  const [room] = rooms ?? [];
  return room === undefined ? (context.edgesOfRoom.get(null) ?? []) : edgesOf(context, room);
}

function meets({ registration }: Edge, { kpis }: Vacancy): boolean {
  return unmetKpi(registration.kpis, kpis, false) === null;
}

function isBetter(edge: Edge, other: Edge, vacancy: Vacancy): boolean {
  const [mine, its] = [rank(edge, vacancy), rank(other, vacancy)];
  return mine === its ? edge.edgeId < other.edgeId : mine < its;
}

/** What it offers comes before where it is, and that before how busy it is; one that does not say counts as half busy. */
function rank(edge: Edge, vacancy: Vacancy): number {
  const isOfRegion = edge.registration.region === vacancy.region;
  return (meets(edge, vacancy) ? 0 : 4) + (isOfRegion ? 0 : 2) + (edge.load ?? 0.5);
}
