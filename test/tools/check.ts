import { spawnSync } from 'node:child_process';
import { checkApiReports } from './api-report.ts';
import { buildLibrary } from './build.ts';
import { checkByteBudgets } from './byte-budget.ts';
import { type Counts, writeCounts } from './counts.ts';
import { findDependencyFaults } from './dependency-rules.ts';
import { rootFolder } from './root.ts';

/** Says what is wrong, or null. */
type Check = () => Promise<string | null> | string | null;

const write = process.argv.includes('--write');

/** In this order: the API report and the build need the declarations that the type check writes. */
const checks: Record<string, Check> = {
  types: () => run('tsc', ['-b']),
  'format and lint': () => run('biome', ['check', '--error-on-warnings', '--max-diagnostics=50']),
  'unused files, exports and packages': () => run('knip', ['--no-progress']),
  'dependency rules': () => findDependencyFaults().join('\n') || null,
  'API report': () => checkApiReports({ write }),
  'byte budget': async () => checkByteBudgets(await buildLibrary()),
};

function run(command: string, args: string[]): string | null {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: rootFolder,
    encoding: 'utf8',
  });
  return status === 0 ? null : `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`;
}

async function faultOf(check: Check): Promise<string | null> {
  try {
    return await check();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

const counts: Counts = { passed: 0, failed: 0 };
for (const [name, check] of Object.entries(checks)) {
  const startedAtMs = performance.now();
  const fault = await faultOf(check);
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  if (fault !== null) console.log(fault.trimEnd());
  console.log(`${fault === null ? '✔' : '✘'} ${name} (${seconds} s)`);
  counts[fault === null ? 'passed' : 'failed'] += 1;
}
writeCounts(counts);
console.log(`check: ${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 ? 1 : 0;
