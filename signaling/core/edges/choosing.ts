import {
  type EdgeExclusion,
  type EdgeListing,
  type EdgesBody,
  hashToUnit,
  type KpiName,
  kpiNames,
  unmetKpi,
} from '../../protocol/index.ts';
import { admission } from './admission.ts';
import type { EdgesRequest } from './events.ts';
import { type Context, type Edge, edgesOf, leaseLeftMs } from './state.ts';
import * as thresholds from './thresholds.ts';

/** Who asks, with what is known of those that are there already. */
export interface Asker extends EdgesRequest {
  /** Of a viewer that is there: full edges are kept from those who came later. */
  joinedAtMs: number;
  /** The edge that it reads from stays on its list as long as it does. */
  edgeId: string | null;
  /** Of what changes, by itself. Default false. */
  isTold?: boolean;
  /** Default `edgesPerRoomMax`. */
  edgesMax?: number;
}

interface Choice {
  edges: Edge[];
  excluded: EdgeExclusion[];
}

/** All that somebody is told of the edges of a room. */
export function bodyFor(context: Context, asker: Asker, version: number, nowMs: number): EdgesBody {
  const { limits, weights } = context;
  const { edges, excluded } = choose(context, asker);
  const admits = admission(context, asker.room);
  const listings = edges.map((edge) => ({
    ...listingOf(context, edge, asker.network, nowMs),
    admits: admits(edge),
  }));
  // Who is told by itself hears of an edge that goes; who asks has to ask again.
  const leases = asker.isTold ? [] : listings.map(({ validForMs }) => validForMs);
  const leaseMs = Math.min(limits.edgesValidMs, ...leases);
  return {
    room: asker.room,
    version,
    createdAtMs: Math.floor(nowMs),
    validForMs: Math.max(limits.edgesValidMsMin, leaseMs),
    edges: listings,
    excluded: excluded.slice(0, limits.edgeExclusionsMax),
    failing: edges.length > 0 ? null : failingKpi(excluded),
    weights,
  };
}

/** Viewers of a room with equal keys are told the same. */
export function choiceKeys(
  context: Context,
  room: string,
): (asker: Asker, needsText: string) => string {
  const edges = edgesOf(context, room);
  const full = edges.filter(({ fullSinceMs }) => fullSinceMs !== null);
  const isDealt = edges.length > context.limits.edgesPerRoomMax;
  const dealt = new Map<string, Set<string>>();
  /** What matters of the edge that it reads from: only one that it would not be told of otherwise. */
  const ownOf = (asker: Asker, key: string): string => {
    if (!isDealt || asker.edgeId === null) return '';
    const known = dealt.get(key);
    const ids = known ?? idsOf(choose(context, { ...asker, edgeId: null }));
    if (!known) dealt.set(key, ids);
    return ids.has(asker.edgeId) ? '' : asker.edgeId;
  };
  return (asker, needsText) => {
    const network = context.priors.knows(asker.network) ? asker.network : '';
    const kept = full.map((edge) => (isKeptFrom(edge, asker) ? 1 : 0)).join('');
    const key = `${kept} ${isDealt ? handOf(asker.deviceId) : ''} ${needsText}`;
    return `${network} ${ownOf(asker, key)} ${key}`;
  };
}

/**
 * First those that are active, then those with the least against them: a full or draining edge still does more for a
 * viewer than none, and so does a spare, before it is put in its place.
 */
function choose(context: Context, asker: Asker): Choice {
  const unmet: EdgeExclusion[] = [];
  const spares: Edge[] = [];
  const fitting: Edge[] = [];
  const full: Edge[] = [];
  const draining: Edge[] = [];
  for (const edge of edgesOf(context, asker.room)) {
    const verdict = asker.needs && verdictOf(edge, asker.needs);
    if (verdict) unmet.push({ ...exclusion(edge, verdict.reason), kpi: verdict.kpi });
    else if (edge.role === 'spare') spares.push(edge);
    else if (edge.role === 'draining') draining.push(edge);
    else if (isKeptFrom(edge, asker)) full.push(edge);
    else fitting.push(edge);
  }
  const ways = [fitting, full, oneOfEachName(draining), oneOfEachName(spares)];
  const offered = ways.find(({ length }) => length > 0) ?? [];
  const { kept, surplus } = deal(context, offered, asker);
  const isWithheld = (edge: Edge) => !offered.includes(edge);
  return {
    edges: kept,
    excluded: [
      ...unmet,
      ...full.filter(isWithheld).map((edge) => exclusion(edge, 'full')),
      ...draining.filter(isWithheld).map((edge) => exclusion(edge, 'draining')),
      ...spares.filter(isWithheld).map((edge) => exclusion(edge, 'spare')),
      ...surplus.map((edge) => exclusion(edge, 'surplus')),
      ...elsewhere(context, asker.room),
    ],
  };
}

