import { expect } from 'chai';
import fc from 'fast-check';
import {
  type EdgeInput,
  parseDiscovery,
  parseHeartbeat,
  parseRegistration,
} from '../../signaling/protocol/registration.ts';

const runs = { numRuns: 10_000, seed: 20_260_114 };
const codes = /^(registration|heartbeat|discovery)_invalid$|^kpi_\w+$/;
const junk = fc.oneof(
  fc.constantFrom(null, '', -1, 1e308, [], {}, '__proto__', 'x'.repeat(3_000), true),
  fc.jsonValue(),
);

const load = fc.oneof(fc.constantFrom(null, 0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const role = fc.constantFrom('active', 'spare', 'draining');
const kpis = fields({
  ...{ bandwidth: fc.constantFrom('5 Mbps', '1 Tbps'), requestRate: fc.constant('9 /s') },
  ...{ responseTime: fc.constant('20 ms'), availability: fc.constant('99.9 %') },
  ...{ compute: fc.constant('4 cores'), graphicalCompute: fc.constant('1 core') },
  ...{ memory: fc.constant('4 GB'), storage: fc.constant('1 TiB') },
  ...{ jitter: fc.constant('3 ms'), loss: fc.constant('0.1 %') },
});
const svcKpi = fields({
  ...{ connBand: fc.constant('5 Mbps'), maxReqRate: fc.nat(), maxRespTime: fc.nat() },
  ...{ avail: fc.nat({ max: 100 }), avlComp: fc.nat(), avlMem: fc.nat(), avlStrg: fc.nat() },
});
const units = fields({
  ...{ maxReqRate: fc.constant('/s'), maxRespTime: fc.constantFrom('ms', 's', 'cores') },
  ...{ avlComp: fc.constant('cores'), avlMem: fc.constantFrom('GB', 'kB') },
  ...{ avlStrg: fc.constant('TB'), reqRate: fc.constant('/min') },
});
const registration = fields(
  {
    baseUrl: fc.constantFrom('https://e.example/', 'http://10.0.0.1:8080/live/'),
    ...{ name: fc.constant('east'), region: fc.constantFrom(null, 'eu') },
    rooms: fc.oneof(fc.constant(null), fc.array(fc.constantFrom('r1', 'r2'), { minLength: 1 })),
    ...{ load, role, costPerGigabyte: fc.constantFrom(null, 0, 0.1), units },
  },
  ['baseUrl'],
);
const offer = fc.oneof(fields({ kpis }), fields({ svcKpi }));
const asked = fc.oneof(
  fields({ minimum: kpis, expected: kpis }),
  fields({ minimum: fields({ jitterMs: fc.nat() }), expected: fields({ memoryBytes: fc.nat() }) }),
  fc.record({
    standard: fc.constant('ACServiceKPIs'),
    minimum: fields({ connBand: fc.constant('5 Mbps'), respTime: fc.nat(), reqRate: fc.nat() }),
  }),
  fc.record({
    standard: fc.constant('ApplicationProfile'),
    expected: fields({ computeResources: fields({ targetMinGPU: fc.nat({ max: 64 }) }) }),
  }),
);
const needs = fc
  .tuple(asked, fields({ isStrict: fc.boolean(), units }))
  .map(([first, second]) => ({ ...first, ...second }));

function fields(of: Record<string, fc.Arbitrary<unknown>>, requiredKeys: string[] = []) {
  return fc.record(of, { requiredKeys, noNullPrototype: true }) as fc.Arbitrary<object>;
}

/** At one place, as deep as there are any, something else stands, is gone, or is there besides. */
function mutated(value: unknown, path: readonly number[], bad: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad;
  const [at = 0, ...rest] = path;
  const keys = [...Object.keys(value), 'extra', 'toString', 'constructor'];
  const key = keys[at % keys.length] ?? '';
  if (rest.length === 0) return { ...value, [key]: bad };
  const inside: unknown = Object.hasOwn(value, key) ? value[key as keyof object] : undefined;
  return { ...value, [key]: mutated(inside, rest, bad) };
}

const path = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 4 });
const maybe = (arbitrary: fc.Arbitrary<unknown>) =>
  fc
    .tuple(arbitrary, path, fc.oneof(junk, fc.constant(undefined)), fc.nat({ max: 3 }))
    .map(([value, at, bad, chance]) => {
      const sent = chance === 0 ? value : mutated(value, at, bad);
      return JSON.parse(JSON.stringify(sent) ?? 'null') as unknown;
    });

/** Every input is taken or refused with a code, some of each; what was taken is in range. */
function check<T>(
  arbitrary: fc.Arbitrary<unknown>,
  parse: (body: unknown) => EdgeInput<T>,
  invalid: string,
  taken: (value: T) => void,
): void {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(maybe(arbitrary), (body) => {
      const input = parse(body);
      const which = input.ok ? 'ok' : input.code;
      seen.set(which, (seen.get(which) ?? 0) + 1);
      if (input.ok) return taken(input.value);
      expect(input.code).to.match(codes);
      expect(input.message.length).to.be.within(1, 300);
    }),
    runs,
  );
  for (const which of ['ok', invalid, 'kpi_invalid'])
    expect(seen.get(which), which).to.be.above(50);
}

function inRange(kpis: object): void {
  for (const value of Object.values(kpis)) expect(value).to.be.within(0, 2e15);
}

describe('what edges and viewers send over HTTP, damaged', () => {
  it('as a registration', () => {
    const body = fc.tuple(registration, offer).map(([said, kpis]) => ({ ...said, ...kpis }));
    check(
      body,
      (sent) => parseRegistration('e1', sent),
      'registration_invalid',
      (value) => {
        inRange(value.kpis);
        expect(new URL('a', value.baseUrl).href).to.match(/\/a$/);
        expect(value.load ?? 0).to.be.within(0, 1);
        expect(value.role).to.be.oneOf(['active', 'spare', 'draining']);
        expect(value.rooms === null || value.rooms.length > 0).to.equal(true);
      },
    );
  });

  it('as a heartbeat', () => {
    const body = fc
      .tuple(fields({ load, role, units }), offer)
      .map(([said, kpis]) => ({ ...said, ...kpis }));
    check(body, parseHeartbeat, 'heartbeat_invalid', ({ load, kpis }) => {
      inRange(kpis ?? {});
      expect(load ?? 0).to.be.within(0, 1);
    });
  });

  it('as a discovery', () => {
    const body = fields({ room: fc.constant('room'), needs, deviceId: fc.constant('d1') }, [
      'room',
      'needs',
    ]);
    check(body, parseDiscovery, 'discovery_invalid', ({ room, needs }) => {
      expect(room.length).to.be.within(1, 128);
      inRange(needs?.minimum ?? {});
      inRange(needs?.expected ?? {});
    });
  });
});
