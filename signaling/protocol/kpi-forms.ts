/** The forms in which standards write a KPI. What they are and where they come from: `kpi-standards.ts`. */
import * as v from 'valibot';
import { count } from './border.ts';
import type { KpiName } from './kpis.ts';
import { kpiKinds, parseKpi } from './kpis.ts';

export type KpiFault =
  /** Not of the type or in the range that the standard, or our own limit, gives it. */
  | 'kpi_invalid'
  | 'kpi_unit_missing'
  /** A unit that this KPI has not. */
  | 'kpi_unit_unknown'
  | 'kpi_unknown_name'
  /** Known, but of one side only. */
  | 'kpi_unsupported'
  /** The standard has no words for exactly this value. */
  | 'kpi_inexact';

export interface KpiForm {
  /** In our unit; `unit` is that of the caller, for what has none. */
  read(value: unknown, kpi: KpiName, unit: string | undefined): number | KpiFault;
  /** What may say it, best first: the first that is read as the same value is taken. */
  write(value: number, kpi: KpiName, unit: string | undefined): unknown[];
}

/** A free string: as apps write KPIs. */
export const text: KpiForm = {
  read(value, kpi) {
    if (typeof value !== 'string') return 'kpi_invalid';
    const isBare = /^\s*\d+(\.\d+)?\s*$/.test(value);
    return parseKpi(kpi, value) ?? (isBare ? 'kpi_unit_missing' : 'kpi_invalid');
  },
  write: (value, kpi) =>
    unitsFor(value, kpiKinds[kpi].units).map(
      ([unit, factor]) => `${withoutDust(value / factor)} ${unit}`,
    ),
};

/** `BitRate` of TS 29.571. */
export const bitRate: KpiForm = {
  read: (value, kpi, unit) =>
    typeof value === 'string' && /^\d+(\.\d+)? (bps|Kbps|Mbps|Gbps|Tbps)$/.test(value)
      ? text.read(value, kpi, unit)
      : 'kpi_invalid',
  write: text.write,
};

/** `Uinteger` of TS 29.571, in the unit of the standard where it gives one. */
export function integer(standardUnit?: string, max = Number.MAX_SAFE_INTEGER): KpiForm {
  return {
    read(value, kpi, callersUnit) {
      const unit = standardUnit ?? callersUnit;
      if (unit === undefined) return 'kpi_unit_missing';
      if (!Object.hasOwn(kpiKinds[kpi].units, unit)) return 'kpi_unit_unknown';
      if (!isCount(value) || value > max) return 'kpi_invalid';
      return parseKpi(kpi, `${value} ${unit}`) ?? 'kpi_invalid';
    },
    write: (value, kpi, callersUnit) => [
      Math.round(value / (kpiKinds[kpi].units[standardUnit ?? callersUnit ?? ''] ?? 1)),
    ],
  };
}

export const decimal: KpiForm = {
  read: (value) => (typeof value === 'number' ? value : 'kpi_invalid'),
  write: (value) => [value],
};

/** `{ value, unit }` of a profile; `units` in ours, of two that are the same the newer spelling last. */
function measure(
  units: Readonly<Record<string, number>>,
  { min, max, writtenMax }: Record<'min' | 'max' | 'writtenMax', number>,
): KpiForm {
  return {
    read(measured) {
      const stated = entriesOf(measured);
      if (!stated?.every(([name]) => name === 'value' || name === 'unit')) return 'kpi_invalid';
      const { value, unit } = measured as { value?: unknown; unit?: unknown };
      if (!isCount(value) || value < min || value > max) return 'kpi_invalid';
      if (unit === undefined) return 'kpi_unit_missing';
      if (typeof unit !== 'string') return 'kpi_invalid';
      const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
      return factor === undefined ? 'kpi_unit_unknown' : withoutDust(value * factor);
    },
    write: (amount) =>
      unitsFor(amount, units)
        .map(([unit, factor]) => ({ value: Math.round(amount / factor), unit }))
        .filter(({ value }) => value <= writtenMax),
  };
}

const upTo1024 = { min: 0, max: 1_024, writtenMax: 1_024 };
export const rate = measure(
  { bps: 1, Bps: 1, kbps: 1e3, Kbps: 1e3, Mbps: 1e6, Gbps: 1e9, Tbps: 1e12 },
  upTo1024,
);
export const size = measure({ Kb: 1e3, Mb: 1e6, Gb: 1e9, Tb: 1e12 }, upTo1024);
export const duration = measure(
  {
    ...{ Nanoseconds: 1e-6, Microseconds: 1e-3, Milliseconds: 1, Seconds: 1e3 },
    ...{ Minutes: 60e3, Hours: 3_600e3, Days: 86_400e3 },
  },
  // Older profiles have no bound but that of their integers.
  { min: 1, max: 2 ** 31 - 1, writtenMax: 500 },
);

/** One way of what we have there and back. */
export const oneWay: KpiForm = {
  read(value, kpi, unit) {
    const oneWayMs = duration.read(value, kpi, unit);
    return typeof oneWayMs === 'number' ? oneWayMs * 2 : oneWayMs;
  },
  write: (value, kpi, unit) => duration.write(value / 2, kpi, unit),
};

/** N for ten to the power of minus N. */
export const exponent: KpiForm = {
  read: (value) =>
    isCount(value) && value >= 1 && value <= 10 ? Number(`1e-${value}`) : 'kpi_invalid',
  write: (value) => [Math.round(-Math.log10(value))],
};

/** Of an object of JSON; null where it is none. */
export function entriesOf(value: unknown): [string, unknown][] | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.entries(value);
}

/** From the largest that the value fills on; the smallest also for what fills none. */
function unitsFor(value: number, units: Readonly<Record<string, number>>): [string, number][] {
  const smallest = Math.min(...Object.values(units));
  return Object.entries(units)
    .filter(([, factor]) => factor <= value || factor === smallest)
    .sort(([, a], [, b]) => a - b)
    .reverse();
}

function withoutDust(value: number): number {
  return Number(value.toPrecision(15));
}

function isCount(value: unknown): value is number {
  return v.safeParse(count, value).success;
}
