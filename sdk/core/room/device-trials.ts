import { forgetOldest } from '../bounded.ts';
import type { Ask } from './device-ask.ts';
import type { DeviceListener } from './device-listener.ts';
import * as timings from './device-timings.ts';

/** What a slave tries to get itself because its master cannot, or is late. */
export class Trials {
  #listener: Pick<DeviceListener, 'load' | 'unload'>;
  /** Of what has come meanwhile it does not know. */
  #asks = new Map<number, Ask>();

  constructor(listener: Pick<DeviceListener, 'load' | 'unload'>) {
    this.#listener = listener;
  }

  begin(ask: Ask): void {
    this.#asks.set(ask.wanted.loadId, ask);
    forgetOldest(this.#asks, timings.servingMax);
    this.#listener.load(ask.wanted);
  }

  abandoned(loadId: number): void {
    this.#asks.delete(loadId);
  }

  /** Ends all, and returns those that are still waited for. */
  end(): Ask[] {
    const asks = [...this.#asks.values()];
    this.#asks.clear();
    return asks.filter(({ wanted }) => this.#listener.unload(wanted));
  }
}
