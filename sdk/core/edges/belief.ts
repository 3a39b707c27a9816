import * as thresholds from './choice-thresholds.ts';

/** One value that a time may have, by its logarithm, and how likely. */
export interface Atom {
  weight: number;
  log: number;
}

interface Hint {
  value: number;
  weight: number;
}

/** How a time behaves. */
export interface BeliefKind {
  /** Values of which one is likely where nothing is known. */
  usual: readonly number[];
  /** How likely it is that a value that was just measured is the next one, too. */
  holds: number;
  /** Weight of each earlier value, of that of the one after it. */
  kept: number;
  /** Values closer than this are the same; null where none is. */
  sameMs: number | null;
  /** What is less counts as this. */
  min: number;
}

/**
 * What is believed of one time of one edge. While the last value is fresh, that it still holds; the older it is, the more
 * that the time is again what it was once before, or what is usual.
 */
export class Belief {
  readonly #kind: BeliefKind;
  #last: { log: number; atMs: number } | null = null;
  /** The last one included. */
  #values: number[] = [];
  /** What others say; by what they are. */
  readonly hints = new Map<'advertised' | 'prior', Hint>();

  constructor(kind: BeliefKind) {
    this.#kind = kind;
  }

  /** The last value; null before any. */
  get value(): number | null {
    return this.#last && Math.exp(this.#last.log);
  }

  observe(value: number, atMs: number): void {
    const log = this.#logOf(value);
    if (this.#last && this.#isSame(value, this.#last.log)) {
      // Within a regime times still vary a little.
      const mean = (log + this.#last.log) / 2;
      this.#values[this.#values.length - 1] = mean;
      this.#last = { log: mean, atMs };
      return;
    }
    this.#last = { log, atMs };
    this.#values.push(log);
    if (this.#values.length > thresholds.valuesMax) this.#values.shift();
  }

  #isSame(value: number, lastLog: number): boolean {
    const { sameMs } = this.#kind;
    if (sameMs === null) return false;
    const isClose = Math.abs(value - Math.exp(lastLog)) <= sameMs;
    return isClose || Math.abs(this.#logOf(value) - lastLog) < thresholds.sameShare;
  }

  /** 0 where it has just been measured, 1 where nothing is known. */
  age(nowMs: number): number {
    return this.#last === null
      ? 1
      : 1 - Math.exp(-Math.max(0, nowMs - this.#last.atMs) / thresholds.staleMs);
  }

  /** All that it may be; the weights add up to 1. */
  atoms(nowMs: number): Atom[] {
    const { usual, holds, kept } = this.#kind;
    const known = (1 - this.age(nowMs)) * holds;
    const atoms: Atom[] = [];
    let total = thresholds.usualWeight;
    const add = (weight: number, log: number) => atoms.push({ weight, log });
    for (const log of usual) add(thresholds.usualWeight / usual.length, Math.log(log));
    this.#values.forEach((log, index) => {
      const weight = kept ** (this.#values.length - 1 - index);
      total += weight;
      add(weight, log);
    });
    for (const { value, weight } of this.hints.values()) {
      total += weight;
      add(weight, this.#logOf(value));
    }
    for (const atom of atoms) atom.weight *= (1 - known) / total;
    if (this.#last) add(known, this.#last.log);
    return atoms;
  }

  /** Whatever a clock, an edge or others say: a number. */
  #logOf(value: number): number {
    return Math.log(Math.min(thresholds.timeMsMax, Math.max(this.#kind.min, value)));
  }
}

/** What a read may take in all: each first byte with each pace. */
export function sumOf(firstByte: Atom[], pace: Atom[], kilobytes: number): Atom[] {
  if (kilobytes <= 0) return firstByte;
  return firstByte.flatMap(({ weight, log }) =>
    pace.map((each) => ({
      weight: weight * each.weight,
      log: Math.log(Math.exp(log) + Math.exp(each.log) * kilobytes),
    })),
  );
}

/** Mean of the logarithm and so many standard deviations. */
export function pessimisticLog(atoms: readonly Atom[], deviations: number): number {
  let mean = 0;
  let square = 0;
  for (const { weight, log } of atoms) {
    mean += weight * log;
    square += weight * log * log;
  }
  return mean + deviations * Math.sqrt(Math.max(0, square - mean * mean));
}

/** By how much it is expected to be below (`sign` 1) or above (-1) a bound, counting what is on the other side as nothing. */
export function gainBeyond(atoms: readonly Atom[], boundLog: number, sign: 1 | -1): number {
  let gain = 0;
  for (const { weight, log } of atoms) gain += weight * Math.max(0, sign * (boundLog - log));
  return gain;
}
