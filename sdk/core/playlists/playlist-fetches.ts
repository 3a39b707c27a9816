import { withDirectives } from '../../../signaling/protocol/low-latency.ts';
import type { Context } from '../context.ts';
import type { Edges } from '../outage/edges.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from '../swarm/peers.ts';
import type { PlaylistState } from './playlist.ts';
import * as timings from './playlist-timings.ts';

interface Fetch {
  state: PlaylistState;
  /** On the edge that it is read from. */
  url: string;
  startedAtMs: number;
  /** The server may hold its answer until there is news. */
  isHeld: boolean;
}

/** Reads of playlists that are under way. */
export class PlaylistFetches {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #edges: Edges;
  #fetches = new Map<number, Fetch>();

  constructor(context: Context, room: Room, peers: Peers, edges: Edges) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#edges = edges;
  }

  start(state: PlaylistState, url: string): void {
    state.url = url;
    const fetchId = this.#context.nextId();
    state.isFetching = true;
    // Of use whichever edge gives it, and small: so it is by playlists that edges are compared.
    const { routes } = this.#edges;
    const elsewhere = state.deniedUrl && routes.elsewhere(url, state.deniedUrl);
    // What is held would tell only with the next update whether an edge is well again.
    const trial = state.isHeld && !elsewhere ? routes.trial(url, 'playlists') : null;
    const isHeld = state.isHeld && trial === null;
    const own = () => (isHeld ? routes.route(url, 0) : this.#edges.look(url, state.targetMs));
    const routed = elsewhere ?? trial ?? own();
    this.#edges.attempted(routed, 'playlists');
    this.#fetches.set(fetchId, { state, url: routed, startedAtMs: this.#context.nowMs, isHeld });
    const alone = this.#peers.linkedCount === 0 && !this.#room.hasSlaves;
    // The server may hold its answer for as long as an update takes.
    const heldMs = isHeld ? state.updateMs * timings.heldFactor : 0;
    this.#context.emit({
      type: 'fetchPlaylist',
      fetchId,
      url: isHeld ? withDirectives(routed, state.facts) : routed,
      firstByteWithinMs: this.#edges.firstByteWithinMs(routed, alone) + heldMs,
    });
  }

  end(fetchId: number): Fetch | undefined {
    const ended = this.#fetches.get(fetchId);
    this.#fetches.delete(fetchId);
    if (ended) {
      ended.state.isFetching = false;
      ended.state.fetchedAtMs = this.#context.nowMs;
    }
    return ended;
  }
}
