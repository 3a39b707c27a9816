import { expect } from 'chai';
import fc from 'fast-check';
import { parseDiscovery } from '../../signaling/protocol/registration.ts';

const parsed = (needs: unknown) => {
  const input = parseDiscovery({ room: 'room', needs });
  return input.ok ? input.value.needs : input.code;
};
const whole = { expected: {}, isStrict: true };

/** Those in the sections of a profile, too. */
const countOf = (stated: object): number =>
  Object.values(stated).reduce(
    (count: number, value) => count + (value instanceof Object ? countOf(value) : 1),
    0,
  );

describe('needs of a discovery', () => {
  it('are read in base units, as texts, or in the words of a standard', () => {
    const responseTimeMs = 1_000;
    const read = { minimum: { responseTimeMs }, ...whole };
    for (const needs of [
      { minimum: { responseTimeMs }, ...whole },
      { minimum: { responseTime: '1 s' }, ...whole },
      { minimum: { responseTime: '1 s' }, isStrict: true },
      { minimum: { responseTimeMs }, isStrict: true },
      { standard: 'ACServiceKPIs', minimum: { respTime: 1 }, ...whole },
    ])
      expect(parsed(needs), JSON.stringify(needs)).to.deep.equal(read);
    expect(parsed({ minimum: null })).to.deep.equal({ minimum: {}, expected: {}, isStrict: false });
    const units = { reqRate: '/s' };
    const asked = { standard: 'ACServiceKPIs', units, minimum: { reqRate: 5 }, ...whole };
    expect(parsed(asked)).to.deep.include({ minimum: { requestsPerSecond: 5 } });
  });

  it('that cannot be read are refused, though all three fields are there', () => {
    for (const minimum of [
      { bandwidth: 5_000_000 },
      { bandwith: '5 Mbps' },
      { bandwidthBitsPerSecond: '5 Mbps' },
      { bandwidthBitsPerSecond: 5e6, bandwidth: '5 Mbps' },
      { nonsense: {} },
      { toString: 1 },
      JSON.parse('{ "__proto__": 1 }'),
      [],
      [5],
    ])
      expect(parsed({ minimum, ...whole }), JSON.stringify(minimum)).to.equal('kpi_invalid');
    const standard = 'ACServiceKPIs';
    expect(parsed({ standard, minimum: { responseTimeMs: 1 }, ...whole })).to.match(/^kpi_/);
    expect(parsed({ standard, minimum: { respTimes: 1 }, ...whole })).to.match(/^kpi_/);
  });

  it('are read as many as are stated, or refused', () => {
    const field = fc.constantFrom(
      ...['bandwidth', 'jitter', 'bandwidthBitsPerSecond', 'jitterMs', 'respTime', 'connBand'],
      ...['networkQualityThresholds', 'toString', 'constructor', '__proto__', 'bandwith'],
    );
    const value = fc.constantFrom(1, '5 Mbps', '3 ms', '5 s', null, {}, { jitter: 1 }, -1);
    const kpis = fc
      .dictionary(field, value, { maxKeys: 3 })
      .map((stated) => JSON.parse(JSON.stringify(stated)) as object);
    const needs = fc.record(
      {
        ...{ minimum: kpis, expected: kpis, isStrict: fc.boolean() },
        standard: fc.constantFrom('ACServiceKPIs', 'ApplicationProfile', 'other'),
        units: fc.constantFrom({}, { reqRate: '/s' }, { maxRespTime: 'ms' }),
      },
      { requiredKeys: ['minimum'], noNullPrototype: true },
    );
    let readCount = 0;
    fc.assert(
      fc.property(needs, (stated) => {
        const read = parsed(stated);
        if (read === null || typeof read === 'string') return;
        readCount++;
        for (const which of ['minimum', 'expected'] as const)
          expect(Object.keys(read[which]).length).to.equal(countOf(stated[which] ?? {}));
      }),
      { numRuns: 10_000, seed: 1_429_707 },
    );
    expect(readCount).to.be.above(500);
  });
});
