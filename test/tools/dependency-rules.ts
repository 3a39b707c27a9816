import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { parseSync } from 'vite';
import { rootFolder } from './root.ts';

interface Import {
  file: string;
  /** The imported file, relative to the repository, or the name of a package. */
  target: string;
  typeOnly: boolean;
}

interface Arrow {
  from: string;
  to: string[];
  typeOnly?: boolean;
  why: string;
}

const wire = 'signaling/protocol/';

/** Which folders may import which; the first line that fits a file holds. */
const arrows: Arrow[] = [
  { from: wire, to: [], why: 'the wire imports nothing of ours: other programs can read it alone' },
  { from: 'signaling/core/', to: [wire], why: 'the core decides, and knows no adapter' },
  { from: 'signaling/', to: ['signaling/'], why: 'the server does not need the sdk' },
  { from: 'sdk/core/', to: [wire], why: 'the core decides, and knows no adapter' },
  { from: 'sdk/shims/', to: [], why: 'a stand-in belongs to the package it stands in for' },
  {
    from: 'sdk/ports/',
    to: ['sdk/', wire],
    typeOnly: true,
    why: 'a port is an interface and carries no code',
  },
  {
    from: 'sdk/adapters/',
    to: ['sdk/ports/', 'sdk/core/', 'sdk/errors.ts', 'sdk/events.ts', 'sdk/options.ts', wire],
    why: 'an adapter knows the ports, the core and the wire, not who runs it',
  },
  {
    from: 'sdk/agent/',
    to: ['sdk/', wire],
    why: 'the agent is a viewer like others: it takes only the wire from the server',
  },
  { from: 'sdk/', to: ['sdk/', wire], why: 'the sdk takes only the wire from the server' },
];

/** Any file may import these. All other packages are known to exactly one file. */
const sharedPackages = new Set([
  'valibot', // the language in which every border says what it accepts
]);

/** @returns One line for each import that breaks a rule; none when all is well. */
export function findDependencyFaults(): string[] {
  const files = globSync('{sdk,signaling}/**/*.ts', { cwd: rootFolder }).filter(
    (file) => !file.includes('.types/') && !file.endsWith('.d.ts'),
  );
  const imports = files.flatMap(importsOf);
  return [...imports.flatMap(faultsOfArrow), ...faultsOfPackages(imports)];
}

function importsOf(file: string): Import[] {
  const source = readFileSync(join(rootFolder, file), 'utf8');
  const { module } = parseSync(file, source);
  const found = [
    ...module.staticImports.map(({ moduleRequest, entries }) => ({
      name: moduleRequest.value,
      typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
    })),
    ...module.staticExports
      .flatMap(({ entries }) => entries)
      .map(({ moduleRequest, isType }) => ({ name: moduleRequest?.value, typeOnly: isType })),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({
      name: source.slice(start + 1, end - 1),
      typeOnly: false,
    })),
  ];
  return found.flatMap(({ name, typeOnly }) =>
    name && !name.startsWith('node:') ? [{ file, target: targetOf(file, name), typeOnly }] : [],
  );
}

function targetOf(file: string, name: string): string {
  if (name.startsWith('.')) return join(dirname(file), name);
  const [scope, rest] = name.split('/');
  return name.startsWith('@') ? `${scope}/${rest}` : (scope ?? name);
}

const isOurs = (target: string) => target.endsWith('.ts');

function faultsOfArrow({ file, target, typeOnly }: Import): string[] {
  if (!isOurs(target)) return [];
  const arrow = arrows.find(({ from }) => file.startsWith(from));
  if (!arrow) return [];
  const allowed = [arrow.from, ...arrow.to].some((folder) => target.startsWith(folder));
  if (!allowed) return [`${file} imports ${target}: ${arrow.why}`];
  return arrow.typeOnly && !typeOnly ? [`${file} imports code of ${target}: ${arrow.why}`] : [];
}

function faultsOfPackages(imports: Import[]): string[] {
  const users = new Map<string, Set<string>>();
  for (const { file, target, typeOnly } of imports) {
    if (isOurs(target) || typeOnly) continue;
    users.set(target, (users.get(target) ?? new Set()).add(file));
  }
  return [...users]
    .filter(([name, files]) => files.size > 1 && !sharedPackages.has(name))
    .map(
      ([name, files]) =>
        `${name} is imported by ${[...files].join(', ')}: one file knows a package`,
    );
}
