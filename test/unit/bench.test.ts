import { expect } from 'chai';
import { compareWithPlain, type ModeResult, medianFigures } from '../bench/figures/combine.ts';
import { type Figures, figureNames, figuresOf } from '../bench/figures/figures.ts';
import { formatOutages } from '../bench/figures/outage-table.ts';
import { type Moment, type RawRun, segmentBytesOf } from '../bench/figures/raw-run.ts';
import { mean, median, percentile, ratio } from '../bench/figures/statistics.ts';
import { formatTable } from '../bench/figures/table.ts';
import { ProgressMeter } from '../bench/pages/progress-meter.ts';
import type { ViewerReport } from '../bench/pages/viewer.ts';
import { parseStat } from '../bench/processor-time.ts';

describe('bench: statistics', () => {
  it('takes medians and percentiles between ranks, and knows none of nothing', () => {
    expect(median([9, 1, 5])).to.equal(5);
    expect(median([1, 2, 3, 10])).to.equal(2.5);
    expect(percentile([0, 100], 95)).to.equal(95);
    expect(median([])).to.equal(null);
    expect(mean([])).to.equal(null);
    expect(ratio(1, 0)).to.equal(null);
  });

  it('does not reorder what it is given', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).to.deep.equal([3, 1, 2]);
  });
});

describe('bench: progress meter', () => {
  /** Positions in seconds, one every 50 ms from time 0. */
  function watch(positions: number[]): ProgressMeter {
    const meter = new ProgressMeter();
    for (const [index, position] of positions.entries()) meter.observe(index * 50, position);
    return meter;
  }
  const playing = (count: number, fromS = 0) =>
    Array.from({ length: count }, (_item, index) => fromS + index * 0.05);
  const standing = (count: number, atS: number) => new Array<number>(count).fill(atS);

  it('counts no stall before the first progress', () => {
    expect(watch([...standing(40, 0), ...playing(10)]).stalls).to.deep.equal([]);
  });

  it('measures a stall from the last progress to the next one', () => {
    const { stalls } = watch([...playing(11), ...standing(10, 0.5), 0.55, 0.6]);
    expect(stalls).to.deep.equal([{ startedAtMs: 500, endedAtMs: 1_050 }]);
  });

  it('overlooks pauses below a quarter of a second', () => {
    expect(watch([...playing(11), ...standing(4, 0.5), 0.55]).stalls).to.deep.equal([]);
  });

  it('does not take a blocked page for a stall when the media went on', () => {
    const meter = new ProgressMeter();
    meter.observe(0, 0);
    meter.observe(50, 0.05);
    meter.observe(1_050, 1.05);
    expect(meter.stallsUntil(1_060)).to.deep.equal([]);
  });

  it('ends a stall that goes on when asked', () => {
    const meter = watch([...playing(3), ...standing(20, 0.1)]);
    expect(meter.stalls).to.deep.equal([]);
    expect(meter.stallsUntil(1_100)).to.deep.equal([{ startedAtMs: 100, endedAtMs: 1_100 }]);
  });

  it('tells a jump to the live edge from playing', () => {
    const { stalls, skips } = watch([...playing(3), 8.15, 8.2]);
    expect(stalls).to.deep.equal([]);
    expect(skips).to.have.lengthOf(1);
    expect(skips[0]?.atMs).to.equal(150);
    expect(skips[0]?.skippedMs).to.be.closeTo(8_000, 1);
  });
});

/** Segments of 1,000 bytes; number n is published at n seconds. */
const segmentBytes = 1_000;

function moment(atMs: number, copies: Record<number, number>, more: Partial<Moment> = {}): Moment {
  const segments = new Map(
    Object.entries(copies).map(([sequence, sent]) => [
      `/live/high/${sequence}.m4s`,
      { mediaSequence: Number(sequence), sizeBytes: segmentBytes, sentBytes: sent * segmentBytes },
    ]),
  );
  const edgeSegmentBytes = [...segments.values()].reduce(
    (total, item) => total + item.sentBytes,
    0,
  );
  return { atMs, processorSeconds: null, playlistRequests: 0, edgeSegmentBytes, segments, ...more };
}

