/** What edges and callers of discovery send over HTTP, checked. Apart from `edges.ts`: no page carries this. */
import * as v from 'valibot';
import { id } from './border.ts';
import { type EdgeNeeds, kpisSchema } from './edges.ts';
import type { KpiFault } from './kpi-forms.ts';
import { fromStandard, type KpiStandard } from './kpi-standards.ts';
import { type Kpis, parseKpis } from './kpis.ts';
import * as limits from './limits.ts';

/** `spare` stands by until another is drained or goes; `draining` wants nobody any more. */
export type EdgeRole = 'active' | 'spare' | 'draining';

/** What an edge says of itself. */
export interface EdgeRegistration {
  edgeId: string;
  /** Default its id. */
  name: string;
  /** Ends with a slash; what follows it in a URL is the same on all edges. */
  baseUrl: string;
  /** Null for all rooms. */
  rooms: string[] | null;
  region: string | null;
  kpis: Kpis;
  /** Share of its capacity that is in use, 0 to 1; null where it does not say. */
  load: number | null;
  costPerGigabyte: number | null;
  role: EdgeRole;
}

/** Renews the lease; what is absent is as before. */
export interface EdgeHeartbeat {
  load?: number | null | undefined;
  role?: EdgeRole | undefined;
  kpis?: Kpis | undefined;
}

/** Asks for the edges of a room. */
export interface EdgeDiscovery {
  room: string;
  needs: EdgeNeeds | null;
  /** Deals viewers different edges where there are more than one is told of. */
  deviceId: string | null;
}

export type EdgeInputCode =
  | 'registration_invalid'
  | 'heartbeat_invalid'
  | 'discovery_invalid'
  /** The message names the KPI that cannot be read. */
  | KpiFault;

export type EdgeInput<T> =
  | { ok: true; value: T }
  | { ok: false; code: EdgeInputCode; message: string };

const room = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.roomNameLengthMax));
const load = v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1)));
const role = v.picklist(['active', 'spare', 'draining']);
/** Read as our texts or as a standard's, once the rest is in order. */
const kpis = v.optional(v.unknown());
/** Of numbers to which a standard gives none. */
const unit = v.optional(v.pipe(v.string(), v.maxLength(8)));
const units = v.optional(
  v.strictObject({
    ...{ reqRate: unit, maxReqRate: unit, maxRespTime: unit },
    ...{ avlComp: unit, avlGraComp: unit, avlMem: unit, avlStrg: unit },
  }),
);
const baseUrl = v.pipe(
  v.string(),
  v.maxLength(limits.edgeBaseUrlLengthMax),
  // No credentials, query or blank: it is put before paths, as it is, by everybody who is told of it.
  v.regex(
    /^https?:\/\/(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?\/(?:[!$&-;=@-Z_a-z~%]*\/)?$/,
    'http or https, ends with a slash',
  ),
);

const registrationSchema = v.strictObject({
  name: v.optional(id),
  baseUrl,
  rooms: v.optional(
    v.nullable(v.pipe(v.array(room), v.minLength(1), v.maxLength(limits.roomsOfEdgeMax))),
  ),
  region: v.optional(v.nullable(id)),
  kpis,
  svcKpi: kpis,
  units,
  load: v.optional(load),
  costPerGigabyte: v.optional(
    v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(limits.costPerGigabyteMax))),
  ),
  role: v.optional(role),
});
const heartbeatSchema = v.strictObject({
  load: v.optional(load),
  role: v.optional(role),
  kpis,
  svcKpi: kpis,
  units,
});
const discoverySchema = v.strictObject({
  room,
  deviceId: v.optional(id),
  needs: v.optional(v.unknown()),
});
const needTextsSchema = v.strictObject({
  minimum: kpis,
  expected: kpis,
  isStrict: v.optional(v.boolean()),
  /** In whose words; default our own texts. */
  standard: v.optional(v.picklist(['ACServiceKPIs', 'ApplicationProfile'])),
  units,
});

/** One that can be registered: `/edges/discover` is another route. */
export function isEdgeId(value: unknown): value is string {
  return v.is(id, value) && value !== 'discover';
}

/** Never throws. */
export function parseRegistration(edgeId: unknown, body: unknown): EdgeInput<EdgeRegistration> {
  if (!isEdgeId(edgeId))
    return refused('registration_invalid', 'edgeId: 1 to 64 of A-Z a-z 0-9 _ . : -, not discover');
  const parsed = v.safeParse(registrationSchema, body, { abortEarly: true });
  if (!parsed.success) return invalid('registration_invalid', parsed.issues[0]);
  const said = parsed.output;
  const offered = readOffer(said);
  if (!offered.ok) return offered;
  return {
    ok: true,
    value: {
      edgeId: edgeId,
      name: said.name ?? edgeId,
      baseUrl: said.baseUrl,
      rooms: said.rooms ? [...new Set(said.rooms)] : null,
      region: said.region ?? null,
      kpis: offered.value,
      load: said.load ?? null,
      costPerGigabyte: said.costPerGigabyte ?? null,
      role: said.role ?? 'active',
    },
  };
}

