/**
 * KPIs as standards write them, to and from ours. For the server: a page does not carry it.
 *
 * | name here | what it is | where it is from |
 * |---|---|---|
 * | `ACServiceKPIs` | what an application needs | 3GPP TS 24.558 V18.0.0, `Eees_EECRegistration` 1.1.0-alpha.1 |
 * | `EASServiceKPI` | what an edge offers | 3GPP TS 29.558 V18.1.0, `Eees_EASRegistration` 1.1.0-alpha.2 |
 * | `ApplicationProfile` | what an application needs | CAMARA `application-profiles` 0.6.0-rc.1 (r2.1) |
 *
 * Types are those of 3GPP TS 29.571 (`BitRate`, `Uinteger`) and TS 29.122 (`DurationSec`), meanings those of TS 23.558
 * 8.2.3: availability is a percentage of time, the response time holds the round trip and the work of the server.
 * Spellings of older profiles (0.3.0-rc.1) are read too: `packetlossErrorRate`, `bps`, `kbps`.
 *
 * - One to one. What the other side cannot say exactly is refused with `kpi_inexact` and never rounded: `respTime` has
 *   whole seconds, `avail` whole percent, loss in a profile is a power of ten, amounts there end at 1024, times at 500.
 * - What one side lacks is refused with `kpi_unsupported`, since who states it needs it: jitter and loss in the 3GPP,
 *   request rate and availability in a profile, and of a profile `targetMinUpstreamRate`, `targetMinGPUMemory`,
 *   `gpuVendorType`, `gpuModelName` and `targetMinEphemeralStorage` here. Only `applicationProfileId` is ignored.
 * - Integers to which the 3GPP give no unit are read and written in the one that the caller names.
 * - `packetDelayBudget` is one way, through the operator's network. Ours goes there and back, so it is read as twice the
 *   budget: what the edge and the way beyond the operator take has to fit in, which asks for more rather than less.
 * - `Bps` of a profile is bits, as `bps` was. `Kb` to `Tb` are bytes there, by the thousand: so memory is measured.
 */
import type { KpiFault, KpiForm } from './kpi-forms.ts';
import {
  bitRate,
  decimal,
  duration,
  entriesOf,
  exponent,
  integer,
  oneWay,
  rate,
  size,
  text,
} from './kpi-forms.ts';
import type { KpiName, Kpis } from './kpis.ts';
import { kpiKinds, kpiNames } from './kpis.ts';
import * as limits from './limits.ts';

export type KpiStandard = 'ACServiceKPIs' | 'EASServiceKPI' | 'ApplicationProfile';

/** Units of `kpis.ts`, by the field that has none of its own. */
export type KpiUnits = Readonly<
  Partial<
    Record<
      'reqRate' | 'maxReqRate' | 'maxRespTime' | 'avlComp' | 'avlGraComp' | 'avlMem' | 'avlStrg',
      string
    >
  >
>;

export interface KpiRefusal {
  ok: false;
  code: KpiFault;
  /** As the side that was read calls it, inside a profile with its section; the standard, where it is no object. */
  field: string;
}

type Place = readonly [field: string, form: KpiForm];

/** Each KPI in each standard. */
const table: Readonly<Record<KpiName, Readonly<Partial<Record<KpiStandard, Place>>>>> = {
  bandwidth: {
    ACServiceKPIs: ['connBand', bitRate],
    EASServiceKPI: ['connBand', bitRate],
    ApplicationProfile: ['networkQualityThresholds.targetMinDownstreamRate', rate],
  },
  requestRate: {
    ACServiceKPIs: ['reqRate', integer()],
    EASServiceKPI: ['maxReqRate', integer()],
  },
  responseTime: {
    ACServiceKPIs: ['respTime', integer('s')],
    EASServiceKPI: ['maxRespTime', integer()],
    ApplicationProfile: ['networkQualityThresholds.packetDelayBudget', oneWay],
  },
  availability: {
    ACServiceKPIs: ['avail', integer('%')],
    EASServiceKPI: ['avail', integer('%')],
  },
  compute: {
    ACServiceKPIs: ['reqComp', text],
    EASServiceKPI: ['avlComp', integer()],
    ApplicationProfile: ['computeResources.targetMinCPU', decimal],
  },
  graphicalCompute: {
    ACServiceKPIs: ['reqGrapComp', text],
    EASServiceKPI: ['avlGraComp', integer()],
    ApplicationProfile: ['computeResources.targetMinGPU', integer('cores', 64)],
  },
  memory: {
    ACServiceKPIs: ['reqMem', text],
    EASServiceKPI: ['avlMem', integer()],
    ApplicationProfile: ['computeResources.targetMinMemory', size],
  },
  storage: {
    ACServiceKPIs: ['reqStrg', text],
    EASServiceKPI: ['avlStrg', integer()],
    ApplicationProfile: ['computeResources.targetMinPersistentStorage', size],
  },
  jitter: { ApplicationProfile: ['networkQualityThresholds.jitter', duration] },
  loss: { ApplicationProfile: ['networkQualityThresholds.packetLossErrorRate', exponent] },
};

