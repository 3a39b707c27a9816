import * as limits from '../../../signaling/protocol/limits.ts';
import type { Room } from '../room/room.ts';
import { segmentTurnEvery } from './edge-thresholds.ts';
import type { Resource } from './health.ts';

/**
 * When this viewer may probe an edge that is down. The members of a group take turns by the clock of the server, as
 * epochs tell it: one probe a second of them all, without a word between them.
 */
export class Turns {
  #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Number of the turn that this time lies in; each is of one member. */
  at(nowMs: number): number {
    // A wake-up at the very beginning of a turn must not fall before it.
    const serverMs = Math.round(nowMs - this.#room.clockOffsetMs);
    return Math.floor(serverMs / limits.edgeProbeIntervalMs);
  }

  /**
   * The first own turn that is not before `turn`, and when it begins. Rounds are counted by each member for itself, so
   * that what is done in one of several is not done by all in a row.
   */
  next(turn: number): { turn: number; round: number; atMs: number } {
    const ids = this.#room.members.map(({ viewerId }) => viewerId).sort();
    const count = Math.max(1, ids.length);
    const place = Math.max(0, ids.indexOf(this.#room.viewerId ?? ''));
    const next = turn + ((((place - turn) % count) + count) % count);
    const atMs = next * limits.edgeProbeIntervalMs + this.#room.clockOffsetMs;
    return { turn: next, round: Math.floor(next / count) + place, atMs };
  }

  /** When to probe next, not before `turn`; with a resource where both kinds are down, and one asks for both. */
  probeAtMs(turn: number, shared: Resource | null): number {
    let own = this.next(turn);
    if (shared !== null)
      while ((own.round % segmentTurnEvery === segmentTurnEvery - 1) !== (shared === 'segments'))
        own = this.next(own.turn + 1);
    return own.atMs;
  }
}
