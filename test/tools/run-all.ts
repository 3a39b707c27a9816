import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Counts, countsFileVariable, readCounts } from './counts.ts';
import { rootFolder } from './root.ts';

interface Stage {
  name: string;
  command: string;
  args: string[];
  /** Runs of their own. */
  files?: string[];
  /** Whether what failed has a second try, because pages that play in real time need a machine that keeps up. */
  isRealTime?: boolean;
}

interface Result extends Counts {
  name: string;
  seconds: number;
  /** Failed, and passed at the second try. */
  again: string[];
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
    isRealTime: true,
  },
  {
    ...mocha('e2e'),
    files: globSync('test/e2e/*.test.ts', { cwd: rootFolder }).sort(),
    isRealTime: true,
  },
];

function mocha(name: string): Stage {
  const args = ['--reporter', 'test/tools/mocha-reporter.ts', `test/${name}/**/*.test.ts`];
  return { name, command: 'mocha', args };
}

const countsFolder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));

/** Runs a stage with its output in view. A run that breaks, or runs no test, has failed once. */
async function runStage(stage: Stage): Promise<Result> {
  const { name, files = [], isRealTime = false } = stage;
  console.log(`\n=== ${name} ===`);
  const startedAtMs = performance.now();
  const result: Result = { name, seconds: 0, passed: 0, failed: 0, again: [] };
  for (const file of files.length > 0 ? files : [null]) {
    let { passed, failed, failedTitles = [] } = await run(stage, file);
    if (failed > 0 && isRealTime) {
      console.log(`\n=== ${file ?? name}: ${failed} failed, second try ===`);
      // The whole file, since its tests may go on from those before. Failed is what fails both times.
      const second = await run(stage, file);
      const both = second.failedTitles?.filter((title) => failedTitles.includes(title));
      const isTold = failedTitles.length > 0 && both && both.length < second.failed;
      passed = isTold ? passed + failed - both.length : second.passed;
      failed = isTold ? both.length : second.failed;
      if (failed === 0) result.again.push(file ?? name);
    }
    result.passed += passed;
    result.failed += failed;
  }
  result.seconds = (performance.now() - startedAtMs) / 1000;
  return result;
}

async function run({ name, command, args }: Stage, file: string | null): Promise<Counts> {
  const countsFile = join(countsFolder, `${name}.json`);
  rmSync(countsFile, { force: true });
  const exitCode = await new Promise<number | null>((resolve) => {
    const child = spawn(command, file === null ? args : [...args.slice(0, -1), file], {
      cwd: rootFolder,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, [countsFileVariable]: countsFile },
    });
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  const { passed, failed, failedTitles } = readCounts(countsFile);
  const broke = failed === 0 && (exitCode !== 0 || passed === 0);
  if (broke) console.log(`${file ?? name}: exit code ${exitCode} after ${passed} tests`);
  return { passed, failed: broke ? 1 : failed, failedTitles };
}

const results: Result[] = [];
for (const stage of stages) results.push(await runStage(stage));
rmSync(countsFolder, { recursive: true });

console.log(`\n${'stage'.padEnd(10)} ${'passed'.padStart(7)} ${'failed'.padStart(7)} seconds`);
for (const { name, passed, failed, seconds } of results) {
  const numbers = [passed, failed].map((count) => String(count).padStart(7)).join(' ');
  console.log(`${name.padEnd(10)} ${numbers} ${seconds.toFixed(1).padStart(7)}`);
}
for (const { again } of results)
  for (const name of again) console.log(`${name} passed at the second try`);
const total = (key: 'passed' | 'failed') => results.reduce((sum, result) => sum + result[key], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') > 0 ? 1 : 0;
