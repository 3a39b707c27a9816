import type { ReadNeed } from '../../../sdk/core/edges/scoring.ts';
import { EdgeSelector, type EdgeStats } from '../../../sdk/core/edges/selector.ts';
import {
  type EdgeListing,
  type EdgeNeeds,
  type EdgesBody,
  edgeWeightsUnlearned,
} from '../../../signaling/protocol/edges.ts';

/** A second of 4 Mbit/s. */
export const segmentBytes = 500_000;
/** A whole segment, and a buffer that allows to look around. */
export const need: ReadNeed = { bytes: segmentBytes, bufferMs: 20_000 };
export const needShort: ReadNeed = { bytes: segmentBytes, bufferMs: 2_000 };

export function listingOf(edgeId: string, change: Partial<EdgeListing> = {}): EdgeListing {
  return {
    edgeId,
    name: edgeId.toUpperCase(),
    baseUrl: `https://${edgeId}.example/live/`,
    region: null,
    kpis: {},
    load: null,
    costPerGigabyte: null,
    prior: null,
    admits: 1,
    validForMs: 30_000,
    ...change,
  };
}

export function bodyOf(edges: EdgeListing[], change: Partial<EdgesBody> = {}): EdgesBody {
  return {
    room: 'room',
    version: 1,
    createdAtMs: 1_000,
    validForMs: 30_000,
    edges,
    excluded: [],
    failing: null,
    weights: edgeWeightsUnlearned,
    ...change,
  };
}

export function selectorOf(
  edges: readonly (EdgeListing | string)[],
  { needs = null, viewerId = 'v4' }: { needs?: EdgeNeeds | null; viewerId?: string } = {},
): EdgeSelector {
  const selector = new EdgeSelector(needs);
  selector.viewerId = viewerId;
  selector.listed(bodyOf(edges.map((each) => (typeof each === 'string' ? listingOf(each) : each))));
  return selector;
}

/** A whole read from an edge. Default 10 Mbit/s. */
export function measure(
  selector: EdgeSelector,
  edgeId: string,
  firstByteMs: number,
  nowMs: number,
  bytesPerMs = 1_250,
): void {
  selector.answered(edgeId, firstByteMs, nowMs);
  selector.gave(edgeId, segmentBytes, segmentBytes / bytesPerMs, nowMs);
}

export function chosenBy(selector: EdgeSelector, nowMs: number, by = need): string | undefined {
  return selector.choose(by, nowMs)?.edgeId;
}

export function statsOf(selector: EdgeSelector, edgeId: string, nowMs: number, by = need) {
  const stats = selector.stats(by, nowMs).find(({ listing }) => listing.edgeId === edgeId);
  if (!stats) throw new Error(`no edge ${edgeId}`);
  return stats;
}

export function reasonsOf(
  selector: EdgeSelector,
  nowMs: number,
): Record<string, EdgeStats['reason']> {
  const stats = selector.stats(need, nowMs);
  return Object.fromEntries(stats.map(({ listing, reason }) => [listing.edgeId, reason]));
}

/** Uniform in [0, 1), the same each time. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
