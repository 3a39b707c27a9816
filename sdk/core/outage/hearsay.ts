import type { Room } from '../room/room.ts';
import * as edgeThresholds from './edge-thresholds.ts';

/** What the members that read for the group say of their edges. */
export class Hearsay {
  #room: Room;
  #untilMs = new Map<string, number>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** Takes note, and returns whether more than half of the other masters are unable. */
  isTold(peer: string, nowMs: number): boolean {
    if (this.#room.member(peer)?.role !== 'master') return false;
    this.#untilMs.set(peer, nowMs + edgeThresholds.hearsayMs);
    for (const [id, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(id);
    const { members, viewerId } = this.#room;
    const others = members.filter((each) => each.role === 'master' && each.viewerId !== viewerId);
    const unable = others.filter((each) => this.#untilMs.has(each.viewerId)).length;
    return unable * 2 > others.length;
  }
}
