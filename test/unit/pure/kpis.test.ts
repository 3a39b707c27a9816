import { expect } from 'chai';
import {
  kpiKinds,
  kpiNames,
  parseKpi,
  parseKpis,
  unmetKpi,
} from '../../../signaling/protocol/kpis.ts';

describe('KPIs as an app writes them', () => {
  it('are read in base units', () => {
    expect(
      parseKpis({
        bandwidth: '5 Mbps',
        requestRate: '90 /min',
        responseTime: '150ms',
        availability: '99.9 %',
        compute: '0.5 cores',
        graphicalCompute: '1 core',
        memory: '4 GB',
        storage: ' 2 TiB ',
        jitter: '250 us',
        loss: '0.1 %',
      }),
    ).to.deep.equal({
      bandwidthBitsPerSecond: 5e6,
      requestsPerSecond: 1.5,
      responseTimeMs: 150,
      availabilityShare: 0.999,
      computeCores: 0.5,
      graphicalComputeCores: 1,
      memoryBytes: 4e9,
      storageBytes: 2 * 2 ** 40,
      jitterMs: 0.25,
      lossShare: 0.001,
    });
  });

  it('are the same in any unit, so that what is just met is met', () => {
    expect(parseKpi('responseTime', '0.29 s')).to.equal(parseKpi('responseTime', '290 ms'));
    expect(parseKpi('bandwidth', '1.1 Mbps')).to.equal(parseKpi('bandwidth', '1100 kbps'));
    expect(parseKpi('memory', '1000 MiB')).to.equal(parseKpi('memory', '1048576000 B'));
    for (let tenths = 1; tenths <= 1000; tenths += 1)
      expect(parseKpi('availability', `${tenths / 10} %`)).to.equal(tenths / 1000);
  });

  it('lose no digit of a whole number', () => {
    expect(parseKpi('memory', '123456789012345 B')).to.equal(123_456_789_012_345);
  });

  it('that are not stated are absent', () => {
    expect(parseKpis({})).to.deep.equal({});
    expect(parseKpis({ jitter: undefined })).to.deep.equal({});
    expect(parseKpis({ jitter: '0 ms' })).to.deep.equal({ jitterMs: 0 });
  });

  it('that cannot be read are named', () => {
    const bad = [
      ...['5', 'Mbps', '5 mbps', '5 MB', '-5 Mbps', '+5 Mbps', '5e3 Mbps', '5,5 Mbps', '.5 Mbps'],
      ...['5. Mbps', '1 000 kbps', '0x5 Mbps', 'Infinity bps', 'NaN bps', '5 Mbps or so', ''],
      ...['5 toString', '1 \u0000', '2001 Tbps', '1234567890123456 bps', '0.0000000001 Tbps'],
    ];
    for (const text of bad) expect(parseKpis({ bandwidth: text }), text).to.equal('bandwidth');
    for (const value of [5, null, true, ['5 Mbps'], { toString: () => '5 Mbps' }])
      expect(parseKpis({ bandwidth: value }), String(value)).to.equal('bandwidth');
    expect(parseKpis({ bandwidth: '5 Mbps', memory: '4' })).to.equal('memory');
    expect(parseKpis({ availability: '100.1 %' })).to.equal('availability');
    expect(parseKpis({ loss: '101 %' })).to.equal('loss');
  });

  it('of names that nobody knows are refused, those of every object too', () => {
    for (const name of ['bandwith', 'constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(parseKpis(JSON.parse(`{"${name}": "5 Mbps"}`))).to.equal(name);
    expect(parseKpis({ bandwith: undefined })).to.equal('bandwith');
    for (const unit of ['constructor', 'valueOf', '__proto__'])
      expect(parseKpi('bandwidth', `5 ${unit}`)).to.equal(null);
    for (const texts of [null, undefined, 'bandwidth', 5, ['5 Mbps']])
      expect(parseKpis(texts)).to.equal('kpis');
  });
});

describe('KPIs of an edge', () => {
  it('are met when they are as good as the minimum or better', () => {
    const isLowerBetter = new Set(['responseTime', 'jitter', 'loss']);
    for (const kpi of kpiNames) {
      const { field } = kpiKinds[kpi];
      const minimum = { [field]: 0.5 };
      const [better, worse] = isLowerBetter.has(kpi) ? [0.4, 0.6] : [0.6, 0.4];
      for (const isStrict of [false, true]) {
        expect(unmetKpi({ [field]: 0.5 }, minimum, isStrict), kpi).to.equal(null);
        expect(unmetKpi({ [field]: better }, minimum, isStrict), kpi).to.equal(null);
        const verdict = { kpi, reason: 'kpi_unmet' };
        expect(unmetKpi({ [field]: worse }, minimum, isStrict), kpi).to.deep.equal(verdict);
      }
    }
  });

  it('that it does not state are unknown: enough unless the app is strict', () => {
    const minimum = { memoryBytes: 1, jitterMs: 0 };
    expect(unmetKpi({ jitterMs: 0 }, minimum, false)).to.equal(null);
    expect(unmetKpi({ jitterMs: 0 }, minimum, true)).to.deep.equal({
      kpi: 'memory',
      reason: 'kpi_unknown',
    });
    expect(unmetKpi({ memoryBytes: undefined }, minimum, true)?.reason).to.equal('kpi_unknown');
  });

  it('that fail are told of though others are unknown, and the first of several', () => {
    expect(
      unmetKpi({ jitterMs: 3, lossShare: 1 }, { memoryBytes: 1, jitterMs: 2, lossShare: 0 }, false),
    ).to.deep.equal({ kpi: 'jitter', reason: 'kpi_unmet' });
  });

  it('do not matter where the app asks for none, or for nothing that it states', () => {
    expect(unmetKpi({}, {}, true)).to.equal(null);
    expect(unmetKpi({ jitterMs: 900 }, { memoryBytes: undefined }, true)).to.equal(null);
  });
});
