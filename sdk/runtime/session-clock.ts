/** Later than any timer of a page that runs, busy or in the background: the page has stood still. */
const lateMsMin = 3_000;
/** Browsers may let a page that is hidden have its timers once a minute: https://chromestatus.com/feature/4718288976216064 */
const lateHiddenMsMin = 63_000;

/**
 * The clock of a session. It stands still while the page does (laptop lid, frozen tab, stopped process), so that
 * nothing is overdue afterwards: neither deadlines of media that was not played meanwhile, nor measurements.
 */
export class SessionClock {
  /** The page has said that it is about to stand still, and not yet that it goes on: what is late says so sooner. */
  isAway = false;
  #rawMs: () => number;
  #wallMs: () => number;
  #isHidden: () => boolean;
  #skippedMs = 0;
  #dueMs = Number.POSITIVE_INFINITY;
  #offsetMs: number;

  /**
   * @param rawMs - As `performance.now()`, which some systems stop during sleep.
   * @param wallMs - As `Date.now()`. One that is set forward looks the same as such a sleep, and is taken for it.
   * @param isHidden - As `document.hidden`.
   */
  constructor(rawMs: () => number, wallMs: () => number, isHidden: () => boolean) {
    this.#rawMs = rawMs;
    this.#wallMs = wallMs;
    this.#isHidden = isHidden;
    this.#offsetMs = wallMs() - rawMs();
  }

  nowMs(): number {
    return this.#rawMs() - this.#skippedMs;
  }

  /** An event is bound to come at this time of the clock. */
  expect(atMs: number): void {
    this.#dueMs = atMs;
  }

  /** For how long the page has stood still since the last call; 0 when it has not. */
  standstillMs(): number {
    const offsetMs = this.#wallMs() - this.#rawMs();
    const sleptMs = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    const lateMs = this.nowMs() - this.#dueMs;
    if (lateMs >= 0) this.#dueMs = Number.POSITIVE_INFINITY;
    if (lateMs >= (this.#isHidden() && !this.isAway ? lateHiddenMsMin : lateMsMin)) {
      this.#skippedMs += lateMs;
      return Math.max(lateMs, sleptMs);
    }
    return sleptMs >= lateMsMin ? sleptMs : 0;
  }
}
