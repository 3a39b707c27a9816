import type { Context } from '../context.ts';
import type { Edges } from '../outage/edges.ts';
import type { Room } from '../room/room.ts';
import { electionRank } from '../swarm/election.ts';
import type { Peers } from '../swarm/peers.ts';
import { hashToUnit } from '../swarm/rendezvous.ts';
import { type PlaylistState, playlistTimings } from './playlist.ts';

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
  dueAtMs(state: PlaylistState, rank: number | null): number {
    return Math.min(this.#newsAtMs(state, rank), this.#confirmAtMs(state));
  }

  rank(state: PlaylistState): number | null {
    const { nowMs } = this.#context;
    const rank = electionRank(
      state.playlistId,
      this.#room,
      this.#peers,
      // Who may not upload passes on nothing of what it reads.
      (id) =>
        (state.unableUntilMs.get(id) ?? 0) > nowMs || this.#room.member(id)?.uploads === false,
    );
    // Whose edge has failed steps back; beyond the masters nobody waits for one another.
    const masterCount = this.#room.members.filter(({ role }) => role === 'master').length;
    const isDoubtful = state.url !== null && this.#edges.isDoubtful(state.url);
    return rank === null ? null : isDoubtful ? masterCount : Math.min(rank, masterCount);
  }

  /** A player that has begun can wait for the room's copy; one that starts cannot. */
  canWait(state: PlaylistState): boolean {
    if (state.facts?.blockingReload) return false;
    const hasMaster = this.#room.members.some((member) => member.role === 'master');
    return hasMaster && this.#peers.linkedCount > 0 && state.text !== null;
  }

  /** Peers bring it at this moment, whatever the own edge says. */
  isFed(state: PlaylistState): boolean {
    const { freshFraction } = playlistTimings;
    const sinceMs = this.#context.nowMs - state.changedAtMs;
    return state.fromPeer && this.canWait(state) && sinceMs < 2 * freshFraction * state.targetMs;
  }

  /** The own player uses it. */
  isPlayed({ lastWantedMs, targetMs, loads }: PlaylistState): boolean {
    const sinceMs = this.#context.nowMs - lastWantedMs;
    return loads.size > 0 || sinceMs < targetMs * playlistTimings.followedFactor;
  }

  #newsAtMs(state: PlaylistState, rank: number | null): number {
    const isWaiting = state.loads.size > 0;
    if (!this.canWait(state) || rank === null) return isWaiting ? this.#context.nowMs : never;
    if (!state.isLive || !this.#isFollowed(state)) return never;
    // Whoever is fed by others would never learn that its own edge is back.
    const recheckMs = isWaiting ? this.#edges.recheckMs(state.url ?? '') : null;
    const pollAtMs = nextPollAtMs(state, rank);
    return recheckMs === null ? pollAtMs : Math.min(pollAtMs, state.fetchedAtMs + recheckMs);
  }

  /** Copies of peers, however many come, do not keep this viewer from looking for itself once in a while. */
  #confirmAtMs(state: PlaylistState): number {
    const isPeers = state.fromPeer || state.isDoubted;
    if (!isPeers || !state.isLive || !this.isPlayed(state)) return never;
    const { targetMs, fetchedAtMs, fedSinceMs, changedAtMs } = state;
    const { confirmFactor, confirmSlackFactor, firstConfirmFactor } = playlistTimings;
    if (state.isDoubted) return fetchedAtMs + targetMs * playlistTimings.doubtFactor;
    // Not all at once.
    const spread = hashToUnit(`${state.playlistId}|${this.#room.viewerId ?? ''}`);
    const factor = (state.own ? confirmFactor : firstConfirmFactor) * (0.9 + 0.2 * spread);
    const dueMs = Math.max(fetchedAtMs, fedSinceMs) + targetMs * factor;
    // Soon after an update: it is to confirm what is held, not to be the first to know of the next.
    const { settledFraction, settledFractionMax } = playlistTimings;
    const settledMs = changedAtMs + targetMs * settledFraction;
    const latestMs = dueMs + targetMs * confirmSlackFactor;
    const isLate = dueMs > changedAtMs + targetMs * settledFractionMax;
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
  const { restFraction, pollFraction, takeoverFraction } = playlistTimings;
  const lateMs = rank > 0 ? state.targetMs * (1 - restFraction + rank * takeoverFraction) : 0;
  const updateMs = state.changedAtMs + state.targetMs * restFraction + lateMs;
  return Math.max(updateMs, state.fetchedAtMs + state.targetMs * pollFraction * (1 + rank));
}
