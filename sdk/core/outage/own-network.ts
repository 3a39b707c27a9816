import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import { silenceMs } from './edge-thresholds.ts';

/** Tells the viewer's own lost network from an edge that fails. */
export class OwnNetwork {
  /** When the server or a peer last said anything. */
  heardAtMs = 0;
  #context: Context;
  #room: Room;
  /** When the server was asked because nobody did. */
  #askedAtMs = 0;

  constructor(context: Context, room: Room) {
    this.#context = context;
    this.#room = room;
  }

  /** Neither peers nor the server say anything. Where silence may mean nothing the server is asked first. */
  isLost(): boolean {
    const { nowMs } = this.#context;
    const { members, links, isJoined } = this.#room;
    if (nowMs - this.heardAtMs < silenceMs || members.length < 2) return false;
    if (!isJoined) return links.open.size > 0;
    if (this.#askedAtMs <= this.heardAtMs) {
      this.#askedAtMs = nowMs;
      this.#room.changed(true);
    }
    return nowMs - this.#askedAtMs >= silenceMs;
  }
}
