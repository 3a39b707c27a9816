import type { Context } from './context.ts';
import type { GroupEdges } from './edges/group-edges.ts';
import { type PeerMessage, peerVersion } from './peer-wire.ts';
import type { Playlists } from './playlists/playlists.ts';
import type { Room } from './room/room.ts';
import type { Peers } from './swarm/peers.ts';
import type { Swarm } from './swarm/swarm.ts';

/** Members that are linked to: greets them, and gives what they say to whom it is for. */
export class Linked {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #group: GroupEdges;
  #playlists: Playlists;
  #swarm: Swarm;

  constructor(
    context: Context,
    room: Room,
    peers: Peers,
    group: GroupEdges,
    playlists: Playlists,
    swarm: Swarm,
  ) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#group = group;
    this.#playlists = playlists;
    this.#swarm = swarm;
  }

  opened(peer: string): void {
    this.#room.links.opened(peer);
    if (!this.#room.links.open.has(peer)) return;
    this.#peers.open(peer);
    const follows = this.#playlists.follows();
    this.#context.emit({
      type: 'sendPeer',
      peer,
      message: { type: 'hello', version: peerVersion, follows },
    });
  }

  closed(peer: string): void {
    this.#room.linkClosed(peer);
    this.forget(peer);
  }

  /** It is linked no more: whatever was under way with it is over. */
  forget(peer: string): void {
    const known = this.#peers.close(peer);
    if (!known) return;
    for (const requestId of known.requests.keys())
      this.#context.emit({ type: 'forgetPart', peer, requestId });
    this.#swarm.unlinked(peer);
    this.#tellNeighbours();
  }

  heard(peer: string, message: PeerMessage): void {
    const known = this.#peers.all.get(peer);
    if (!known) return;
    if (message.type === 'hello') {
      if (known.greeted) return this.#refuse(peer);
      this.#peers.greet(known);
      this.#playlists.peerFollows(peer, message.follows);
      this.#swarm.linked(peer);
      this.#group.greet(peer);
      return this.#tellNeighbours();
    }
    if (!known.greeted) return this.#refuse(peer);
    if (message.type === 'reads') return this.#group.heard(peer, message.edgeId);
    if (message.type === 'follow') return this.#playlists.peerFollows(peer, message.follows);
    if (message.type === 'playlistUnable')
      return this.#playlists.peerUnable(peer, message.playlistId);
    const isSound =
      message.type === 'playlist'
        ? this.#playlists.peerSends(peer, message.playlistId, message.text)
        : this.#swarm.message(peer, message);
    if (!isSound) this.#refuse(peer);
  }

  #refuse(peer: string): void {
    this.#context.emit({ type: 'refused', code: 'peer_message_invalid', peer });
    this.#room.links.ban(peer);
  }

  #tellNeighbours(): void {
    this.#context.emit({ type: 'neighbours', viewerIds: [...this.#peers.linked()] });
  }
}
