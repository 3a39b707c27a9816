/** Lets so many of what is counted through: a share of what has come by, and a little at once. */
export class Budget {
  readonly #share: number;
  readonly #burst: number;
  #left = 0;

  constructor(share: number, burst: number) {
    this.#share = share;
    this.#burst = burst;
  }

  /** So much came by. */
  earn(amount: number): void {
    this.#left = Math.min(this.#burst, this.#left + amount * this.#share);
  }

  has(amount: number): boolean {
    return this.#left >= amount;
  }

  /** Whether so much may be spent; then it is. */
  spend(amount: number): boolean {
    if (!this.has(amount)) return false;
    this.#left -= amount;
    return true;
  }

  refund(amount: number): void {
    this.#left = Math.min(this.#burst, this.#left + amount);
  }
}
