import * as edgeThresholds from './edge-thresholds.ts';

/** Sees by the slope of the buffer that media does not come, whatever requests say. */
export class Drain {
  #samples: { bufferMs: number; atMs: number }[] = [];

  /** Takes a measurement, and returns whether the buffer is running out. */
  measured(bufferMs: number | null, nowMs: number): boolean {
    if (bufferMs === null) this.#samples = [];
    else this.#samples.push({ bufferMs, atMs: nowMs });
    const fromMs = nowMs - edgeThresholds.drainWindowMs;
    while ((this.#samples[1]?.atMs ?? nowMs) <= fromMs) this.#samples.shift();
    const first = this.#samples[0];
    if (bufferMs === null || !first || first.atMs > fromMs) return false;
    const lostMs = first.bufferMs - bufferMs;
    return lostMs > edgeThresholds.drainMs && bufferMs < edgeThresholds.drainedMs;
  }
}
