import { expect } from 'chai';
import fc from 'fast-check';
import { limits } from '../../signaling/protocol/index.ts';
import {
  fromStandard,
  type KpiStandard,
  type KpiUnits,
  toStandard,
} from '../../signaling/protocol/kpi-standards.ts';
import {
  type KpiName,
  type Kpis,
  kpiKinds,
  kpiNames,
  parseKpi,
  parseKpis,
} from '../../signaling/protocol/kpis.ts';

const seed = 20_260_102;

const units = fc.record<KpiUnits>({
  reqRate: fc.constantFrom('/s', '/min'),
  maxReqRate: fc.constantFrom('/s', '/min'),
  maxRespTime: fc.constantFrom('us', 'ms', 's'),
  avlComp: fc.constantFrom('core', 'cores'),
  avlGraComp: fc.constantFrom('core', 'cores'),
  avlMem: fc.constantFrom('B', 'MB', 'GiB'),
  avlStrg: fc.constantFrom('kB', 'GB', 'TiB'),
});

const optional = { requiredKeys: [] as never[], noNullPrototype: true };
const whole = fc.nat(100_000);
const percent = fc.nat(100);
const bitRate = text('connBand', ['bps', 'Kbps', 'Mbps', 'Gbps', 'Tbps']);
const memory = text('reqMem', ['B', 'kB', 'KB', 'MB', 'GB', 'TB', 'KiB', 'MiB', 'GiB', 'TiB']);
const cores = text('reqComp', ['core', 'cores']);
const rate = measure(['bps', 'kbps', 'Bps', 'Kbps', 'Mbps', 'Gbps', 'Tbps'], 0, 1_024);
const size = measure(['Kb', 'Mb', 'Gb', 'Tb'], 0, 1_024);
const duration = measure(
  ['Nanoseconds', 'Microseconds', 'Milliseconds', 'Seconds', 'Minutes', 'Hours', 'Days'],
  1,
  500,
);

/** What each form may hold. */
const forms: Record<KpiStandard | 'texts', fc.Arbitrary<Record<string, unknown>>> = {
  ACServiceKPIs: fc.record(
    {
      ...{ connBand: bitRate, reqRate: whole, respTime: whole, avail: percent },
      ...{ reqComp: cores, reqGrapComp: cores, reqMem: memory, reqStrg: memory },
    },
    optional,
  ),
  EASServiceKPI: fc.record(
    {
      ...{ connBand: bitRate, maxReqRate: whole, maxRespTime: whole, avail: percent },
      ...{ avlComp: whole, avlGraComp: whole, avlMem: fc.nat(500), avlStrg: fc.nat(500) },
    },
    optional,
  ),
  ApplicationProfile: fc.record(
    {
      applicationProfileId: fc.uuid(),
      networkQualityThresholds: fc.record(
        {
          packetDelayBudget: duration,
          targetMinDownstreamRate: rate,
          packetLossErrorRate: fc.integer({ min: 1, max: 10 }),
          jitter: duration,
        },
        optional,
      ),
      computeResources: fc.record(
        {
          targetMinCPU: fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value + 0),
          targetMinGPU: fc.nat(64),
          targetMinMemory: size,
          targetMinPersistentStorage: size,
        },
        optional,
      ),
    },
    optional,
  ),
  texts: fc.record(
    Object.fromEntries(
      kpiNames.map((name) => [name, text(name, Object.keys(kpiKinds[name].units))]),
    ),
    optional,
  ),
};

/** One or two, often round: more are seldom all in one standard. */
const ours: fc.Arbitrary<Kpis> = fc
  .array(fc.constantFrom(...kpiNames).chain(one), { minLength: 1, maxLength: 2 })
  .map((several) => Object.fromEntries(several));
const standards = ['ACServiceKPIs', 'EASServiceKPI', 'ApplicationProfile'] as const;

function text(name: string, unitNames: string[]): fc.Arbitrary<string> {
  const isShare = name === 'availability' || name === 'loss';
  const hundredths = fc.nat(isShare ? 10_000 : 99_999).map((value) => value / 100);
  return fc
    .tuple(hundredths, fc.constantFrom(...unitNames))
    .map(([value, unit]) => `${value} ${unit}`);
}

function one(name: KpiName): fc.Arbitrary<[keyof Kpis, number]> {
  const { field, max = limits.kpiValueMax } = kpiKinds[name];
  const round = [0, 1e-10, 0.001, 0.25, 1, 2, 500, 3e3, 5e6, 2 ** 30, 1.5e12];
  const any = fc.double({ min: 0, max, noNaN: true }).map((value) => value + 0);
  return fc
    .oneof({ weight: 4, arbitrary: fc.constantFrom(...round.filter((it) => it <= max)) }, any)
    .map((value) => [field, value]);
}

function measure(unitNames: string[], min: number, max: number): fc.Arbitrary<object> {
  return fc.record(
    { value: fc.integer({ min, max }), unit: fc.constantFrom(...unitNames) },
    { noNullPrototype: true },
  );
}

const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, undefined, -1, -0, 0, 0.5, 1e15, 1e16, 1e308, 5e-324, 2 ** 53, 10n, Symbol.iterator],
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true, [], {}, () => 1],
    ...['', '5', ' ', '-5 Mbps', '1e99 GB', 'NaN ms', 'Infinity B', '5 toString', '9'.repeat(400)],
    ...['999999999999999 TB', '0.000000001 us', '100.0001 %', '5\u00a0ms', '٥ ms', '5 ms\n'],
  ),
  fc.constantFrom(
    { value: -1, unit: 'Days' },
    { value: 1e300, unit: 'Days' },
    { value: 2 ** 31 - 1, unit: 'Days' },
    { value: 1, unit: '__proto__' },
    { value: '1', unit: 'Days' },
    { value: 1, unit: 'Days', more: 1 },
    [1, 'Days'],
  ),
  fc.anything(),
);
const nastyName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'prototype'),
  fc.string({ maxLength: 90 }),
);

