/** From this sequence on, keys follow one another as sequences do. */
interface Run {
  sequence: number;
  key: number;
}

/**
 * Which key a row has on a disk that several pages write to: each counts its own rows, and the disk all of them. As long
 * as nobody else writes, one entry is all there is.
 */
export class RowKeys {
  #runs: Run[] = [];
  #last = Number.NEGATIVE_INFINITY;

  /** In the order of sequences. */
  add(sequence: number, key: number): void {
    this.#last = sequence;
    const last = this.#runs.at(-1);
    if (!last || last.key - last.sequence !== key - sequence) this.#runs.push({ sequence, key });
  }

  /** Highest key of the rows up to and with this sequence; null where there are none. What lies below is older. */
  through(sequence: number): number | null {
    const next = this.#runs.findIndex((run) => run.sequence > sequence);
    const run = this.#runs.at(next === -1 ? -1 : next - 1);
    if (!run || next === 0) return null;
    const key = run.key + Math.min(sequence, this.#last) - run.sequence;
    // Sequences between two runs belong to rows that were never written.
    const after = this.#runs[next];
    return after ? Math.min(key, after.key - 1) : key;
  }

  /** These rows are deleted. */
  forgetThrough(sequence: number): void {
    const next = this.#runs.findIndex((run) => run.sequence > sequence);
    this.#runs.splice(0, (next === -1 ? this.#runs.length : next) - 1);
  }

  clear(): void {
    this.#runs = [];
  }

  get runCount(): number {
    return this.#runs.length;
  }
}
