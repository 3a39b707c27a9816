import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from '../swarm/peers.ts';
import type { EdgeRoutes } from './routes.ts';

/** Tells the group which edge this viewer reads from for it, and hears it of the other masters. */
export class GroupEdges {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #routes: EdgeRoutes;
  #told: string | undefined;

  constructor(context: Context, room: Room, peers: Peers, routes: EdgeRoutes) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#routes = routes;
  }

  /** To everybody, if it is news. */
  tell(): void {
    const edgeId = this.#room.isMaster ? this.#routes.edgeId : undefined;
    if (edgeId === this.#told) return;
    this.#told = edgeId;
    for (const peer of this.#peers.all.keys()) this.greet(peer);
  }

  /** To one that has just been linked. */
  greet(peer: string): void {
    const edgeId = this.#told;
    if (edgeId) this.#context.emit({ type: 'sendPeer', peer, message: { type: 'reads', edgeId } });
  }

  heard(peer: string, edgeId: string): void {
    const known = this.#peers.all.get(peer);
    if (known) known.edgeId = edgeId;
    this.review();
  }

  /** Of two masters that find the same edge best the one with the lower id has it. */
  review(): void {
    const { viewerId, members } = this.#room;
    const before = members.filter(
      (each) => each.role === 'master' && each.viewerId < (viewerId ?? ''),
    );
    const edgeIds = before.map((each) => this.#peers.all.get(each.viewerId)?.edgeId ?? '');
    this.#routes.taken = new Set(this.#room.isMaster ? edgeIds : []);
    this.tell();
  }
}
