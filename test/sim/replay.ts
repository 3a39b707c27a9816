import { scenarios } from './scenarios.ts';
import { simulateWorld, type World } from './simulate.ts';
import type { Report } from './world/report.ts';

/** Runs a named world; what fails in `check` says how to run the same world again. */
export function replayable(
  scenario: string,
  seed: number,
  check: (report: Report, world: World) => void,
): void {
  const make = scenarios[scenario];
  if (!make) throw new Error(`no scenario ${scenario}`);
  try {
    const world = simulateWorld(make(seed));
    check(world.report(), world);
  } catch (error) {
    const command = `node test/sim/run.ts --seed ${seed} --scenario ${scenario}`;
    if (error instanceof Error) error.message = `${error.message}\n  again with: ${command}`;
    throw error;
  }
}
