/** In which order a viewer is to use the edges that it can reach. */
import {
  type EdgeListing,
  type EdgeWeights,
  hashToUnit,
  pressureOf,
} from '../../protocol/index.ts';
import * as limits from '../../protocol/limits.ts';
import type { SteeringRequest } from './steering-request.ts';
import type { Route } from './steering-routes.ts';

/** Of an edge of which nothing is known: on the same continent, and 10 Mbit/s. */
const usualFirstByteMs = 80;
const usualBytesPerMs = 1_250;
/** The dearest edge comes before a free one only if it is quicker by more than this share. */
const costShare = 0.2;
/** Edges within this of the best are told apart by the viewer's own hash, so that not all viewers choose the same. */
const closeShare = 0.1;
/** A viewer stays where it is unless another edge is better by this share. */
const gainMin = 0.2;
/**
 * Of the viewers that another edge is better for, so many move when they are asked for, and the others may when they ask again:
 * its load has risen by then. If all moved at once, they would all come back at once.
 */
const moveShare = 1 / 3;

export interface Order {
  routes: Route[];
  /** To be remembered by the player. */
  slow: string[];
  /** The edge that it has used last; null where that is not offered, or unknown. */
  current: Route | null;
}

interface Scored {
  route: Route;
  score: number;
  isSlow: boolean;
}

export function orderOf(
  request: SteeringRequest,
  routes: readonly Route[],
  weights: EdgeWeights,
): Order {
  const measured = measuredOf(request, routes);
  const slow = slowOf(request, routes, measured);
  // Where none gives enough, it is the viewer's own line that does not.
  const lineIsSlow = routes.every(({ name }) => slow.has(name));
  const lineBytesPerMs = Math.max(0, ...measured.values()) / 8_000;
  const lineIsKnown =
    measured.size > 0 && (lineIsSlow || lineBytesPerMs * 8_000 >= request.bitsPerSecond);
  const dearest = Math.max(0, ...routes.map(({ edge }) => edge.costPerGigabyte ?? 0));

  const scored = routes.map((route): Scored => {
    const own = measured.get(route.name);
    const bytesPerMs = own === undefined ? paceOf(route.edge) : own / 8_000;
    // Nothing is quicker than the line: what others on the network measured is no reason to move.
    const pace = lineIsKnown ? Math.min(bytesPerMs, lineBytesPerMs) : bytesPerMs;
    const timeMs = completionMs(route.edge, pace, request.bitsPerSecond, weights);
    const cost = dearest > 0 ? (route.edge.costPerGigabyte ?? 0) / dearest : 0;
    return {
      route,
      score: timeMs * (1 + costShare * cost),
      isSlow: !lineIsSlow && slow.has(route.name),
    };
  });
  scored.sort(
    (a, b) =>
      Number(a.isSlow) - Number(b.isSlow) ||
      a.score - b.score ||
      (a.route.name < b.route.name ? -1 : 1),
  );
  const current = scored.find(({ route }) => request.used.has(route.name)) ?? null;
  return {
    routes: settled(spread(scored, request.seed), request.turn === 0 ? null : current, request),
    slow: [...slow],
    current: current?.route ?? null,
  };
}

/** Before it has played anything, a player tells what it takes for granted. */
function measuredOf(request: SteeringRequest, routes: readonly Route[]): Map<string, number> {
  const measured = new Map<string, number>();
  if (request.turn === 0) return measured;
  for (const { name } of routes) {
    const bitsPerSecond = request.used.get(name);
    if (bitsPerSecond) measured.set(name, bitsPerSecond);
  }
  return measured;
}

/**
 * Remembered, since a player tells of the edge that it uses only: a viewer on a slow line would else be sent from edge to edge
 * for ever. All are forgotten once one of them all is quick enough: it was the line.
 */
function slowOf(
  request: SteeringRequest,
  routes: readonly Route[],
  measured: ReadonlyMap<string, number>,
): Set<string> {
  const slow = new Set(
    routes.map(({ name }) => name).filter((name) => request.slow.includes(name)),
  );
  const isEnough = (bitsPerSecond: number) => bitsPerSecond >= request.bitsPerSecond;
  const wereAll = slow.size === routes.length;
  if (wereAll && [...measured.values()].some(isEnough)) slow.clear();
  for (const [name, bitsPerSecond] of measured) {
    if (isEnough(bitsPerSecond)) slow.delete(name);
    else slow.add(name);
  }
  return slow;
}

function paceOf(edge: EdgeListing): number {
  const offered = edge.kpis.bandwidthBitsPerSecond;
  return edge.prior?.bytesPerMs ?? (offered === undefined ? usualBytesPerMs : offered / 8_000);
}

/** The score of the sdk. */
function completionMs(
  edge: EdgeListing,
  bytesPerMs: number,
  bitsPerSecond: number,
  weights: EdgeWeights,
): number {
  const firstByteMs = edge.prior?.firstByteMs ?? edge.kpis.responseTimeMs ?? usualFirstByteMs;
  const bytes = (bitsPerSecond / 8_000) * limits.steeringSegmentMs;
  const timeMs = firstByteMs + bytes / Math.max(bytesPerMs, 0.001);
  return timeMs * Math.exp(weights.load * pressureOf(edge.load));
}

/** Those close to the best in the order of the viewer. */
function spread(scored: readonly Scored[], seed: string): Scored[] {
  const best = scored[0];
  if (!best) return [];
  const isClose = ({ score, isSlow }: Scored) =>
    isSlow === best.isSlow && score <= best.score * (1 + closeShare);
  const close = scored
    .filter(isClose)
    .map((each) => ({ each, rank: hashToUnit(`${seed}|${each.route.edge.edgeId}`) }))
    .sort((a, b) => b.rank - a.rank);
  return [...close.map(({ each }) => each), ...scored.filter((each) => !isClose(each))];
}

/** The current one first, unless another is clearly better, admits more viewers, and it is this one's turn to move. */
function settled(
  ordered: readonly Scored[],
  current: Scored | null,
  { seed, turn }: SteeringRequest,
): Route[] {
  const drawn = (what: string) => hashToUnit(`${seed}|${turn}|${what}`);
  let first = ordered[0];
  if (first && current && current.isSlow === first.isSlow) {
    const bound = current.score * (1 - gainMin);
    const next = ordered.find(
      ({ route, score }) => score < bound && drawn(`to ${route.edge.edgeId}`) < route.edge.admits,
    );
    first = next && drawn('move') < moveShare ? next : current;
  }
  return [first, ...ordered.filter((each) => each !== first)].flatMap((each) => each?.route ?? []);
}
