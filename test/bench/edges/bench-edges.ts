/** `npm run bench -- edges`: the choice of edges by recorded traces, what a crowd does, and how a dead edge is left. */
import { writeFile } from 'node:fs/promises';
import {
  deaths,
  type Leaving,
  type LeavingMode,
  measureLeaving,
} from '../../e2e/support/leaving.ts';
import { formatRows } from '../rows.ts';
import { composedCourse, reportSlices, roundTripCourse, tuningSlices } from './courses.ts';
import { formatRegrets } from './edge-tables.ts';
import { herd } from './herd.ts';
import type { EdgeBenchOptions } from './options.ts';
import { interval, type Regret, regrets } from './regret.ts';
import { readTraces, throughputSets } from './traces.ts';

interface Output {
  signal: AbortSignal;
  progress: (text: string) => void;
  print: (text: string) => void;
}

interface EdgeReport {
  benchmark: 'edges';
  parameters: Omit<EdgeBenchOptions, 'jsonFile'>;
  choice: Record<string, Regret[]> | null;
  herd: Record<string, Spread> | null;
  leaving: Record<string, LeavingFigures> | null;
}

interface Spread {
  peak: { mean: number; halfWidth: number };
  peakMax: number;
  firstByteMs: number;
}

interface LeavingFigures {
  /** Of those that met it. */
  leftMsMedian: number | null;
  leftMsP95: number | null;
  /** Pages that met the dead edge; the server had moved the others away before. */
  met: number;
  /** Those of them that got nothing from elsewhere in 15 s. */
  stayed: number;
  frozenMsMax: number;
  bufferMsMedian: number;
  /** Of all requests, those for what was being asked of another edge at that time. */
  twiceShare: number;
}

/** @throws The signal's reason; Error where a part cannot run. */
export async function benchEdges(options: EdgeBenchOptions, output: Output): Promise<EdgeReport> {
  const { jsonFile, ...parameters } = options;
  const has = (part: EdgeBenchOptions['parts'][number]) => options.parts.includes(part);
  const report: EdgeReport = {
    ...{ benchmark: 'edges', parameters },
    choice: has('choice') ? choose(options, output) : null,
    herd: has('herd') ? gather(options, output) : null,
    leaving: has('leaving') ? await leave(options, output) : null,
  };
  if (jsonFile !== null) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

function choose({ tracesFolder, seeds }: EdgeBenchOptions, output: Output): EdgeReport['choice'] {
  if (tracesFolder === null) {
    output.print('choice: not measured, since --traces names no folder');
    return null;
  }
  const traces = readTraces(tracesFolder);
  const results: Record<string, Regret[]> = {};
  for (const slices of [tuningSlices, reportSlices]) {
    const of = `slices ${slices.from}-${slices.to}${slices === tuningSlices ? ', tuned on' : ''}`;
    output.signal.throwIfAborted();
    output.progress(`[choice] round-trip times, ${of}`);
    const draw = { traces, slices };
    results[`round-trip times, ${of}`] = regrets(seeds, (random) =>
      roundTripCourse({ ...draw, random }),
    );
    for (const set of throughputSets) {
      output.signal.throwIfAborted();
      output.progress(`[choice] composed with ${set}, ${of}`);
      results[`composed with ${set}, ${of}`] = regrets(seeds, (random) =>
        composedCourse({ ...draw, random }, set),
      );
    }
  }
  output.print(
    `choice: time above that of the best of 8 edges, with hindsight, of ${seeds} viewers; 95 % intervals`,
  );
  output.print(formatRegrets(results));
  const probed = Object.values(results).flatMap((all) => all.map(({ probedShare }) => probedShare));
  output.print(`read to learn, of the media: ${(Math.max(...probed) * 100).toFixed(2)} % at most`);
  return results;
}

function gather({ herdSeeds }: EdgeBenchOptions, output: Output): EdgeReport['herd'] {
  const results: Record<string, Spread> = {};
  for (const isTold of [true, false]) {
    const name = isTold ? 'the server says what edges admit' : 'nobody says anything';
    const runs = Array.from({ length: herdSeeds }, (_, seed) => {
      output.signal.throwIfAborted();
      output.progress(`[herd] ${name}, seed ${seed + 1} of ${herdSeeds}`);
      return herd(seed + 1, isTold);
    });
    const peaks = runs.map(({ peak }) => peak);
    results[name] = {
      peak: interval(peaks),
      peakMax: Math.max(...peaks),
      firstByteMs: interval(runs.map(({ firstByteMs }) => firstByteMs)).mean,
    };
  }
  output.print('herd: most of 1,000 viewers at the edge that became better, over its fair share');
  output.print(
    formatRows(
      ['', 'peak', 'worst seed', 'first byte at the end'],
      Object.entries(results).map(([name, { peak, peakMax, firstByteMs }]) => [
        name,
        `${peak.mean.toFixed(2)} ± ${peak.halfWidth.toFixed(2)}`,
        peakMax.toFixed(2),
        `${firstByteMs.toFixed(0)} ms`,
      ]),
    ),
  );
  return results;
}

async function leave(
  { viewers }: EdgeBenchOptions,
  output: Output,
): Promise<EdgeReport['leaving']> {
  const results: Record<string, LeavingFigures> = {};
  for (const [death, fault] of Object.entries(deaths)) {
    for (const mode of ['holdfast', 'plain'] satisfies LeavingMode[]) {
      output.signal.throwIfAborted();
      output.progress(`[leaving] ${mode}, ${death}`);
      // As many as the machine plays without a hitch, twice.
      const halves = [Math.ceil(viewers / 2), Math.floor(viewers / 2)].filter((each) => each > 0);
      const left: Leaving[] = [];
      for (const count of halves) left.push(...(await measureLeaving(mode, fault, count)));
      results[`${mode}, ${death}`] = figuresOf(left);
    }
  }
  output.print('leaving: from the first request that fails to its answer from the other edge');
  const shown = (ms: number | null) => (ms === null ? 'never' : `${ms.toFixed(0)} ms`);
  output.print(
    formatRows(
      [
        '',
        'median',
        '95th percentile',
        'of pages',
        'stayed',
        'longest freeze',
        'buffer before',
        'asked twice',
      ],
      Object.entries(results).map(([name, figures]) => [
        name,
        shown(figures.leftMsMedian),
        shown(figures.leftMsP95),
        `${figures.met}`,
        `${figures.stayed}`,
        shown(figures.frozenMsMax),
        shown(figures.bufferMsMedian),
        `${(figures.twiceShare * 100).toFixed(1)} %`,
      ]),
    ),
  );
  return results;
}

function figuresOf(left: readonly Leaving[]): LeavingFigures {
  const met = left.filter(({ hasMet }) => hasMet);
  const times = met.map(({ leftMs }) => leftMs ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const at = (share: number) => {
    const value = times[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)];
    return value !== undefined && Number.isFinite(value) ? value : null;
  };
  const buffers = left.map(({ bufferMsBefore }) => bufferMsBefore).sort((a, b) => a - b);
  return {
    leftMsMedian: at(0.5),
    leftMsP95: at(0.95),
    met: met.length,
    stayed: met.filter(({ leftMs }) => leftMs === null).length,
    frozenMsMax: Math.max(...left.map(({ frozenMs }) => frozenMs)),
    bufferMsMedian: buffers[Math.floor(buffers.length / 2)] ?? 0,
    twiceShare:
      sum(left.map(({ twiceCount }) => twiceCount)) /
      sum(left.map(({ requestCount }) => requestCount)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