function viewer(report: Partial<ViewerReport>): ViewerReport {
  return {
    viewerName: 'viewer',
    startedAtMs: 0,
    endedAtMs: 60_000,
    firstFrameMs: 300,
    stalls: [],
    skips: [],
    samples: [],
    deliveredBytes: {},
    longTasks: [],
    memoryBytes: 8_000_000,
    fatalErrors: [],
    errorCounts: {},
    library: null,
    ...report,
  };
}

function run(more: Partial<RawRun>): RawRun {
  return {
    started: moment(0, {}),
    settledStart: moment(10_000, {}),
    settledEnd: moment(60_000, {}),
    outage: null,
    viewers: [viewer({}), viewer({})],
    failures: [],
    publishedAtMs: (mediaSequence) => mediaSequence * 1_000,
    ...more,
  };
}

describe('bench: figures', () => {
  it('adds up the copies that all edges sent of a segment', () => {
    const counters = (bytesSent: number) =>
      ({
        segments: { '/live/high/7.m4s': { sizeBytes: 100, requests: 1, bytesSent, copies: 0 } },
      }) as never;
    const segments = segmentBytesOf([counters(100), counters(50)]);
    expect([...segments.values()]).to.deep.equal([
      { mediaSequence: 7, sizeBytes: 100, sentBytes: 150 },
    ]);
  });

  it('takes copies and offload of the segments published in the window, and of those delivered by its end', () => {
    // 5: while joining. 20, 30: settled. 55: too new to have reached everybody.
    const settledEnd = moment(60_000, { 5: 4, 20: 1, 30: 2, 55: 0.5 });
    const deliveredBytes = { 5: 1_000, 20: 1_000, 30: 1_000, 55: 1_000 };
    const viewers = Array.from({ length: 4 }, () => viewer({ deliveredBytes }));
    const figures = figuresOf(run({ settledEnd, viewers }));
    expect(figures.copiesPerSegmentSettled).to.equal(1.5);
    expect(figures.offload).to.equal(1 - 3 / 8);
    expect(figures.copiesPerSegmentWhole).to.be.closeTo(7 / 3, 1e-9);
    expect(figures.offloadWhole).to.be.closeTo(1 - 7 / 12, 1e-9);
  });

  it('cuts stalls at the ends of the window and divides by the minutes that viewers were there', () => {
    const stalls = [
      { startedAtMs: 2_000, endedAtMs: 3_000 },
      { startedAtMs: 9_000, endedAtMs: 11_000 },
    ];
    const figures = figuresOf(
      run({ viewers: [viewer({ stalls }), viewer({ endedAtMs: 20_000 })] }),
    );
    expect(figures.stallCount).to.equal(1);
    expect(figures.stallCountWhole).to.equal(2);
    expect(figures.stallMsPerViewerMinute).to.equal(1_000);
    expect(figures.stallMsPerViewerMinuteWhole).to.equal(3_000 / (80 / 60));
  });

  it('counts processor time and playlist requests of the settled window only', () => {
    const settledStart = moment(10_000, {}, { processorSeconds: 7, playlistRequests: 100 });
    const settledEnd = moment(70_000, {}, { processorSeconds: 13, playlistRequests: 160 });
    const viewers = [viewer({ endedAtMs: 80_000 }), viewer({ endedAtMs: 80_000 })];
    const figures = figuresOf(run({ settledStart, settledEnd, viewers }));
    expect(figures.cpuSecondsPerViewerMinute).to.equal(3);
    expect(figures.playlistRequestsPerViewerMinute).to.equal(30);
  });

  it('calls wasted what came from edges and peers and did not reach the player', () => {
    const sample = (atMs: number, deliveredBytes: number, peerBytes: number) => ({
      atMs,
      deliveredBytes,
      peerBytes,
      liveLatencyMs: null,
    });
    const samples = [
      sample(9_000, 1_000, 0),
      sample(50_000, 4_000, 3_000),
      sample(61_000, 9_000, 9_000),
    ];
    const settledEnd = moment(60_000, { 20: 1 });
    expect(
      figuresOf(run({ settledEnd, viewers: [viewer({ samples })] })).wastedBytesShare,
    ).to.equal(0.25);
  });

  it('says how much was played in an outage, and when the last viewer went on', () => {
    const outage = { startedAtMs: 20_000, endedAtMs: 40_000 };
    const stalls = [{ startedAtMs: 30_000, endedAtMs: 43_000 }];
    const figures = figuresOf(run({ outage, viewers: [viewer({ stalls }), viewer({})] }));
    expect(figures.outagePlayedShare).to.equal(0.75);
    expect(figures.outageResumeMsMax).to.equal(3_000);
  });

  it('leaves unmeasured what has no measurement', () => {
    const figures = figuresOf(run({ viewers: [viewer({ firstFrameMs: null })] }));
    expect(figures.timeToFirstFrameMsMedian).to.equal(null);
    expect(figures.viewersWithoutFrame).to.equal(1);
    expect(figures.cpuSecondsPerViewerMinute).to.equal(null);
    expect(figures.offload).to.equal(null);
    expect(figures.outagePlayedShare).to.equal(null);
  });
});

