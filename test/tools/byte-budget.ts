import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { OutputFile } from './build.ts';
import { rootFolder } from './root.ts';

/** What a page pays for the sdk, gzipped. Raising a number is a decision to explain in the commit. */
const gzipBytesMax = {
  /** `holdfast.js` and what it imports at once: loaded before playback starts. */
  firstLoad: 15_000,
  /**
   * All modules, the lazy ones too. hls.js is the app's own and not counted. 3 kB of it are storage, which only pages
   * with `storageBytesMax` load, 4 kB tabs that share, of which the first must be ready before it knows of a second, and
   * 7 kB the choice of edges: what they offer and take, who is left, and what is told of it. 1.4 kB are the messages of
   * the room: checks of what is sent and comes, answers, and what is known already.
   */
  everything: 59_500,
};

interface FileSize {
  file: string;
  bytes: number;
  gzipBytes: number;
  firstLoad: boolean;
}

/** Prints a table, writes `dist/sizes.json`. @returns What is over budget, or null. */
export function checkByteBudget(modules: OutputFile[]): string | null {
  const first = firstLoadOf(modules);
  const sizes = modules
    .filter(({ fileName }) => fileName.endsWith('.js'))
    .map((file) => sizeOf(file, first.has(file.fileName)));
  const gzipBytes = {
    firstLoad: sum(sizes.filter(({ firstLoad }) => firstLoad)),
    everything: sum(sizes),
  };
  printTable(sizes, gzipBytes);
  mkdirSync(join(rootFolder, 'dist'), { recursive: true });
  const json = JSON.stringify({ files: sizes, gzipBytes, gzipBytesMax }, null, 2);
  writeFileSync(join(rootFolder, 'dist/sizes.json'), json);

  const over = (['firstLoad', 'everything'] as const)
    .filter((name) => gzipBytes[name] > gzipBytesMax[name])
    .map((name) => `${name} is ${gzipBytes[name]} bytes gzipped, budget ${gzipBytesMax[name]}`);
  return over.length > 0 ? over.join('\n') : null;
}

/** The page's entry and everything that it imports statically, directly or not, by file name. */
function firstLoadOf(modules: OutputFile[]): Set<string> {
  const chunks = modules.filter((file) => file.type === 'chunk');
  const names = new Set(['holdfast.js']);
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

function printTable(sizes: FileSize[], gzipBytes: typeof gzipBytesMax): void {
  const line = (name: string, bytes: number, note: string) =>
    console.log(`  ${name.padEnd(28)} ${String(bytes).padStart(7)} B gzipped  ${note}`);
  for (const size of sizes) line(size.file, size.gzipBytes, size.firstLoad ? 'first load' : 'lazy');
  line('first load', gzipBytes.firstLoad, `of at most ${gzipBytesMax.firstLoad}`);
  line('everything', gzipBytes.everything, `of at most ${gzipBytesMax.everything}`);
}
