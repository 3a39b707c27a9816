/**
 * `node test/sim/outage-run.ts [--viewers 1000] [--seeds 200] [--from 1] [--modes one,nobody]`: every way to fail with so
 * many viewers and seeds, a line for each world. Exits with 1 when something was not as it has to be.
 */
import { parseArgs } from 'node:util';
import { faultsIn, resumedAfterMs, stallsOf, turnsFromMs } from './outage-judge.ts';
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
    const faults = faultsIn(name, world);
    for (const fault of faults) console.log(`  ${fault}`);
    if (faults.length > 0)
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
  const stalledMs = stallsOf(world).reduce((sum, { durationMs }) => sum + durationMs, 0);
  return [
    name.padEnd(14),
    `seed ${world.options.seed}`,
    `stalled ${(stalledMs / 1_000 / world.viewers.length).toFixed(2)} s a viewer`,
    `resumed after ${(resumedAfterMs(world, untilMs) / 1_000).toFixed(1)} s`,
    `probes ${invariants?.probesMean(turnsFromMs, untilMs).toFixed(2)} a second and group`,
    `requests a second ${invariants?.requestsMax(20_000, outageFromMs)} before, ` +
      `${invariants?.requestsMax(untilMs, untilMs + 4_000)} at the return`,
  ].join(', ');
}
