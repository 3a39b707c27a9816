/**
 * `node test/sim/digest.ts [SCENARIO:SEED ...]`: one line per world with a digest of all that came of it. Before and
 * after a change that is to make things faster and nothing else, the lines are the same.
 */
import { createHash } from 'node:crypto';
import { scenarios } from './scenarios.ts';
import { simulateWorld } from './simulate.ts';

const usual = [
  ...['town:1', 'town:2', 'crowd:1', 'group:1', 'steady:3', 'flash:1', 'liars:1', 'renditions:1'],
  ...['masterKill:1', 'partialOutage:1', 'totalOutage:1', 'signalingRestart:1', 'smallMemory:1'],
  ...['cappedEdge:1', 'flappingLinks:1', 'thinUplinks:1', 'hostile:1', 'nat:2'],
];

for (const world of process.argv.length > 2 ? process.argv.slice(2) : usual) {
  const [scenario = '', seed = '1'] = world.split(':');
  const make = scenarios[scenario];
  if (!make) throw new Error(`no scenario ${scenario}`);
  const startedAtMs = performance.now();
  const report = simulateWorld(make(Number(seed))).report();
  const digest = createHash('sha256').update(JSON.stringify(report)).digest('hex').slice(0, 16);
  console.log(`${world.padEnd(24)}${digest}`);
  console.error(`  ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`);
}
