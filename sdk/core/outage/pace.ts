import * as edgeThresholds from './edge-thresholds.ts';

/** How fast one edge gives, by its own history. */
export class Pace {
  firstByteMs = edgeThresholds.firstByteMsUnknown;
  bytesPerMs = edgeThresholds.bytesPerMsUnknown;
  isSampled = false;
  /** In a row, without a byte. */
  #timeouts = 0;

  /** Returns whether it came far later than usual. */
  firstByte(tookMs: number): boolean {
    this.#timeouts = 0;
    const usualMs = this.firstByteMs * edgeThresholds.firstByteSlack;
    const isLate = tookMs > Math.max(usualMs, edgeThresholds.firstByteWithinMsMin);
    this.firstByteMs = this.#average(this.firstByteMs, tookMs);
    return isLate;
  }

  sample(bytes: number, tookMs: number): void {
    this.bytesPerMs = this.#average(this.bytesPerMs, Math.max(bytes, 1) / Math.max(1, tookMs));
    this.isSampled = true;
  }

  /** Predicted time to read so many bytes. */
  estimateMs(bytes: number): number {
    return this.firstByteMs + bytes / this.bytesPerMs;
  }

  answered(): void {
    this.#timeouts = 0;
  }

  timedOut(): void {
    this.#timeouts = Math.min(edgeThresholds.timeoutsMax, this.#timeouts + 1);
  }

  /** How long to wait for an answer while peers may help. */
  get firstByteWithinMs(): number {
    const withinMs = Math.min(
      edgeThresholds.firstByteWithinMsMax,
      Math.max(
        edgeThresholds.firstByteWithinMsMin,
        this.firstByteMs * edgeThresholds.firstByteSlack,
      ),
    );
    // An edge that is only slow would else be cut off every time and never be measured.
    return Math.min(edgeThresholds.firstByteAloneMs, withinMs * 2 ** this.#timeouts);
  }

  #average(before: number, sample: number): number {
    return this.isSampled ? before + (sample - before) * edgeThresholds.sampleWeight : sample;
  }
}