function figuresWith(more: Partial<Figures>): Figures {
  const empty = Object.fromEntries(figureNames.map((name) => [name, null])) as Figures;
  return { ...empty, ...more };
}

describe('bench: rounds and table', () => {
  it('takes the median of each figure over the rounds that measured it', () => {
    const rounds = [{ offload: 0.5 }, { offload: 0.9, stallCount: 2 }, { offload: 0.6 }];
    const figures = medianFigures(rounds.map(figuresWith));
    expect(figures?.offload).to.equal(0.6);
    expect(figures?.stallCount).to.equal(2);
    expect(figures?.longestTaskMs).to.equal(null);
    expect(medianFigures([])).to.equal(null);
  });

  it('tells the processor time above plain only when both were measured', () => {
    const own = figuresWith({ cpuSecondsPerViewerMinute: 5 });
    const plain = figuresWith({ cpuSecondsPerViewerMinute: 3 });
    expect(compareWithPlain(own, plain).cpuSecondsPerViewerMinuteAdded).to.equal(2);
    expect(compareWithPlain(own, null).cpuSecondsPerViewerMinuteAdded).to.equal(null);
  });

  it('shows a mode that failed as failed, and rows only where something was measured', () => {
    const result = (mode: ModeResult['mode'], figures: Figures | null): ModeResult => {
      return { mode, figures, rounds: [], errors: [] };
    };
    const table = formatTable([
      result('plain', figuresWith({ offload: -0.0001, stallCount: 0 })),
      result('p2pml', figuresWith({ offload: 0.5 })),
      result('holdfast', null),
    ]);
    const cells = table.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(cells).to.deep.equal([
      ['plain', 'p2pml', 'holdfast'],
      ['media bytes not from edges', '0.0 %', '50.0 %', 'failed'],
      ['stalls', '0', '-', 'failed'],
    ]);
  });
});

describe('bench: table of outages', () => {
  it('has a row for each, and says what failed and what was not measured', () => {
    const figures = figuresWith({
      outagePlayedShare: 0.523,
      stallMsPerViewerMinute: 23_456,
      fatalErrorCount: 2,
    });
    const results: ModeResult[] = [
      { mode: 'plain', figures, rounds: [], errors: [] },
      { mode: 'p2pml', figures: figuresWith({}), rounds: [], errors: [] },
      { mode: 'holdfast', figures: null, rounds: [], errors: [] },
    ];
    const table = formatOutages([{ parameters: { description: 'all is dead' }, results }]);
    expect(table.split('\n').slice(-3)).to.deep.equal([
      '|  | plain | p2pml | holdfast |',
      '| --- | --- | --- | --- |',
      '| all is dead | 52 % / 23.5 s / 2 | - / - / - | failed |',
    ]);
  });
});

describe('bench: processor time', () => {
  it('reads a stat line whose program name holds spaces and brackets', () => {
    const line = '42 (chrome) (x y) S 7 42 42 0 -1 4194560 1 0 0 0 100 50 20 5 20 0 9 0 1000 1 1';
    expect(parseStat(line)).to.deep.equal({ pid: 42, parentPid: 7, ticks: 175 });
  });
});
