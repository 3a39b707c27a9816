/** What the server, edges and viewers tell one another of edges. */
import * as v from 'valibot';
import { count, id } from './border.ts';
import type { KpiName, Kpis } from './kpis.ts';
import { kpiKinds, kpiNames } from './kpis.ts';
import * as limits from './limits.ts';

/** What the app asks of edges. */
export interface EdgeNeeds {
  /** Edges that do not meet it are not offered. */
  minimum: Kpis;
  /** What is good enough: of response time and bandwidth more is no advantage. The others are for the app to tell. */
  expected: Kpis;
  /** What an edge does not state counts as unmet. */
  isStrict: boolean;
}

/** One edge as viewers are told of it. */
export interface EdgeListing {
  edgeId: string;
  /** By which players know it: pathway in HLS, service location in DASH. A spare takes over that of the edge it replaces. */
  name: string;
  /** Ends with a slash; what follows it in a URL is the same on all edges. */
  baseUrl: string;
  region: string | null;
  /** What it says of itself. */
  kpis: Kpis;
  /** Share of its capacity that is in use, 0 to 1; null where it does not say. */
  load: number | null;
  /** What a GB costs the site; null where it does not say. */
  costPerGigabyte: number | null;
  /** What viewers of the same network measured; null before enough have. */
  prior: EdgePrior | null;
  /** Share of the viewers elsewhere that may move to it without need until the next change, 0 to 1: more would overload it. */
  admits: number;
  /** From `createdAtMs` on: what is left of its lease. */
  validForMs: number;
}

export interface EdgePrior {
  firstByteMs: number;
  bytesPerMs: number;
}

/** Why an edge is not offered. */
export type EdgeReason =
  | 'kpi_unmet'
  | 'kpi_unknown'
  | 'spare'
  | 'draining'
  /** Those who are there stay; who comes goes elsewhere. */
  | 'full'
  | 'other_room'
  /** More edges would do than are told of. */
  | 'surplus';

export interface EdgeExclusion {
  edgeId: string;
  /** A player whose URLs name it is moved away from it. */
  baseUrl: string;
  reason: EdgeReason;
  /** Of `kpi_unmet` and `kpi_unknown`. */
  kpi: KpiName | null;
}

/** How strongly what is known of an edge changes the predicted time, learned from outcomes. */
export interface EdgeWeights {
  /** 0 is what the sdk comes with. */
  version: number;
  /** Of `pressureOf(load)`, 0 to 1: the time is multiplied by the exponential of weight times pressure. */
  load: number;
  /** The same of how old what is known of it is, 0 (now) to 1 (nothing is known). */
  age: number;
}

/**
 * With the weight 3 a read takes as many times longer as in a queue: 1 / (1 - load). Of no word on load: none.
 */
export function pressureOf(load: number | null): number {
  return -Math.log(1 - Math.min(load ?? 0, 0.95)) / 3;
}

/** Until more is learned: load as in a queue, and no opinion on age. */
export const edgeWeightsUnlearned: EdgeWeights = { version: 0, load: 3, age: 0 };

/** All that one viewer is told; signed as text. */
export interface EdgesBody {
  room: string;
  /** Grows with every change. */
  version: number;
  createdAtMs: number;
  /** The server tells anew before that; who has asked for it asks again. What is held stays in use until there is something newer. */
  validForMs: number;
  edges: EdgeListing[];
  excluded: EdgeExclusion[];
  /** Where no edge does: the KPI by which most do not. */
  failing: KpiName | null;
  weights: EdgeWeights;
}

export interface SignedEdges {
  /** JSON text of an `EdgesBody`. */
  body: string;
  /** ECDSA P-256 with SHA-256 over the UTF-8 of `body`: r and s, 64 bytes, base64url. */
  signature: string;
}

/** What became of a viewer's reads from one edge since its last report. */
export interface EdgeOutcome {
  edgeId: string;
  successCount: number;
  failureCount: number;
  /** Means of the reads that brought something; null where none did, or too little to tell. */
  firstByteMs: number | null;
  bytesPerMs: number | null;
  /** The newest whole read, for learning: what was known when it was decided, and what it took. */
  sample?: EdgeSample | undefined;
}

export interface EdgeSample {
  /** Predicted without weights. */
  predictedMs: number;
  completedMs: number;
  /** `pressureOf` what the edge said. */
  load: number;
  /** See `EdgeWeights`. */
  age: number;
}

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const share = v.pipe(amount, v.maxValue(1));
const text = (max: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(max));
const kpiEntries = Object.fromEntries(
  kpiNames.map((name) => [kpiKinds[name].field, v.optional(amount)]),
);
/** Base units. */
export const kpisSchema = v.object(kpiEntries);
export const needsSchema = v.object({
  minimum: kpisSchema,
  expected: kpisSchema,
  isStrict: v.boolean(),
});

export const signedEdgesSchema = v.object({
  body: v.pipe(v.string(), v.maxLength(limits.edgesBytesMax)),
  signature: v.pipe(v.string(), v.regex(/^[\w-]{86}$/)),
});

export const edgeOutcomesSchema = v.pipe(
  v.array(
    v.object({
      edgeId: id,
      successCount: count,
      failureCount: count,
      firstByteMs: v.nullable(amount),
      bytesPerMs: v.nullable(amount),
      sample: v.optional(
        v.object({
          predictedMs: v.pipe(amount, v.minValue(1)),
          completedMs: v.pipe(amount, v.minValue(1)),
          load: share,
          age: share,
        }),
      ),
    }),
  ),
  v.maxLength(limits.edgesPerRoomMax),
);

const kpiName = v.nullable(v.picklist(kpiNames));
const weight = v.pipe(
  v.number(),
  v.minValue(-limits.edgeWeightMax),
  v.maxValue(limits.edgeWeightMax),
);
const baseUrl = v.pipe(
  text(limits.streamUrlLengthMax),
  v.regex(/^https?:\/\/[^/?#]+\/(?:[^?#]*\/)?$/),
);
const body = v.object({
  room: text(limits.roomNameLengthMax),
  version: count,
  createdAtMs: count,
  validForMs: v.pipe(count, v.minValue(limits.edgesValidMsMin), v.maxValue(limits.edgesValidMsMax)),
  edges: v.pipe(
    v.array(
      v.object({
        edgeId: id,
        name: id,
        baseUrl,
        region: v.nullable(id),
        kpis: kpisSchema,
        load: v.nullable(share),
        costPerGigabyte: v.nullable(amount),
        prior: v.nullable(v.object({ firstByteMs: amount, bytesPerMs: amount })),
        admits: share,
        validForMs: count,
      }),
    ),
    v.maxLength(limits.edgesPerRoomMax),
  ),
  excluded: v.pipe(
    v.array(
      v.object({
        edgeId: id,
        baseUrl,
        reason: v.picklist([
          'kpi_unmet',
          'kpi_unknown',
          'spare',
          'draining',
          'full',
          'other_room',
          'surplus',
        ]),
        kpi: kpiName,
      }),
    ),
    v.maxLength(limits.edgeExclusionsMax),
  ),
  failing: kpiName,
  weights: v.object({ version: count, load: weight, age: weight }),
});

/** Parses the body of signed edges. Null when it is not one. */
export function parseEdges(bodyText: string): EdgesBody | null {
  try {
    const parsed = v.safeParse(body, JSON.parse(bodyText), { abortEarly: true });
    return parsed.success ? (parsed.output as EdgesBody) : null;
  } catch {
    return null;
  }
}
