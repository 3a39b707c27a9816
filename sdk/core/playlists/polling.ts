import { type PlaylistState, playlistTimings } from './playlist.ts';

/** When the member of this rank (0 polls, the others stand by) looks for an update of a live playlist. */
export function nextPollAtMs(state: PlaylistState, rank: number): number {
  const { restFraction, pollFraction, takeoverFraction } = playlistTimings;
  const lateMs = rank > 0 ? state.targetMs * (1 - restFraction + rank * takeoverFraction) : 0;
  const updateMs = state.changedAtMs + state.targetMs * restFraction + lateMs;
  return Math.max(updateMs, state.fetchedAtMs + state.targetMs * pollFraction * (1 + rank));
}
