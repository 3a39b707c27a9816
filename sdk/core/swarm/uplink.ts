import * as limits from '../../../signaling/protocol/limits.ts';

/** Of the best so far that each measurement keeps: one slow reader is not a slow uplink. */
const decay = 0.9;
/** Shorter bursts say little. */
const sampleBytesMin = 2 * limits.partBytes;
/** Before it was measured: 4 Mbit/s. */
const bytesPerMsUnknown = 500;
/** Two parts keep the slowest uplink busy while the next is asked for. */
const promiseBytesMin = 2 * limits.partBytes;

/** What this viewer's uplink carries, learned from times in which there was always something to send. */
export class Uplink {
  bytesPerSecond: number | null = null;
  #busySinceMs: number | null = null;
  #busyBytes = 0;

  /** A part has left, and whether others are under way. */
  sent(bytes: number, isBusy: boolean, nowMs: number): void {
    if (this.#busySinceMs !== null) {
      this.#busyBytes += bytes;
      this.#sample(nowMs - this.#busySinceMs, nowMs);
    }
    // The first part of a burst fills the buffers of the link: the time counts from its end.
    if (!isBusy) this.#busySinceMs = null;
    else if (this.#busySinceMs === null) {
      this.#busySinceMs = nowMs;
      this.#busyBytes = 0;
    }
  }

  /** Whether a part more can be promised to those already promised. */
  hasRoom(promisedBytes: number, withinMs: number, bytesPerSecondMax: number): boolean {
    const bytesPerSecond = this.bytesPerSecond ?? bytesPerMsUnknown * 1_000;
    const bytesPerMs = Math.min(bytesPerSecond, bytesPerSecondMax) / 1_000;
    const bytes = promisedBytes + limits.partBytes;
    return bytes <= Math.max(promiseBytesMin, bytesPerMs * withinMs);
  }

  #sample(tookMs: number, nowMs: number): void {
    if (this.#busyBytes < sampleBytesMin || tookMs <= 0) return;
    const sample = (this.#busyBytes / tookMs) * 1_000;
    this.bytesPerSecond = Math.max(sample, (this.bytesPerSecond ?? 0) * decay);
    this.#busySinceMs = nowMs;
    this.#busyBytes = 0;
  }
}
