/** `node test/sim/run.ts --seed N --scenario NAME`: runs one world and prints its report. */
import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.ts';
import { simulateWorld, type World } from './simulate.ts';
import type { Report } from './world/report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    scenario: { type: 'string', default: 'steady' },
    viewers: { type: 'string' },
    duration: { type: 'string' },
    slice: { type: 'string' },
  },
});
const make = scenarios[values.scenario];
if (!make) {
  console.error(`no such scenario; there are: ${Object.keys(scenarios).join(', ')}`);
  process.exit(2);
}
const viewers = values.viewers === undefined ? undefined : Number(values.viewers);
const options = make(Number(values.seed), viewers);
if (viewers !== undefined) options.viewers = viewers;
if (values.slice) options.sliceMs = Number(values.slice);
if (values.duration) options.durationMs = Number(values.duration);
const startedAtMs = performance.now();
options.onSecond = progress();
const report = simulateWorld(options).report();
console.log(
  JSON.stringify(
    report,
    (_, value) => (typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value),
    2,
  ),
);
console.log(summary(report));
const tookSeconds = (performance.now() - startedAtMs) / 1_000;
const memoryMegabytes = process.resourceUsage().maxRSS / 1_024;
const { user, system } = process.cpuUsage();
const processorSeconds = (user + system) / 1e6;
console.log(
  `took ${tookSeconds.toFixed(1)} s (${processorSeconds.toFixed(1)} s of processors) and ` +
    `${Math.round(memoryMegabytes)} MiB`,
);

function summary(report: Report): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const { stalledViewers, stallMs, viewers, uploadMaxToMeanByGroup: spread } = report;
  return [
    `offload ${percent(report.offload)}`,
    `copies per segment and group ${report.copiesPerSegmentSettled.toFixed(2)}`,
    `stalled ${percent(report.stalledShare)} (${stalledViewers} viewers)`,
    `stalled for ${(stallMs / viewers / 1_000).toFixed(2)} s per viewer`,
    `wasted ${percent(report.wastedShare)}`,
    `most uploaded over mean of group ${spread.mean.toFixed(2)} (95 %: ${spread.p95.toFixed(2)})`,
  ].join('\n');
}

/** A line every few seconds, for worlds that take long. */
function progress(): (world: World) => void {
  let saidAtMs = startedAtMs;
  return ({ clock, viewers, signaling }) => {
    if (performance.now() - saidAtMs < 3_000) return;
    saidAtMs = performance.now();
    const stalled = viewers.filter(({ player }) => player.stalls.length > 0).length;
    console.error(
      `${clock.nowMs / 1_000} of ${options.durationMs / 1_000} s, ${viewers.length} viewers came, ` +
        `${signaling.stats().groups} groups, ${stalled} stalled`,
    );
  };
}
