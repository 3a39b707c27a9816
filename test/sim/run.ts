/** `node test/sim/run.ts --seed N --scenario NAME`: runs one world and prints its report. */
import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    scenario: { type: 'string', default: 'steady' },
    viewers: { type: 'string' },
    duration: { type: 'string' },
  },
});
const make = scenarios[values.scenario];
if (!make) {
  console.error(`no such scenario; there are: ${Object.keys(scenarios).join(', ')}`);
  process.exit(2);
}
const options = make(Number(values.seed));
if (values.viewers) options.viewers = Number(values.viewers);
if (values.duration) options.durationMs = Number(values.duration);
const startedAtMs = performance.now();
const report = simulate(options);
console.log(
  JSON.stringify(
    report,
    (_, value) => (typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value),
    2,
  ),
);
console.log(`took ${Math.round(performance.now() - startedAtMs)} ms`);
