import { isNameable } from '../../../signaling/protocol/identity.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { forgetOldest } from '../bounded.ts';
import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from '../swarm/peers.ts';
import { isSendable } from '../wire-bounds.ts';
import type { PlaylistState } from './playlist.ts';
import * as playlistTimings from './playlist-timings.ts';

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

  /**
   * Others hear only from this viewer of what came from another group, or from a member that is not linked to all. The
   * slaves of its device hear of nothing otherwise.
   */
  pass(state: PlaylistState, from: string): void {
    const { bridges, members, isMaster } = this.#room;
    const isMesh = members.length <= limits.neighboursMax + 1;
    const isHeard = isMesh || !isMaster || this.#room.member(from)?.role === 'master';
    const isNews = bridges.feeds(from) || !isHeard;
    for (const peer of this.#listeners(state))
      if (peer !== from && (isNews || bridges.isSibling(peer))) this.send(peer, state);
  }

  share(state: PlaylistState): void {
    for (const peer of this.#listeners(state)) this.send(peer, state);
  }

  /** Each version goes to a peer once, however often it asks. */
  send(peer: string, { playlistId, text, version }: PlaylistState): void {
    const known = this.#peers.all.get(peer);
    if (!known || text === null || !this.#room.uploads) return;
    if (known.playlistsSent.get(playlistId) === version) return;
    const message = { type: 'playlist', playlistId, text } as const;
    // A longer one is left to the edge: it is a recording's, not a live window's.
    if (text.length > limits.playlistBytesMax || !isSendable(message)) return;
    // A master that does not follow it yet may have no use for this copy, and asks for it when it does.
    known.playlistsSent.delete(playlistId);
    if (known.follows.has(playlistId)) known.playlistsSent.set(playlistId, version);
    forgetOldest(known.playlistsSent, playlistTimings.playlistsMax);
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
    return this.#peers
      .linked()
      .filter(
        (peer) =>
          this.#room.member(peer)?.role === 'master' || this.#peers.follows(peer, playlistId),
      );
  }
}
