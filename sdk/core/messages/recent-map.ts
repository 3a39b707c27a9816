/** A map of at most so many; the longest untouched goes first. */
export class RecentMap<Value> {
  #values = new Map<string, Value>();
  readonly #max: number;
  readonly #create: () => Value;

  constructor(max: number, create: () => Value) {
    this.#max = max;
    this.#create = create;
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

  /** Makes it the newest, and makes one where there is none. */
  touch(key: string): Value {
    const value = this.#values.get(key) ?? this.#create();
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#max) {
      const [oldest] = this.#values.keys();
      this.#values.delete(oldest as string);
    }
    return value;
  }
}
