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

/**
 * What is believed of one time of one edge. While the last value is fresh, that it still holds; the older it is, the more
 * that the time is again what it was once before, or what is usual.
 */
export class Belief {
  readonly #usual: readonly number[];
  readonly #minMs: number;
  readonly #sameMs: number;
  #last: { log: number; atMs: number } | null = null;
  #regimes: number[] = [];
  /** What others say; by what they are. */
  readonly hints = new Map<'advertised' | 'prior', Hint>();

  /** @param minMs what is less counts as this; @param sameMs values closer than this are the same */
  constructor(usual: readonly number[], minMs: number, sameMs: number) {
    this.#usual = usual;
    this.#minMs = minMs;
    this.#sameMs = sameMs;
  }

  get isMeasured(): boolean {
    return this.#last !== null;
  }

  /** The last value; null before any. */
  get value(): number | null {
    return this.#last && Math.exp(this.#last.log);
  }

  observe(value: number, atMs: number): void {
    const log = this.#logOf(value);
    const last = this.#last;
    const isSame =
      last !== null &&
      (Math.abs(log - last.log) < thresholds.sameShare ||
        Math.abs(value - Math.exp(last.log)) <= this.#sameMs);
    if (isSame && last) {
      // Within a regime times still vary a little.
      const mean = (log + last.log) / 2;
      this.#regimes[this.#regimes.length - 1] = mean;
      this.#last = { log: mean, atMs };
      return;
    }
    this.#last = { log, atMs };
    this.#regimes.push(log);
    if (this.#regimes.length > thresholds.regimesMax) this.#regimes.shift();
  }

  /** 0 where it has just been measured, 1 where nothing is known. */
  age(nowMs: number): number {
    return this.#last === null
      ? 1
      : 1 - Math.exp(-Math.max(0, nowMs - this.#last.atMs) / thresholds.staleMs);
  }

  /** All that it may be; the weights add up to 1. */
  atoms(nowMs: number): Atom[] {
    const age = this.age(nowMs);
    const atoms: Atom[] = [];
    if (this.#last && age < 1) atoms.push({ weight: 1 - age, log: this.#last.log });
    let total = this.#regimes.length + thresholds.usualWeight;
    for (const { weight } of this.hints.values()) total += weight;
    const share = age / total;
    for (const log of this.#regimes) atoms.push({ weight: share, log });
    for (const { value, weight } of this.hints.values())
      atoms.push({ weight: share * weight, log: this.#logOf(value) });
    for (const value of this.#usual)
      atoms.push({
        weight: (share * thresholds.usualWeight) / this.#usual.length,
        log: Math.log(value),
      });
    return atoms;
  }

  /** Whatever a clock, an edge or others say: a number. */
  #logOf(value: number): number {
    return Math.log(Math.min(thresholds.timeMsMax, Math.max(this.#minMs, value)));
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
