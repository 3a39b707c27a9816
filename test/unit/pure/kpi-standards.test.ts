import { expect } from 'chai';
import {
  fromStandard,
  type KpiStandard,
  type KpiUnits,
  toStandard,
} from '../../../signaling/protocol/kpi-standards.ts';
import type { Kpis } from '../../../signaling/protocol/kpis.ts';

const units: KpiUnits = {
  ...{ reqRate: '/s', maxReqRate: '/s', maxRespTime: 'ms' },
  ...{ avlComp: 'cores', avlGraComp: 'cores', avlMem: 'MB', avlStrg: 'GiB' },
};

/** The same KPIs on both sides. */
const same: [KpiStandard, Record<string, unknown>, Kpis][] = [
  [
    'ACServiceKPIs',
    {
      ...{ connBand: '5 Mbps', reqRate: 20, respTime: 2, avail: 99 },
      ...{ reqComp: '2 cores', reqGrapComp: '0.5 cores', reqMem: '4 GB', reqStrg: '1.5 TiB' },
    },
    {
      bandwidthBitsPerSecond: 5e6,
      requestsPerSecond: 20,
      responseTimeMs: 2_000,
      availabilityShare: 0.99,
      computeCores: 2,
      graphicalComputeCores: 0.5,
      memoryBytes: 4e9,
      storageBytes: 1.5 * 2 ** 40,
    },
  ],
  [
    'EASServiceKPI',
    {
      ...{ connBand: '2.5 Gbps', maxReqRate: 500, maxRespTime: 150, avail: 0 },
      ...{ avlComp: 8, avlGraComp: 1, avlMem: 16_000, avlStrg: 512 },
    },
    {
      bandwidthBitsPerSecond: 2.5e9,
      requestsPerSecond: 500,
      responseTimeMs: 150,
      availabilityShare: 0,
      computeCores: 8,
      graphicalComputeCores: 1,
      memoryBytes: 16e9,
      storageBytes: 512 * 2 ** 30,
    },
  ],
  [
    'ApplicationProfile',
    {
      networkQualityThresholds: {
        packetDelayBudget: { value: 75, unit: 'Milliseconds' },
        targetMinDownstreamRate: { value: 800, unit: 'Kbps' },
        packetLossErrorRate: 3,
        jitter: { value: 20, unit: 'Microseconds' },
      },
      computeResources: {
        targetMinCPU: 0.5,
        targetMinGPU: 1,
        targetMinMemory: { value: 10, unit: 'Gb' },
        targetMinPersistentStorage: { value: 1, unit: 'Tb' },
      },
    },
    {
      bandwidthBitsPerSecond: 800e3,
      responseTimeMs: 150,
      computeCores: 0.5,
      graphicalComputeCores: 1,
      memoryBytes: 10e9,
      storageBytes: 1e12,
      jitterMs: 0.02,
      lossShare: 0.001,
    },
  ],
];

function refused(standard: KpiStandard, input: unknown, given = units): string {
  const result = fromStandard(standard, input, given);
  return result.ok ? 'ok' : `${result.code} ${result.field}`;
}

function unwritten(standard: KpiStandard, kpis: Kpis, given = units): string {
  const result = toStandard(standard, kpis, given);
  return result.ok ? 'ok' : `${result.code} ${result.field}`;
}

const network = (thresholds: object) => ({ networkQualityThresholds: thresholds });
const compute = (resources: object) => ({ computeResources: resources });