/** Who has left its place may have left it to another that has too. */
function oneOfEachName(edges: readonly Edge[]): Edge[] {
  const byName = new Map(edges.map((edge) => [edge.registration.name, edge]));
  return [...byName.values()];
}

function idsOf({ edges }: Choice): Set<string> {
  return new Set(edges.map(({ edgeId }) => edgeId));
}

function verdictOf({ registration }: Edge, needs: NonNullable<Asker['needs']>) {
  return unmetKpi(registration.kpis, needs.minimum, needs.isStrict);
}

function isKeptFrom({ fullSinceMs }: Edge, asker: Asker): boolean {
  return fullSinceMs !== null && asker.joinedAtMs >= fullSinceMs;
}

/**
 * Where more would do than are told of: those with room first, so that nobody is sent to a busy edge while others idle,
 * then each hand of viewers in an order of its own, so that all edges are used although each viewer knows eight. The
 * order of a hand changes by one edge when one comes or goes.
 */
function deal(context: Context, edges: Edge[], asker: Asker): { kept: Edge[]; surplus: Edge[] } {
  const max = asker.edgesMax ?? context.limits.edgesPerRoomMax;
  const byId = (a: Edge, b: Edge) => (a.edgeId < b.edgeId ? -1 : 1);
  if (edges.length <= max) return { kept: edges.sort(byId), surplus: [] };
  const hand = handOf(asker.deviceId);
  const rankOf = (edge: Edge) => {
    if (edge.edgeId === asker.edgeId) return -1;
    const isBusy = (edge.load ?? 0) >= thresholds.loadBusy;
    return (isBusy ? 1 : 0) + hashToUnit(`${hand} ${edge.edgeId}`);
  };
  const ranks = new Map(edges.map((edge) => [edge, rankOf(edge)]));
  const ranked = edges.sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
  return { kept: ranked.slice(0, max).sort(byId), surplus: ranked.slice(max) };
}

function handOf(deviceId: string | null): number {
  return Math.floor(hashToUnit(deviceId ?? '') * thresholds.handsMax);
}

function* elsewhere(context: Context, room: string): Iterable<EdgeExclusion> {
  let leftCount = context.limits.edgeExclusionsMax;
  for (const edge of context.edges.values()) {
    if (leftCount === 0) return;
    if (edge.registration.rooms?.includes(room) ?? true) continue;
    leftCount--;
    yield exclusion(edge, 'other_room');
  }
}

function exclusion({ edgeId, registration }: Edge, reason: EdgeExclusion['reason']): EdgeExclusion {
  return { edgeId, baseUrl: registration.baseUrl, reason, kpi: null };
}

function listingOf(
  context: Context,
  edge: Edge,
  network: string | null,
  nowMs: number,
): Omit<EdgeListing, 'admits'> {
  const { edgeId, name, registration, load } = edge;
  const { baseUrl, region, kpis, costPerGigabyte } = registration;
  const prior = context.priors.get(network, edgeId, nowMs);
  return {
    edgeId,
    name: name ?? registration.name,
    baseUrl,
    region,
    kpis,
    load,
    costPerGigabyte,
    prior,
    validForMs: leaseLeftMs(context, edge, nowMs),
  };
}

/** By which most do not do; of several the first by name's order. */
function failingKpi(excluded: readonly EdgeExclusion[]): KpiName | null {
  let worst: KpiName | null = null;
  let worstCount = 0;
  for (const name of kpiNames) {
    const count = excluded.filter(({ kpi }) => kpi === name).length;
    if (count > worstCount) [worst, worstCount] = [name, count];
  }
  return worst;
}
