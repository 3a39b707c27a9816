import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from '../swarm/peers.ts';
import type { PlaylistState } from './playlist.ts';

/** Tells the peers that it concerns what an edge gave, or did not give. */
export class Sharing {
  #context: Context;
  #room: Room;
  #peers: Peers;

  constructor(context: Context, room: Room, peers: Peers) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
  }

  share(state: PlaylistState): void {
    for (const peer of this.#listeners(state)) this.send(peer, state);
  }

  send(peer: string, { playlistId, text }: PlaylistState): void {
    // A longer one is left to the edge: it is a recording's, not a live window's.
    if (text === null || text.length > limits.playlistBytesMax) return;
    this.#context.emit({ type: 'sendPeer', peer, message: { type: 'playlist', playlistId, text } });
  }

  unable(state: PlaylistState): void {
    const { playlistId } = state;
    for (const peer of this.#listeners(state)) {
      this.#context.emit({
        type: 'sendPeer',
        peer,
        message: { type: 'playlistUnable', playlistId },
      });
    }
  }

  #listeners({ playlistId }: PlaylistState): string[] {
    return [...this.#peers.linked()].filter(
      (peer) => this.#room.member(peer)?.role === 'master' || this.#peers.follows(peer, playlistId),
    );
  }
}
