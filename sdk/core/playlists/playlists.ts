import { isNameable } from '../../../signaling/protocol/identity.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { withoutDirectives } from '../../../signaling/protocol/low-latency.ts';
import type { Context } from '../context.ts';
import type { CoreEvent } from '../events.ts';
import type { Edges } from '../outage/edges.ts';
import { isAbsent } from '../outage/health.ts';
import type { PeerMessage } from '../peer-wire.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from '../swarm/peers.ts';
import { PlaylistDirectory } from './directory.ts';
import type { PlaylistState } from './playlist.ts';
import { PlaylistFetches } from './playlist-fetches.ts';
import * as timings from './playlist-timings.ts';
import { Polling } from './polling.ts';
import { Sharing } from './sharing.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;
type Follows = Extract<PeerMessage, { type: 'follow' }>['follows'];

export interface PlaylistsListener {
  /** A newer copy of a live playlist came, whose newest and oldest segments are these. */
  published(playlistId: string, newestSequence: number, mediaSequence: number): void;
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
  #fetches: PlaylistFetches;
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
    this.#fetches = new PlaylistFetches(context, room, peers, edges);
    this.#polling = new Polling(context, room, peers, edges);
  }

  wanted({ loadId, playlistId, multivariant, versionHeld, ...asked }: Of<'playlistWanted'>): void {
    const { nowMs } = this.#context;
    const { url, versionMin } = withoutDirectives(asked.url);
    const state = this.directory.state(playlistId, multivariant);
    const isOwn = versionHeld === undefined;
    if (isOwn && multivariant) this.directory.begin(state, url);
    // The URL of another viewer may carry its own token.
    if (isOwn) state.url = url;
    else state.url ??= this.directory.urlOf(playlistId) ?? url;
    state.ask(loadId, versionMin, versionHeld);
    state.lastWantedMs = nowMs;
    this.#tellFollows();
    this.#consider(state);
  }

  brought({ playlistId, url, multivariant, text }: Of<'playlistBrought'>): void {
    const { nowMs } = this.#context;
    const state = this.directory.state(playlistId, multivariant);
    state.url = withoutDirectives(url).url;
    state.lastWantedMs = nowMs;
    if (state.adoptOwn(text, nowMs) !== 'newer') return;
    state.receivedAtMs = nowMs;
    state.deliveredVersion = state.version;
    this.#tellFollows();
  }

  abandoned({ loadId, playlistId }: Omit<Of<'playlistAbandoned'>, 'type'>): boolean {
    return this.directory.states.get(playlistId)?.forget(loadId) ?? false;
  }

  fetched({ fetchId, text }: Of<'playlistFetched'>): void {
    const ended = this.#fetches.end(fetchId);
    if (!ended) return;
    const { state, url, startedAtMs, isHeld } = ended;
    const { nowMs } = this.#context;
    // What the server may have held back says nothing of its pace.
    if (!isHeld) this.#edges.routes.answered(url, nowMs - startedAtMs, 'playlists');
    this.#edges.routes.blame(state.deniedUrl, url, 'playlists');
    state.deniedUrl = null;
    state.failed = false;
    state.deniedSinceMs = null;
    state.receivedAtMs = nowMs;
    this.#edges.succeeded(url, 0, 0, null, 'playlists');
    const { sender } = state;
    const adoption = state.adoptOwn(text, nowMs);
    // Behind what is held, the edge would refuse to wait for what follows that.
    if (state.own?.facts.version === state.version) state.asksPlainly = false;
    if (adoption === 'newer' || adoption === 'contradicted') {
      this.#sharing.share(state);
      this.#announce(state);
    }
    // Not a playlist: the player says so better than we could.
    if (state.text === null)
      for (const loadId of state.loads.keys()) this.#deliver(state, loadId, text);
    // The player asked, and this is what the edge has: it may look again later, as it would without us.
    for (const [loadId, versionMin] of state.loads) {
      const isNews = state.version > state.deliveredVersion || !state.isLive;
      if ((isNews && state.version >= versionMin) || !this.#polling.canWait(state))
        this.#deliver(state, loadId, state.text ?? text);
    }
    this.#consider(state);
    if (adoption === 'contradicted' && sender !== null) this.#mute(sender);
  }

  failed({ fetchId, failure }: Of<'playlistFailed'>): void {
    const ended = this.#fetches.end(fetchId);
    if (!ended) return;
    const { state, url, isHeld } = ended;
    const isDenied = isAbsent(failure) && !isHeld;
    if (isDenied) state.deniedSinceMs ??= this.#context.nowMs;
    state.asksPlainly = true;
    const isGone = isAbsent(failure) && !(isDenied && state.isExpected);
    if (isGone && state.deniedUrl === null && this.#edges.routes.hasOther(url)) {
      state.deniedUrl = url;
      state.fetchedAtMs = Number.NEGATIVE_INFINITY;
      return this.#consider(state);
    }
    if (this.#edges.failed(url, failure, 'playlists', isGone)) {
      // Where a second one fails, the others need not wait to find out how a third does.
      if (this.#edges.isDoubtful(url, 'playlists')) this.#sharing.unable(state);
      state.fetchedAtMs = Number.NEGATIVE_INFINITY;
      return this.#consider(state);
    }
    state.failed = true;
    state.deniedUrl = null;
    this.#sharing.unable(state);
    if (this.#polling.isHopeless(state, failure, isDenied)) {
      for (const loadId of state.loads.keys()) {
        const { playlistId } = state;
        this.#context.emit({ type: 'failPlaylist', loadId, playlistId, failure });
        state.forget(loadId);
      }
    }
    this.#consider(state);
  }

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
    const { nowMs } = this.#context;
    if (nowMs < (this.#peers.all.get(peer)?.mutedUntilMs ?? 0)) return true;
    const state = this.directory.states.get(playlistId) ?? this.directory.known(playlistId);
    if (!state) return true;
    state.url ??= this.directory.urlOf(playlistId);
    if (state.url === null) return true;
    const isMedia = text.includes('#EXT-X-TARGETDURATION:');
    if (isMedia === state.multivariant) return false;
    const adoption = state.adoptPeers(text, nowMs, peer);
    if (adoption === 'newer') {
      state.receivedAtMs = nowMs;
      this.#sharing.pass(state, peer);
      this.#announce(state);
    }
    if (adoption === 'newer' || adoption === 'doubtful') this.#consider(state);
    if (adoption === 'contrary') this.#mute(peer);
    return adoption !== 'invalid';
  }

  /** No ban: whoever passes a copy on may itself have been deceived. */
  #mute(peer: string): void {
    const known = this.#peers.all.get(peer);
    if (known) known.mutedUntilMs = this.#context.nowMs + timings.muteMs;
    this.#context.emit({ type: 'refused', code: 'peer_playlist_contradicted', peer });
  }

  tick(): void {
    for (const state of [...this.directory.states.values()]) this.#consider(state);
  }

  #consider(state: PlaylistState): void {
    this.#deliverNews(state);
    if (state.isFetching) return;
    const url = state.url ?? this.directory.urlOf(state.playlistId);
    if (url === null) return;
    const attemptAtMs = this.#edges.nextAttemptAtMs(url, 'playlists');
    const dueMs = Math.max(this.#polling.dueAtMs(state), attemptAtMs);
    if (!Number.isFinite(dueMs)) return;
    const { nowMs } = this.#context;
    if (dueMs > nowMs) {
      this.#askPeers(state);
      return this.#context.wakeAt(dueMs);
    }
    this.#fetches.start(state, url);
  }

  /** Hands a copy that the player does not have yet to whoever waits. */
  #deliverNews(state: PlaylistState): void {
    const { text } = state;
    if (text === null || state.loads.size === 0) return;
    if (state.isOutdated && !state.failed) return;
    for (const [loadId, versionMin] of state.loads)
      if (versionMin >= 0 && (state.version >= versionMin || !state.isLive))
        this.#deliver(state, loadId, text);
    const { nowMs } = this.#context;
    const isFresh = nowMs - state.receivedAtMs < state.targetMs * timings.freshFraction;
    const isUsable = !state.isLive || isFresh || state.failed || state.deliveredVersion >= 0;
    if (!isUsable || (state.isLive && state.version <= state.deliveredVersion)) return;
    if (nowMs < state.repeatAtMs) return this.#context.wakeAt(state.repeatAtMs);
    for (const [loadId, versionMin] of state.loads)
      if (versionMin < 0) this.#deliver(state, loadId, text);
  }

  /** The peer cannot read the playlist: the next in rank need not wait for it. */
  peerUnable(peer: string, playlistId: string): void {
    const state = this.directory.states.get(playlistId);
    if (!state) return;
    this.#edges.heardUnable(peer);
    const { nowMs } = this.#context;
    for (const [id, untilMs] of state.unableUntilMs)
      if (untilMs <= nowMs) state.unableUntilMs.delete(id);
    state.unableUntilMs.set(peer, nowMs + timings.unableMs);
    this.#consider(state);
  }

  #announce({ playlistId, facts, isLive }: PlaylistState): void {
    if (facts && isLive && !facts.blockingReload)
      this.#listener.published(playlistId, facts.newestSequence, facts.mediaSequence);
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
    const ids = new Set(follows.map(({ playlistId }) => playlistId));
    const named = [...ids].join('\n');
    if (named === this.#lastFollows) return;
    this.#lastFollows = named;
    this.#peers.ownFollows = ids;
    this.#room.changed();
    // Those that have yet to say hello have had ours.
    for (const peer of this.#peers.all.keys())
      this.#context.emit({ type: 'sendPeer', peer, message: { type: 'follow', follows } });
  }

  #deliver(state: PlaylistState, loadId: number, text: string): void {
    const { playlistId, fromPeer } = state;
    const version = state.answered(loadId, this.#context.nowMs);
    const told = version === undefined ? {} : { version };
    this.#context.emit({ type: 'deliverPlaylist', loadId, playlistId, text, fromPeer, ...told });
  }
}
