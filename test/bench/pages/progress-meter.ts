/** A span of wall clock, in ms since the epoch. */
export interface Span {
  startedAtMs: number;
  endedAtMs: number;
}

/** Media that was jumped over: a player that fell behind went back to the live edge. */
export interface Skip {
  atMs: number;
  skippedMs: number;
}

/** A pause shorter than this is not seen as a stall. */
const stallMinMs = 250;
/** Seeks over gaps between segments are shorter than this, and are no loss. */
const skipMinMs = 500;

/**
 * Watches a playhead from outside, the same for every player: the libraries' own numbers are not asked.
 * Before the first progress nothing counts as a stall; that time is the time to the first frame.
 */
export class ProgressMeter {
  readonly stalls: Span[] = [];
  readonly skips: Skip[] = [];
  #positionS: number | null = null;
  #progressedAtMs: number | null = null;
  #stalled = false;

  /** @param positionS the element's `currentTime`. */
  observe(nowMs: number, positionS: number): void {
    const lastPositionS = this.#positionS;
    this.#positionS = positionS;
    if (lastPositionS === null) return;
    const lastProgressMs = this.#progressedAtMs;
    if (positionS !== lastPositionS) {
      this.#progress(nowMs, lastProgressMs, (positionS - lastPositionS) * 1_000);
    } else if (lastProgressMs !== null && nowMs - lastProgressMs >= stallMinMs) {
      this.#stalled = true;
    }
  }

  /** The stalls so far; one that goes on ends now. */
  stallsUntil(nowMs: number): Span[] {
    if (!this.#stalled || this.#progressedAtMs === null) return [...this.stalls];
    return [...this.stalls, { startedAtMs: this.#progressedAtMs, endedAtMs: nowMs }];
  }

  #progress(nowMs: number, lastProgressMs: number | null, advancedMs: number): void {
    this.#progressedAtMs = nowMs;
    if (lastProgressMs === null) return;
    if (this.#stalled) this.stalls.push({ startedAtMs: lastProgressMs, endedAtMs: nowMs });
    this.#stalled = false;
    const skippedMs = advancedMs - (nowMs - lastProgressMs);
    if (skippedMs >= skipMinMs) this.skips.push({ atMs: nowMs, skippedMs });
  }
}
