import type { Context } from '../context.ts';
import * as timings from './device-timings.ts';

/**
 * An id that several machines have, as from one disk image: its master is never found here, however long the server
 * names it. A page that starts slowly looks the same at first, so it is looked for twice.
 */
export class Separation {
  #context: Context;
  #lookAtMs: number | null = null;
  #isLastLook = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The master was not found. Returns true when it is given up. */
  missed(): boolean {
    if (this.#isLastLook) {
      this.end();
      return true;
    }
    this.#lookAtMs = this.#context.nowMs + timings.separateAfterMs;
    this.#context.wakeAt(this.#lookAtMs);
    return false;
  }

  /** It was found, or another is looked for. */
  end(): void {
    this.#lookAtMs = null;
    this.#isLastLook = false;
  }

  /** Whether to look once more. */
  isDue(): boolean {
    if (this.#lookAtMs === null) return false;
    if (this.#context.nowMs < this.#lookAtMs) {
      this.#context.wakeAt(this.#lookAtMs);
      return false;
    }
    this.#lookAtMs = null;
    this.#isLastLook = true;
    return true;
  }
}
