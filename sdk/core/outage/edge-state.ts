import { originOf } from '../../../signaling/protocol/identity.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { forgetOldest } from '../bounded.ts';
import type { FetchFailure } from '../events.ts';
import { evidenceMs, strainedShare } from './edge-thresholds.ts';
import { type Evidence, type Lane, newLane } from './health.ts';
import { Pace } from './pace.ts';

/** All that one viewer knows of one edge. */
export interface EdgeState extends Evidence {
  readonly pace: Pace;
  /** Scheme and host. */
  readonly origin: string;
  /** Turns before this one have been used. */
  turn: number;
  /** Since when others have said that they get nothing, and how long that counts. */
  suspectedAtMs: number;
  suspectedUntilMs: number;
  /** When to look for oneself, as others fail. */
  checkAtMs: number | null;
}

export function newEdgeState(origin: string): EdgeState {
  return {
    origin,
    health: 'healthy',
    segments: newLane(),
    playlists: newLane(),
    successes: 0,
    isSuspected: false,
    suspectedAtMs: 0,
    suspectedUntilMs: 0,
    strain: null,
    failure: '',
    isAnswered: false,
    pace: new Pace(),
    turn: Number.NEGATIVE_INFINITY,
    checkAtMs: null,
  };
}

export function lanesOf({ segments, playlists }: EdgeState): Lane[] {
  return [segments, playlists];
}

/** When it last answered a request of either kind. */
export function answeredAtMs({ segments, playlists }: EdgeState): number {
  return Math.max(segments.succeededAtMs, playlists.succeededAtMs);
}

/** What others have said is forgotten after a while. */
function current(state: EdgeState, nowMs: number): EdgeState {
  state.isSuspected &&= nowMs < state.suspectedUntilMs;
  return state;
}

/** Others have said that they get nothing. */
export function suspect(state: EdgeState, nowMs: number): void {
  if (!state.isSuspected) state.suspectedAtMs = nowMs;
  state.isSuspected = true;
  state.suspectedUntilMs = nowMs + evidenceMs;
}

/** It answers here while those that read for the group get nothing. */
export function isProven(state: EdgeState, nowMs: number): boolean {
  const { isSuspected, suspectedAtMs, segments, playlists } = state;
  if (!isSuspected || segments.failures + playlists.failures > 0) return false;
  const provenAtMs = answeredAtMs(state);
  return provenAtMs >= suspectedAtMs && nowMs - provenAtMs < evidenceMs;
}

/** It began to answer after so long. */
export function firstByteTook(state: EdgeState, tookMs: number): void {
  if (state.pace.firstByte(tookMs)) state.strain = 'first byte';
  else if (state.strain === 'first byte') state.strain = null;
}

/** It gave so much media in so long. */
export function mediaTook(state: EdgeState, tookMs: number, mediaMs: number): void {
  if (tookMs > mediaMs * strainedShare) state.strain = 'throughput';
  else if (state.strain !== 'first byte') state.strain = null;
}

export function noteSuccess(state: EdgeState, lane: Lane, nowMs: number): void {
  state.successes += 1;
  state.checkAtMs = null;
  lane.failures = 0;
  lane.nextAttemptAtMs = 0;
  lane.succeededAtMs = nowMs;
}

export function noteFailure(
  state: EdgeState,
  lane: Lane,
  { status, reason }: FetchFailure,
  nowMs: number,
): void {
  state.successes = 0;
  if (reason === 'first_byte_timeout') state.pace.timedOut();
  lane.failures += 1;
  lane.failedAtMs = nowMs;
  lane.halfOpen = false;
  state.failure = status === null ? reason : `status ${status}`;
  state.isAnswered = status !== null;
}

/** It is about to be well again, or its playlists are. */
export function isRecovering({ health, playlists }: EdgeState): boolean {
  return health === 'recovering' || playlists.failures > 0;
}

/** Both kinds may be tried once although they are down. */
export function openOnce(state: EdgeState): void {
  for (const lane of lanesOf(state)) {
    lane.nextAttemptAtMs = 0;
    lane.halfOpen = true;
  }
}

/** Those of the room, and hosts that players name besides. */
const statesMax = 2 * limits.edgesPerRoomMax;

/** What is known of each edge, by scheme and host. */
export class EdgeStates {
  #states = new Map<string, EdgeState>();
  #last: { url: string; state: EdgeState } | null = null;

  all(): Iterable<EdgeState> {
    return this.#states.values();
  }

  of(url: string, nowMs: number): EdgeState {
    // Each decision asks several times for the same.
    if (this.#last?.url === url) return current(this.#last.state, nowMs);
    const origin = originOf(url);
    let state = this.#states.get(origin);
    if (!state) {
      state = newEdgeState(origin);
      this.#states.set(origin, state);
      forgetOldest(this.#states, statesMax);
    }
    this.#last = { url, state };
    return current(state, nowMs);
  }
}
