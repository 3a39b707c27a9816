import * as limits from './limits.ts';

/**
 * What an app asks of edges and what edges offer, in base units. A KPI that is absent is not stated: neither met nor zero.
 * The names are those of 3GPP TS 24.558 `ACServiceKPIs`, TS 29.558 `EASServiceKPI` and CAMARA application profiles; see
 * `kpi-standards.ts` for the table.
 */
export interface Kpis {
  bandwidthBitsPerSecond?: number | undefined;
  requestsPerSecond?: number | undefined;
  /** From the request to the first byte of the answer. */
  responseTimeMs?: number | undefined;
  /** 0 to 1. */
  availabilityShare?: number | undefined;
  computeCores?: number | undefined;
  /** Whole graphics processors, or shares of one. */
  graphicalComputeCores?: number | undefined;
  memoryBytes?: number | undefined;
  storageBytes?: number | undefined;
  jitterMs?: number | undefined;
  /** 0 to 1. */
  lossShare?: number | undefined;
}

export type KpiName =
  | 'bandwidth'
  | 'requestRate'
  | 'responseTime'
  | 'availability'
  | 'compute'
  | 'graphicalCompute'
  | 'memory'
  | 'storage'
  | 'jitter'
  | 'loss';

/** A KPI as an app writes it: a number and a unit, as `5 Mbps`, `150 ms`, `99.9 %`, `4 GB`, `2 cores`. */
export type KpiTexts = { [Name in KpiName]?: string | undefined };

interface KpiKind {
  field: keyof Kpis;
  /** Base units by their unit's name. */
  units: Readonly<Record<string, number>>;
  /** Of two values the lower one is better. */
  isLowerBetter?: boolean;
  max?: number;
}

const bits = { bps: 1, kbps: 1e3, Kbps: 1e3, Mbps: 1e6, Gbps: 1e9, Tbps: 1e12 };
const times = { us: 1e-3, ms: 1, s: 1e3, min: 60e3 };
const shares = { '%': 0.01 };
const cores = { core: 1, cores: 1 };
const bytes = {
  ...{ B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
};

export const kpiKinds: Readonly<Record<KpiName, KpiKind>> = {
  bandwidth: { field: 'bandwidthBitsPerSecond', units: bits },
  requestRate: { field: 'requestsPerSecond', units: { '/s': 1, '/min': 1 / 60 } },
  responseTime: { field: 'responseTimeMs', units: times, isLowerBetter: true },
  availability: { field: 'availabilityShare', units: shares, max: 1 },
  compute: { field: 'computeCores', units: cores },
  graphicalCompute: { field: 'graphicalComputeCores', units: cores },
  memory: { field: 'memoryBytes', units: bytes },
  storage: { field: 'storageBytes', units: bytes },
  jitter: { field: 'jitterMs', units: times, isLowerBetter: true },
  loss: { field: 'lossShare', units: shares, isLowerBetter: true, max: 1 },
};

export const kpiNames = Object.keys(kpiKinds) as KpiName[];

/** In base units; null for what is no number with a unit of this KPI. */
export function parseKpi(name: KpiName, text: string): number | null {
  const [, digits, unit = ''] = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*(\S{1,5})\s*$/.exec(text) ?? [];
  const { units, max = limits.kpiValueMax } = kpiKinds[name];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (digits === undefined || factor === undefined) return null;
  // The same in any unit, and without the dust that multiplying leaves.
  const value = Number((Number(digits) * factor).toPrecision(15));
  return value <= max ? value : null;
}

/** The KPIs, or the name of the first that cannot be read. */
export function parseKpis(texts: unknown): Kpis | string {
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts)) return 'kpis';
  const kpis: Kpis = {};
  for (const [name, text] of Object.entries(texts)) {
    const isKnown = Object.hasOwn(kpiKinds, name);
    if (isKnown && text === undefined) continue;
    const value = isKnown && typeof text === 'string' ? parseKpi(name as KpiName, text) : null;
    if (value === null) return name;
    kpis[kpiKinds[name as KpiName].field] = value;
  }
  return kpis;
}

export interface KpiVerdict {
  kpi: KpiName;
  /** `kpi_unknown`: the edge does not state it, and that is not enough in strict mode. */
  reason: 'kpi_unmet' | 'kpi_unknown';
}

/** The first KPI by which an edge does not do; null where it does. */
export function unmetKpi(offered: Kpis, minimum: Kpis, isStrict: boolean): KpiVerdict | null {
  for (const kpi of kpiNames) {
    const { field, isLowerBetter } = kpiKinds[kpi];
    const wanted = minimum[field];
    if (wanted === undefined) continue;
    const value = offered[field];
    if (value === undefined) {
      if (isStrict) return { kpi, reason: 'kpi_unknown' };
    } else if (isLowerBetter ? value > wanted : value < wanted) return { kpi, reason: 'kpi_unmet' };
  }
  return null;
}
