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
  overlaps,
  type Vacancy,
} from './state.ts';
import * as thresholds from './thresholds.ts';

/** Gives an edge the place of the name, which nobody has in its rooms. */
export function place(context: Context, edge: Edge, name: string): void {
  const { rooms } = edge.registration;
  edge.role = 'active';
  edge.name = name;
  edge.standsIn &&= name !== edge.registration.name;
  const namesakes = context.named.get(name);
  if (namesakes) namesakes.add(edge);
  else context.named.set(name, new Set([edge]));
  fill(context, name, rooms);
  markRooms(context, rooms);
}

/** Takes the name from it that it is known by. */
export function unname(context: Context, edge: Edge): void {
  if (edge.name === null) return;
  const namesakes = context.named.get(edge.name);
  namesakes?.delete(edge);
  if (namesakes?.size === 0) context.named.delete(edge.name);
  edge.name = null;
}

function fill({ vacancies }: Context, name: string, rooms: string[] | null): void {
  for (const vacancy of vacancies)
    if (vacancy.name === name && overlaps(vacancy.rooms, rooms)) vacancies.delete(vacancy);
}

/** Whether another edge of one of these rooms is known by the name: streams of different rooms may use the same. */
export function isTaken(context: Context, name: string, rooms: string[] | null, by: Edge): boolean {
  if (rooms === null) return [...(context.named.get(name) ?? [])].some((edge) => edge !== by);
  for (const room of [...rooms, null])
    for (const edge of context.edgesOfRoom.get(room) ?? [])
      if (edge !== by && edge.name === name) return true;
  return false;
}

/** Its own name, or the one that it had to leave and nobody took; null where another has it. */
export function ownName(context: Context, edge: Edge): string | null {
  for (const { name, holder } of context.vacancies)
    if (holder === edge && freeName(context, edge, name) !== null) return name;
  return freeName(context, edge, edge.registration.name);
}

function freeName(context: Context, edge: Edge, name: string): string | null {
  return isTaken(context, name, edge.registration.rooms, edge) ? null : name;
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
  unname(context, edge);
  fill(context, name, rooms);
  context.vacancies.add({ name, rooms, region, kpis, holder, sinceMs: context.nowMs });
  for (const oldest of context.vacancies) {
    if (context.vacancies.size <= context.limits.edgeVacanciesMax) break;
    context.vacancies.delete(oldest);
  }
  fillVacancies(context);
}

/** Puts spares where an edge is missing, each where it fits. */
export function fillVacancies(context: Context): void {
  for (const vacancy of [...context.vacancies]) {
    // Filled by now, together with another.
    if (!context.vacancies.has(vacancy)) continue;
    const isOld = vacancy.sinceMs <= context.nowMs - thresholds.vacancyMs;
    if (isOld && hasActive(context, vacancy)) {
      context.vacancies.delete(vacancy);
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
  const name = spare && (ownName(context, spare) ?? freeName(context, spare, spare.edgeId));
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
    // In other rooms of its own another may go by the name.
    if (isTaken(context, vacancy.name, edge.registration.rooms, edge)) continue;
    if (!isNeeded && !meets(edge, vacancy)) continue;
    if (!best || isBetter(edge, best, vacancy)) best = edge;
  }
  return best;
}

function hasActive(context: Context, vacancy: Vacancy): boolean {
  for (const edge of candidates(context, vacancy)) {
    if (edge.role !== 'active' || edge === vacancy.holder) continue;
    const isWell = predictedHealth(edge.health, edge.load) >= thresholds.healthMin;
    if (isWell && covers(edge.registration.rooms, vacancy.rooms)) return true;
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
