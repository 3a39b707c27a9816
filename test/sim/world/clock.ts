import TinyQueue from 'tinyqueue';

interface Entry {
  atMs: number;
  order: number;
  run: () => void;
}

/** Virtual time: runs what is due in the order of time, and of asking where times are equal. */
export class Clock {
  nowMs = 0;
  #queue = new TinyQueue<Entry>([], (a, b) => a.atMs - b.atMs || a.order - b.order);
  #order = 0;

  at(atMs: number, run: () => void): void {
    this.#order += 1;
    this.#queue.push({ atMs: Math.max(atMs, this.nowMs), order: this.#order, run });
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  runUntil(endMs: number): void {
    for (;;) {
      const next = this.#queue.peek();
      if (!next || next.atMs > endMs) break;
      this.#queue.pop();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = endMs;
  }
}
