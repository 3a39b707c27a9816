import { forgetOldest } from '../bounded.ts';
import type { Context } from '../context.ts';
import type { FetchFailure, Wanted } from '../events.ts';
import * as timings from './device-timings.ts';

interface ServedListener {
  /** This viewer gets it itself. */
  load(wanted: Wanted): void;
  /** It is not wanted of it any more. */
  unload(wanted: Wanted): boolean;
}

/** What other viewers of the device ask of this one. */
export class Served {
  #context: Context;
  #listener: ServedListener;
  /** What is loaded for them; of what has been given it may not know. */
  #loads = new Map<number, Wanted>();
  /** Asked by those that know sooner than this viewer that it leads. */
  #early = new Map<number, { wanted: Wanted; untilMs: number }>();

  constructor(context: Context, listener: ServedListener) {
    this.#context = context;
    this.#listener = listener;
  }

  /** False for what is to be loaded now. */
  keeps(wanted: Wanted, leads: boolean): boolean {
    this.#loads.set(wanted.loadId, wanted);
    forgetOldest(this.#loads, timings.servingMax);
    if (leads) return false;
    const untilMs = this.#context.nowMs + timings.earlyMsMax;
    this.#early.set(wanted.loadId, { wanted, untilMs });
    this.#context.wakeAt(untilMs);
    return true;
  }

  has(loadId: number): boolean {
    return this.#loads.has(loadId);
  }

  /** False for a load that has begun, or that nothing is known of. */
  abandoned(loadId: number): boolean {
    return this.#early.delete(loadId);
  }

  /** This viewer leads from now on. */
  begin(): void {
    const early = [...this.#early.values()];
    this.#early.clear();
    for (const { wanted } of early) this.#listener.load(wanted);
  }

  /** Others may get what this viewer cannot, or (null) does not, as it leads no more. */
  refuse(failure: FetchFailure | null): void {
    const loads = [...this.#loads.values()];
    this.#loads.clear();
    this.#early.clear();
    for (const wanted of loads) {
      this.#listener.unload(wanted);
      this.#context.emit({ type: 'refuseLoad', loadId: wanted.loadId, failure });
    }
  }

  tick(): void {
    for (const [loadId, { untilMs }] of this.#early) {
      if (this.#context.nowMs < untilMs) this.#context.wakeAt(untilMs);
      else {
        this.#early.delete(loadId);
        this.#context.emit({ type: 'refuseLoad', loadId, failure: null });
      }
    }
  }
}