/** Never throws. */
export function parseHeartbeat(body: unknown): EdgeInput<EdgeHeartbeat> {
  const parsed = v.safeParse(heartbeatSchema, body, { abortEarly: true });
  if (!parsed.success) return invalid('heartbeat_invalid', parsed.issues[0]);
  const { load, role, kpis, svcKpi } = parsed.output;
  if (kpis === undefined && svcKpi === undefined) return { ok: true, value: { load, role } };
  const offered = readOffer(parsed.output);
  return offered.ok ? { ok: true, value: { load, role, kpis: offered.value } } : offered;
}

/** Never throws. */
export function parseDiscovery(body: unknown): EdgeInput<EdgeDiscovery> {
  const parsed = v.safeParse(discoverySchema, body, { abortEarly: true });
  if (!parsed.success) return invalid('discovery_invalid', parsed.issues[0]);
  const { room, deviceId = null } = parsed.output;
  const needs = readNeeds(parsed.output.needs);
  return needs.ok ? { ok: true, value: { room, deviceId, needs: needs.value } } : needs;
}

/** In base units as in a join, in the words of a standard, or as the texts that an app writes. */
function readNeeds(needs: unknown): EdgeInput<EdgeNeeds | null> {
  if (needs === undefined || needs === null) return { ok: true, value: null };
  const parsed = v.safeParse(needTextsSchema, needs, { abortEarly: true });
  if (!parsed.success) return invalid('discovery_invalid', parsed.issues[0]);
  const { isStrict = false, standard, units } = parsed.output;
  const isOurs = standard === undefined && units === undefined;
  const read = (stated: unknown): EdgeInput<Kpis> =>
    isOurs && isInBaseUnits(stated)
      ? { ok: true, value: stated }
      : readKpis(stated, standard, units);
  const minimum = read(parsed.output.minimum);
  if (!minimum.ok) return minimum;
  const expected = read(parsed.output.expected);
  if (!expected.ok) return expected;
  return { ok: true, value: { minimum: minimum.value, expected: expected.value, isStrict } };
}

/** And in nothing else: what is misspelt is refused, not left out. */
function isInBaseUnits(stated: unknown): stated is Kpis {
  return (
    v.is(kpisSchema, stated) &&
    !Array.isArray(stated) &&
    Object.keys(stated).every((field) => Object.hasOwn(kpisSchema.entries, field))
  );
}

type Units = v.InferOutput<typeof units>;

/** In our texts or as an `EASServiceKPI`. */
function readOffer(said: { kpis?: unknown; svcKpi?: unknown; units?: Units }): EdgeInput<Kpis> {
  const { kpis, svcKpi, units } = said;
  if (svcKpi === undefined || svcKpi === null) return readKpis(kpis);
  if (kpis === undefined) return readKpis(svcKpi, 'EASServiceKPI', units);
  return refused('kpi_invalid', 'svcKpi: stated beside kpis');
}

function readKpis(texts: unknown, standard?: KpiStandard, units?: Units): EdgeInput<Kpis> {
  if (texts === undefined || texts === null) return { ok: true, value: {} };
  if (standard) {
    const read = fromStandard(standard, texts, givenOf(units));
    return read.ok
      ? { ok: true, value: read.kpis }
      : refused(read.code, `${standard}: ${read.field}`);
  }
  const read = parseKpis(texts);
  if (typeof read !== 'string') return { ok: true, value: read };
  return refused('kpi_invalid', `${read.slice(0, 64)}: no number with a unit of this KPI`);
}

function givenOf(units: Units): Record<string, string> {
  return Object.fromEntries(
    Object.entries(units ?? {}).flatMap(([field, unit]) =>
      unit === undefined ? [] : [[field, unit]],
    ),
  );
}

function invalid(
  code: EdgeInputCode,
  issue: { message: string; path?: { key: unknown }[] | undefined },
): { ok: false; code: EdgeInputCode; message: string } {
  const path = issue.path?.map((item) => String(item.key)).join('.') ?? '';
  return refused(code, `${path}: ${issue.message}`.slice(0, 200));
}

function refused(
  code: EdgeInputCode,
  message: string,
): { ok: false; code: EdgeInputCode; message: string } {
  return { ok: false, code, message };
}
