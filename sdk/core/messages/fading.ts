/** How long a count is remembered: half of it is forgotten in this time. */
export const conversationHalfLifeMs = 600_000;
export const habitHalfLifeMs = 14 * 86_400_000;

/** What is left of 1 after a time; a clock that was set back forgets nothing. */
export function faded(elapsedMs: number, halfLifeMs: number): number {
  return elapsedMs > 0 ? 2 ** (-elapsedMs / halfLifeMs) : 1;
}

/** A count of which older events weigh less. */
export class FadingCount {
  #value = 0;
  #atMs = 0;
  readonly #halfLifeMs: number;

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  add(nowMs: number): void {
    this.#value = this.at(nowMs) + 1;
    this.#atMs = Math.max(this.#atMs, nowMs);
  }

  at(nowMs: number): number {
    return this.#value === 0 ? 0 : this.#value * faded(nowMs - this.#atMs, this.#halfLifeMs);
  }
}

/** Counted in a conversation, and as a habit. */
export const inConversation = () => new FadingCount(conversationHalfLifeMs);
export const asHabit = () => new FadingCount(habitHalfLifeMs);
