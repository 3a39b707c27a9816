import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Counts, countsFileVariable, readCounts } from './counts.ts';
import { rootFolder } from './root.ts';

interface Stage {
  name: string;
  command: string;
  args: string[];
}

interface Result extends Counts {
  name: string;
  seconds: number;
}

/** Cheap ones first: a broken type is not worth waiting for a browser. */
const stages: Stage[] = [
  { name: 'check', command: 'node', args: ['test/tools/check.ts'] },
  mocha('unit'),
  mocha('property'),
  mocha('contract'),
  mocha('sim'),
  {
    name: 'browser',
    command: 'web-test-runner',
    args: ['--config', 'test/browser/web-test-runner.config.ts'],
  },
  mocha('e2e'),
];

function mocha(name: string): Stage {
  const args = ['--reporter', 'test/tools/mocha-reporter.ts', `test/${name}/**/*.test.ts`];
  return { name, command: 'mocha', args };
}

const countsFolder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));

/** Runs a stage with its output in view. A stage that breaks, or runs no test, has failed once. */
async function runStage({ name, command, args }: Stage): Promise<Result> {
  console.log(`\n=== ${name} ===`);
  const startedAtMs = performance.now();
  const countsFile = join(countsFolder, `${name}.json`);
  const exitCode = await new Promise<number | null>((resolve) => {
    const child = spawn(command, args, {
      cwd: rootFolder,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, [countsFileVariable]: countsFile },
    });
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  const { passed, failed } = readCounts(countsFile);
  const broke = failed === 0 && (exitCode !== 0 || passed === 0);
  if (broke) console.log(`${name}: exit code ${exitCode} after ${passed} tests`);
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { name, seconds, passed, failed: broke ? 1 : failed };
}

const results: Result[] = [];
for (const stage of stages) results.push(await runStage(stage));
rmSync(countsFolder, { recursive: true });

console.log(`\n${'stage'.padEnd(10)} ${'passed'.padStart(7)} ${'failed'.padStart(7)} seconds`);
for (const { name, passed, failed, seconds } of results) {
  const numbers = [passed, failed].map((count) => String(count).padStart(7)).join(' ');
  console.log(`${name.padEnd(10)} ${numbers} ${seconds.toFixed(1).padStart(7)}`);
}
const total = (key: keyof Counts) => results.reduce((sum, result) => sum + result[key], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') > 0 ? 1 : 0;
