import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { rootFolder } from './root.ts';

/** What apps import, its committed report, and where the build puts its types. */
export const publicEntries = [
  { entry: 'sdk/index.ts', report: 'sdk/api.d.ts', declarations: 'holdfast.d.ts' },
  {
    entry: 'sdk/messages.ts',
    report: 'sdk/messages-api.d.ts',
    declarations: 'holdfast-messages.d.ts',
  },
];

const headingOf = (
  entry: string,
) => `// The public API of the sdk, as an app sees it. Generated from ${entry} by \`npm run check -- --write\`.
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

/** Types of all that an entry exports, and of what those mention, in one file. Needs a fresh `tsc -b`. */
export async function rollUpTypes(entry: string): Promise<string> {
  const input = declarationsOf(join(rootFolder, entry));
  if (!input) throw new Error(`no declarations of ${entry}: run \`npx tsc -b\` first`);
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

/** @returns What is wrong, or null when the committed reports are what the sources say. */
export async function checkApiReports(options: { write: boolean }): Promise<string | null> {
  const faults: string[] = [];
  for (const { entry, report } of publicEntries) {
    const file = join(rootFolder, report);
    const text = await formatted(headingOf(entry) + (await rollUpTypes(entry)));
    if (options.write) writeFileSync(file, text);
    const committed = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (committed === text) continue;
    faults.push(difference(report, text));
    faults.push(
      `The public API changed. If that is meant, run \`npm run check -- --write\` and commit ${report}.`,
    );
  }
  return faults.join('\n') || null;
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

function difference(report: string, text: string): string {
  const args = ['diff', '--no-index', '--', report, '-'];
  return spawnSync('git', args, { cwd: rootFolder, input: text, encoding: 'utf8' }).stdout;
}