describe('KPIs of standards', () => {
  for (const [standard, stated, kpis] of same) {
    it(`of ${standard} are one to one with ours`, () => {
      expect(fromStandard(standard, stated, units)).to.deep.equal({ ok: true, kpis });
      expect(toStandard(standard, kpis, units)).to.deep.equal({ ok: true, stated });
    });

    it(`of ${standard} that are absent stay absent`, () => {
      expect(fromStandard(standard, {})).to.deep.equal({ ok: true, kpis: {} });
      expect(toStandard(standard, { memoryBytes: undefined })).to.deep.equal({
        ok: true,
        stated: {},
      });
    });

    it(`of ${standard} are refused with their name where there are others`, () => {
      for (const name of ['reqmem', 'constructor', 'toString', '__proto__'])
        expect(refused(standard, JSON.parse(`{"${name}": 1}`))).to.equal(
          `kpi_unknown_name ${name}`,
        );
      expect(refused(standard, { none: undefined })).to.equal('kpi_unknown_name none');
      for (const input of [null, undefined, 5, 'connBand', [], [{ avail: 99 }]])
        expect(refused(standard, input)).to.equal(`kpi_invalid ${standard}`);
      expect(refused(standard, { ['x'.repeat(1_000)]: 1 })).to.have.length.below(100);
    });
  }

  it('that are undefined are absent', () => {
    const absent = { ok: true, kpis: {} };
    expect(fromStandard('EASServiceKPI', { avail: undefined })).to.deep.equal(absent);
    const profile = {
      networkQualityThresholds: undefined,
      ...compute({ targetMinCPU: undefined }),
    };
    expect(fromStandard('ApplicationProfile', profile)).to.deep.equal(absent);
  });

  it('without a unit are refused unless the caller names one that they can have', () => {
    const [, [, offered]] = same as [unknown, (typeof same)[number]];
    for (const field of [
      'maxReqRate',
      'maxRespTime',
      'avlComp',
      'avlGraComp',
      'avlMem',
      'avlStrg',
    ]) {
      const input = { [field]: offered[field] };
      expect(refused('EASServiceKPI', input, {})).to.equal(`kpi_unit_missing ${field}`);
      for (const unit of ['', 'bps', 'constructor'])
        expect(refused('EASServiceKPI', input, { [field]: unit })).to.equal(
          `kpi_unit_unknown ${field}`,
        );
    }
    expect(refused('ACServiceKPIs', { reqRate: 1 }, {})).to.equal('kpi_unit_missing reqRate');
    expect(refused('ACServiceKPIs', { reqMem: '4' })).to.equal('kpi_unit_missing reqMem');
    expect(unwritten('EASServiceKPI', { memoryBytes: 5 }, {})).to.equal('kpi_unit_missing memory');
    expect(unwritten('EASServiceKPI', { memoryBytes: 5 }, { avlMem: 's' })).to.equal(
      'kpi_unit_unknown memory',
    );
    const noUnit = compute({ targetMinMemory: { value: 4 } });
    expect(refused('ApplicationProfile', noUnit)).to.equal(
      'kpi_unit_missing computeResources.targetMinMemory',
    );
  });

  it('with a unit of the standard keep it whatever the caller says', () => {
    const others = { respTime: 'ms', avail: 'cores' } as KpiUnits;
    expect(fromStandard('ACServiceKPIs', { respTime: 2, avail: 50 }, others)).to.deep.equal({
      ok: true,
      kpis: { responseTimeMs: 2_000, availabilityShare: 0.5 },
    });
  });

  it('out of their range are refused', () => {
    for (const avail of [-1, 101, 99.9, '99', null, Number.NaN, Number.POSITIVE_INFINITY])
      expect(refused('EASServiceKPI', { avail }), String(avail)).to.equal('kpi_invalid avail');
    for (const connBand of ['5Mbps', '5 kbps', '5 MBps', ' 5 Mbps', '-5 Mbps', 5, '9999 Tbps'])
      expect(refused('ACServiceKPIs', { connBand }), String(connBand)).to.match(/^kpi_invalid/);
    for (const reqMem of ['plenty', '4 Mbps', '', 4])
      expect(refused('ACServiceKPIs', { reqMem }), String(reqMem)).to.equal('kpi_invalid reqMem');
    for (const packetLossErrorRate of [0, 11, 2.5, -3, '3'])
      expect(refused('ApplicationProfile', network({ packetLossErrorRate }))).to.match(/^kpi_inv/);
    for (const targetMinCPU of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e16, '1'])
      expect(refused('ApplicationProfile', compute({ targetMinCPU }))).to.match(/^kpi_invalid/);
    for (const targetMinGPU of [65, 0.5])
      expect(refused('ApplicationProfile', compute({ targetMinGPU }))).to.match(/^kpi_invalid/);
    for (const jitter of [
      null,
      [],
      5,
      { value: 0, unit: 'Days' },
      { value: 1, unit: 'Days', more: 1 },
      { value: 2 ** 31, unit: 'Days' },
    ])
      expect(refused('ApplicationProfile', network({ jitter }))).to.match(/^kpi_invalid/);
    for (const unit of [5, null, ['Days']])
      expect(refused('ApplicationProfile', network({ jitter: { value: 1, unit } }))).to.match(
        /^kpi_invalid/,
      );
    for (const unit of ['days', 'constructor', '__proto__'])
      expect(refused('ApplicationProfile', network({ jitter: { value: 1, unit } }))).to.match(
        /^kpi_unit_unknown/,
      );
    const most = { value: 1_025, unit: 'Mbps' };
    expect(refused('ApplicationProfile', network({ targetMinDownstreamRate: most }))).to.match(
      /^kpi_invalid/,
    );
    for (const section of [null, 'all', [1]])
      expect(refused('ApplicationProfile', { computeResources: section })).to.equal(
        'kpi_invalid computeResources',
      );
  });

  it('that only one side has are refused, not dropped', () => {
    for (const standard of ['ACServiceKPIs', 'EASServiceKPI'] as const) {
      expect(unwritten(standard, { jitterMs: 5 })).to.equal('kpi_unsupported jitter');
      expect(unwritten(standard, { lossShare: 0.001 })).to.equal('kpi_unsupported loss');
    }
    expect(unwritten('ApplicationProfile', { requestsPerSecond: 5 })).to.match(/^kpi_unsupported/);
    expect(unwritten('ApplicationProfile', { availabilityShare: 1 })).to.match(/^kpi_unsupported/);
    const upstream = network({ targetMinUpstreamRate: { value: 1, unit: 'Mbps' } });
    expect(refused('ApplicationProfile', upstream)).to.equal(
      'kpi_unsupported networkQualityThresholds.targetMinUpstreamRate',
    );
    for (const name of [
      ...['gpuVendorType', 'gpuModelName', 'targetMinGPUMemory', 'targetMinEphemeralStorage'],
    ])
      expect(refused('ApplicationProfile', compute({ [name]: 'any' }))).to.equal(
        `kpi_unsupported computeResources.${name}`,
      );
    expect(refused('ApplicationProfile', { applicationProfileId: 'x', ...compute({}) })).to.equal(
      'ok',
    );
  });

  it('for which the standard has no words are refused, not rounded', () => {
    expect(unwritten('ACServiceKPIs', { responseTimeMs: 1_500 })).to.match(/^kpi_inexact/);
    expect(unwritten('EASServiceKPI', { availabilityShare: 0.999 })).to.match(/^kpi_inexact/);
    expect(unwritten('EASServiceKPI', { memoryBytes: 1 })).to.equal('kpi_inexact memory');
    expect(unwritten('ApplicationProfile', { bandwidthBitsPerSecond: 2.5e6 })).to.match(/^kpi_in/);
    expect(unwritten('ApplicationProfile', { memoryBytes: 2 ** 32 })).to.match(/^kpi_inexact/);
    expect(unwritten('ApplicationProfile', { jitterMs: 501 })).to.match(/^kpi_inexact/);
    for (const lossShare of [0, 0.002, 1])
      expect(unwritten('ApplicationProfile', { lossShare })).to.equal('kpi_inexact loss');
    for (const jitterMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e16])
      expect(unwritten('ApplicationProfile', { jitterMs })).to.equal('kpi_invalid jitter');
  });

  it('of older profiles are read by their older names, but not twice', () => {
    const older = network({
      packetlossErrorRate: 2,
      jitter: { value: 1_000, unit: 'Milliseconds' },
      targetMinDownstreamRate: { value: 3, unit: 'kbps' },
    });
    expect(fromStandard('ApplicationProfile', older)).to.deep.equal({
      ok: true,
      kpis: { lossShare: 0.01, jitterMs: 1_000, bandwidthBitsPerSecond: 3_000 },
    });
    const twice = network({ packetLossErrorRate: 3, packetlossErrorRate: 2 });
    expect(refused('ApplicationProfile', twice)).to.match(/^kpi_invalid .*packetlossErrorRate$/);
  });
});
