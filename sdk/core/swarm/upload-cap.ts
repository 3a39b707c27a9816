import * as limits from '../../../signaling/protocol/limits.ts';

/** Upload saved up while idle. */
const burstMs = 500;

/** A token bucket: what may be sent now, of what the app allows a second. */
export class UploadCap {
  #bytesPerMs: number;
  #tokens = 0;
  #filledAtMs = 0;

  constructor(bytesPerSecondMax: number) {
    this.#bytesPerMs = bytesPerSecondMax / 1_000;
  }

  /** Takes the bytes if they may go now. @returns In how many milliseconds they may, at the earliest; 0 is now. */
  take(bytes: number, nowMs: number): number {
    this.#tokens = Math.min(
      Math.max(this.#bytesPerMs * burstMs, limits.partBytes),
      this.#tokens + (nowMs - this.#filledAtMs) * this.#bytesPerMs,
    );
    this.#filledAtMs = nowMs;
    if (this.#tokens < bytes) return Math.max(5, (bytes - this.#tokens) / this.#bytesPerMs);
    this.#tokens -= bytes;
    return 0;
  }
}
