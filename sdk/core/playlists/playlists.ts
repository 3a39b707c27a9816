import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { CoreEvent } from '../events.ts';
import { type Edges, isAbsent } from '../outage/edges.ts';
import type { PeerMessage } from '../peer-wire.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from '../swarm/peers.ts';
import { isNameable } from '../wire-bounds.ts';
import { PlaylistDirectory } from './directory.ts';
import { type PlaylistState, playlistTimings } from './playlist.ts';
import { Polling } from './polling.ts';
import { Sharing } from './sharing.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;
type Follows = Extract<PeerMessage, { type: 'follow' }>['follows'];

export interface PlaylistsListener {
  /** A newer copy of a live playlist came, whose newest segment is this. */
  published(playlistId: string, newestSequence: number): void;
  /** The own edge shows that this peer's copy was not what the edge gave. */
  forged(peer: string): void;
}

/** Playlists of the room: one master polls each, all get the newest copy, the edge is the way out. */
export class Playlists {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #edges: Edges;
  #sharing: Sharing;
  #polling: Polling;
  /** What is known of each; the swarm reads it too. */
  readonly directory = new PlaylistDirectory(() => this.#context.nowMs);
  #fetches = new Map<number, PlaylistState>();
  #lastFollows = '';
  #listener: PlaylistsListener;

  constructor(
    context: Context,
    room: Room,
    peers: Peers,
    edges: Edges,
    listener: PlaylistsListener,
  ) {
    this.#context = context;
    this.#listener = listener;
    this.#room = room;
    this.#peers = peers;
    this.#edges = edges;
    this.#sharing = new Sharing(context, room, peers);
    this.#polling = new Polling(context, room, peers, edges);
  }

  wanted({ loadId, playlistId, url, multivariant }: Of<'playlistWanted'>): void {
    const { nowMs } = this.#context;
    const state = this.directory.state(playlistId, multivariant);
    state.url = url;
    state.loads.set(loadId, nowMs);
    state.lastWantedMs = nowMs;
    this.#tellFollows();
    this.#consider(state);
  }

  brought({ playlistId, url, multivariant, text }: Of<'playlistBrought'>): void {
    const { nowMs } = this.#context;
    const state = this.directory.state(playlistId, multivariant);
    state.url = url;
    state.lastWantedMs = nowMs;
    if (state.adoptOwn(text, nowMs) !== 'newer') return;
    state.receivedAtMs = nowMs;
    state.deliveredVersion = state.version;
    this.#tellFollows();
  }

  abandoned({ loadId, playlistId }: Of<'playlistAbandoned'>): void {
    this.directory.states.get(playlistId)?.loads.delete(loadId);
  }

  fetched({ fetchId, text }: Of<'playlistFetched'>): void {
    const state = this.#endFetch(fetchId);
    if (!state?.url) return;
    const { nowMs } = this.#context;
    state.failed = false;
    state.receivedAtMs = nowMs;
    this.#edges.succeeded(state.url, 0, 0);
    const { sender } = state;
    const adoption = state.adoptOwn(text, nowMs);
    if (state.facts?.blockingReload || text.includes('CAN-BLOCK-RELOAD=YES')) {
      // Each such answer belongs to the request's own directives.
      for (const loadId of state.loads.keys()) this.#deliver(state, loadId, text);
      return;
    }
    if (adoption === 'newer' || adoption === 'contradicted') {
      this.#sharing.share(state);
      this.#announce(state);
    }
    // Not a playlist: the player says so better than we could.
    if (state.text === null)
      for (const loadId of state.loads.keys()) this.#deliver(state, loadId, text);
    // The player asked, and this is what the edge has: it may look again later, as it would without us.
    for (const loadId of state.loads.keys()) {
      const isNews = state.version > state.deliveredVersion || !state.isLive;
      if (isNews || !this.#polling.canWait(state)) this.#deliver(state, loadId, state.text ?? text);
    }
    this.#consider(state);
    if (adoption === 'contradicted' && sender !== null) this.#listener.forged(sender);
  }

  failed({ fetchId, failure }: Of<'playlistFailed'>): void {
    const state = this.#endFetch(fetchId);
    if (!state?.url) return;
    state.failed = true;
    this.#edges.failed(state.url, failure);
    this.#sharing.unable(state);
    const isHopeless = isAbsent(failure) || (this.#room.isAlone && this.#peers.linkedCount === 0);
    if (isHopeless && !this.#polling.isFed(state)) {
      const { playlistId } = state;
      for (const loadId of state.loads.keys()) {
        this.#context.emit({ type: 'failPlaylist', loadId, playlistId, failure });
      }
      state.loads.clear();
    }
    this.#consider(state);
  }

  // --- peers ---

  /** The playlists that the player uses now, with the versions held. */
  follows(): Follows {
    const follows: Follows = [];
    for (const state of this.directory.states.values()) {
      // An empty playlist counts below the first version that there is.
      if (this.#polling.isPlayed(state) && isNameable(state.playlistId))
        follows.push({ playlistId: state.playlistId, version: Math.max(-1, state.version) });
    }
    return follows.slice(0, 16);
  }

  /** Ids of the media playlists among them. */
  plays(): string[] {
    return this.follows()
      .map(({ playlistId }) => playlistId)
      .filter((playlistId) => this.directory.states.get(playlistId)?.multivariant === false)
      .slice(0, limits.playlistsPerViewerMax);
  }

  peerFollows(peer: string, follows: Follows): void {
    const known = this.#peers.all.get(peer);
    if (!known) return;
    known.follows.clear();
    for (const { playlistId, version } of follows) {
      known.follows.add(playlistId);
      const state = this.directory.states.get(playlistId);
      if (state && state.version > version) this.#sharing.send(peer, state);
    }
    this.tick();
  }

  /** Returns false when no correct peer would have sent the text. */
  peerSends(peer: string, playlistId: string, text: string): boolean {
    if (!text.startsWith('#EXTM3U')) return false;
    const state = this.directory.states.get(playlistId) ?? this.directory.known(playlistId);
    if (!state) return true;
    state.url ??= this.directory.urlOf(playlistId);
    if (state.url === null) return true;
    const isMedia = text.includes('#EXT-X-TARGETDURATION:');
    if (isMedia === state.multivariant) return false;
    const { nowMs } = this.#context;
    const adoption = state.adoptPeers(text, nowMs, peer);
    if (adoption === 'newer') {
      state.receivedAtMs = nowMs;
      this.#announce(state);
    }
    if (adoption === 'newer' || adoption === 'doubtful') this.#consider(state);
    return adoption !== 'invalid';
  }

  tick(): void {
    for (const state of [...this.directory.states.values()]) this.#consider(state);
  }

  #consider(state: PlaylistState): void {
    this.#deliverNews(state);
    if (state.fetch) return;
    const url = state.url ?? this.directory.urlOf(state.playlistId);
    if (url === null) return;
    const rank = this.#polling.rank(state);
    const dueMs = Math.max(this.#polling.dueAtMs(state, rank), this.#edges.nextAttemptAtMs(url));
    if (!Number.isFinite(dueMs)) return;
    const { nowMs } = this.#context;
    if (dueMs > nowMs) {
      this.#askPeers(state);
      return this.#context.wakeAt(dueMs);
    }
    state.url = url;
    this.#edges.attempted(url, rank ?? 0);
    const fetchId = this.#context.nextId();
    state.fetch = { fetchId, startedAtMs: nowMs };
    this.#fetches.set(fetchId, state);
    const alone = this.#peers.linkedCount === 0 || state.facts?.blockingReload === true;
    this.#context.emit({
      type: 'fetchPlaylist',
      fetchId,
      url,
      firstByteWithinMs: this.#edges.firstByteWithinMs(url, alone),
    });
  }

  /** Hands a copy that the player does not have yet to whoever waits. */
  #deliverNews(state: PlaylistState): void {
    const { text, facts } = state;
    if (text === null || state.loads.size === 0 || facts?.blockingReload) return;
    const { nowMs } = this.#context;
    const isFresh = nowMs - state.receivedAtMs < state.targetMs * playlistTimings.freshFraction;
    const isUsable = !state.isLive || isFresh || state.failed || state.deliveredVersion >= 0;
    if (!isUsable || (state.isLive && state.version <= state.deliveredVersion)) return;
    for (const loadId of state.loads.keys()) this.#deliver(state, loadId, text);
  }

  /** The peer cannot read the playlist: the next in rank need not wait for it. */
  peerUnable(peer: string, playlistId: string): void {
    const state = this.directory.states.get(playlistId);
    if (!state) return;
    const { nowMs } = this.#context;
    for (const [id, untilMs] of state.unableUntilMs) {
      if (untilMs <= nowMs) state.unableUntilMs.delete(id);
    }
    state.unableUntilMs.set(peer, nowMs + playlistTimings.unableMs);
    this.#consider(state);
  }

  #announce({ playlistId, facts, isLive }: PlaylistState): void {
    if (facts && isLive && !facts.blockingReload)
      this.#listener.published(playlistId, facts.newestSequence);
  }

