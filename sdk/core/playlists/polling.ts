import type { Context } from '../context.ts';
import type { FetchFailure } from '../events.ts';
import { deniedMsMax } from '../outage/edge-thresholds.ts';
import type { Edges } from '../outage/edges.ts';
import type { Room } from '../room/room.ts';
import { electionRank } from '../swarm/election.ts';
import type { Peers } from '../swarm/peers.ts';
import { hashToUnit } from '../swarm/rendezvous.ts';
import type { PlaylistState } from './playlist.ts';
import * as timings from './playlist-timings.ts';

const never = Number.POSITIVE_INFINITY;

/** Decides when this viewer asks its edge for a playlist. */
export class Polling {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #edges: Edges;

  constructor(context: Context, room: Room, peers: Peers, edges: Edges) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#edges = edges;
  }

  /** Infinite while it need not. */
  dueAtMs(state: PlaylistState): number {
    // Whoever is fed by others would never learn how its own edge does.
    const lookAtMs = this.isPlayed(state)
      ? this.#edges.lookAtMs(state.url ?? '', state.targetMs)
      : never;
    // One that denies it is not asked again at once.
    const againMs =
      state.deniedSinceMs === null
        ? 0
        : state.fetchedAtMs + state.targetMs * timings.deniedFraction;
    const ownMs = Math.max(lookAtMs, againMs);
    return Math.min(this.#newsAtMs(state), this.#confirmAtMs(state), ownMs);
  }

  rank(state: PlaylistState): number | null {
    const { nowMs } = this.#context;
    const { playlistId } = state;
    const rank = electionRank(playlistId, this.#room, this.#peers, {
      // Who may not upload passes on nothing of what it reads.
      skipped: (id) =>
        (state.unableUntilMs.get(id) ?? 0) > nowMs || this.#room.member(id)?.uploads === false,
      plays: (id) =>
        id === this.#room.viewerId ? this.isPlayed(state) : this.#peers.follows(id, playlistId),
    });
    // Whose edge has failed steps back; beyond the masters nobody waits for one another.
    const masterCount = this.#room.members.filter(({ role }) => role === 'master').length;
    const isDoubtful = state.url !== null && this.#edges.isDoubtful(state.url, 'playlists');
    return rank === null ? null : isDoubtful ? masterCount : Math.min(rank, masterCount);
  }

  /** A player that has begun can wait for the room's copy; one that starts cannot. */
  canWait(state: PlaylistState): boolean {
    if (state.isOutdated) return false;
    const hasMaster = this.#room.members.some((member) => member.role === 'master');
    return hasMaster && this.#peers.linkedCount > 0 && state.text !== null;
  }

  /** Whether the player should be told of the failure now, as plain hls.js would be. */
  isHopeless(state: PlaylistState, failure: FetchFailure, isDenied: boolean): boolean {
    if (this.#isFed(state)) return false;
    const isAlone = this.#room.isAlone && this.#peers.linkedCount === 0;
    return isAlone ? failure.reason !== 'offline' : isDenied && !this.#mayCome(state);
  }

  /** The edge denies it, but the room may have it, or the edge may think better of it. */
  #mayCome(state: PlaylistState): boolean {
    const deniedMs = this.#context.nowMs - (state.deniedSinceMs ?? 0);
    if (state.text !== null) return state.isExpected && deniedMs < deniedMsMax;
    return this.#room.peersExpectedUntilMs > 0 && deniedMs < timings.roomAnswersMs;
  }

  /** Peers bring it at this moment, whatever the own edge says. */
  #isFed(state: PlaylistState): boolean {
    const sinceMs = this.#context.nowMs - state.changedAtMs;
    return (
      state.fromPeer && this.canWait(state) && sinceMs < 2 * timings.freshFraction * state.targetMs
    );
  }

  /** The own player uses it, or another of the device. */
  isPlayed({ lastWantedMs, targetMs, loads }: PlaylistState): boolean {
    const sinceMs = this.#context.nowMs - lastWantedMs;
    return loads.size > 0 || sinceMs < targetMs * timings.followedFactor;
  }

  #newsAtMs(state: PlaylistState): number {
    const isWaiting = state.loads.size > 0;
    if (!this.canWait(state)) {
      const isDenied = state.deniedSinceMs !== null;
      const againMs = isDenied ? state.fetchedAtMs + state.targetMs * timings.deniedFraction : 0;
      return isWaiting ? Math.max(this.#context.nowMs, againMs) : never;
    }
    if (!state.isLive || !this.#isFollowed(state)) return never;
    const rank = this.rank(state) ?? 0;
    const recheckMs = isWaiting ? this.#edges.recheckMs(state.url ?? '') : null;
    const pollAtMs = nextPollAtMs(state, rank);
    return recheckMs === null ? pollAtMs : Math.min(pollAtMs, state.fetchedAtMs + recheckMs);
  }

  /** Copies of peers, however many come, do not keep this viewer from looking for itself once in a while. */
  #confirmAtMs(state: PlaylistState): number {
    const isPeers = state.fromPeer || state.isDoubted;
    if (!isPeers || !state.isLive || !this.isPlayed(state)) return never;
    const { targetMs, fetchedAtMs, fedSinceMs, changedAtMs } = state;
    if (state.isDoubted) return fetchedAtMs + targetMs * timings.doubtFactor;
    // Not all at once.
    const spread = hashToUnit(`${state.playlistId}|${this.#room.viewerId ?? ''}`);
    const factor =
      (state.own ? timings.confirmFactor : timings.firstConfirmFactor) * (0.9 + 0.2 * spread);
    const dueMs = Math.max(fetchedAtMs, fedSinceMs) + targetMs * factor;
    // Soon after an update: it is to confirm what is held, not to be the first to know of the next.
    const settledMs = changedAtMs + targetMs * timings.settledFraction;
    const latestMs = dueMs + targetMs * timings.confirmSlackFactor;
    const isLate = dueMs > changedAtMs + targetMs * timings.settledFractionMax;
    return isLate ? latestMs : Math.min(Math.max(dueMs, settledMs), latestMs);
  }

  #isFollowed(state: PlaylistState): boolean {
    if (this.isPlayed(state)) return true;
    for (const peer of this.#peers.all.values())
      if (peer.greeted && peer.follows.has(state.playlistId)) return true;
    return false;
  }
}

/** When the member of this rank (0 polls, the others stand by) looks for an update of a live playlist. */
function nextPollAtMs(state: PlaylistState, rank: number): number {
  const { updateMs, targetMs, isHeld, changedAtMs, fetchedAtMs, facts } = state;
  // A server that holds the request is asked at once, and those who stand by give its answer time to go round.
  const rest = facts?.blockingReload ? 0 : timings.restFraction;
  const takeover = facts?.blockingReload ? timings.heldTakeoverFraction : timings.takeoverFraction;
  const lateMs = rank > 0 ? updateMs * (1 - rest + rank * takeover) : 0;
  const dueMs = changedAtMs + updateMs * rest + lateMs;
  return Math.max(
    dueMs,
    fetchedAtMs + (isHeld ? updateMs : targetMs) * timings.pollFraction * (1 + rank),
  );
}
