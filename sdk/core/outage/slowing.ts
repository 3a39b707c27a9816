import type { Context } from '../context.ts';
import * as edgeThresholds from './edge-thresholds.ts';

/** Slows playback a little while what is left of the media runs out, and makes up for it later. */
export class Slowing {
  #context: Context;
  #rate = 1;
  /** How far slow playback has fallen behind. */
  #behindMs = 0;
  #atMs = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** To be called about once a second. */
  measured(bufferMs: number | null, isEdgeDown: boolean): void {
    const { nowMs } = this.#context;
    // A player that stands still falls behind by itself, and jumps to the live edge by itself.
    if (bufferMs) this.#behindMs += (1 - this.#rate) * (nowMs - this.#atMs);
    // Other media begins at its own place.
    else if (bufferMs === null) this.#behindMs = 0;
    this.#atMs = nowMs;
    const rate = bufferMs === null ? 1 : this.#wanted(bufferMs, isEdgeDown);
    if (rate === this.#rate) return;
    this.#rate = rate;
    this.#context.emit({ type: 'setPlaybackRate', rate });
  }

  #wanted(bufferMs: number, isEdgeDown: boolean): number {
    const { slowdownMax } = this.#context.options;
    if (isEdgeDown) {
      const rangeMs = edgeThresholds.slowBelowMs - edgeThresholds.slowestBelowMs;
      const share = (edgeThresholds.slowBelowMs - bufferMs) / rangeMs;
      // In steps of a hundredth, so that it does not change all the time.
      const steps = Math.round(Math.min(1, Math.max(0, share)) * slowdownMax * 100);
      return 1 - Math.min(slowdownMax, steps / 100);
    }
    const isBehind = this.#behindMs > edgeThresholds.behindMsMin;
    return isBehind && bufferMs > edgeThresholds.catchUpAboveMs ? 1 + slowdownMax : 1;
  }
}
