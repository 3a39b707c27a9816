import type { EdgeHealth } from '../../../signaling/protocol/index.ts';
import type { Context } from '../context.ts';
import type { EdgeRoutes } from '../edges/routes.ts';
import type { Room } from '../room/room.ts';
import type { EdgeState, EdgeStates } from './edge-state.ts';
import { judge } from './health.ts';

type Changed = (health: EdgeHealth, reason: string) => void;

/** Tells how the edge does that this viewer reads from, of the several that it knows. */
export class EdgeNews {
  #context: Context;
  #room: Room;
  #routes: EdgeRoutes;
  #states: EdgeStates;
  #changed: Changed;

  constructor(
    context: Context,
    room: Room,
    routes: EdgeRoutes,
    states: EdgeStates,
    changed: Changed,
  ) {
    this.#context = context;
    this.#room = room;
    this.#routes = routes;
    this.#states = states;
    this.#changed = changed;
  }

  judged(state: EdgeState, reason: string): void {
    if (this.#shown(state) === state) this.#changed(state.health, reason);
  }

  ownNetwork(state: EdgeState): void {
    this.#changed(this.#shown(state).health, 'own network');
  }

  /** Another edge is read from, at this address. Which of those that are down is probed next is no news. */
  moved(url: string): void {
    const state = this.#states.of(url, this.#context.nowMs);
    if (state.health === 'dark' && this.#room.edgeHealth === 'dark') return;
    const [, reason] = judge(state, this.#context.nowMs);
    this.#changed(state.health, state.health === 'healthy' ? 'another edge' : reason);
  }

  /** What another of the edges that are offered does is of no account to who reads from the chosen one. */
  #shown(state: EdgeState): EdgeState {
    const { chosenUrl } = this.#routes;
    const isAnother = chosenUrl !== null && this.#routes.isOffered(state.origin);
    return isAnother ? this.#states.of(chosenUrl, this.#context.nowMs) : state;
  }
}
