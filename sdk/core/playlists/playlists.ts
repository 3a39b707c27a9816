import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { CoreEvent } from '../events.ts';
import { type Edges, isAbsent } from '../outage/edges.ts';
import type { PeerMessage } from '../peer-wire.ts';
import type { Room } from '../room/room.ts';
import { electionRank } from '../swarm/election.ts';
import type { Peers } from '../swarm/peers.ts';
import { PlaylistDirectory } from './directory.ts';
import { type PlaylistState, playlistTimings } from './playlist.ts';
import { nextPollAtMs } from './polling.ts';
import { Sharing } from './sharing.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;
type Follows = Extract<PeerMessage, { type: 'follow' }>['follows'];

/** Playlists of the room: one master polls each, all get the newest copy, the edge is the way out. */
export class Playlists {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #edges: Edges;
  #sharing: Sharing;
  /** What is known of each; the swarm reads it too. */
  readonly directory = new PlaylistDirectory(() => this.#context.nowMs);
  #fetches = new Map<number, PlaylistState>();
  #lastFollows = '';
  #published: (playlistId: string, newestSequence: number) => void;

  /** `published` is told the newest segment of every newer copy of a live playlist. */
  constructor(
    context: Context,
    room: Room,
    peers: Peers,
    edges: Edges,
    published: (playlistId: string, newestSequence: number) => void,
  ) {
    this.#context = context;
    this.#published = published;
    this.#room = room;
    this.#peers = peers;
    this.#edges = edges;
    this.#sharing = new Sharing(context, room, peers);
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
    if (!state.adopt(text, nowMs, false)) return;
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
    if (state.facts?.blockingReload || text.includes('CAN-BLOCK-RELOAD=YES')) {
      // Each such answer belongs to the request's own directives.
      state.adopt(text, nowMs, false);
      for (const loadId of state.loads.keys()) this.#deliver(state, loadId, text);
      return;
    }
    if (state.adopt(text, nowMs, false)) {
      this.#sharing.share(state);
      this.#announce(state);
    }
    // Not a playlist: the player says so better than we could.
    if (state.text === null)
      for (const loadId of state.loads.keys()) this.#deliver(state, loadId, text);
    // The player asked, and this is what the edge has: it may look again later, as it would without us.
    for (const loadId of state.loads.keys()) {
      const isNews = state.version > state.deliveredVersion || !state.isLive;
      if (isNews || !this.#canWait(state)) this.#deliver(state, loadId, state.text ?? text);
    }
    this.#consider(state);
  }

  failed({ fetchId, failure }: Of<'playlistFailed'>): void {
    const state = this.#endFetch(fetchId);
    if (!state?.url) return;
    state.failed = true;
    this.#edges.failed(state.url, failure);
    this.#sharing.unable(state);
    const isHopeless = isAbsent(failure) || (this.#room.isAlone && this.#peers.linkedCount === 0);
    if (isHopeless) {
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
    const { nowMs } = this.#context;
    const follows: Follows = [];
    for (const state of this.directory.states.values()) {
      const isFollowed =
        nowMs - state.lastWantedMs < state.targetMs * playlistTimings.followedFactor;
      if (isFollowed || state.loads.size > 0)
        follows.push({ playlistId: state.playlistId, version: state.version });
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

  /** Returns false when the text is not a playlist of the kind that it says it is. */
  peerSends(playlistId: string, text: string): boolean {
    if (!text.startsWith('#EXTM3U')) return false;
    const state = this.directory.states.get(playlistId) ?? this.directory.known(playlistId);
    if (!state) return true;
    state.url ??= this.directory.urlOf(playlistId);
    if (state.url === null) return true;
    const isMedia = text.includes('#EXT-X-TARGETDURATION:');
    if (isMedia === state.multivariant) return false;
    if (!state.adopt(text, this.#context.nowMs, true)) return true;
    state.receivedAtMs = this.#context.nowMs;
    this.#consider(state);
    this.#announce(state);
    return true;
  }

  tick(): void {
    for (const state of [...this.directory.states.values()]) this.#consider(state);
  }

  #consider(state: PlaylistState): void {
    if (state.fetch) return;
    this.#deliverNews(state);
    const url = state.url ?? this.directory.urlOf(state.playlistId);
    if (url === null) return;
    const rank = this.#rank(state);
    const dueMs = Math.max(this.#dueAtMs(state, rank), this.#edges.nextAttemptAtMs(url));
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
    const alone = this.#room.isAlone && this.#peers.linkedCount === 0;
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

  /** When this viewer asks the edge; infinite while it need not. */
  #dueAtMs(state: PlaylistState, rank: number | null): number {
    const { nowMs } = this.#context;
    const isWaiting = state.loads.size > 0;
    if (!this.#canWait(state) || rank === null) return isWaiting ? nowMs : Number.POSITIVE_INFINITY;
    if (!state.isLive || (!isWaiting && !this.#isFollowed(state))) return Number.POSITIVE_INFINITY;
    // Whoever is fed by others would never learn that its own edge is back.
    const recheckMs = isWaiting ? this.#edges.recheckMs(state.url ?? '') : null;
    const pollAtMs = nextPollAtMs(state, rank);
    return recheckMs === null ? pollAtMs : Math.min(pollAtMs, state.fetchedAtMs + recheckMs);
  }

  /** A player that has begun can wait for the room's copy; one that starts cannot. */
  #canWait(state: PlaylistState): boolean {
    if (state.facts?.blockingReload) return false;
    const hasMaster = this.#room.members.some((member) => member.role === 'master');
    return hasMaster && this.#peers.linkedCount > 0 && state.text !== null;
  }

  #isFollowed(state: PlaylistState): boolean {
    const { nowMs } = this.#context;
    if (nowMs - state.lastWantedMs < state.targetMs * playlistTimings.followedFactor) return true;
    for (const peer of this.#peers.all.values())
      if (peer.greeted && peer.follows.has(state.playlistId)) return true;
    return false;
  }

  #rank(state: PlaylistState): number | null {
    const { nowMs } = this.#context;
    const rank = electionRank(
      state.playlistId,
      this.#room,
      this.#peers,
      (id) => (state.unableUntilMs.get(id) ?? 0) > nowMs,
    );
    // Whose edge has failed steps back; beyond the masters nobody waits for one another.
    const masterCount = this.#room.members.filter(({ role }) => role === 'master').length;
    const isDoubtful = state.url !== null && this.#edges.isDoubtful(state.url);
    return rank === null ? null : isDoubtful ? masterCount : Math.min(rank, masterCount);
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
    if (facts && isLive && !facts.blockingReload) this.#published(playlistId, facts.newestSequence);
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
