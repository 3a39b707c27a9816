import { forgetOldest } from '../bounded.ts';

/** A map of at most so many; the longest untouched goes first. */
export class RecentMap<Value> {
  #values = new Map<string, Value>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  clear(): void {
    this.#values.clear();
  }

  peek(key: string): Value | undefined {
    return this.#values.get(key);
  }

  count(holds: (value: Value) => boolean): number {
    let count = 0;
    for (const value of this.#values.values()) if (holds(value)) count += 1;
    return count;
  }

  /** Makes it the newest. */
  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    forgetOldest(this.#values, this.#max);
  }

  /** Makes it the newest, and makes one where there is none. */
  touch(key: string, create: () => Value): Value {
    const value = this.#values.get(key) ?? create();
    this.set(key, value);
    return value;
  }
}
