/**
 * `node test/sim/outage-run.ts [--viewers 1000] [--seeds 200] [--from 1] [--modes one,nobody]`: every way to fail with so
 * many viewers and seeds, a line for each world. Exits with 1 when an invariant was broken.
 */
import { parseArgs } from 'node:util';
import {
  type OutageMode,
  type OutageName,
  outageFromMs,
  outageModes,
  outageWorld,
} from './outages.ts';
import { simulateWorld, type World } from './simulate.ts';

const { values } = parseArgs({
  options: {
    viewers: { type: 'string', default: '1000' },
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    modes: { type: 'string' },
  },
});
const names = (values.modes?.split(',') ?? Object.keys(outageModes)) as OutageName[];
const viewers = Number(values.viewers);
const firstSeed = Number(values.from);
const failed: string[] = [];
const startedAtMs = performance.now();
let done = 0;
const total = Number(values.seeds) * names.length;
for (let seed = firstSeed; seed < firstSeed + Number(values.seeds); seed += 1)
  for (const name of names) {
    const world = simulateWorld(outageWorld(name, seed, viewers));
    done += 1;
    const leftMinutes = ((performance.now() - startedAtMs) / done) * (total - done);
    console.log(`${describe(world, name)}  ${Math.ceil(leftMinutes / 60_000)} min left`);
    for (const finding of world.invariants?.findings ?? []) console.log(`  ${finding}`);
    if ((world.invariants?.findings.length ?? 0) > 0 || world.report().fatal.length > 0)
      failed.push(
        `node test/sim/run.ts --scenario outage-${name} --viewers ${viewers} --seed ${seed}`,
      );
  }
console.log(failed.length === 0 ? `all ${total} hold` : `${failed.length} of ${total} fail:`);
for (const command of failed) console.log(command);
process.exitCode = failed.length === 0 ? 0 : 1;

function describe(world: World, name: OutageName): string {
  const { untilMs }: OutageMode = outageModes[name];
  const { invariants } = world;
  const stalls = world.viewers.flatMap(({ player }) => player.stalls);
  const stalledMs = stalls.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  const resumedMs = stalls
    .filter(({ startedAtMs }) => startedAtMs < untilMs)
    .map(({ startedAtMs, durationMs }) => startedAtMs + (durationMs ?? Infinity) - untilMs);
  const settledMs = outageFromMs + 6_000;
  return [
    name.padEnd(14),
    `seed ${world.options.seed}`,
    `stalled ${(stalledMs / 1_000 / world.viewers.length).toFixed(2)} s a viewer`,
    `resumed after ${(Math.max(0, ...resumedMs) / 1_000).toFixed(1)} s`,
    `probes ${invariants?.probesMean(settledMs, untilMs).toFixed(2)} a second and group`,
    `requests a second ${invariants?.requestsMax(20_000, outageFromMs)} before, ` +
      `${invariants?.requestsMax(untilMs, untilMs + 4_000)} at the return`,
    `fatal ${world.report().fatal.length}`,
    `broken ${invariants?.findings.length}`,
  ].join(', ');
}
