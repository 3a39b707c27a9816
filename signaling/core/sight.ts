/** Whether a reader of a stream sees it: what nobody can vouch for must not be asked for, or an outage ends the room. */
export class Sight {
  readonly #blindAfterMs: number;
  #seenAtMs: number | null = null;
  isSeeing = true;

  constructor(blindAfterMs: number) {
    this.#blindAfterMs = blindAfterMs;
  }

  /** Something was read. Returns whether sight came back by it. */
  saw(nowMs: number): boolean {
    this.#seenAtMs = nowMs;
    const changed = !this.isSeeing;
    this.isSeeing = true;
    return changed;
  }

  /** A read failed. Returns whether sight is lost by it: one failure between successes is none. */
  missed(nowMs: number): boolean {
    this.#seenAtMs ??= nowMs;
    if (!this.isSeeing || nowMs - this.#seenAtMs < this.#blindAfterMs) return false;
    this.isSeeing = false;
    return true;
  }
}
