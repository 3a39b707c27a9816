import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of seeded chance; two streams of different names never influence each other. */
export class Random {
  readonly #seed: number;
  readonly #generator: ReturnType<typeof xoroshiro128plus>;

  constructor(seed: number) {
    this.#seed = seed;
    this.#generator = xoroshiro128plus(seed);
  }

  fork(name: string): Random {
    let hash = this.#seed | 0;
    for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
    return new Random(hash ^ (hash >>> 15));
  }

  /** Uniform in [0, 1). */
  readonly unit = (): number => uniformFloat64(this.#generator);

  between(min: number, max: number): number {
    return min + (max - min) * this.unit();
  }

  integer(min: number, max: number): number {
    return Math.floor(this.between(min, max + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)] as T;
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }
}
