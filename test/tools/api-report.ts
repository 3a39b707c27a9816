import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { rootFolder } from './root.ts';

const reportFile = join(rootFolder, 'sdk/api.d.ts');

const heading = `// The public API of the sdk, as an app sees it. Generated from sdk/index.ts by \`npm run check -- --write\`.
// A change in here is a change of what was promised: review it as such.

`;

/** Where \`tsc -b\` puts the declarations of a source file: in the \`.types\` folder of its own project. */
function declarationsOf(sourceFile: string): string | null {
  for (let folder = dirname(sourceFile); folder.startsWith(rootFolder); folder = dirname(folder)) {
    const path = relative(folder, sourceFile).replace(/\.ts$/, '.d.ts');
    const file = join(folder, '.types', path);
    if (existsSync(file)) return file;
  }
  return null;
}

/** Relative imports in declarations still name the source files. */
function followSources(): Plugin {
  return {
    name: 'follow-sources',
    resolveId(id, importer) {
      if (!importer || !id.startsWith('.')) return null;
      return declarationsOf(join(dirname(importer.replace('/.types/', '/')), id));
    },
  };
}

/** Types of all that `sdk/index.ts` exports, and of what those mention, in one file. Needs a fresh `tsc -b`. */
export async function rollUpTypes(): Promise<string> {
  const input = declarationsOf(join(rootFolder, 'sdk/index.ts'));
  if (!input) throw new Error('no declarations of sdk/index.ts: run `npx tsc -b` first');
  const bundle = await rolldown({
    cwd: rootFolder,
    input,
    external: [/^[^./]/],
    plugins: [followSources(), dts({ dtsInput: true, tsconfig: false })],
  });
  const { output } = await bundle.generate({ format: 'es' });
  await bundle.close();
  return output[0].code.replace(/^\/\/ \S+\/\.types\/.*\n/gm, '');
}

/** @returns What is wrong, or null when the committed report is what the sources say. */
export async function checkApiReport(options: { write: boolean }): Promise<string | null> {
  const report = await formatted(heading + (await rollUpTypes()));
  if (options.write) writeFileSync(reportFile, report);
  const committed = existsSync(reportFile) ? readFileSync(reportFile, 'utf8') : '';
  if (committed === report) return null;
  return `${difference(report)}\nThe public API changed. If that is meant, run \`npm run check -- --write\` and commit sdk/api.d.ts.`;
}

async function formatted(text: string): Promise<string> {
  const args = ['format', '--stdin-file-path=sdk/api.d.ts'];
  const { status, stdout, stderr } = spawnSync('biome', args, {
    cwd: rootFolder,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`biome could not format the API report: ${stderr}`);
  return stdout;
}

function difference(report: string): string {
  const args = ['diff', '--no-index', '--', 'sdk/api.d.ts', '-'];
  return spawnSync('git', args, { cwd: rootFolder, input: report, encoding: 'utf8' }).stdout;
}
