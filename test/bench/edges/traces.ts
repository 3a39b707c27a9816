/** Recorded round-trip times and throughput, to judge the choice of edges by. They are not part of this repository. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Traces {
  /** By slice, host and other host: round-trip time in ms. */
  seattleMs: number[][][];
  /** Throughput by name of the set. */
  throughput: Record<ThroughputSet, Throughput[]>;
}

export const throughputSets = ['norway-3g', 'fcc-mba-2016'] as const;
export type ThroughputSet = (typeof throughputSets)[number];

/** What has come by each of these seconds, in bits. */
export interface Throughput {
  name: string;
  atS: number[];
  bits: number[];
}

/** A value that is missing is a host that did not answer. */
const missingMs = 3_000;

/**
 * @param folder with `seattle-rtt`, `norway-3g` and `fcc-mba-2016`, as folders or as `.tar.xz` of them
 * @throws Error that names what is missing
 */
export function readTraces(folder: string): Traces {
  const unpacked = mkdtempSync(join(tmpdir(), 'holdfast-traces-'));
  try {
    const open = (name: string): string => {
      const plain = join(folder, name);
      if (existsSync(plain) && statSync(plain).isDirectory()) return plain;
      const archive = `${plain}.tar.xz`;
      if (!existsSync(archive)) throw new Error(`no ${name} in ${folder}`);
      execFileSync('tar', ['-xJf', archive, '-C', unpacked]);
      return join(unpacked, name);
    };
    const [norway, fcc] = throughputSets.map((name) => readThroughput(open(name)));
    return {
      seattleMs: readSeattle(open('seattle-rtt')),
      throughput: { 'norway-3g': norway ?? [], 'fcc-mba-2016': fcc ?? [] },
    };
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

/** Slices in their order. */
export function readSeattle(folder: string): number[][][] {
  const numberOf = (name: string) => Number(/\d+$/.exec(name)?.[0]);
  const names = readdirSync(folder).sort((a, b) => numberOf(a) - numberOf(b));
  return names.map((name) =>
    readFileSync(join(folder, name), 'utf8')
      .trim()
      .split('\n')
      .map((line, from) =>
        line
          .trim()
          .split(/\s+/)
          .map((text, to) =>
            from !== to && Number(text) === 0 ? missingMs : Number(text) * 1_000,
          ),
      ),
  );
}

export function readThroughput(folder: string): Throughput[] {
  const names = readdirSync(folder).sort();
  return names.map((name) => {
    const lines = readFileSync(join(folder, name), 'utf8').trim().split('\n');
    return throughputOf(
      name,
      lines.map((line) => line.trim().split(/\s+/).map(Number)),
    );
  });
}

/** @param samples seconds, and megabits a second from then on; the last one for a second more */
export function throughputOf(name: string, samples: readonly number[][]): Throughput {
  const trace: Throughput = { name, atS: [0], bits: [0] };
  samples.forEach(([atS = 0, megabits = 0], index) => {
    const endS = samples[index + 1]?.[0] ?? atS + 1;
    trace.atS.push(endS - (samples[0]?.[0] ?? 0));
    // A line that gives nothing at all is measured as very slow.
    trace.bits.push((trace.bits.at(-1) ?? 0) + Math.max(0.01, megabits) * 1e6 * (endS - atS));
  });
  return trace;
}

/** Time that so many bytes take from this second of the trace on; it begins again at its end. */
export function transferMs({ atS, bits }: Throughput, fromS: number, bytes: number): number {
  const lengthS = atS.at(-1) ?? 1;
  const roundBits = bits.at(-1) ?? 1;
  const startS = fromS % lengthS;
  const endBits = between(atS, bits, startS) + bytes * 8;
  const rounds = Math.floor(endBits / roundBits);
  return (rounds * lengthS + between(bits, atS, endBits - rounds * roundBits) - startS) * 1_000;
}

/** Where on the line through these points that x is; both rise. */
function between(xs: readonly number[], ys: readonly number[], x: number): number {
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) <= x) low = middle;
    else high = middle;
  }
  const [x0 = 0, x1 = 0, y0 = 0, y1 = 0] = [xs[low], xs[high], ys[low], ys[high]];
  return x1 === x0 ? y0 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