/** One thing of the object changed, at any depth: its value, or a name that is not there. */
const mutated = (form: fc.Arbitrary<object>): fc.Arbitrary<unknown> =>
  fc
    .tuple(form, fc.nat(), fc.oneof(nasty, form), fc.option(nastyName, { freq: 2 }))
    .map(([object, at, value, name]) => {
      const places = placesIn(object);
      const place = places[at % places.length] as { parent: object | null; key: string };
      if (!place.parent) return value;
      const holder = name === null || !place.parent ? place.parent : insideOf(place);
      set(holder, name ?? place.key, value);
      return object;
    });

/** The root, and every property below it. */
function placesIn(object: object): { parent: object | null; key: string }[] {
  const below = (parent: object): { parent: object; key: string }[] =>
    Object.entries(parent).flatMap(([key, value]) => [
      { parent, key },
      ...(typeof value === 'object' && value !== null ? below(value) : []),
    ]);
  return [{ parent: null, key: '' }, ...below(object)];
}

function insideOf({ parent, key }: { parent: object | null; key: string }): object {
  const value = (parent as Record<string, unknown>)[key];
  return typeof value === 'object' && value !== null ? value : (parent as object);
}

/** As JSON does: `__proto__` becomes a property like others. */
function set(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    ...{ enumerable: true, configurable: true, writable: true },
  });
}

/** All names of properties at any depth, and the paths of two. */
function namesIn(input: unknown): string[] {
  if (typeof input !== 'object' || input === null) return [];
  return Object.entries(input).flatMap(([name, value]) => [
    name,
    ...Object.keys(Object(value)).map((inner) => `${name}.${inner}`),
  ]);
}

/** How many KPIs are stated, in sections or without. */
function statementsIn({ applicationProfileId: _, ...stated }: Record<string, unknown>): number {
  return Object.entries(stated).reduce(
    (sum, [name, value]) =>
      sum + (/^(networkQ|computeR)/.test(name) ? Object.keys(Object(value)).length : 1),
    0,
  );
}

function expectPossible(kpis: Kpis): void {
  expect(Object.getPrototypeOf(kpis)).to.equal(Object.prototype);
  for (const [field, value] of Object.entries(kpis)) {
    const kpi = kpiNames.find((name) => kpiKinds[name].field === field) as KpiName;
    expect(kpi, field).to.not.equal(undefined);
    expect(value, field).to.be.within(0, kpiKinds[kpi].max ?? limits.kpiValueMax);
  }
}

describe('KPIs', () => {
  it('as apps write them are read, whatever the unit', () => {
    fc.assert(
      fc.property(forms.texts, (texts) => {
        const kpis = parseKpis(texts);
        if (typeof kpis === 'string') expect.fail(kpis);
        expect(Object.keys(kpis)).to.have.length(Object.keys(texts).length);
        expectPossible(kpis);
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('as apps write them are read or refused by name', () => {
    fc.assert(
      fc.property(mutated(forms.texts), (texts) => {
        const kpis = parseKpis(texts);
        if (typeof kpis !== 'string') expectPossible(kpis);
        else if (kpis !== 'kpis') expect(namesIn(texts)).to.include(kpis);
        else
          expect(typeof texts !== 'object' || texts === null || Array.isArray(texts)).to.equal(
            true,
          );
      }),
      { seed, numRuns: 10_000 },
    );
  });

  it('in any text are a number or none', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kpiNames), fc.string({ unit: 'binary' }), (name, any) => {
        const value = parseKpi(name, any);
        if (value !== null) expectPossible({ [kpiKinds[name].field]: value });
      }),
      { seed, numRuns: 5_000 },
    );
  });

  for (const standard of standards) {
    it(`of ${standard} come back as the same KPIs`, () => {
      fc.assert(
        fc.property(forms[standard], units, (stated, given) => {
          const read = fromStandard(standard, stated, given);
          if (!read.ok) expect.fail(JSON.stringify(read));
          expect(Object.keys(read.kpis)).to.have.length(statementsIn(stated));
          expectPossible(read.kpis);
          const written = toStandard(standard, read.kpis, given);
          if (!written.ok) expect.fail(JSON.stringify(written));
          const again = fromStandard(standard, written.stated, given);
          expect(again).to.deep.equal(read);
        }),
        { seed, numRuns: 2_000 },
      );
    });

    it(`for ${standard} are written exactly or refused by name`, () => {
      fc.assert(
        fc.property(ours, units, (kpis, given) => {
          const written = toStandard(standard, kpis, given);
          if (written.ok)
            expect(fromStandard(standard, written.stated, given)).to.deep.equal({ ok: true, kpis });
          else expect(kpis).to.have.property(kpiKinds[written.field as KpiName].field);
        }),
        { seed, numRuns: 5_000 },
      );
    });

    it(`of ${standard} are read or refused by name`, () => {
      fc.assert(
        fc.property(mutated(forms[standard]), units, (stated, given) => {
          const read = fromStandard(standard, stated, given);
          if (read.ok) return expectPossible(read.kpis);
          expect(read.code).to.match(
            /^kpi_(invalid|unit_missing|unit_unknown|unknown_name|unsupported)$/,
          );
          if (read.field === standard) return;
          const named = namesIn(stated).map((name) => name.slice(0, limits.idLengthMax));
          expect(named).to.include(read.field);
        }),
        { seed, numRuns: 10_000 },
      );
    });
  }
});