const profileSections = ['networkQualityThresholds', 'computeResources'];

const olderSpellings: ReadonlyMap<string, string> = new Map([
  ['networkQualityThresholds.packetlossErrorRate', 'networkQualityThresholds.packetLossErrorRate'],
]);

const withoutOurs: ReadonlySet<string> = new Set([
  'networkQualityThresholds.targetMinUpstreamRate',
  'computeResources.gpuVendorType',
  'computeResources.gpuModelName',
  'computeResources.targetMinGPUMemory',
  'computeResources.targetMinEphemeralStorage',
]);

/** Reads what came in as JSON. What is not stated stays absent; what is stated twice is `kpi_invalid`. */
export function fromStandard(
  standard: KpiStandard,
  input: unknown,
  units: KpiUnits = {},
): { ok: true; kpis: Kpis } | KpiRefusal {
  const stated = statedIn(standard, input);
  if (!Array.isArray(stated)) return stated;
  const kpis: Kpis = {};
  for (const [field, value] of stated) {
    const known = olderSpellings.get(field) ?? field;
    const kpi = kpiNames.find((name) => table[name][standard]?.[0] === known);
    const form = kpi && table[kpi][standard]?.[1];
    if (!form)
      return refuse(withoutOurs.has(field) ? 'kpi_unsupported' : 'kpi_unknown_name', field);
    if (value === undefined) continue;
    const read = form.read(value, kpi, units[field as keyof KpiUnits]);
    if (typeof read === 'string') return refuse(read, field);
    const ours = kpiKinds[kpi].field;
    if (!isPossible(read, kpi) || kpis[ours] !== undefined) return refuse('kpi_invalid', field);
    kpis[ours] = read;
  }
  return { ok: true, kpis };
}

/** What `fromStandard` reads as the same KPIs. */
export function toStandard(
  standard: KpiStandard,
  kpis: Kpis,
  units: KpiUnits = {},
): { ok: true; stated: Record<string, unknown> } | KpiRefusal {
  const stated: Record<string, unknown> = {};
  for (const kpi of kpiNames) {
    const value = kpis[kpiKinds[kpi].field];
    if (value === undefined) continue;
    if (!isPossible(value, kpi)) return refuse('kpi_invalid', kpi);
    const place = table[kpi][standard];
    if (!place) return refuse('kpi_unsupported', kpi);
    const [path, form] = place;
    const unit = units[path as keyof KpiUnits];
    const candidates = form.write(value, kpi, unit);
    const written = candidates.find((candidate) => form.read(candidate, kpi, unit) === value);
    if (written === undefined) return refuse(faultOf(form, candidates, kpi, unit), kpi);
    const [name = '', section] = path.split('.').reverse();
    if (section === undefined) stated[name] = written;
    else stated[section] = { ...(stated[section] as object | undefined), [name]: written };
  }
  return { ok: true, stated };
}

/** Fields with their values; those of a profile with their section. */
function statedIn(standard: KpiStandard, input: unknown): [string, unknown][] | KpiRefusal {
  const entries = entriesOf(input);
  if (!entries) return refuse('kpi_invalid', standard);
  if (standard !== 'ApplicationProfile') return entries;
  const stated: [string, unknown][] = [];
  for (const [section, thresholds] of entries) {
    if (section === 'applicationProfileId') continue;
    if (!profileSections.includes(section)) return refuse('kpi_unknown_name', section);
    if (thresholds === undefined) continue;
    const inside = entriesOf(thresholds);
    if (!inside) return refuse('kpi_invalid', section);
    for (const [name, value] of inside) stated.push([`${section}.${name}`, value]);
  }
  return stated;
}

/** A missing or wrong unit is the caller's to mend; all else is that the standard has no words for it. */
function faultOf(
  form: KpiForm,
  candidates: readonly unknown[],
  kpi: KpiName,
  unit: string | undefined,
): KpiFault {
  const faults = candidates.map((candidate) => form.read(candidate, kpi, unit));
  const fault = faults.find((read) => read === 'kpi_unit_missing' || read === 'kpi_unit_unknown');
  return typeof fault === 'string' ? fault : 'kpi_inexact';
}

/** Not so of NaN either. */
function isPossible(value: number, kpi: KpiName): boolean {
  return value >= 0 && value <= (kpiKinds[kpi].max ?? limits.kpiValueMax);
}

/** A name that a stranger chose is cut: it goes into answers and logs. */
function refuse(code: KpiFault, field: string): KpiRefusal {
  return { ok: false, code, field: field.slice(0, limits.idLengthMax) };
}
