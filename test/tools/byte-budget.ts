import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BuiltModules, OutputFile } from './build.ts';
import { rootFolder } from './root.ts';

/** What a page pays for each part of the sdk, gzipped. Raising a number is a decision to explain in the commit. */
const budgets = {
  room: {
    entry: 'holdfast.js',
    /** The entry and what it imports at once: loaded before playback starts. */
    firstLoad: 15_000,
    /**
     * All modules, the lazy ones too. hls.js is the app's own and not counted. 3 kB of it are storage, which only pages
     * with `storageBytesMax` load, 4 kB tabs that share, of which the first must be ready before it knows of a second, and
     * 7 kB the choice of edges: what they offer and take, who is left, and what is told of it. 1.4 kB are the messages of
     * the room: checks of what is sent and comes, answers, and what is known already.
     */
    everything: 59_500,
  },
  messages: {
    entry: 'holdfast-messages.js',
    /** What the page itself runs: it checks headers and asks the worker. */
    firstLoad: 5_000,
    /** With the worker: features, what is learned on the device, idb, comlink, and 4 kB of rules, which are learned. */
    everything: 22_000,
  },
};

interface FileSize {
  file: string;
  bytes: number;
  gzipBytes: number;
  firstLoad: boolean;
}

/** Prints tables, writes `dist/sizes.json`. @returns What is over budget, or null. */
export function checkByteBudgets(modules: BuiltModules): string | null {
  const parts = ['room', 'messages'] as const;
  const measured = parts.map((part) => measure(part, modules[part]));
  mkdirSync(join(rootFolder, 'dist'), { recursive: true });
  const sizes = Object.fromEntries(parts.map((part, index) => [part, measured[index]]));
  writeFileSync(join(rootFolder, 'dist/sizes.json'), JSON.stringify(sizes, null, 2));
  return measured.flatMap(({ over }) => over).join('\n') || null;
}

function measure(part: keyof BuiltModules, modules: OutputFile[]) {
  const gzipBytesMax = budgets[part];
  const first = firstLoadOf(modules, gzipBytesMax.entry);
  const files = modules
    .filter(({ fileName }) => fileName.endsWith('.js'))
    .map((file) => sizeOf(file, first.has(file.fileName)));
  const gzipBytes = {
    firstLoad: sum(files.filter(({ firstLoad }) => firstLoad)),
    everything: sum(files),
  };
  printTable(files, gzipBytes, gzipBytesMax);
  const over = (['firstLoad', 'everything'] as const)
    .filter((name) => gzipBytes[name] > gzipBytesMax[name])
    .map(
      (name) =>
        `${part}: ${name} is ${gzipBytes[name]} bytes gzipped, budget ${gzipBytesMax[name]}`,
    );
  return { files, gzipBytes, gzipBytesMax, over };
}

/** The page's entry and everything that it imports statically, directly or not, by file name. */
function firstLoadOf(modules: OutputFile[], entry: string): Set<string> {
  const chunks = modules.filter((file) => file.type === 'chunk');
  const names = new Set([entry]);
  for (const name of names) {
    const imports = chunks.find((chunk) => chunk.fileName === name)?.imports ?? [];
    for (const imported of imports) names.add(imported);
  }
  return names;
}

function sizeOf(file: OutputFile, firstLoad: boolean): FileSize {
  const content = Buffer.from(file.type === 'chunk' ? file.code : file.source);
  const gzipBytes = gzipSync(content, { level: 9 }).byteLength;
  return { file: file.fileName, bytes: content.byteLength, gzipBytes, firstLoad };
}

function sum(sizes: FileSize[]): number {
  return sizes.reduce((total, { gzipBytes }) => total + gzipBytes, 0);
}

type Totals = Record<'firstLoad' | 'everything', number>;

function printTable(sizes: FileSize[], gzipBytes: Totals, gzipBytesMax: Totals): void {
  const line = (name: string, bytes: number, note: string) =>
    console.log(`  ${name.padEnd(36)} ${String(bytes).padStart(7)} B gzipped  ${note}`);
  for (const size of sizes) line(size.file, size.gzipBytes, size.firstLoad ? 'first load' : 'lazy');
  line('first load', gzipBytes.firstLoad, `of at most ${gzipBytesMax.firstLoad}`);
  line('everything', gzipBytes.everything, `of at most ${gzipBytesMax.everything}`);
}
