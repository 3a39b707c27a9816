import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from '../swarm/peers.ts';
import { isNameable, isSendable } from '../wire-bounds.ts';
import { type PlaylistState, playlistTimings } from './playlist.ts';

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

  /** Each version goes to a peer once, however often it asks. */
  send(peer: string, { playlistId, text, version, facts }: PlaylistState): void {
    const known = this.#peers.all.get(peer);
    if (!known || text === null || !this.#room.uploads || facts?.blockingReload) return;
    if (known.playlistsSent.get(playlistId) === version) return;
    const message = { type: 'playlist', playlistId, text } as const;
    // A longer one is left to the edge: it is a recording's, not a live window's.
    if (text.length > limits.playlistBytesMax || !isSendable(message)) return;
    known.playlistsSent.delete(playlistId);
    known.playlistsSent.set(playlistId, version);
    const oldest = known.playlistsSent.keys().next().value;
    if (known.playlistsSent.size > playlistTimings.playlistsMax && oldest !== undefined)
      known.playlistsSent.delete(oldest);
    this.#context.emit({ type: 'sendPeer', peer, message });
  }

  unable(state: PlaylistState): void {
    const { playlistId } = state;
    if (!isNameable(playlistId)) return;
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