  /** Says again what is held, when news are overdue: whoever has them sends them. */
  #askPeers(state: PlaylistState): void {
    const { nowMs } = this.#context;
    const isOverdue = nowMs - state.changedAtMs > state.targetMs * 1.25 && state.loads.size > 0;
    if (!isOverdue || nowMs - state.askedAtMs < state.targetMs / 2) return;
    state.askedAtMs = nowMs;
    this.#lastFollows = '';
    this.#tellFollows();
  }

  #tellFollows(): void {
    const follows = this.follows();
    const ids = follows.map(({ playlistId }) => playlistId).join('\n');
    if (ids === this.#lastFollows) return;
    this.#lastFollows = ids;
    this.#room.changed();
    for (const peer of this.#peers.linked()) {
      this.#context.emit({ type: 'sendPeer', peer, message: { type: 'follow', follows } });
    }
  }

  #deliver(state: PlaylistState, loadId: number, text: string): void {
    state.loads.delete(loadId);
    state.deliveredVersion = state.version;
    const { playlistId, fromPeer } = state;
    this.#context.emit({ type: 'deliverPlaylist', loadId, playlistId, text, fromPeer });
  }

  #endFetch(fetchId: number): PlaylistState | undefined {
    const state = this.#fetches.get(fetchId);
    this.#fetches.delete(fetchId);
    if (state) {
      state.fetch = null;
      state.fetchedAtMs = this.#context.nowMs;
    }
    return state;
  }
}
