import type { EdgeHealth } from '../../../signaling/protocol/index.ts';
import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import type { EdgeState } from './edge-state.ts';
import { judge } from './health.ts';

type Changed = (health: EdgeHealth, reason: string) => void;

/** Tells how the edge does that this viewer reads from, of the several that it knows. */
export class EdgeNews {
  #context: Context;
  #room: Room;
  #changed: Changed;
  #shown: (state: EdgeState) => EdgeState;

  /** `shown`: the edge that counts where this one was asked. */
  constructor(
    context: Context,
    room: Room,
    changed: Changed,
    shown: (state: EdgeState) => EdgeState,
  ) {
    this.#context = context;
    this.#room = room;
    this.#changed = changed;
    this.#shown = shown;
  }

  judged(state: EdgeState, reason: string): void {
    if (this.#shown(state) === state) this.#changed(state.health, reason);
  }

  ownNetwork(state: EdgeState): void {
    this.#changed(this.#shown(state).health, 'own network');
  }

  /** Another edge is read from. Which of those that are down is probed next is no news. */
  moved(state: EdgeState): void {
    if (state.health === 'dark' && this.#room.edgeHealth === 'dark') return;
    const [, reason] = judge(state, this.#context.nowMs);
    this.#changed(state.health, state.health === 'healthy' ? 'another edge' : reason);
  }
}
